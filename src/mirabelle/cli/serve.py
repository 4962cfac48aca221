"""`mirabelle serve`: everything on one machine, started in order and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import structlog
import uvicorn
from fastapi import APIRouter

import mirabelle
from mirabelle.api.admission import Admission
from mirabelle.api.app import create_app
from mirabelle.api.v1 import router
from mirabelle.api.v1.forgetting import forget_old_replies
from mirabelle.api.v1.services import Services
from mirabelle.callbacks.event import DeadLetter, Delivered, DeliveryEvent, DeliveryRetry, LedgerAway
from mirabelle.callbacks.outbox import POST_WITHIN, Outbox
from mirabelle.calls.clock import Clock, SystemClock
from mirabelle.calls.crash_point import Reached, pass_by
from mirabelle.cli.status import LiveStatus
from mirabelle.cli.vxml import dialect
from mirabelle.dialer.dialer import Dialer
from mirabelle.dialer.sip_phone import Equipment, SipPhone
from mirabelle.dialer.sound import Sound
from mirabelle.errors import MirabelleError
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.media.plane import MediaPlane
from mirabelle.settings import Settings
from mirabelle.sip.agent import UserAgent
from mirabelle.speech.cache import open_synthesizer
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from mirabelle.vxml.cache import ParseCache
from mirabelle.web import page

INTERPRETER_THREADS: Final = 4
"""Threads that interpreters take their steps in; JavaScript gives up the interpreter lock while it runs."""

STOP_SECONDS: Final = 5.0
"""How long a second signal waits for the far ends and the ledger before the process ends regardless."""


class ServeError(MirabelleError):
    """The server cannot start; the message says what to change."""


Announce = Callable[[str], None]
"""Hears a line for the operator's terminal."""


def serve(settings: Settings, *, announce: Announce, clock: Clock | None = None, reached: Reached = pass_by) -> int:
    """Run until a signal, and return the exit status.

    The first SIGTERM or SIGINT drains: no INVITE leaves any more, and the calls in progress have
    `dialer.drain_seconds` to end by themselves. The second ends them now.

    Args:
        settings: checked.
        announce: hears where the server listens, and how it stops.
        clock: the time; the machine's own where a test gives no other.
        reached: hears where calls and results stand; for tests that end the program there.

    Raises:
        ServeError: an address is taken, or something it needs is missing.
        MirabelleError: the ledger, the media processes or the synthesiser cannot be started.
    """
    return asyncio.run(_Server(settings, clock or SystemClock(), announce, reached).run())


