"""The calls of a simulated campaign: who waits until when, and who is on which trunk."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TypeAlias

from mirabelle.calls.call import Call, CallState, NewCalls

Waiting: TypeAlias = list[tuple[datetime, int]]
"""A heap of instants and keys of calls. Some may wait no more: they are left out when they come to the top."""


class SimulatedCalls:
    """Calls of one campaign and one priority, by their keys, with all indexes that a dialer needs.

    Args:
        news: what is queued; the keys are 1, 2, 3.
        parameters: of their campaign.
        now: when they are queued.
    """

    def __init__(self, news: NewCalls, parameters: str, now: datetime) -> None:
        self._calls: dict[int, Call] = {}
        self._due: Waiting = []
        self._later: Waiting = []
        self._expiring: Waiting = []
        self._leased: Counter[str] = Counter()
        for call_id, new in enumerate(news, start=1):
            self.put(
                Call(
                    call_id=call_id,
                    account_id=new.account_id,
                    campaign_id=new.campaign_id,
                    campaign_parameters=parameters,
                    phone_number=new.phone_number,
                    start_url=new.start_url,
                    result_url=new.result_url,
                    message_reference=new.message_reference,
                    call_parameters=new.call_parameters,
                    max_retries=new.max_retries,
                    retry_interval=new.retry_interval,
                    state=CallState.QUEUED,
                    queued_at=now,
                    due_at=now if new.scheduled_at is None else max(new.scheduled_at, now),
                    expires_at=new.expires_at,
                    priority=new.priority,
                    zone=new.zone,
                )
            )

    def __getitem__(self, call_id: int) -> Call:
        """A call as it stands."""
        return self._calls[call_id]

    @property
    def all(self) -> Collection[Call]:
        """Every call, in the order in which they were queued."""
        return self._calls.values()

    @property
    def in_use(self) -> dict[str, int]:
        """How many calls take room of each trunk, by `trunk:` and its name; and of the account and the campaign."""
        return dict(self._leased)

    def put(self, call: Call) -> Call:
        """Keep a call as it stands now. One that is queued waits; one that has a trunk takes room of it."""
        before = self._calls.get(call.call_id)
        self._calls[call.call_id] = call
        if before is None or before.trunk != call.trunk:
            if before is not None and before.trunk:
                self._leased.subtract(_takes_room_of(before))
            if call.trunk:
                self._leased.update(_takes_room_of(call))
        if call.state is CallState.QUEUED:
            heapq.heappush(self._later, (call.due_at, call.call_id))
            if call.expires_at is not None:
                heapq.heappush(self._expiring, (call.expires_at, call.call_id))
        return call

    def count_due(self, now: datetime) -> int:
        """How many calls are due, none too few."""
        while self._later and self._later[0][0] <= now:
            heapq.heappush(self._due, heapq.heappop(self._later))
        return 0 if self._first(self._due) is None else len(self._due)

    def next_due(self) -> datetime | None:
        """When the next call will be due of those that `count_due` has not counted."""
        return self._first(self._later)

    def next_expiry(self) -> datetime | None:
        """When the next call expires that waits."""
        return self._first(self._expiring)

    def take_due(self, now: datetime, most: int) -> list[Call]:
        """The first due calls that have not expired. They wait no more: each is to be `put` again."""
        taken: list[Call] = []
        expired: Waiting = []
        while len(taken) < most and self._first(self._due) is not None:
            entry = heapq.heappop(self._due)
            call = self._calls[entry[1]]
            if call.expires_at is None or call.expires_at > now:
                taken.append(call)
            else:
                expired.append(entry)
        for entry in expired:
            heapq.heappush(self._due, entry)
        return taken

    def take_expired(self, now: datetime, most: int) -> Iterator[Call]:
        """Calls that expired while they waited. Each is to be `put` again before the next is asked for."""
        for _ in range(most):
            first = self._first(self._expiring)
            if first is None or first > now:
                return
            yield self._calls[heapq.heappop(self._expiring)[1]]

    def _first(self, heap: Waiting) -> datetime | None:
        """The first instant in a heap whose call still waits."""
        while heap and self._calls[heap[0][1]].state is not CallState.QUEUED:
            heapq.heappop(heap)
        return heap[0][0] if heap else None


def _takes_room_of(call: Call) -> tuple[str, str, str]:
    return f"trunk:{call.trunk}", f"account:{call.account_id}", f"campaign:{call.campaign_id}"
