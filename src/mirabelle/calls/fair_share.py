"""Fair shares: which campaign has the next slot, by weight and without starving anybody.

Stride scheduling: each campaign has a virtual time that moves by 1/weight with each slot it gets, and the one that is
furthest behind has the next. A campaign that had nothing to dial begins where the others are, so that it cannot save up
turns.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

HEAVIEST: Final = 100
"""The greatest weight of a campaign; the least is 1."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A campaign that has something to dial.

    Attributes:
        campaign_id: which one.
        weight: its share against that of the others.
        passed: its virtual time.
        room: the most slots it may have now.
    """

    campaign_id: int
    weight: int
    passed: float
    room: int


@dataclass(frozen=True, slots=True)
class Shares:
    """Who has how many slots.

    Attributes:
        slots: of each campaign that has any.
        passed: the virtual time of each of those afterwards.
        now: the virtual time of whoever had the last slot, where a newcomer begins.
    """

    slots: Mapping[int, int]
    passed: Mapping[int, float]
    now: float


def share(slots: int, contenders: Iterable[Contender], now: float) -> Shares:
    """Share slots out.

    Args:
        slots: how many there are.
        contenders: who may have some.
        now: the virtual time that the last sharing ended with.
    """
    waiting = [(max(each.passed, now), each.campaign_id, each) for each in contenders if each.room > 0]
    heapq.heapify(waiting)
    given: dict[int, int] = {}
    passed: dict[int, float] = {}
    while slots > 0 and waiting:
        at, campaign_id, contender = waiting[0]
        now = at
        slots -= 1
        given[campaign_id] = given.get(campaign_id, 0) + 1
        passed[campaign_id] = at + 1 / contender.weight
        if given[campaign_id] < contender.room:
            heapq.heapreplace(waiting, (passed[campaign_id], campaign_id, contender))
        else:
            heapq.heappop(waiting)
    return Shares(MappingProxyType(given), MappingProxyType(passed), now)
