"""When a response that was kept may be used again: the rules of a shared HTTP cache (RFC 9111), without I/O.

Header fields are mappings with names in lower case; times are seconds, the clock is an argument.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

Headers = Mapping[str, str]

LONGEST: Final = 2**31
"""The greatest number of seconds that means something (RFC 9111 1.2.2)."""

_DIRECTIVE: Final = re.compile(
    r"""([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?"""
)
_LASTING: Final = frozenset({200, 203, 300, 301, 308})
_WHERE_SAID: Final = frozenset({204, 302, 303, 307, 404, 405, 410, 414, 501})
_NOT_REFRESHED: Final = frozenset({"content-encoding", "content-length", "content-range", "content-type", "set-cookie"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What the one who asks has said of copies (VoiceXML 2.0, 6.1.1; RFC 9111 5.2.1).

    Attributes:
        maxage: seconds that a copy may be old; 0 always asks the server; None for as old as the server allows.
        maxstale: seconds that a copy may be past its time; None for none.
        owner: on whose behalf; a private copy is used for the same owner alone.
    """

    maxage: int | None = None
    maxstale: int | None = None
    owner: str = ""

    def header(self) -> str:
        """The same for caches on the way, as the value of Cache-Control; empty where nothing was said."""
        parts = (("max-age", self.maxage), ("max-stale", self.maxstale))
        return ", ".join(f"{name}={value}" for name, value in parts if value is not None)


class Audience(enum.Enum):
    """Whom a copy may be given to."""

    EVERYBODY = "everybody"
    VALIDATED = "validated"
    """The one it was fetched for; others once the server, which sees their own cookies, says that it is theirs too."""
    OWNER = "owner"
    """The one it was fetched for."""


def directives(value: str) -> dict[str, str]:
    """The directives of a Cache-Control field, names in lower case; of several alike the first counts (4.2.1)."""
    found: dict[str, str] = {}
    for name, quoted, plain in _DIRECTIVE.findall(value):
        found.setdefault(name.lower(), quoted or plain)
    return found


def date(value: str) -> float | None:
    """A date of HTTP as seconds of the Unix epoch; None where it is none (RFC 9110 5.6.7)."""
    try:
        found = parsedate_to_datetime(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def lifetime(headers: Headers, received: float, *, shared: bool) -> float | None:
    """How many seconds a response is fresh by its own word (4.2.1); nothing is guessed from Last-Modified.

    Args:
        headers: of the response.
        received: when it came, Unix time; stands in for a missing Date.
        shared: whether it is kept for others than the one who asked.

    Returns:
        None where it says nothing; 0 where what it says cannot be read.
    """
    said = directives(headers.get("cache-control", ""))
    for name in ("s-maxage", "max-age") if shared else ("max-age",):
        if name in said:
            return _seconds(said[name])
    if "expires" not in headers:
        return None
    expires, origin = date(headers["expires"]), date(headers.get("date", ""))
    if expires is None:
        return 0.0
    return min(max(0.0, expires - (received if origin is None else origin)), LONGEST)


def initial_age(headers: Headers, asked: float, received: float) -> float:
    """How old a response already was when it came (4.2.3).

    Args:
        headers: of the response.
        asked: when the request left, Unix time.
        received: when the answer came, Unix time.
    """
    origin = date(headers.get("date", ""))
    apparent = 0.0 if origin is None else max(0.0, received - origin)
    return max(apparent, _seconds(headers.get("age", "0")) + max(0.0, received - asked))


def may_be_used(headers: Headers, age: float, fresh_for: float | None, wish: Wish, *, shared: bool) -> bool:
    """Whether a copy serves without a question to the server (4.2, 5.2; VoiceXML 2.0, 6.1.2).

    Args:
        headers: of the response.
        age: seconds, now.
        fresh_for: its lifetime; None where it named none, which is as if it expired when it came.
        wish: of the one who asks.
        shared: whether the copy is kept for others than the one it was fetched for.
    """
    said = directives(headers.get("cache-control", ""))
    if "no-cache" in said or (wish.maxage is not None and (wish.maxage == 0 or age > wish.maxage)):
        return False
    expired_for = age - (fresh_for or 0.0)
    if expired_for < 0:
        return True
    if "must-revalidate" in said or (shared and ("proxy-revalidate" in said or "s-maxage" in said)):
        return False
    return bool(wish.maxstale) and expired_for <= (wish.maxstale or 0)


def may_be_stored(status: int, sent: Headers, headers: Headers, fresh_for: float | None, wish: Wish) -> bool:
    """Whether an answer to a GET is worth keeping, and may be (3).

    One that is not fresh and has nothing to be validated by is kept where the one who asks takes stale copies alone.

    Args:
        status: of the response.
        sent: the header fields of the request.
        headers: those of the response.
        fresh_for: its lifetime; None where it named none.
        wish: of the one who asks.
    """
    asked, said = directives(sent.get("cache-control", "")), directives(headers.get("cache-control", ""))
    if "no-store" in asked or "no-store" in said or "*" in headers.get("vary", ""):
        return False
    if fresh_for:
        return status in _LASTING or status in _WHERE_SAID
    return status in _LASTING and bool(validators(headers) or wish.maxstale)


def audience(sent: Headers, headers: Headers, *, own_headers: bool) -> Audience:
    """Whom an answer may be kept for (3.5, 5.2.2.7, 7.3).

    Args:
        sent: the header fields of the request, with cookies.
        headers: those of the response.
        own_headers: whether the application wrote some of the request's fields itself, so that the answer may be to
            them although it does not say so.
    """
    said = directives(headers.get("cache-control", ""))
    if own_headers or "private" in said or "set-cookie" in headers:
        return Audience.OWNER
    public = "public" in said or "s-maxage" in said
    if "authorization" in sent:
        return Audience.EVERYBODY if public or "must-revalidate" in said else Audience.OWNER
    if "cookie" in sent and not public:
        return Audience.VALIDATED if "etag" in headers else Audience.OWNER
    return Audience.EVERYBODY


def validators(headers: Headers) -> dict[str, str]:
    """The fields of a request that asks whether a copy still holds (4.3.1); none where it cannot be asked."""
    pairs = (("if-none-match", "etag"), ("if-modified-since", "last-modified"))
    return {asks: headers[of] for asks, of in pairs if headers.get(of)}


def refreshed(headers: Headers, newer: Headers) -> dict[str, str]:
    """The fields of a copy after a 304 (3.2, 4.3.4); how old it was before is over with."""
    lasting = {name: value for name, value in headers.items() if name != "age"}
    return {**lasting, **{name: value for name, value in newer.items() if name not in _NOT_REFRESHED}}


def selecting(sent: Headers, vary: str) -> tuple[tuple[str, str], ...]:
    """The fields of a request that chose the response (4.1): those that Vary names, and Accept, named or not."""
    names = {"accept", *(name.strip().lower() for name in vary.split(","))} - {""}
    return tuple((name, " ".join(sent.get(name, "").split())) for name in sorted(names))


def selects(sent: Headers, chosen_by: tuple[tuple[str, str], ...]) -> bool:
    """Whether a request would choose the response that `chosen_by` chose."""
    return all(" ".join(sent.get(name, "").split()) == value for name, value in chosen_by)


def _seconds(text: str) -> float:
    """A count of seconds; what is none counts as 0, so that the response is stale rather than fresh for ever."""
    digits = text.strip()
    return float(min(int(digits[:12]), LONGEST)) if digits.isascii() and digits.isdigit() else 0.0
