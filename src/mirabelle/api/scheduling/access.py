"""Who asks, and how much of a body is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeAlias

from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mirabelle.api.scheduling.problem import Problem
from mirabelle.calls.account import Account
from mirabelle.store.ledger import StoreError
from mirabelle.store.records import Role

BODY_SECONDS: Final = 30.0
"""How long a body may take to come."""

_RANKS: Final[dict[Role, int]] = {"read": 0, "manager": 1, "admin": 2}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        account: for which account.
        role: what they may do; an admin may do what a manager may, and a manager what a reader may.
    """

    account: Account
    role: Role


Identify: TypeAlias = Callable[[Request], Awaitable[Caller]]
"""Tells who asks, or raises a `Problem` with the status 401."""


async def admit(identify: Identify, request: Request) -> None:
    """Find out who asks, before their request is looked at; `account_of` has it then.

    Args:
        identify: tells who it is.
        request: theirs. Whoever asks for a GET must be a reader at least, for anything else a manager.

    Raises:
        Problem: nobody knows them, or they may not do this.
    """
    caller = await identify(request)
    role: Role = "read" if request.method == "GET" else "manager"
    if _RANKS[caller.role] < _RANKS[role]:
        raise Problem(403, "Forbidden", f"A key with the role '{caller.role}' may not do this; it takes '{role}'.")
    request.state.account = caller.account


def account_of(request: Request) -> Account:
    """The account of a request that was admitted."""
    account: Account = request.state.account
    return account


class BoundedRoute(APIRoute):
    """A route that reads no more of a body than it may have, and waits for it no longer than it may take."""

    most: ClassVar[int] = 256 * 1024
    """Bytes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the reading of the body."""
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    data = await _read(request, self.most)
            except TimeoutError as error:
                raise Problem(408, "Too slow", f"The body took longer than {BODY_SECONDS:g} seconds.") from error
            except ClientDisconnect:
                return Response(status_code=400)
            try:
                return await handle(_Received(request, data))
            except StoreError as error:
                raise Problem(503, "Not stored", str(error)) from error

        return bounded


class LongRoute(BoundedRoute):
    """The same, for bodies with many calls."""

    most: ClassVar[int] = 4 * 1024 * 1024


class _Received(Request):
    """A request whose body has been read."""

    def __init__(self, request: Request, data: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._data = data

    async def body(self) -> bytes:
        return self._data


async def _read(request: Request, most: int) -> bytes:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise Problem(415, "Unsupported encoding", "The body came compressed; send it as it is.")
    length = request.headers.get("content-length", "")
    read = bytearray()
    if not (length.isdecimal() and int(length[:20]) > most):
        async for data in request.stream():
            read += data
            if len(read) > most:
                break
        else:
            return bytes(read)
    raise Problem(413, "Too large", f"The body is larger than {most} bytes; send less at a time.")
