"""How a server is, for watchdogs, load balancers and whatever starts it again: /health, /ready and /alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

import mirabelle
from mirabelle.calls.call import CallState

READY_WITHIN: Final = 2.0
"""Seconds that the store has to answer a server that wants to know whether it is ready."""

_LOG: Final = "mirabelle.api"
_FRESH: Final = {"Cache-Control": "no-store"}

Counts = Callable[[], Awaitable[Mapping[CallState, int]]]
"""Counts the calls in each state."""
Report = Callable[[], Mapping[str, Any]]
"""What a server says about itself, as JSON values; `ok` false makes the whole unhealthy."""


class Health:
    """`GET /health`: the figures, and 503 where something is not well.

    Args:
        counts: the ledger's.
        report: the rest of the server.
    """

    def __init__(self, counts: Counts, report: Report) -> None:
        self._counts = counts
        self._report = report

    async def handle(self) -> JSONResponse:
        """The answer."""
        rest = dict(self._report())
        ok = bool(rest.pop("ok", True))
        content: dict[str, Any] = {"ok": ok, "version": mirabelle.__version__}
        try:
            counts = await self._counts()
            content["calls"] = {state.value: counts.get(state, 0) for state in CallState}
        except Exception:  # noqa: BLE001  a watchdog wants an answer above all; the log has the rest
            structlog.get_logger(_LOG).exception("counts failed")
            content |= {"ok": False, "store": "The store does not answer; see the log."}
        return _answer(content | rest)


class Readiness:
    """`GET /ready` and `GET /alive`: whether a server takes work, and whether it is to be started again.

    A server that waits for its store, or ends what it has in hand, is alive and not ready.

    Args:
        touch: asks the store for next to nothing.
        report: what the server says about itself.
        stopping: whether it was told to stop.
    """

    def __init__(self, touch: Callable[[], Awaitable[object]], report: Report, stopping: Callable[[], bool]) -> None:
        self._touch = touch
        self._report = report
        self._stopping = stopping

    def routes(self) -> Sequence[BaseRoute]:
        """To be mounted beside the services."""
        return [Route("/ready", self._ready, methods=["GET"]), Route("/alive", self._alive, methods=["GET"])]

    def figures(self) -> BaseRoute:
        """`/health` of a server without services, which does not count the calls of the whole ledger."""
        return Route("/health", self._health, methods=["GET"])

    async def _ready(self, _request: Request) -> JSONResponse:
        reason = await self._reason()
        return _answer({"ok": not reason, **({"reason": reason} if reason else {})})

    async def _alive(self, _request: Request) -> JSONResponse:
        return _answer({"ok": True})

    async def _health(self, _request: Request) -> JSONResponse:
        reason = await self._reason()
        content = {"ok": not reason, "version": mirabelle.__version__, **({"reason": reason} if reason else {})}
        return _answer({**self._report(), **content})

    async def _reason(self) -> str:
        """Why there is no work to be sent here; empty: there may."""
        if self._stopping():
            return "The server is stopping."
        if not self._report().get("ok", True):
            return "A media process is being started again."
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self._touch()
        except Exception:  # noqa: BLE001  whoever asks wants an answer above all; the log has the rest
            structlog.get_logger(_LOG).exception("store failed")
            return "The store does not answer; see the log."
        return ""


def _answer(content: Mapping[str, Any]) -> JSONResponse:
    return JSONResponse(dict(content), status_code=200 if content["ok"] else 503, headers=_FRESH)
