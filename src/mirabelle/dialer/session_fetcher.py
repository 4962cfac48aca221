"""What a session asks for, fetched: copies used as it wishes, some of it ahead of its time, with its own cookies."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlencode

from mirabelle.fetch.cookies import SessionJar
from mirabelle.fetch.freshness import Wish
from mirabelle.fetch.request import FetchError, Request, Response
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed

LONGEST_MS: Final = 300_000
"""However long a document is willing to wait (`fetchtimeout`)."""

AHEAD_AT_ONCE: Final = 4
"""What one session fetches ahead at the same time."""

MOST_AHEAD: Final = 32
"""What one session has fetched ahead, or waits to."""

AHEAD_FOR: Final = 30.0
"""Seconds for which what was fetched ahead is the answer to its request; then only the cache has it, if it may."""

MOST_AHEAD_BYTES: Final = 2_000_000
"""How much of that one session holds; what has been there longest goes first."""

AHEAD_WITHIN: Final = 60.0
"""Seconds that fetching ahead may take."""

_ERRORS_FROM: Final = 400
_MADE_FOR_ONE: Final = frozenset({"document", "data"})
"""What a server makes anew for whoever asks, of what it has been told until then."""

Key = tuple[str, tuple[tuple[str, str], ...]]
"""Requests that are alike: the address, and the fields that the application wrote."""


class Reaches(Protocol):
    """Something that fetches: `mirabelle.fetch.Fetcher`, or one for the terminal."""

    async def fetch(self, request: Request) -> Response:
        """Ask, and bring the answer.

        Raises:
            FetchError: there is none.
        """
        ...

    def forget(self, owner: str) -> None:
        """Forget what was kept for one session alone."""
        ...


class Places:
    """So many places; who finds none goes without, and nobody waits.

    Args:
        most: how many.
    """

    def __init__(self, most: int) -> None:
        self._free = most

    def take(self) -> bool:
        """Take a place; False where there is none."""
        taken = self._free > 0
        self._free -= taken
        return taken

    def give_back(self) -> None:
        """Give a place back that was taken."""
        self._free += 1


@dataclass(slots=True)
class _Ahead:
    """Something that is fetched before it is needed.

    Attributes:
        task: fetches it.
        purpose: what for.
        cookies: those that went along.
        came: when it was there, on the loop's scale.
    """

    task: asyncio.Task[Response | FetchError]
    purpose: str
    cookies: frozenset[tuple[str, ...]]
    came: float = 0.0

    @property
    def size(self) -> int:
        """Bytes that are held."""
        done = self.task.done() and not self.task.cancelled()
        found = self.task.result() if done else None
        return len(found.body) if isinstance(found, Response) else 0

    def serves(self, maxage: int | None, cookies: frozenset[tuple[str, ...]], now: float) -> bool:
        """Whether it is the answer to a request now; what failed, is too old or may be another is asked for anew."""
        if self.purpose in _MADE_FOR_ONE and cookies != self.cookies:
            return False
        if not self.task.done():
            return True
        age = now - self.came
        found = None if self.task.cancelled() else self.task.result()
        good = isinstance(found, Response) and found.status < _ERRORS_FROM
        return good and age <= AHEAD_FOR and (maxage is None or age <= maxage)


class SessionFetcher:
    """Fetches for one session.

    Args:
        fetcher: what reaches the web.
        ahead: how much all sessions together may fetch ahead at the same time; None for as much as this one may.
    """

    def __init__(self, fetcher: Reaches, ahead: Places | None = None) -> None:
        self._fetcher = fetcher
        self._places = ahead or Places(AHEAD_AT_ONCE)
        self._owner = secrets.token_hex(8)
        self._cookies = SessionJar()
        self._waiting: OrderedDict[Key, Fetch] = OrderedDict()
        self._ahead: OrderedDict[Key, _Ahead] = OrderedDict()

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get what the request names; a failure is a reply."""
        seconds = None if request.timeout_ms is None else min(request.timeout_ms, LONGEST_MS) / 1000
        if _plain(request):
            key = _key(request)
            self._waiting.pop(key, None)
            ahead = self._ahead.pop(key, None)
            if ahead is not None and ahead.serves(
                request.maxage, self._cookies.contents(), asyncio.get_running_loop().time()
            ):
                return await self._arrival(ahead, request, seconds)
            if ahead is not None:
                ahead.task.cancel()
        else:
            self._drop_what_may_change()
        return _reply(await self._ask(request, seconds))

    def prefetch(self, request: Fetch) -> None:
        """Begin to get what will be asked for, when there is room; it waits its turn, or is left."""
        key = _key(request)
        held = key in self._waiting or key in self._ahead
        if held or request.maxage == 0 or not _plain(request):
            return
        if len(self._waiting) + len(self._ahead) >= MOST_AHEAD:
            self._drop_one()
        if len(self._waiting) + len(self._ahead) < MOST_AHEAD:
            self._waiting[key] = request
            self._begin()

    async def aclose(self) -> None:
        """End what is fetched ahead, and forget what was kept for this session alone."""
        tasks = [ahead.task for ahead in self._ahead.values()]
        self._waiting.clear()
        self._ahead.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._fetcher.forget(self._owner)

    def _begin(self) -> None:
        """Fetch ahead what waits, as many at once as may be."""
        under_way = sum(not ahead.task.done() for ahead in self._ahead.values())
        while self._waiting and under_way < AHEAD_AT_ONCE and self._places.take():
            key, request = self._waiting.popitem(last=False)
            task = asyncio.create_task(self._get_ahead(key, request))
            task.add_done_callback(self._given_back)
            self._ahead[key] = _Ahead(task, request.purpose, self._cookies.contents())
            under_way += 1

    def _given_back(self, _task: asyncio.Task[Response | FetchError]) -> None:
        self._places.give_back()

    async def _get_ahead(self, key: Key, request: Fetch) -> Response | FetchError:
        found = await self._ask(request, AHEAD_WITHIN)
        loop, ahead = asyncio.get_running_loop(), self._ahead.get(key)
        if ahead is not None:
            ahead.came = loop.time()
            loop.call_later(AHEAD_FOR, self._expire, key, ahead.came)
        loop.call_soon(self._settle)
        return found

    def _settle(self) -> None:
        """Something has come: see that there is not too much, and go on with what waits."""
        while sum(ahead.size for ahead in self._ahead.values()) > MOST_AHEAD_BYTES:
            self._drop_one()
        self._begin()

    def _drop_one(self) -> None:
        """Make room: what has been there longest is likely to be needed no more."""
        done = next((key for key, ahead in self._ahead.items() if ahead.task.done()), None)
        if done is not None:
            del self._ahead[done]

    def _drop_what_may_change(self) -> None:
        """The server is told something: what it made before may not be what it would make now (6.1.3)."""
        for key, ahead in list(self._ahead.items()):
            if ahead.purpose in _MADE_FOR_ONE:
                del self._ahead[key]
                ahead.task.cancel()

    def _expire(self, key: Key, came: float) -> None:
        ahead = self._ahead.get(key)
        if ahead is not None and ahead.task.done() and ahead.came == came:
            del self._ahead[key]

    async def _arrival(self, ahead: _Ahead, request: Fetch, seconds: float | None) -> Fetched | FetchFailed:
        """What was begun before; the time that it may take begins when it is needed (VoiceXML 2.0, 6.1.1)."""
        try:
            async with asyncio.timeout(seconds):
                return _reply(await ahead.task)
        except TimeoutError:
            return FetchFailed(f"{request.url[:200]}: no complete answer within {seconds or 0:g} s.", timeout=True)

    async def _ask(self, request: Fetch, seconds: float | None) -> Response | FetchError:
        body, content_type = content(request)
        try:
            return await self._fetcher.fetch(
                Request(
                    url=request.url,
                    method=request.method.upper(),
                    body=body,
                    content_type=content_type,
                    headers=request.headers,
                    timeout=seconds,
                    cookies=self._cookies,
                    copies=Wish(request.maxage, request.maxstale, self._owner),
                )
            )
        except FetchError as error:
            return error


