"""HTTP to the applications of customers: bounded in time and size, and only to addresses that may be reached."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

import httpx

from mirabelle.fetch.address import Reach
from mirabelle.fetch.cache import ResponseCache
from mirabelle.fetch.connections import Answer, Connections, Origin
from mirabelle.fetch.content import ACCEPT_ENCODING, Content
from mirabelle.fetch.freshness import Wish, directives, validators
from mirabelle.fetch.network import CheckedNetwork
from mirabelle.fetch.request import FetchError, Request, Response

MOST_REDIRECTS: Final = 5
MOST_URL_CHARACTERS: Final = 8192

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ERRORS_FROM: Final = 400
_SERVER_ERRORS_FROM: Final = 500
_NOT_MODIFIED: Final = 304
_PORTS: Final = {"http": 80, "https": 443}
_WITH_CONTENT: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests say that they have no content, where they have none (RFC 9110 8.6)."""
_WITHOUT_CONTENT: Final = frozenset({204, _NOT_MODIFIED})
_SECRETS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_KEYED: Final = frozenset({"accept", "cache-control"})
_PARTIAL: Final = frozenset(
    {"range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"}
)
"""Fields with which an application asks for less than a whole response; that is none of a cache's business."""

FORM: Final = "application/x-www-form-urlencoded"
"""How a form is encoded."""


