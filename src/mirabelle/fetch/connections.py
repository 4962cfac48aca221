"""HTTP/1.1 over connections that are kept, so that the next request to the same server needs no new one (RFC 9112)."""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import h11

from mirabelle.fetch.network import CheckedNetwork
from mirabelle.fetch.request import FetchError

MOST_CONNECTIONS: Final = 1000
"""Exchanges at the same time; one more waits for its turn."""

MOST_KEPT: Final = 100
"""Connections that are kept while nothing is asked on them."""

KEPT_FOR: Final = 15.0
"""Seconds that one is kept."""

HEAD_BYTES: Final = 100 * 1024
"""The longest head of a response."""

UNREAD_BYTES: Final = 64 * 1024
"""What may have come and not been read; past it the server waits."""

_BROKEN: Final = "the connection broke before the answer was complete"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a connection leads to.

    Attributes:
        host: a name or a number, in ASCII.
        port: of TCP.
        secure: whether it talks TLS.
    """

    host: str
    port: int
    secure: bool


class Answer:
    """A response whose head has come; iterating over it brings the body piece by piece.

    Attributes:
        status: of HTTP.
        headers: names in lower case, and values.
    """

    def __init__(self, connection: _Connection, head: h11.Response) -> None:
        self._connection = connection
        self.status: int = head.status_code
        self.headers: list[tuple[bytes, bytes]] = list(head.headers)

    def __aiter__(self) -> Answer:
        return self

    async def __anext__(self) -> bytes:
        event = await self._connection.next_event()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        if isinstance(event, h11.EndOfMessage):
            raise StopAsyncIteration
        raise FetchError(self._connection.origin.host, "protocol", f"{_BROKEN}.")


class _Connection(asyncio.Protocol):
    """One connection: one exchange after the other."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.since = 0.0
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._unread = 0
        self._paused = False
        self._ended = False
        self._failure: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._unread += len(data)
        if self._unread > UNREAD_BYTES and self._transport is not None and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._failure = exc
        self._transport = None
        self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            if self._failure is None:
                self._http.receive_data(b"")
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def usable(self) -> bool:
        """Whether another request may be sent: the server has neither closed it nor said anything unasked."""
        if self._transport is None or self._ended or self._unread:
            return False
        # What the event loop has not come to yet, the system knows already.
        look = select.poll()
        look.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not look.poll(0)

    async def ask(self, request: h11.Request, content: bytes | None) -> Answer:
        """Send a request, and wait for the head of the response to it.

        Raises:
            FetchError: the request cannot be written, or there is no response.
        """
        events: list[h11.Event] = [request, *([h11.Data(data=content)] if content else []), h11.EndOfMessage()]
        try:
            written = b"".join(self._http.send(event) or b"" for event in events)
        except h11.LocalProtocolError as error:
            raise FetchError(self.origin.host, "protocol", f"the request cannot be written ({error}).") from error
        if self._transport is not None:
            self._transport.write(written)
        while True:
            event = await self.next_event()
            if isinstance(event, h11.Response):
                return Answer(self, event)
            if not isinstance(event, h11.InformationalResponse):
                raise FetchError(self.origin.host, "protocol", f"{_BROKEN}.")

    async def next_event(self) -> h11.Event:
        """What comes next, waited for.

        Raises:
            FetchError: it is no HTTP, or the connection broke.
        """
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise FetchError(self.origin.host, "protocol", f"{_BROKEN} ({error}).") from error
            if isinstance(event, h11.Event):
                return event
            if self._ended or event is h11.PAUSED:
                raise FetchError(self.origin.host, "protocol", f"{_BROKEN} ({self._failure}).")
            await self._more()

    async def _more(self) -> None:
        self._unread = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def finished(self) -> bool:
        """Make ready for another exchange; False where there can be none."""
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if not done or self._ended or self._transport is None or self._transport.get_write_buffer_size():
            return False
        self._http.start_next_cycle()
        self._unread = len(self._http.trailing_data[0])
        return True

    def close(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()


class Connections:
    """Exchanges requests for responses, on connections that were kept or on new ones.

    Args:
        network: makes connections.
        tls: for those that are secure.
    """

    def __init__(self, network: CheckedNetwork, tls: ssl.SSLContext) -> None:
        self._network = network
        self._tls = tls
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._kept: list[_Connection] = []

    @asynccontextmanager
    async def exchange(
        self, origin: Origin, method: str, target: bytes, headers: Iterable[tuple[str, str]], content: bytes | None
    ) -> AsyncIterator[Answer]:
        """Send a request, and have the response for as long as the block lasts.

        Args:
            origin: whom to ask.
            method: in upper case.
            target: the path and query.
            headers: all of them, `Host` and `Content-Length` included.
            content: the body; None for none.

        Raises:
            FetchError: there is no response, or the request is none that can be written; its `url` is the host.
        """
        try:
            request = h11.Request(method=method, target=target, headers=list(headers))
        except h11.LocalProtocolError as error:
            raise FetchError(origin.host, "protocol", f"the request cannot be written ({error}).") from error
        async with self._places:
            connection = self._take(origin) or await self._connected(origin)
            try:
                yield await connection.ask(request, content)
            except BaseException:
                connection.close()
                raise
            self._put(connection)

    async def aclose(self) -> None:
        """Close what is kept."""
        kept, self._kept = self._kept, []
        for connection in kept:
            connection.close()
        await asyncio.sleep(0)  # transports close in the next turn of the loop

    async def _connected(self, origin: Origin) -> _Connection:
        tls = self._tls if origin.secure else None
        return await self._network.connect(lambda: _Connection(origin), origin.host, origin.port, tls)

    def _take(self, origin: Origin) -> _Connection | None:
        """The one that was used last, as it is the likeliest to be there still."""
        too_old = asyncio.get_running_loop().time() - KEPT_FOR
        while self._kept and self._kept[0].since < too_old:
            self._kept.pop(0).close()
        for at in reversed(range(len(self._kept))):
            if self._kept[at].origin == origin:
                connection = self._kept.pop(at)
                if connection.usable:
                    return connection
                connection.close()
        return None

    def _put(self, connection: _Connection) -> None:
        if not connection.finished():
            connection.close()
            return
        connection.since = asyncio.get_running_loop().time()
        self._kept.append(connection)
        if len(self._kept) > MOST_KEPT:
            self._kept.pop(0).close()
