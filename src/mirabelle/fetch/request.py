"""What is asked of the web, what came back, and why nothing did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import Literal

from mirabelle.errors import MirabelleError
from mirabelle.fetch.freshness import Wish

Reason = Literal[
    "url", "scheme", "resolve", "private", "refused", "tls", "timeout", "too_large", "redirects", "encoding", "protocol"
]
"""Why there is no response, in one word that a program can act on."""


class FetchError(MirabelleError):
    """There is no response; a response of any status is not an error.

    Attributes:
        url: the address that failed: after a redirect, the one it led to.
        reason: one word; see `Reason`.
        status: of HTTP, where a response has led to the error, as a redirect too many does; else 0.
    """

    def __init__(self, url: str, reason: Reason, sentence: str, *, status: int = 0) -> None:
        super().__init__(f"{url[:200]}: {sentence}")
        self.url = url
        self.reason: Reason = reason
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, redirects included.

    Attributes:
        url: absolute.
        method: `GET`, `POST`, ...
        form: fields, sent as `application/x-www-form-urlencoded`; None where `body` is the content.
        body: the content as it is; None for none.
        content_type: of `body`.
        headers: more headers.
        timeout: seconds for the whole of it, redirects included; None takes the fetcher's.
        max_bytes: the largest body that is accepted, decoded; None takes the fetcher's.
        cookies: the jar of the session: read, and added to; None keeps no cookies.
        copies: what it wants of copies that are kept; None neither takes nor leaves one.
        keep_method: a POST stays a POST through 301 and 302, which RFC 9110 15.4.2 allows and browsers do not.
    """

    url: str
    method: str = "GET"
    form: Sequence[tuple[str, str]] | None = None
    body: bytes | None = None
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    max_bytes: int | None = None
    cookies: CookieJar | None = None
    copies: Wish | None = None
    keep_method: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the last server answered, whatever its status.

    Attributes:
        url: where it came from, after redirects.
        status: of HTTP; for a file 200, 403, 404 or 405.
        content_type: as the server named it, parameters included; empty where it did not.
        body: decoded of its Content-Encoding.
        headers: names in lower case; repeated ones joined by a comma.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str]