def _plain(request: Fetch) -> bool:
    return request.method.lower() == "get" and request.body is None


def _key(request: Fetch) -> Key:
    return request.url, tuple(sorted(request.headers.items()))


def _reply(found: Response | FetchError) -> Fetched | FetchFailed:
    if isinstance(found, Response):
        return Fetched(found.url, found.status, found.content_type, found.body)
    return FetchFailed(
        str(found),
        status=found.status,
        timeout=found.reason == "timeout",
        unsupported=found.reason == "scheme",
    )


def content(request: Fetch) -> tuple[bytes | None, str]:
    """The body of a request and its type; none for `get`, whose fields are in the URL already."""
    if request.body is not None:
        return request.body, request.enctype
    if request.method.lower() != "post":
        return None, ""
    if request.enctype == "multipart/form-data" or any(isinstance(value, bytes) for _, value in request.fields):
        return multipart(request.fields, boundary=secrets.token_hex(16))
    return urlencode(request.fields).encode("ascii"), "application/x-www-form-urlencoded"


def multipart(fields: tuple[tuple[str, str | bytes], ...], *, boundary: str) -> tuple[bytes, str]:
    """A form with recordings in it (RFC 7578): the body and its content type."""
    parts: list[bytes] = []
    for name, value in fields:
        quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'Content-Disposition: form-data; name="{quoted}"'
        if isinstance(value, bytes):
            head += f'; filename="{quoted}"\r\nContent-Type: application/octet-stream'
        data = value if isinstance(value, bytes) else value.encode()
        parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + data + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f'multipart/form-data; boundary="{boundary}"'
