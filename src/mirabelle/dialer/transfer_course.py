"""What becomes of a transfer (VoiceXML 2.0, 2.3.7; 2.1, 7). Pure: time is a number of milliseconds that is given."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mirabelle.calls.outcome import Outcome
from mirabelle.dialer.destination import BAD_DESTINATION, NO_AUTHORIZATION, NO_RESOURCE, NO_ROUTE
from mirabelle.dialer.key_input import patient
from mirabelle.grammar import Mode
from mirabelle.sip.events import Ended, Failed, ReferralAnswered, ReferralTold
from mirabelle.sip.headers import Headers
from mirabelle.sip.verdict import cause_of, verdict
from mirabelle.vxml.collector import Matched
from mirabelle.vxml.matching import match_keys
from mirabelle.vxml.platform import Input, Transfer, Transferred, TransferResult

UNHEARD_OF: Final = 2_000
"""Milliseconds after which a peer that took a REFER and tells nothing of it is left to itself; RFC 3515 section 2.4.4
has it tell at once."""

UNSUPPORTED_BLIND: Final = "error.unsupported.transfer.blind"

_RESULTS: Final[Mapping[Outcome, TransferResult]] = MappingProxyType(
    {
        Outcome.BUSY: TransferResult.BUSY,
        Outcome.NO_ANSWER: TransferResult.NOANSWER,
        Outcome.ANSWERED: TransferResult.NOANSWER,  # at the moment that we gave up
        Outcome.CANCELED: TransferResult.NOANSWER,
        Outcome.CAPACITY: TransferResult.NETWORK_BUSY,
    }
)
"""What an outcome of the second leg is to the application; for the others the status decides."""

_NETWORK_CAUSES: Final = frozenset({27, 34, 38, 41, 42, 44, 47, 102})
"""Causes of Q.850 with which the network and not a person ends a call: out of order, congested, a timer ran out."""

_REFUSED: Final[Mapping[int, str]] = MappingProxyType(
    {
        **dict.fromkeys((401, 403, 407, 603), NO_AUTHORIZATION),
        **dict.fromkeys((400, 404, 410, 416, 484, 604), BAD_DESTINATION),
        **dict.fromkeys((405, 420, 481, 489, 501), UNSUPPORTED_BLIND),
        **dict.fromkeys((486, 503, 600), NO_RESOURCE),
    }
)
"""What a peer means that refuses a REFER; with any other status it cannot do it."""


def failed(outcome: Outcome, status: int, detail: str) -> Transferred:
    """What a second leg that nobody answered is to the application.

    Args:
        outcome: of the leg.
        status: the final SIP status; 0 where none came.
        detail: in words.
    """
    if outcome in _RESULTS:
        return Transferred(_RESULTS[outcome])
    if outcome is Outcome.UNALLOCATED:
        return _error(BAD_DESTINATION, detail)
    if outcome is Outcome.REJECTED:
        return _error(NO_AUTHORIZATION, detail) if status == 403 else Transferred(TransferResult.BUSY)
    return Transferred(TransferResult.NETWORK_BUSY) if status >= 500 else _error(NO_ROUTE, detail)


def _error(event: str, detail: str) -> Transferred:
    return Transferred(TransferResult.UNKNOWN, error=event, detail=detail)


class Course:
    """Follows a second leg from the first ring to its end. Each method but `answered` returns the end, if that is one.

    Keys that no grammar accepts pass unseen: only a match ends a transfer, as a hot word does.

    Args:
        request: what ends it.
        now: when it begins.
    """

    def __init__(self, request: Transfer, now: int) -> None:
        self._request = request
        heard = "dtmf" in request.properties.modes
        self._keyed = [each for each in request.grammars if heard and each.mode is Mode.DTMF]
        self._collector = patient(self._keyed, self._request.properties, now)
        self._since: int | None = None

    @property
    def talking(self) -> bool:
        """Whether somebody answered."""
        return self._since is not None

    def duration(self, now: int) -> int:
        """How long the two have talked."""
        return 0 if self._since is None else now - self._since

    def deadline(self) -> int | None:
        """When `tick` is wanted."""
        deadlines = [self._collector.deadline() if self._keyed else None, self._longest()]
        return min((each for each in deadlines if each is not None), default=None)

    def answered(self, now: int) -> None:
        """The far end picked up."""
        self._since = now

    def key(self, key: str, now: int) -> Transferred | None:
        """The caller pressed a key."""
        if not self._keyed:
            return None
        fresh = not self._collector.keys
        self._collector.key(key, now)
        ended = self._by_keys(now)
        if ended is None and not fresh and not self._collector.keys:
            # What breaks off one hot word may begin another.
            self._collector.key(key, now)
            ended = self._by_keys(now)
        return ended

    def words(self, said: Input, now: int) -> Transferred:
        """The caller said a hot word."""
        return Transferred(TransferResult.NEAR_END_DISCONNECT, self.duration(now), said)

    def tick(self, now: int) -> Transferred | None:
        """Let time pass."""
        if self._keyed:
            self._collector.tick(now)
            if (ended := self._by_keys(now)) is not None:
                return ended
        longest = self._longest()
        if longest is not None and now >= longest:
            return Transferred(TransferResult.MAXTIME_DISCONNECT, self.duration(now))
        return None

    def failed(self, event: Failed) -> Transferred:
        """Nobody answered."""
        return failed(event.verdict.outcome, event.status, event.verdict.detail)

    def far_end_gone(self, event: Ended, now: int) -> Transferred:
        """The far end hung up, or the network lost it."""
        theirs = event.by in ("remote", "local") and cause_of(event.reason)[0] not in _NETWORK_CAUSES
        result = TransferResult.FAR_END_DISCONNECT if theirs else TransferResult.NETWORK_DISCONNECT
        return Transferred(result, self.duration(now))

    def vanished(self, now: int) -> Transferred:
        """The far end sends nothing any more, and did not hang up."""
        return Transferred(TransferResult.FAR_END_DISCONNECT, self.duration(now))

    def lost(self, now: int) -> Transferred:
        """The second leg has no sound any more, and nobody knows of the far end."""
        return Transferred(TransferResult.UNKNOWN, self.duration(now))

    def _longest(self) -> int | None:
        if self._since is None or self._request.maxtime_ms <= 0:
            return None
        return self._since + self._request.maxtime_ms

    def _by_keys(self, now: int) -> Transferred | None:
        decision = self._collector.decision
        if decision is None:
            return None
        if isinstance(decision, Matched):
            found = match_keys(decision.keys, self._request.grammars, self._request.properties)
            if isinstance(found, Input):
                return Transferred(TransferResult.NEAR_END_DISCONNECT, self.duration(now), found)
        self._collector = patient(self._keyed, self._request.properties, now)
        return None


class Referral:
    """Follows a REFER: whether the peer takes it, and what it tells of the call that it makes.

    Args:
        patience_ms: how long the peer may tell of a call that rings, before it is left to itself.
        now: when the REFER left.
    """

    def __init__(self, patience_ms: int, now: int) -> None:
        self._until = now + patience_ms
        self._taken_at: int | None = None
        self._told = False

    @property
    def taken(self) -> bool:
        """Whether the peer took it."""
        return self._taken_at is not None

    def deadline(self) -> int | None:
        """When `tick` is wanted."""
        if self._taken_at is None:
            return None
        return self._until if self._told else min(self._until, self._taken_at + UNHEARD_OF)

    def answered(self, event: ReferralAnswered, now: int) -> Transferred | None:
        """The peer takes it or not."""
        if 200 <= event.status < 300:
            self._taken_at = now
            self._until = max(self._until, now)
            return None
        detail = f"{event.status} {event.reason}" if event.status else event.reason
        return _error(_REFUSED.get(event.status, NO_ROUTE), f"The peer does not transfer the call: {detail}")

    def told(self, event: ReferralTold) -> Transferred | None:
        """The peer tells how its call fares."""
        self._told = True
        if event.status >= 300:
            judged = verdict(event.status, event.reason, Headers())
            return failed(judged.outcome, event.status, judged.detail)
        done = event.over or event.status >= 200
        return Transferred(TransferResult.TRANSFERRED) if done else None

    def tick(self, now: int) -> Transferred | None:
        """Let time pass."""
        deadline = self.deadline()
        return Transferred(TransferResult.TRANSFERRED) if deadline is not None and now >= deadline else None
