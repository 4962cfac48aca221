"""A model of callees: how often they answer, are busy or let it ring, by the hour of the day, and how long they talk.

Everything is drawn from one seed, and each attempt of each call from its own part of it. So the same attempt ends the
same way however the campaign around it is dialled, and two plans can be compared without the luck of the draw.
"""

from __future__ import annotations

import enum
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from mirabelle.calls.number import PhoneNumber
from mirabelle.calls.schedule import rules_of
from mirabelle.calls.whereabouts import candidate_zones
from mirabelle.errors import MirabelleError

HOURS: Final = 24
LONGEST_SECONDS: Final = 14_400.0
"""The longest that a model may let somebody ring or talk on the average."""
WIDEST_SPREAD: Final = 2.0

_TOGETHER: Final = 1e-9


class ModelError(MirabelleError):
    """Callees that cannot be; the message says what may stand there."""


class Reaction(enum.StrEnum):
    """What somebody does whose telephone is called."""

    ANSWER = "answer"
    MACHINE = "machine"
    BUSY = "busy"
    REJECT = "reject"
    FAIL = "fail"
    NO_ANSWER = "no_answer"
    UNALLOCATED = "unallocated"
    """There is nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Shares of the attempts, 0-1. What is missing to 1 is not answered.

    Attributes:
        answer: a person picks up.
        machine: an answering machine does.
        busy: the line is in use.
        reject: somebody declines.
        fail: the network fails.

    Raises:
        ModelError: a share is out of bounds, or together they are more than all.
    """

    answer: float = 0.0
    machine: float = 0.0
    busy: float = 0.0
    reject: float = 0.0
    fail: float = 0.0

    def __post_init__(self) -> None:
        for name, share in self.shares().items():
            if not 0 <= share <= 1:
                raise ModelError(f"The rate '{name}' lies between 0 and 1; 0.4 is four of ten.")
        if sum(self.shares().values()) > 1 + _TOGETHER:
            raise ModelError(f"The rates {', '.join(self.shares())} are together more than 1; lower one of them.")

    @property
    def no_answer(self) -> float:
        """The share that is left."""
        return max(0.0, 1 - sum(self.shares().values()))

    def shares(self) -> Mapping[str, float]:
        """The rates by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def reaction(self, drawn: float) -> Reaction:
        """The reaction that a number between 0 and 1 stands for."""
        for name, share in self.shares().items():
            if drawn < share:
                return Reaction(name)
            drawn -= share
        return Reaction.NO_ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What one callee does at one attempt.

    Attributes:
        reaction: in a word.
        ring_seconds: from the first ring to the answer or the refusal; infinite for one that lets it ring.
        talk_seconds: from the answer to the hang-up; 0.0 where nobody answers.
    """

    reaction: Reaction
    ring_seconds: float
    talk_seconds: float = 0.0

    @property
    def answers(self) -> bool:
        """Whether it picks up."""
        return self.reaction in (Reaction.ANSWER, Reaction.MACHINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalleeModel:
    """How callees behave.

    Attributes:
        hours: the rates of each hour of the day, from midnight.
        zone: whose hours those are; empty: each callee's own, the first in which the number may be.
        unallocated: the share of numbers behind which there is nobody.
        ring_seconds: the mean time that somebody takes to answer.
        talk_seconds: the mean length of a talk.
        talk_spread: how much talks differ: the deviation of the logarithm of their length; 0 makes all alike.
        machine_seconds: the mean time that is spent with a machine.
        seed: of everything that is drawn.

    Raises:
        ModelError: a value is out of bounds.
    """

    hours: tuple[Rates, ...]
    zone: str = ""
    unallocated: float = 0.0
    ring_seconds: float = 8.0
    talk_seconds: float = 45.0
    talk_spread: float = 0.6
    machine_seconds: float = 20.0
    seed: int = 1

    def __post_init__(self) -> None:
        if len(self.hours) != HOURS:
            raise ModelError(f"A day has {HOURS} hours; give rates for each.")
        if not 0 <= self.unallocated <= 1:
            raise ModelError("The share of unallocated numbers lies between 0 and 1.")
        if not all(
            0 < each <= LONGEST_SECONDS for each in (self.ring_seconds, self.talk_seconds, self.machine_seconds)
        ):
            raise ModelError(f"Mean times of ringing and talking lie between 0 and {LONGEST_SECONDS:g} seconds.")
        if not 0 <= self.talk_spread <= WIDEST_SPREAD:
            raise ModelError(f"The spread of talks lies between 0 and {WIDEST_SPREAD:g}.")
        if self.zone and rules_of(self.zone) is None:
            raise ModelError(f"There is no time zone '{self.zone[:60]}'; give one such as 'America/New_York'.")

    @classmethod
    def steady(cls, rates: Rates, **more: object) -> CalleeModel:
        """Callees that behave alike at every hour."""
        return cls(hours=(rates,) * HOURS, **more)  # type: ignore[arg-type]

    def act(self, call_id: int, attempt: int, number: PhoneNumber, now: datetime, zone: str = "") -> Act:
        """What the callee of a call does.

        Args:
            call_id: the call.
            attempt: counts its attempts.
            number: whom it reaches.
            now: the present instant.
            zone: the callee's, where the call names one.
        """
        if self.unallocated and _drawn(self.seed, call_id, 0).random() < self.unallocated:
            return Act(reaction=Reaction.UNALLOCATED, ring_seconds=0.0)
        drawn = _drawn(self.seed, call_id, attempt + 1)
        reaction = self._rates(number, now, zone).reaction(drawn.random())
        if reaction is Reaction.NO_ANSWER:
            return Act(reaction=reaction, ring_seconds=math.inf)
        if reaction in (Reaction.BUSY, Reaction.FAIL):
            return Act(reaction=reaction, ring_seconds=0.0)
        # Nobody answers at once, and few take very long: two exponentials, one after the other.
        ring = drawn.gammavariate(2.0, self.ring_seconds / 2)
        if reaction is Reaction.REJECT:
            return Act(reaction=reaction, ring_seconds=ring)
        mean = self.talk_seconds if reaction is Reaction.ANSWER else self.machine_seconds
        return Act(reaction=reaction, ring_seconds=ring, talk_seconds=self._talk(drawn, mean))

    def _talk(self, drawn: random.Random, mean: float) -> float:
        # The mean of a log-normal lies above its median by half the square of the deviation.
        talk = drawn.lognormvariate(math.log(mean) - self.talk_spread**2 / 2, self.talk_spread)
        return min(talk, LONGEST_SECONDS)

    def _rates(self, number: PhoneNumber, now: datetime, zone: str) -> Rates:
        first = self.hours[0]
        if all(each is first for each in self.hours):
            return first
        rules = rules_of(self.zone or zone or next(iter(candidate_zones(number)), "UTC"))
        return self.hours[(now if rules is None else now.astimezone(rules)).hour]


def _drawn(seed: int, call_id: int, part: int) -> random.Random:
    """Chance of its own for each attempt of each call."""
    return random.Random((abs(seed) << 80) | (call_id << 16) | part)