class _QuietServer(uvicorn.Server):
    """uvicorn without signal handlers of its own: the drain decides when HTTP stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Server:
    def __init__(self, settings: Settings, clock: Clock, announce: Announce, reached: Reached) -> None:
        self._reached = reached
        self._settings = settings
        self._clock = clock
        self._announce = announce
        self._log = structlog.get_logger("mirabelle.serve")
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"

    async def run(self) -> int:
        async with contextlib.AsyncExitStack() as stack:
            ledger = await open_ledger(self._settings.store.url)
            stack.push_async_callback(ledger.aclose)
            fetcher = self._fetcher()
            stack.push_async_callback(fetcher.aclose)
            plane = await self._plane(stack)
            phone = await self._phone(stack, plane, fetcher)
            outbox = self._outbox(ledger, fetcher)
            dialer = self._dialer(ledger, phone, outbox)
            web = self._web(ledger, plane, dialer, fetcher)
            return await self._until_stopped(ledger, dialer, outbox, web, self._listen())

    def _dialer(self, ledger: Ledger, phone: SipPhone, outbox: Outbox) -> Dialer:
        return Dialer(
            ledger=ledger,
            phone=phone,
            trunks=self._settings.trunks,
            clock=self._clock,
            story=self._story,
            owner=self._owner,
            lease=timedelta(seconds=self._settings.dialer.lease_seconds),
            on_result=outbox.wake,
            reached=self._reached,
        )

    def _outbox(self, ledger: Ledger, fetcher: Fetcher) -> Outbox:
        return Outbox(
            ledger,
            fetcher,
            self._clock,
            self._owner,
            on_event=self._delivery,
            # A redirect is one more request, so a post may take as long as two.
            post_within=min(POST_WITHIN, 2 * self._settings.http.timeout),
            reached=self._reached,
        )

    def _fetcher(self) -> Fetcher:
        http = self._settings.http
        return Fetcher(
            allow_private=http.allow_private,
            timeout=http.timeout,
            max_bytes=http.max_bytes,
            user_agent=f"Mirabelle/{mirabelle.__version__}",
        )

    async def _plane(self, stack: contextlib.AsyncExitStack) -> MediaPlane:
        media = self._settings.media
        plane = MediaPlane(
            ports=media.port_range,
            bind=media.bind,
            processes=media.processes,
            force_python=media.force_python,
            realtime=media.realtime,
            clock=self._clock,
        )
        await plane.start()
        stack.push_async_callback(plane.aclose)
        return plane

    async def _phone(self, stack: contextlib.AsyncExitStack, plane: MediaPlane, fetcher: Fetcher) -> SipPhone:
        settings = self._settings
        synthesizer = await open_synthesizer(settings.speech)
        stack.push_async_callback(synthesizer.aclose)
        host, port = settings.sip.address
        advertised = (settings.sip.advertised, port) if settings.sip.advertised else None
        agent = UserAgent(bind=(host, port), clock=self._clock, advertised=advertised)
        await agent.start()
        stack.push_async_callback(agent.aclose)
        executor = stack.enter_context(ThreadPoolExecutor(INTERPRETER_THREADS, thread_name_prefix="vxml"))
        self._sip_address = shown(agent.address)
        return SipPhone(
            Equipment(
                agent=agent,
                plane=plane,
                sound=Sound(synthesizer),
                fetcher=fetcher,
                documents=ParseCache(),
                executor=executor,
                clock=self._clock,
                story=self._story,
                ring_timeout=settings.sip.ring_timeout,
                dialect=dialect(settings.compat),
                media_address=settings.media.advertised,
                reached=self._reached,
            )
        )

    def _web(self, ledger: Ledger, plane: MediaPlane, dialer: Dialer, fetcher: Fetcher) -> _QuietServer:
        def health() -> Mapping[str, Any]:
            media = plane.health()
            return {
                "ok": all(each.pid for each in media),
                "media": [asdict(each) for each in media],
                "calls_in_progress": dialer.in_progress,
            }

        status = LiveStatus(
            ledger=ledger,
            clock=self._clock,
            trunks=self._settings.trunks,
            media=plane.health,
            calls_in_progress=lambda: dialer.in_progress,
        )
        app = create_app(
            ledger,
            self._clock,
            self._settings,
            on_queued=dialer.wake,
            health=health,
            fetcher=fetcher,
            routes=page.routes(status),
            json_api=lambda admission: self._json_api(ledger, admission, dialer),
        )
        return _QuietServer(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False))

    def _json_api(self, ledger: Ledger, admission: Admission, dialer: Dialer) -> Sequence[APIRouter]:
        services = Services(
            ledger=ledger, clock=self._clock, settings=self._settings, admission=admission, on_queued=dialer.wake
        )
        return [router.router(services, router.guard(services))]

    def _listen(self) -> socket.socket:
        host, port = self._settings.server.address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Only where the protocol is named does asyncio set TCP_NODELAY, without which a reply may wait for 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            raise ServeError(
                f"[server] listen: {host}:{port} cannot be used ({error.strerror}); name another."
            ) from error
        listener.listen(1024)
        listener.setblocking(False)
        return listener

    async def _until_stopped(
        self, ledger: Ledger, dialer: Dialer, outbox: Outbox, web: _QuietServer, listener: socket.socket
    ) -> int:
        stop, hurry = self._signals()
        http = shown(listener.getsockname()[:2])
        engines = [
            asyncio.create_task(dialer.run(), name="dialer"),
            asyncio.create_task(outbox.run(), name="outbox"),
            asyncio.create_task(forget_old_replies(ledger, self._clock, self._store_failed), name="forgetting"),
            asyncio.create_task(web.serve([listener]), name="http"),
        ]
        waiting = asyncio.create_task(stop.wait())
        # The program itself is never garbage; looked through with the rest, it holds up all calls for 0.1 s.
        gc.collect()
        gc.freeze()
        self._log.info("ready", http=http, sip=self._sip_address, store=self._settings.store.url.split(":")[0])
        self._announce(f"Mirabelle {mirabelle.__version__} takes calls at http://{http}/webservice/queuecall.php")
        done, _ = await asyncio.wait({*engines, waiting}, return_when=asyncio.FIRST_COMPLETED)
        broken = [task for task in done if task is not waiting]
        for task in broken:
            self._log.error("engine stopped", engine=task.get_name(), error=repr(task.exception()))
        await self._drain(dialer, hurry)
        await outbox.drain(STOP_SECONDS)
        web.should_exit = True
        for task in engines[:-1]:
            task.cancel()
        _, late = await asyncio.wait(engines, timeout=STOP_SECONDS)
        for task in late:
            self._log.warning("engine late", engine=task.get_name())
        self._log.info("stopped")
        return 1 if broken else 0

    async def _drain(self, dialer: Dialer, hurry: asyncio.Event) -> None:
        limit = float(self._settings.dialer.drain_seconds)
        self._log.info("draining", calls=dialer.in_progress, seconds=limit)
        if dialer.in_progress:
            self._announce(f"Waiting up to {limit:g} s for {dialer.in_progress} calls; once more ends them now.")
        draining = asyncio.create_task(dialer.drain(limit))
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait({draining, hurried}, return_when=asyncio.FIRST_COMPLETED)
        if not draining.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await dialer.hang_up()
            draining.cancel()
        hurried.cancel()

    def _signals(self) -> tuple[asyncio.Event, asyncio.Event]:
        """Events of the first and of the second signal."""
        stop, hurry = asyncio.Event(), asyncio.Event()

        def heard() -> None:
            (hurry if stop.is_set() else stop).set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, heard)
        return stop, hurry

    def _story(self, event: str, call_id: int, **fields: object) -> None:
        self._log.info(event, call_id=call_id, **fields)

    def _delivery(self, event: DeliveryEvent) -> None:
        match event:
            case Delivered(delivery=delivery, attempt=attempt, status=status):
                self._log.info("result posted", call_id=delivery.call_id, status=status, attempt=attempt)
            case DeliveryRetry(delivery=delivery, attempt=attempt, reason=reason, next_at=next_at):
                again = next_at.isoformat()
                self._log.warning(
                    "result not taken", call_id=delivery.call_id, attempt=attempt, reason=reason, next_at=again
                )
            case DeadLetter(delivery=delivery, attempt=attempt, reason=reason):
                self._log.error("result given up", call_id=delivery.call_id, attempt=attempt, reason=reason)
            case LedgerAway(reason=reason):
                self._store_failed(reason)

    def _store_failed(self, reason: str) -> None:
        self._log.error("store failed", reason=reason)


def shown(address: tuple[str, int]) -> str:
    """A host and a port as one writes them."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
