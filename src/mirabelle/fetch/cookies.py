"""The cookies of one session (RFC 6265): bounded, so that no server fills the memory."""

from __future__ import annotations

from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from typing import Final

MOST_COOKIES: Final = 200
MOST_PER_DOMAIN: Final = 50
MOST_CHARACTERS: Final = 4096
"""Of one cookie: its name, value and attributes. These are what RFC 6265 6.1 asks for at least, or more."""


class SessionJar(CookieJar):
    """A jar that takes no more than so many cookies, each of a bounded size; one that it has may always be changed.

    A cookie for a whole top-level domain is refused, and one for a registry of a country, such as `co.uk`, as far as
    the standard library knows them. A session's jar is the session's alone, so that none reaches another customer.
    """

    def __init__(self) -> None:
        super().__init__(DefaultCookiePolicy(strict_domain=True))

    def contents(self) -> frozenset[tuple[str, ...]]:
        """All that is in it, to be compared with what was in it before."""
        return frozenset((each.domain, each.path, each.name, each.value or "") for each in self)

    def set_cookie(self, cookie: Cookie) -> None:
        """Take a cookie, unless there is no room for it."""
        size = len(cookie.name) + len(cookie.value or "") + len(cookie.domain) + len(cookie.path)
        if size > MOST_CHARACTERS:
            return
        others = [each for each in self if not _same(each, cookie)]
        if len(others) < MOST_COOKIES and sum(each.domain == cookie.domain for each in others) < MOST_PER_DOMAIN:
            super().set_cookie(cookie)


def _same(one: Cookie, other: Cookie) -> bool:
    return (one.domain, one.path, one.name) == (other.domain, other.path, other.name)
