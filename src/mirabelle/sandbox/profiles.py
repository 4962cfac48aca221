"""What the callees of the sandbox do: the last two digits of the number choose."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Final

from mirabelle.errors import MirabelleError

MOST_SECONDS: Final = 3600.0


class ProfileError(MirabelleError):
    """A profile that does not exist or cannot be played; the message says what may stand there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a callee behaves.

    A turn is speech of the caller followed by a pause.

    Attributes:
        name: in a few words.
        rings: whether 180 Ringing is sent.
        ring_seconds: from the INVITE to what comes next.
        answers: whether it picks up. Where it neither answers nor refuses it rings until the caller gives up.
        status: the final answer of one that refuses; 0 for one that does not.
        reason: the phrase of that answer.
        headers: more header fields of it.
        keys: pressed one by one, each at the end of a turn.
        key_seconds: a key is pressed after so many seconds where no turn has ended by then.
        pause_ms: of quiet that ends a turn.
        turns: hangs up at the end of the turn after so many, the keys' included; -1 waits for the caller to hang up.
        longest_seconds: hangs up then in any case.
    """

    name: str
    rings: bool = True
    ring_seconds: float = 1.0
    answers: bool = True
    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    keys: str = ""
    key_seconds: float = 15.0
    pause_ms: int = 700
    turns: int = -1
    longest_seconds: float = 120.0

    def __post_init__(self) -> None:
        if not all(0 <= seconds <= MOST_SECONDS for seconds in self._seconds()):
            raise ProfileError(f"The seconds of a profile lie between 0 and {MOST_SECONDS:g}.")
        if self.status and not 300 <= self.status <= 699:
            raise ProfileError("The status of a callee that refuses lies between 300 and 699.")
        if not set(self.keys) <= set("0123456789*#ABCD"):
            raise ProfileError("Keys are 0 to 9, *, # and A to D.")
        if not 100 <= self.pause_ms <= 10_000:
            raise ProfileError("The pause that ends a turn lies between 100 and 10,000 ms.")

    def _seconds(self) -> tuple[float, ...]:
        return self.ring_seconds, self.key_seconds, self.longest_seconds


CONFIRMS: Final = Profile(name="answers, presses 1, hears the reply, hangs up", keys="1", turns=1)

BY_LAST_DIGITS: Final = {
    "00": CONFIRMS,
    "01": Profile(name="answers and listens until the caller hangs up"),
    "02": Profile(name="answers, presses 2, hears the reply, hangs up", keys="2", turns=1),
    "03": Profile(name="answers, presses 9, then 1", keys="91", turns=2),
    "04": Profile(name="answers and hangs up at once", turns=0, key_seconds=0),
    "05": Profile(name="answers and hangs up after the first words", turns=0),
    "06": Profile(name="answers without ringing", rings=False, ring_seconds=0, keys="1", turns=1),
    "07": Profile(name="answers slowly", ring_seconds=20.0, keys="1", turns=1),
    "10": Profile(name="busy", ring_seconds=0.2, answers=False, status=486),
    "11": Profile(name="never answers", answers=False),
    "12": Profile(name="rejects the call", answers=False, status=603),
    "13": Profile(
        name="unallocated number",
        rings=False,
        ring_seconds=0,
        answers=False,
        status=404,
        headers=(("Reason", 'Q.850;cause=1;text="Unallocated number"'),),
    ),
    "14": Profile(
        name="no channel free",
        rings=False,
        ring_seconds=0,
        answers=False,
        status=503,
        reason="Channel limit exceeded",
        headers=(("Retry-After", "5"),),
    ),
    "15": Profile(name="temporarily unavailable", rings=False, ring_seconds=0, answers=False, status=480),
    "16": Profile(name="network out of order", rings=False, ring_seconds=0, answers=False, status=500),
}
"""The table of the sandbox. Numbers that end otherwise do as `00`."""


def of_number(number: str) -> Profile:
    """The profile of a number.

    Args:
        number: as it was dialled.
    """
    return BY_LAST_DIGITS.get(number[-2:], CONFIRMS)


def named(last_digits: str) -> Profile:
    """The profile under two digits.

    Raises:
        ProfileError: there is none.
    """
    if last_digits not in BY_LAST_DIGITS:
        raise ProfileError(f"There is no profile '{last_digits[:20]}'; there are {', '.join(BY_LAST_DIGITS)}.")
    return BY_LAST_DIGITS[last_digits]


def read(text: str) -> Profile:
    """A profile of one's own, from a JSON object with the attributes of `Profile`.

    Raises:
        ProfileError: it is none, or an attribute is not known or of the wrong kind.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ProfileError(f"The script is not JSON: {error}.") from error
    if not isinstance(values, dict):
        raise ProfileError("The script is one JSON object.")
    known = {field.name: field for field in fields(Profile)}
    for name, value in values.items():
        if name not in known:
            raise ProfileError(f"'{name[:40]}' is not known in a script; there are {', '.join(known)}.")
        values[name] = _checked(name, value, getattr(CONFIRMS, name))
    return Profile(**{"name": "scripted", **values})


def _checked(name: str, value: object, example: object) -> object:
    """A value of the same kind as the example."""
    if isinstance(example, tuple):
        if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
            return tuple(value.items())
        raise ProfileError(f"'{name}' is an object of header names and values.")
    if isinstance(example, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(example):
        raise ProfileError(f"'{name}' is a {type(example).__name__}, as {example!r}.")
    return value
