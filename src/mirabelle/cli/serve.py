"""`mirabelle serve`, `mirabelle api` and `mirabelle dial`: a server, whole or a piece of a fleet."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

import mirabelle
from mirabelle.callbacks.outbox import POST_WITHIN, Outbox
from mirabelle.calls.clock import Clock, SharedClock, SystemClock
from mirabelle.calls.crash_point import Reached, pass_by
from mirabelle.cli.serving import http
from mirabelle.cli.serving.notify import Notifier
from mirabelle.cli.serving.part import Part, run_until_stopped
from mirabelle.cli.serving.results import posting
from mirabelle.cli.serving.sealing import sealing
from mirabelle.cli.serving.shared_file import check_shared
from mirabelle.cli.serving.signals import Signals
from mirabelle.cli.serving.timekeeping import Timekeeper
from mirabelle.cli.serving.voice import Announce, Voice
from mirabelle.fetch.cache import ResponseCache
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.settings import Settings
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger

if TYPE_CHECKING:
    from mirabelle.cli.serving.dialling import Exchange

VERSION = f"Mirabelle {mirabelle.__version__}"


def serve(settings: Settings, *, announce: Announce, clock: Clock | None = None, reached: Reached = pass_by) -> int:
    """Take requests and make calls until a signal; returns the exit status.

    The first SIGTERM or SIGINT drains: no INVITE leaves any more, and the calls in progress have
    `dialer.drain_seconds` to end by themselves. The second ends them now.

    Args:
        settings: checked.
        announce: hears where the server listens, and how it stops.
        clock: the time; the machine's own where a test gives no other.
        reached: hears where calls and results stand; for tests that end the program there.

    Raises:
        MirabelleError: an address is taken, or the ledger, the media processes or the synthesiser cannot be started.
    """

    async def run() -> int:
        async with _Server(settings, announce, clock=clock, reached=reached) as server:
            outbox = server.outbox()
            exchange = await server.exchange(outbox)
            app = server.services(exchange)
            listener = http.listen("[server] listen", settings.server.address)
            return await server.run(
                [
                    exchange.part(),
                    posting(outbox),
                    server.sealing(),
                    server.forgetting(),
                    http.serving(app, listener),
                ],
                f"takes calls at http://{http.address_of(listener)}/webservice/queuecall.php",
                http=http.address_of(listener),
                sip=exchange.sip_address,
            )

    return asyncio.run(run())


def api(settings: Settings, *, post_results: bool, announce: Announce) -> int:
    """Take requests until a signal, and leave the calls to those that run `dial`; returns the exit status.

    Args:
        settings: checked; those of trunks, SIP, media and speech are not looked at.
        post_results: whether results are posted from here, too.
        announce: hears where the server listens, and how it stops.

    Raises:
        MirabelleError: the address is taken, or the ledger cannot be opened.
    """

    async def run() -> int:
        check_shared(settings.store.url)
        async with _Server(settings, announce) as server:
            app = server.services()
            listener = http.listen("[server] listen", settings.server.address)
            # Requests first: one that is in hand may still make a result.
            return await server.run(
                [
                    http.serving(app, listener, patience=None),
                    *([posting(server.outbox())] if post_results else []),
                    server.forgetting(),
                ],
                f"takes calls at http://{http.address_of(listener)}/webservice/queuecall.php",
                http=http.address_of(listener),
            )

    return asyncio.run(run())


def dial(settings: Settings, *, post_results: bool, announce: Announce, reached: Reached = pass_by) -> int:
    """Make the calls that others queue, until a signal; returns the exit status.

    Args:
        settings: checked; that of `server` is not looked at.
        post_results: whether results are posted from here.
        announce: hears where the server listens, and how it stops.
        reached: hears where calls and results stand; for tests that end the program there.

    Raises:
        MirabelleError: an address is taken, or the ledger, the media processes or the synthesiser cannot be started.
    """

    async def run() -> int:
        check_shared(settings.store.url)
        async with _Server(settings, announce, reached=reached) as server:
            outbox = server.outbox()
            exchange = await server.exchange(outbox)
            parts = [exchange.part(), *([posting(outbox)] if post_results else []), server.sealing()]
            fields = {"sip": exchange.sip_address}
            if settings.dialer.health_address is not None:
                listener = http.listen("[dialer] health", settings.dialer.health_address)
                parts.append(http.serving(server.health(exchange), listener))
                fields["http"] = http.address_of(listener)
            return await server.run(parts, f"makes calls from {exchange.sip_address}", **fields)

    return asyncio.run(run())


class _Server:
    """What every server has: a ledger, somebody who fetches, a name, and an end."""

    def __init__(
        self, settings: Settings, announce: Announce, *, clock: Clock | None = None, reached: Reached = pass_by
    ) -> None:
        self._settings = settings
        self._clock = SharedClock(clock or SystemClock())
        self._reached = reached
        self._voice = Voice(announce)
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(4).hex()}"
        self._stack = contextlib.AsyncExitStack()
        self._ledger: Ledger
        self._timekeeper: Timekeeper
        self._fetcher: Fetcher
        self._signals: Signals

    async def __aenter__(self) -> _Server:
        async with contextlib.AsyncExitStack() as opened:
            settings = self._settings.http
            self._ledger = await open_ledger(self._settings.store.url)
            opened.push_async_callback(self._ledger.aclose)
            self._timekeeper = Timekeeper(self._ledger, self._clock, self._voice)
            await self._timekeeper.look()
            self._fetcher = Fetcher(
                allow_private=settings.allow_private,
                timeout=settings.timeout,
                max_bytes=settings.max_bytes,
                user_agent=f"Mirabelle/{mirabelle.__version__}",
                cache=ResponseCache(self._clock, settings.cache_mb * 1_000_000) if settings.cache_mb else None,
            )
            opened.push_async_callback(self._fetcher.aclose)
            self._signals = Signals()
            self._stack = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def outbox(self) -> Outbox:
        return Outbox(
            self._ledger,
            self._fetcher,
            self._clock,
            self._owner,
            on_event=self._voice.delivery,
            # A redirect is one more request, so a post may take as long as two.
            post_within=min(POST_WITHIN, 2 * self._settings.http.timeout),
            reached=self._reached,
        )

    async def exchange(self, outbox: Outbox) -> Exchange:
        # Media, SIP and VoiceXML take memory that a server without them can do without.
        from mirabelle.cli.serving.dialling import open_exchange

        return await open_exchange(
            self._stack,
            self._settings,
            self._ledger,
            self._fetcher,
            clock=self._clock,
            voice=self._voice,
            owner=self._owner,
            on_result=outbox.wake,
            reached=self._reached,
        )

    def services(self, exchange: Exchange | None = None) -> ASGIApp:
        return http.services(
            self._ledger,
            self._clock,
            self._settings,
            self._fetcher,
            report=self._nothing if exchange is None else exchange.report,
            stopping=self._signals.stop.is_set,
            dialling=None if exchange is None else exchange.dialling(),
        )

    def health(self, exchange: Exchange) -> ASGIApp:
        return http.health_alone(self._ledger, report=exchange.report, stopping=self._signals.stop.is_set)

    def sealing(self) -> Part:
        return sealing(self._ledger, self._voice)

    def forgetting(self) -> Part:
        return http.forgetting(self._ledger, self._clock, self._voice)

    async def run(self, parts: list[Part], does: str, **fields: str) -> int:
        # The program itself is never garbage; looked through with the rest, it holds up all calls for 0.1 s.
        gc.collect()
        gc.freeze()
        # Beside a thousand sessions a look at everything takes 0.1 s as well. A fifth as many are enough: what sessions
        # leave behind is little.
        gc.set_threshold(700, 10, 50)
        return await run_until_stopped(
            [*parts, self._timekeeper.part()],
            self._signals,
            notifier=Notifier.ours(),
            voice=self._voice,
            drain_seconds=float(self._settings.dialer.drain_seconds),
            ready=f"{VERSION} {does}",
            store=self._settings.store.url.split(":")[0],
            **fields,
        )

    def _nothing(self) -> Mapping[str, Any]:
        return {}
