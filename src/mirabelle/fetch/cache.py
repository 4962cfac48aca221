"""Responses that are kept, so that they need not be fetched again: bounded, the longest unused goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from mirabelle.calls.clock import Clock
from mirabelle.fetch.freshness import (
    Audience,
    Wish,
    audience,
    directives,
    initial_age,
    lifetime,
    may_be_stored,
    may_be_used,
    refreshed,
    selecting,
    selects,
)
from mirabelle.fetch.request import Response

MOST_VARIANTS: Final = 8
"""Responses of one address that differ in what Vary names."""

ENTRY_BYTES: Final = 1_000
FIELD_BYTES: Final = 120
"""What an entry and each of its header fields take besides their text, roughly."""

LARGEST_SHARE: Final = 8
"""One response may take this part of the room: an eighth."""

_EVERYBODY: Final = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A response that is kept.

    Attributes:
        response: as it is given out.
        chosen_by: the fields of its request that chose it.
        audience: whom it may be given to.
        owner: whom it was fetched for.
        fresh_for: its lifetime in seconds; None where it named none.
        initial_age: seconds that it was old when it came.
        came: when that was, on the monotonic scale.
    """

    response: Response
    chosen_by: tuple[tuple[str, str], ...]
    audience: Audience
    owner: str
    fresh_for: float | None
    initial_age: float
    came: float

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        fields = sum(FIELD_BYTES + len(name) + len(value) for name, value in self.response.headers.items())
        return ENTRY_BYTES + len(self.response.body) + 2 * len(self.response.url) + fields


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request of one hop and when it left.

    Attributes:
        url: without a fragment.
        sent: its header fields, names in lower case.
        own_headers: whether the application wrote some of them itself.
        wish: what it wants of copies.
        asked: when it left, Unix time.
    """

    url: str
    sent: Mapping[str, str]
    own_headers: bool
    wish: Wish
    asked: float


class ResponseCache:
    """A shared cache (RFC 9111) in memory, with private copies for the sessions that they were fetched for.

    Belongs to one event loop.

    Args:
        clock: the time.
        most_bytes: how much is kept.
    """

    def __init__(self, clock: Clock, most_bytes: int) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, str], list[Kept]] = OrderedDict()
        self._owned: dict[str, set[str]] = {}

    @property
    def size(self) -> int:
        """Bytes that are kept, roughly."""
        return self._bytes

    def __len__(self) -> int:
        """How many responses are kept."""
        return sum(len(variants) for variants in self._kept.values())

    def exchange(self, url: str, sent: Mapping[str, str], wish: Wish, *, own_headers: bool) -> Exchange:
        """A request that is about to leave."""
        return Exchange(url, sent, own_headers, wish, self._clock.now().timestamp())

    def find(self, exchange: Exchange) -> Kept | None:
        """The copy that the request would choose, the owner's own before what is everybody's."""
        for key in self._keys(exchange):
            for kept in reversed(self._kept[key]):
                if selects(exchange.sent, kept.chosen_by):
                    self._kept.move_to_end(key)
                    return kept
        return None

    def serves(self, kept: Kept, wish: Wish) -> bool:
        """Whether a copy may be used as it is, without a question to the server."""
        if kept.audience is not Audience.EVERYBODY and kept.owner != wish.owner:
            return False
        age = kept.initial_age + self._clock.monotonic() - kept.came
        shared = kept.audience is Audience.EVERYBODY
        return may_be_used(kept.response.headers, age, kept.fresh_for, wish, shared=shared)

    def keep(self, exchange: Exchange, response: Response) -> None:
        """Keep a complete response, where it may be and is worth it; it replaces the one that was chosen alike."""
        self._replace(exchange, response, audience(exchange.sent, response.headers, own_headers=exchange.own_headers))

    def freshen(self, exchange: Exchange, kept: Kept, newer: Mapping[str, str]) -> Response:
        """The server said that a copy still holds (304): keep it anew, and return it (4.3.4)."""
        response = replace(kept.response, headers=refreshed(kept.response.headers, newer))
        # Whoever asked, it is still the response to the request that it was fetched with.
        private = "private" in directives(newer.get("cache-control", ""))
        self._replace(exchange, response, Audience.OWNER if private else kept.audience)
        return response

    def invalidate(self, url: str, owner: str) -> None:
        """Something was changed at an address (4.4): forget what everybody and the owner have of it."""
        for whose in dict.fromkeys((_EVERYBODY, owner)):
            self._drop((whose, url))

    def forget(self, owner: str) -> None:
        """The owner is gone: forget what was kept for it alone."""
        for url in tuple(self._owned.get(owner, ())):
            self._drop((owner, url))

    def _replace(self, exchange: Exchange, response: Response, allowed: Audience) -> None:
        self._drop_chosen(exchange)
        wish, received = exchange.wish, self._clock.now().timestamp()
        fresh_for = lifetime(response.headers, received, shared=allowed is Audience.EVERYBODY)
        nobodys = allowed is not Audience.EVERYBODY and not wish.owner
        if nobodys or not may_be_stored(response.status, exchange.sent, response.headers, fresh_for, wish):
            return
        # Cookies were taken when the response came; they are not set once more by a copy.
        headers = {name: value for name, value in response.headers.items() if name != "set-cookie"}
        kept = Kept(
            response=replace(response, headers=headers),
            chosen_by=selecting(exchange.sent, headers.get("vary", "")),
            audience=allowed,
            owner=wish.owner,
            fresh_for=fresh_for,
            initial_age=initial_age(headers, exchange.asked, received),
            came=self._clock.monotonic(),
        )
        if kept.size * LARGEST_SHARE <= self._most_bytes:
            self._add(exchange.url, kept)

    def _add(self, url: str, kept: Kept) -> None:
        owner = kept.owner if kept.audience is Audience.OWNER else _EVERYBODY
        key = (owner, url)
        variants = self._kept.setdefault(key, [])
        variants.append(kept)
        self._bytes += kept.size
        if owner:
            self._owned.setdefault(owner, set()).add(url)
        self._kept.move_to_end(key)
        while len(variants) > MOST_VARIANTS:
            self._bytes -= variants.pop(0).size
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop_chosen(self, exchange: Exchange) -> None:
        """Forget what the request would have chosen: there is something newer now."""
        for key in self._keys(exchange):
            variants = self._kept[key]
            gone = [kept for kept in variants if selects(exchange.sent, kept.chosen_by)]
            if len(gone) == len(variants):
                self._drop(key)
                continue
            for kept in gone:
                variants.remove(kept)
                self._bytes -= kept.size

    def _keys(self, exchange: Exchange) -> tuple[tuple[str, str], ...]:
        """Where copies for a request are; one with fields of its own neither gets nor changes what is everybody's."""
        owners = [exchange.wish.owner] if exchange.wish.owner else []
        if not exchange.own_headers:
            owners.append(_EVERYBODY)
        return tuple(key for owner in owners if (key := (owner, exchange.url)) in self._kept)

    def _drop(self, key: tuple[str, str]) -> None:
        for kept in self._kept.pop(key, ()):
            self._bytes -= kept.size
        owner, url = key
        owned = self._owned.get(owner)
        if owned is not None:
            owned.discard(url)
            if not owned:
                del self._owned[owner]
