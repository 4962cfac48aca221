from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest

from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.clock import SystemClock
from mirabelle.calls.second_leg import new_call_id
from mirabelle.dialer.late_answers import LateAnswers
from mirabelle.store.ledger import StoreError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def call(state: CallState) -> Call:
    return Call(
        call_id=7,
        account_id=1,
        campaign_id=1,
        state=state,
        phone_number="+16175550123",
        campaign_parameters="",
        start_url="http://example.com/start",
        result_url="",
        message_reference="",
        call_parameters="",
        max_retries=0,
        retry_interval=60,
        queued_at=NOW,
        due_at=NOW,
        expires_at=None,
    )


class Answer:
    call_id = "7-x@mirabelle"

    def __init__(self) -> None:
        self.hung_up = 0

    def hang_up(self) -> None:
        self.hung_up += 1


class Books:
    """A ledger that says what the test wants it to."""

    def __init__(self, found: Call | None) -> None:
        self.found = found
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.error: StoreError | None = None

    async def answered_late(self, sip_call_id: str, now: datetime) -> Call | None:
        self.asked += 1
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        return self.found

    async def renew_leases(self, owner: str, lease_until: datetime, calls: Collection[int]) -> int:
        raise NotImplementedError

    async def recover(
        self, now: datetime, owner: str, lease_until: datetime
    ) -> tuple[tuple[Call, Attempt | None], ...]:
        raise NotImplementedError


class Scene:
    def __init__(self, found: Call | None) -> None:
        self.books = Books(found)
        self.told: list[str] = []
        self.results = 0
        self.late = LateAnswers(ledger=self.books, clock=SystemClock(), story=self._tell, on_result=self._result)

    def _tell(self, event: str, call_id: int, **fields: Any) -> None:
        self.told.append(event)

    def _result(self) -> None:
        self.results += 1

    async def hear(self, answer: Answer) -> None:
        self.late.hear(answer)
        await asyncio.gather(*self.late._asked.values())
        await asyncio.sleep(0)


async def test_it_is_hung_up_on_once_it_is_written_down() -> None:
    scene, answer = Scene(call(CallState.FAILED)), Answer()
    scene.books.answers.clear()
    scene.late.hear(answer)
    await asyncio.sleep(0)
    assert (scene.books.asked, answer.hung_up) == (1, 0)
    scene.books.answers.set()
    await scene.hear(answer)
    assert (answer.hung_up, scene.results, scene.told) == (1, 1, ["answered late"])


async def test_a_second_leg_is_hung_up_on_without_a_word_to_the_ledger() -> None:
    scene, answer = Scene(None), Answer()
    answer.call_id = new_call_id()
    await scene.hear(answer)
    assert (answer.hung_up, scene.books.asked) == (1, 0)


async def test_a_call_that_is_not_over_has_no_result_yet() -> None:
    scene = Scene(call(CallState.CONNECTED))
    await scene.hear(Answer())
    assert scene.results == 0


async def test_what_is_not_ours_is_left_to_itself() -> None:
    scene, answer = Scene(None), Answer()
    await scene.hear(answer)
    assert (answer.hung_up, scene.told) == (0, [])


async def test_without_the_ledger_it_is_not_acknowledged_and_asked_again_when_it_is_repeated() -> None:
    scene, answer = Scene(call(CallState.FAILED)), Answer()
    scene.books.error = StoreError("gone")
    await scene.hear(answer)
    assert (answer.hung_up, scene.told) == (0, ["store failed"])
    scene.books.error = None
    await scene.hear(answer)
    assert answer.hung_up == 1


async def test_closing_leaves_what_is_not_written_to_the_next_repetition() -> None:
    scene, answer = Scene(call(CallState.FAILED)), Answer()
    scene.books.answers.clear()
    scene.late.hear(answer)
    await asyncio.sleep(0)
    await scene.late.aclose()
    assert (answer.hung_up, scene.late._asked) == (0, {})


@pytest.mark.parametrize("times", [2, 5])
async def test_repetitions_while_it_is_written_are_passed_over(times: int) -> None:
    scene, answer = Scene(call(CallState.FAILED)), Answer()
    scene.books.answers.clear()
    for _ in range(times):
        scene.late.hear(answer)
    await asyncio.sleep(0)
    scene.books.answers.set()
    await scene.hear(answer)
    assert scene.books.asked == 1
