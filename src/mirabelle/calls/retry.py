"""The retry rule: what an outcome means for the call.

A policy says for each outcome whether there is another attempt and when. How many there are in all is the call's own
`max_retries`, one budget for all outcomes together, so that a busy line cannot earn a call more attempts than were
asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from mirabelle.calls.call import Call, CallState
from mirabelle.calls.outcome import Outcome
from mirabelle.errors import MirabelleError

FINAL_FAILURES: Final = frozenset({Outcome.REJECTED, Outcome.UNALLOCATED})
"""Outcomes that a second attempt would only repeat: somebody declined, or there is no such number."""

CAPACITY_WAIT: Final = timedelta(seconds=5)
"""How long a call waits after the trunk said it had no room."""

LONGEST_CAPACITY_WAIT: Final = timedelta(hours=1)
"""The longest that a trunk can make a call wait by its Retry-After."""

SHORTEST_WAIT: Final = 5
LONGEST_WAIT: Final = 172_800
"""Seconds between attempts: the least and the most that a policy may say."""

MOST_ATTEMPTS: Final = 11
"""The most attempts that a policy may allow one outcome, which is the most that a call may have."""

MACHINE: Final = "answeringmachine"
"""The callee type that makes an answer one of a machine."""

_FIELDS: Final = ("after", "at_most", "costs_attempt")


class RetryError(MirabelleError):
    """A retry policy says what none can say."""


@dataclass(frozen=True, slots=True)
class RetryRule:
    """What one outcome means for the call.

    Attributes:
        again: whether there is another attempt, if the call's budget has one.
        after: seconds from the end of the attempt to the next; None: the call's own `retry_interval`.
        at_most: attempts that may end so, this one included; the last of them is final. None: the budget alone counts.
        counted: whether the attempt costs one of the budget.
    """

    again: bool
    after: int | None = None
    at_most: int | None = None
    counted: bool = True

    def as_json(self) -> object:
        """As `RetryPolicy.parse` reads it."""
        if not self.again:
            return "final"
        return {"after": self.after, "at_most": self.at_most, "costs_attempt": self.counted}


FINAL: Final = RetryRule(again=False)
AGAIN: Final = RetryRule(again=True)
NO_ROOM: Final = RetryRule(again=True, after=int(CAPACITY_WAIT.total_seconds()), counted=False)
"""What capacity means unless a policy says otherwise."""


def _check(name: str, rule: RetryRule) -> None:
    """Refuse a rule that its outcome cannot have.

    Raises:
        RetryError: the message names the outcome.
    """
    if name in {outcome.value for outcome in FINAL_FAILURES}:
        if rule != FINAL:
            raise RetryError(f"The rule for {name} is always 'final': another attempt would only repeat the answer.")
        return
    if name == Outcome.CAPACITY.value:
        if not rule.again or rule.counted or rule.at_most is not None:
            raise RetryError("The rule for capacity has 'after' alone: it never costs an attempt and is never final.")
    elif not rule.counted and rule.at_most is None:
        raise RetryError(f"The rule for {name} needs at_most, as it costs no attempt: else it would never end.")
    if rule.after is not None and not SHORTEST_WAIT <= rule.after <= LONGEST_WAIT:
        raise RetryError(f"after of {name} is a whole number from {SHORTEST_WAIT} to {LONGEST_WAIT}.")
    if rule.at_most is not None and not 1 <= rule.at_most <= MOST_ATTEMPTS:
        raise RetryError(f"at_most of {name} is a whole number from 1 to {MOST_ATTEMPTS}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """A rule for each outcome that leaves something to decide; the attributes are named after the outcomes.

    Attributes:
        machine: an answering machine took the call. Without another attempt the call is completed, not failed.
        rejected: always final, so that nobody who declined is called again, by this trunk or another.
        unallocated: always final.
        capacity: always tried again, and never costs an attempt.

    Raises:
        RetryError: a rule is not possible for its outcome.
    """

    busy: RetryRule = AGAIN
    no_answer: RetryRule = AGAIN
    machine: RetryRule = FINAL
    failed: RetryRule = AGAIN
    rejected: RetryRule = FINAL
    unallocated: RetryRule = FINAL
    interrupted: RetryRule = AGAIN
    capacity: RetryRule = NO_ROOM

    def __post_init__(self) -> None:
        for name in CAUSES:
            _check(name, getattr(self, name))

    @classmethod
    def parse(cls, value: object) -> RetryPolicy:
        """Read a policy from JSON values, as `as_json` writes them.

        Args:
            value: the name of a preset; or a table of rules, in which `preset` names the one that the others come from:
                `{"preset": "reminder", "busy": {"after": 60, "at_most": 3}, "machine": "final"}`. Of a rule, what is
                left out is as usual: the call's own interval, no limit of its own, costs an attempt.

        Raises:
            RetryError: it is none; the message names the field.
        """
        if isinstance(value, str):
            return _preset(value)
        if not isinstance(value, Mapping):
            raise RetryError("A retry policy is the name of a preset or a table of rules.")
        base = _preset(value["preset"]) if "preset" in value else DEFAULT
        for name in value:
            if name != "preset" and name not in CAUSES:
                shown = str(name)[:20]
                raise RetryError(f"'{shown}' is no outcome with a retry rule; there are {', '.join(CAUSES)}.")
        return replace(base, **{name: _rule(name, rule) for name, rule in value.items() if name != "preset"})

    def as_json(self) -> object:
        """As `parse` reads it: the name of a preset where it is one."""
        for name, policy in PRESETS.items():
            if policy == self:
                return name
        return {name: getattr(self, name).as_json() for name in CAUSES}

    def rule(self, outcome: Outcome, callee_type: str = "unknown") -> RetryRule:
        """The rule that an attempt falls under.

        Args:
            outcome: how it ended.
            callee_type: what answered it.
        """
        if outcome is Outcome.ANSWERED:
            return self.machine if callee_type == MACHINE else FINAL
        if outcome is Outcome.CANCELED:
            return FINAL
        found = getattr(self, outcome.value)
        assert isinstance(found, RetryRule)
        return found


CAUSES: Final = tuple(field.name for field in fields(RetryPolicy))
"""The names under which a policy has rules."""


def _again(after: int, at_most: int | None = None) -> RetryRule:
    return RetryRule(again=True, after=after, at_most=at_most)


_MINUTE: Final = 60
_HOUR: Final = 3600

DEFAULT: Final = RetryPolicy()
"""What `max_retries` and `retry_interval` of a call say by themselves."""

PRESETS: Final[Mapping[str, RetryPolicy]] = MappingProxyType(
    {
        "default": DEFAULT,
        "reminder": RetryPolicy(
            busy=_again(5 * _MINUTE),
            no_answer=_again(_HOUR),
            failed=_again(10 * _MINUTE),
            interrupted=_again(5 * _MINUTE),
        ),
        "patient": RetryPolicy(
            busy=_again(30 * _MINUTE),
            no_answer=_again(4 * _HOUR),
            machine=_again(4 * _HOUR, at_most=2),
            failed=_again(_HOUR, at_most=3),
            interrupted=_again(30 * _MINUTE),
        ),
        "emergency": RetryPolicy(
            busy=_again(_MINUTE),
            no_answer=_again(2 * _MINUTE),
            machine=_again(5 * _MINUTE, at_most=3),
            failed=_again(30),
            interrupted=_again(15),
        ),
    }
)
"""Policies by name."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What becomes of a call after an attempt.

    Attributes:
        state: QUEUED for another attempt, else a final state.
        due_at: the earliest next attempt; None when final.
        counted: whether the attempt counts against `max_retries`.
        tried: names of the trunks that failed the call since its last attempt that counted.
    """

    state: CallState
    due_at: datetime | None
    counted: bool = True
    tried: tuple[str, ...] = ()


def after_attempt(
    call: Call,
    outcome: Outcome,
    ended_at: datetime,
    *,
    policy: RetryPolicy = DEFAULT,
    callee_type: str = "unknown",
    outcomes_before: Sequence[Outcome] = (),
    retry_after: int | None = None,
) -> NextStep:
    """Decide what an attempt means for its call.

    The wait counts from the end of the attempt, so a long ring never shortens it.

    Args:
        call: as it stood before the attempt: `attempts` does not count this one yet.
        outcome: how the attempt ended.
        ended_at: when it ended.
        policy: what the outcomes mean.
        callee_type: what answered this attempt, as in `Call`; that of the call itself may be of an earlier one.
        outcomes_before: how the attempts before this one ended, since the call was queued last; needed where a rule has
            an `at_most`. An answer among them was a machine's, else there were no attempt after it.
        retry_after: seconds that the trunk asked to wait when it had no room; None where it asked for nothing.
    """
    if outcome is Outcome.CANCELED:
        return NextStep(CallState.CANCELED, None)
    rule = policy.rule(outcome, callee_type)
    over = CallState.COMPLETED if outcome is Outcome.ANSWERED else CallState.FAILED
    spent = rule.counted and call.attempts + 1 > call.max_retries
    worn = rule.at_most is not None and outcomes_before.count(outcome) + 1 >= rule.at_most
    if not rule.again or spent or worn:
        return NextStep(over, None, rule.counted)
    wait = timedelta(seconds=call.retry_interval if rule.after is None else rule.after)
    if outcome is Outcome.CAPACITY and retry_after is not None:
        wait = max(wait, min(timedelta(seconds=min(retry_after, LONGEST_WAIT)), LONGEST_CAPACITY_WAIT))
    due_at = ended_at + wait
    if call.expires_at is not None and due_at >= call.expires_at:
        expired = over if outcome is Outcome.ANSWERED else CallState.EXPIRED
        return NextStep(expired, None, rule.counted)
    return NextStep(CallState.QUEUED, due_at, rule.counted)


def since_queued(outcomes: Sequence[Outcome], attempts: int, policy: RetryPolicy) -> tuple[Outcome, ...]:
    """Of the outcomes of a call's attempts, those since it was queued last: going back, as many that counted as it has.

    Args:
        outcomes: of all attempts that ended, in their order.
        attempts: that counted, as the call has them.
        policy: says which count.
    """
    found: list[Outcome] = []
    for outcome in reversed(outcomes):
        if policy.rule(outcome, MACHINE).counted:
            if not attempts:
                break
            attempts -= 1
        found.append(outcome)
    return tuple(reversed(found))


def _preset(name: object) -> RetryPolicy:
    policy = PRESETS.get(name) if isinstance(name, str) else None
    if policy is None:
        raise RetryError(f"There is no retry preset '{str(name)[:20]}'; there are {', '.join(PRESETS)}.")
    return policy


def _rule(name: str, value: object) -> RetryRule:
    """One rule of a table."""
    if value == "final":
        return FINAL
    if not isinstance(value, Mapping) or not set(value) <= set(_FIELDS):
        raise RetryError(f"The rule for {name} is 'final' or a table of {', '.join(_FIELDS)}.")
    counted = value.get("costs_attempt", name != Outcome.CAPACITY.value)
    if not isinstance(counted, bool):
        raise RetryError(f"costs_attempt of {name} is true or false.")
    usual = NO_ROOM.after if name == Outcome.CAPACITY.value else None
    after = _whole(name, "after", value.get("after", usual), SHORTEST_WAIT, LONGEST_WAIT)
    return RetryRule(True, after, _whole(name, "at_most", value.get("at_most"), 1, MOST_ATTEMPTS), counted)


def _whole(name: str, field: str, value: object, least: int, most: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise RetryError(f"{field} of {name} is a whole number from {least} to {most}.")
    return value
