"""The part of a server that speaks HTTP: the services, or its health alone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import uvicorn
from fastapi import APIRouter
from starlette.applications import Starlette
from starlette.types import ASGIApp

from mirabelle.api import json_api
from mirabelle.api.admission import Admission
from mirabelle.api.app import create_app
from mirabelle.api.health import Readiness, Report
from mirabelle.api.v1.forgetting import forget_old_replies
from mirabelle.api.v1.services import Services
from mirabelle.calls.clock import Clock
from mirabelle.cli.serving.part import STOP_SECONDS, Part
from mirabelle.cli.serving.voice import Voice
from mirabelle.cli.status import LiveStatus
from mirabelle.errors import MirabelleError
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.settings import Settings
from mirabelle.store.ledger import Ledger
from mirabelle.web import page
from mirabelle.web.status import MediaFigures

BACKLOG: Final = 1024
"""Connections that may wait to be accepted."""


class ListenError(MirabelleError):
    """An address cannot be used; the message says which setting to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """What the services need to know of the dialling, where it is done by the same process.

    Attributes:
        wake: told when a call was queued.
        in_progress: calls that are ringing or connected.
        media: the health of the media processes.
    """

    wake: Callable[[], None]
    in_progress: Callable[[], int]
    media: Callable[[], Sequence[MediaFigures]]


def services(
    ledger: Ledger,
    clock: Clock,
    settings: Settings,
    fetcher: Fetcher,
    *,
    report: Report,
    stopping: Callable[[], bool],
    dialling: Dialling | None = None,
) -> ASGIApp:
    """The HTTP application with all services and pages.

    Args:
        ledger: the store.
        clock: the time.
        settings: checked.
        fetcher: asks start_url and result_url before a call is queued.
        report: what the server says about itself.
        stopping: whether it was told to stop.
        dialling: where calls are made by this process; None: by others.
    """

    def on_queued() -> None:
        if dialling is not None:
            dialling.wake()

    def speaking_json(admission: Admission) -> Sequence[APIRouter]:
        served = Services(ledger=ledger, clock=clock, settings=settings, admission=admission, on_queued=on_queued)
        return json_api.routers(served)

    status = LiveStatus(
        ledger=ledger,
        clock=clock,
        trunks=settings.trunks,
        media=None if dialling is None else dialling.media,
        calls_in_progress=None if dialling is None else dialling.in_progress,
    )
    return create_app(
        ledger,
        clock,
        settings,
        on_queued=on_queued,
        health=report,
        fetcher=fetcher,
        routes=[*page.routes(status), *Readiness(ledger.next_expiry, report, stopping).routes()],
        json_api=speaking_json,
    )


def health_alone(ledger: Ledger, *, report: Report, stopping: Callable[[], bool]) -> ASGIApp:
    """The HTTP application of a server that only dials: /health, /ready and /alive.

    Args:
        ledger: the store.
        report: what the server says about itself.
        stopping: whether it was told to stop.
    """
    readiness = Readiness(ledger.next_expiry, report, stopping)
    return Starlette(routes=[readiness.figures(), *readiness.routes()])


def listen(setting: str, address: tuple[str, int]) -> socket.socket:
    """Take an address.

    Args:
        setting: what it was named by, for the message.
        address: host and port.

    Raises:
        ListenError: it cannot be used.
    """
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where the protocol is named does asyncio set TCP_NODELAY, without which a reply may wait for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ListenError(f"{setting}: {host}:{port} cannot be used ({error.strerror}); name another.") from error
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def serving(app: ASGIApp, listener: socket.socket, *, patience: float | None = STOP_SECONDS) -> Part:
    """An application at an address.

    Args:
        app: what answers.
        listener: where.
        patience: seconds that requests in hand may take to end; None: what is left of the server's drain.
    """
    web = _Web(app, listener)
    return Part(name="http", run=web.run, drain=web.drain, cut=web.cut, in_hand=web.in_hand, patience=patience)


def forgetting(ledger: Ledger, clock: Clock, voice: Voice) -> Part:
    """Lets go of the replies that repeated requests would have got, once they are old."""
    return Part(name="forgetting", run=lambda: forget_old_replies(ledger, clock, voice.store_failed))


def address_of(listener: socket.socket) -> str:
    """Where a socket listens, as one writes it."""
    return shown(listener.getsockname()[:2])


def shown(address: tuple[str, int]) -> str:
    """A host and a port as one writes them."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _QuietServer(uvicorn.Server):
    """uvicorn without signal handlers of its own: the drain decides when HTTP stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Web:
    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._listener = listener
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False)
        self._server = _QuietServer(config)
        self._ended = asyncio.Event()

    def in_hand(self) -> str:
        """The requests that are being answered."""
        count = len(self._server.server_state.tasks)
        return f"{count} requests" if count else ""

    async def run(self) -> None:
        """Answer until drained."""
        try:
            await self._server.serve([self._listener])
            if not self._server.should_exit:
                raise ListenError("The HTTP server ended by itself; see the log.")
        finally:
            self._ended.set()

    async def drain(self, limit: float) -> None:
        """Take no request any more, and wait for those in hand."""
        self._server.should_exit = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._ended.wait()
        self._server.force_exit = True

    async def cut(self) -> None:
        """Leave the requests in hand."""
        self._server.should_exit = self._server.force_exit = True