class Fetcher:
    """Fetches over HTTP and HTTPS.

    Nothing is taken from the environment: no proxies, no credentials. Each hop of a redirect is checked as the first.

    Args:
        allow_private: reach private, loopback and link-local addresses too.
        timeout: seconds for a whole request, where it brings none of its own.
        max_bytes: the largest body, where a request brings no limit of its own.
        user_agent: the value of the User-Agent header.
        cache: keeps responses for requests that take copies; None for no cache.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        timeout: float,
        max_bytes: int,
        user_agent: str,
        cache: ResponseCache | None = None,
    ) -> None:
        self._cache = cache
        self._timeout, self._max_bytes, self._user_agent = timeout, max_bytes, user_agent
        tls = httpx.create_ssl_context(trust_env=False)
        tls.set_alpn_protocols(["http/1.1"])
        self._connections = Connections(CheckedNetwork(self._reach(allow_private)), tls)

    async def fetch(self, request: Request) -> Response:
        """Ask, follow redirects, and bring the body.

        Raises:
            FetchError: no response; its `reason` says why.
        """
        seconds = self._timeout if request.timeout is None else request.timeout
        try:
            async with asyncio.timeout(seconds):
                return await self._follow(request)
        except TimeoutError as error:
            sentence = f"no complete answer within {seconds:g} s."
            raise FetchError(request.url, "timeout", sentence) from error

    async def post(self, url: str, body: bytes, content_type: str, headers: Mapping[str, str]) -> int:
        """Post a body as it is and return the status; the shape that the deliveries of results take.

        Raises:
            FetchError: no response.
        """
        request = Request(
            url=url, method="POST", body=body, content_type=content_type, headers=headers, keep_method=True
        )
        return (await self.fetch(request)).status

    def forget(self, owner: str) -> None:
        """Forget what was kept for a session alone; see `mirabelle.fetch.freshness.Wish`."""
        if self._cache is not None:
            self._cache.forget(owner)

    async def aclose(self) -> None:
        """Close the connections that are kept open."""
        await self._connections.aclose()

    def _reach(self, allow_private: bool) -> Reach:
        return Reach.ANYWHERE if allow_private else Reach.PUBLIC

    async def _follow(self, request: Request) -> Response:
        status = 0
        for _ in range(MOST_REDIRECTS + 1):
            url = _checked_url(request.url)
            response = await self._hop(request, url)
            status, location = response.status, response.headers.get("location", "")
            if status not in _REDIRECTS or not location:
                return response
            request = _redirected(request, url, status, location)
        sentence = f"more than {MOST_REDIRECTS} redirects; the last led here."
        raise FetchError(request.url, "redirects", sentence, status=status)

    async def _hop(self, request: Request, url: httpx.URL) -> Response:
        """One request of a chain of redirects, answered by a copy where one may be used."""
        outgoing = self._outgoing(request, url)
        own = {name.lower() for name in request.headers}
        if self._cache is None or request.copies is None or own & _PARTIAL:
            return await self._one(request, outgoing)
        if outgoing.method != "GET":
            response = await self._one(request, outgoing)
            if response.status < _ERRORS_FROM:
                _invalidate(self._cache, request.copies.owner, outgoing.url, response)
            return response
        return await self._kept(self._cache, request.copies, request, outgoing)

    async def _kept(self, cache: ResponseCache, wish: Wish, request: Request, outgoing: _Outgoing) -> Response:
        """The answer to a GET: a copy, one that the server says still holds, or a new one (RFC 9111 4)."""
        wish = _wish(wish, request.headers)
        exchange = cache.exchange(
            _key(outgoing.url),
            dict(outgoing.headers),
            wish,
            own_headers=any(name.lower() not in _KEYED for name in request.headers),
        )
        kept = cache.find(exchange)
        if kept is not None and cache.serves(kept, wish):
            return replace(kept.response, url=str(outgoing.url))
        if "cache-control" not in outgoing.headers and wish.header():
            outgoing.headers["cache-control"] = wish.header()
        outgoing.headers.update(validators(kept.response.headers) if kept else {})
        response = await self._one(request, outgoing)
        if kept is not None and response.status == _NOT_MODIFIED:
            return cache.freshen(exchange, kept, response.headers)
        if response.status < _SERVER_ERRORS_FROM:
            cache.keep(exchange, response)
        return response

    async def _one(self, request: Request, outgoing: _Outgoing) -> Response:
        most = self._max_bytes if request.max_bytes is None else request.max_bytes
        url = outgoing.url
        origin = Origin(url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme], url.scheme == "https")
        try:
            async with self._connections.exchange(
                origin, outgoing.method, url.raw_path, outgoing.headers.items(), outgoing.content
            ) as answer:
                return await _read(request, outgoing, answer, most)
        except FetchError as error:
            raise _named(error, request.url) from error

    def _outgoing(self, request: Request, url: httpx.URL) -> _Outgoing:
        content = request.body
        headers = {
            "host": url.netloc.decode("ascii"),
            "user-agent": self._user_agent,
            "accept": "*/*",
            "accept-encoding": ACCEPT_ENCODING,
        }
        if request.form is not None:
            content = urlencode(list(request.form)).encode("ascii")
            headers["content-type"] = FORM
        elif request.body is not None and request.content_type:
            headers["content-type"] = request.content_type
        if url.userinfo:
            secret = base64.b64encode(f"{url.username}:{url.password}".encode()).decode("ascii")
            headers["authorization"] = f"Basic {secret}"
        headers.update((name.lower(), value) for name, value in request.headers.items())
        method = request.method.upper()
        if (content or method in _WITH_CONTENT) and "transfer-encoding" not in headers:
            headers.setdefault("content-length", str(len(content or b"")))
        if not all(map(str.isascii, (method, *headers, *headers.values()))):
            raise FetchError(request.url, "url", "the request cannot be written (its headers are not ASCII).")
        outgoing = _Outgoing(method, url, headers, content)
        if request.cookies:
            asked = outgoing.as_httpx()
            httpx.Cookies(request.cookies).set_cookie_header(asked)
            headers.update({"cookie": asked.headers["cookie"]} if "cookie" in asked.headers else {})
        return outgoing


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """A request as it is sent: all headers, names in lower case."""

    method: str
    url: httpx.URL
    headers: dict[str, str]
    content: bytes | None

    def as_httpx(self) -> httpx.Request:
        """The same for httpx, which knows cookies."""
        return httpx.Request(self.method, self.url, headers=self.headers)


@lru_cache(maxsize=256)
def _checked_url(text: str) -> httpx.URL:
    if len(text) > MOST_URL_CHARACTERS:
        raise FetchError(text, "url", f"the URL is longer than {MOST_URL_CHARACTERS} characters.")
    try:
        url = httpx.URL(text)
        port = url.port
    except (httpx.InvalidURL, ValueError, UnicodeError, TypeError) as error:
        raise FetchError(text, "url", f"this is not a URL ({error}).") from error
    if url.scheme not in ("http", "https"):
        raise FetchError(text, "scheme", f"only http and https URLs are fetched, not '{url.scheme[:20]}'.")
    if not url.host or (port is not None and not 0 < port < 65536):
        raise FetchError(text, "url", "the URL names no host, or a port that cannot be.")
    return url


def _redirected(request: Request, url: httpx.URL, status: int, location: str) -> Request:
    """The next hop (RFC 9110 15.4)."""
    try:
        target = url.join(location)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise FetchError(request.url, "url", f"it redirects to something that is no URL ({error}).") from error
    if not target.fragment and url.fragment:
        target = target.copy_with(fragment=url.fragment)
    headers = request.headers
    if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
        headers = {name: value for name, value in headers.items() if name.lower() not in _SECRETS}
    moved = replace(request, url=str(target), headers=headers)
    post_becomes_get = status in (301, 302) and request.method.upper() == "POST" and not request.keep_method
    if post_becomes_get or (status == 303 and request.method.upper() != "HEAD"):
        moved = replace(moved, method="GET", form=None, body=None, content_type="")
    return moved


def _key(url: httpx.URL) -> str:
    """An address as copies are kept under: all of it but the fragment, which no server sees."""
    return str(url.copy_with(fragment=None))


def _wish(wish: Wish, headers: Mapping[str, str]) -> Wish:
    """What is wanted of copies, where the application wrote a Cache-Control of its own into the request."""
    own = next((value for name, value in headers.items() if name.lower() == "cache-control"), "")
    said = directives(own)
    if "no-cache" in said or "no-store" in said or said.get("max-age") == "0":
        return replace(wish, maxage=0)
    return wish


def _invalidate(cache: ResponseCache, owner: str, url: httpx.URL, response: Response) -> None:
    """Forget what a request may have changed: its address, and those of the same server that it names (4.4)."""
    cache.invalidate(_key(url), owner)
    for name in ("location", "content-location"):
        try:
            named = url.join(response.headers[name]) if name in response.headers else url
        except (httpx.InvalidURL, ValueError, UnicodeError):
            continue  # a redirect there fails with a reason of its own
        if (named.scheme, named.host, named.port) == (url.scheme, url.host, url.port):
            cache.invalidate(_key(named), owner)


async def _read(request: Request, outgoing: _Outgoing, answer: Answer, most: int) -> Response:
    headers = _headers(answer)
    if request.cookies is not None and "set-cookie" in headers:
        arrived = httpx.Response(answer.status, headers=answer.headers, request=outgoing.as_httpx())
        httpx.Cookies(request.cookies).extract_cookies(arrived)
    if outgoing.method == "HEAD" or answer.status in _WITHOUT_CONTENT:
        body = b""
        async for _ in answer:
            pass  # there is none, and a connection whose answer was not read to its end is not used again
    else:
        content = Content(request.url, headers.get("content-encoding", ""), most)
        content.announce(headers.get("content-length", ""))
        body = await content.read(answer)
    return Response(
        url=str(outgoing.url),
        status=answer.status,
        content_type=headers.get("content-type", ""),
        body=body,
        headers=headers,
    )


def _headers(answer: Answer) -> dict[str, str]:
    """Repeated fields joined by a comma (RFC 9110 5.3)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers:
        name = raw_name.decode("ascii")
        try:
            value = raw_value.decode("utf-8")
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _named(error: FetchError, url: str) -> FetchError:
    """An error of the network under the URL that was asked for, where it knew the host alone."""
    if error.url == url:
        return error
    _, _, sentence = str(error).partition(": ")
    return FetchError(url, error.reason, sentence)
