"""The body of a request, read as far as it is wanted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mirabelle.api import xml
from mirabelle.api.reply import reply
from mirabelle.api.xml import Fault

DRAIN_SECONDS: Final = 10.0
"""How long what is left of a refused body is read and thrown away, so that its sender gets to hear why."""
DRAIN_PAUSE: Final = 1.0
"""How long the sender may pause in that."""


class Body:
    """The body of a request, which may be given up before its end."""

    def __init__(self, request: Request) -> None:
        """Begin.

        Args:
            request: whose body nobody else reads.
        """
        self._request = request
        self._receive = request.receive
        self._begun = False
        self._ended = False

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body, as it comes.

        Raises:
            ClientDisconnect: the client went away.
        """
        while not self._ended:
            yield await self._next()

    async def drain(self) -> None:
        """Throw away what is left, for a while: closed with bytes unread, a connection loses the reply, too."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self._ended:
                    async with asyncio.timeout(DRAIN_PAUSE):
                        await self._next()

    async def _next(self) -> bytes:
        self._begun = True
        message = await self._receive()
        if message["type"] != "http.request":
            self._ended = True
            raise ClientDisconnect
        self._ended = not message.get("more_body", False)
        data: bytes = message.get("body", b"")
        return data

    async def let_go(self) -> None:
        """Get ready to answer before the body has ended; nothing more can come over its connection."""
        # Who waits for a word before it sends the body has it in the reply, and must not be told to go on.
        if self._begun or "expect" not in self._request.headers:
            with contextlib.suppress(ClientDisconnect):
                await self.drain()

    async def refuse(self, service: str, reason: str) -> Response:
        """The reply to a body that was not read to its end; nothing more can come over its connection.

        Args:
            service: the root element of the reply.
            reason: what is wrong with the body.
        """
        await self.let_go()
        return reply(xml.failed(service, (), [Fault("body", reason)]), headers={"Connection": "close"})
