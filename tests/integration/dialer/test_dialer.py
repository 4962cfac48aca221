from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mirabelle.calls.account import AccountSettings
from mirabelle.calls.attempt import Attempt, new_sip_call_id
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.clock import SystemClock
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.calls.second_leg import Declined, SecondLeg, Want, new_call_id
from mirabelle.calls.transfer_rule import USUAL, TransferRule
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.dialer import Dialer
from mirabelle.dialer.phone import Ending, Leave, LegEnding, Placement, Progress
from mirabelle.store.ledger import Ledger, StoreError
from mirabelle.store.open import open_ledger
from mirabelle.store.records import Admitted
from tests.admission import claim

MAIN = Trunk(name="main", host="127.0.0.1:9", prefixes=("+1",), calls_per_second=1000.0)


class ScriptedPhone:
    """A phone whose far ends do what the test says; `BUSY` where it says nothing."""

    def __init__(self) -> None:
        self.placed: list[Placement] = []
        self.hung_up: list[int] = []
        self.carrying = 0
        self.most_at_once = 0
        self.news = asyncio.Event()
        self.script: Callable[[Placement, Progress], Any] = self.busy

    async def place(self, placement: Placement, progress: Progress) -> Ending:
        self.placed.append(placement)
        self.carrying += 1
        self.most_at_once = max(self.most_at_once, self.carrying)
        self.news.set()
        try:
            ending: Ending = await self.script(placement, progress)
            return ending
        except asyncio.CancelledError:
            self.hung_up.append(placement.call.call_id)
            raise
        finally:
            self.carrying -= 1

    async def busy(self, placement: Placement, progress: Progress) -> Ending:
        return Ending(outcome=Outcome.BUSY, sip_status=486, detail="486 Busy Here")

    async def answer(self, placement: Placement, progress: Progress) -> Ending:
        await progress.ringing()
        await progress.answered()
        return Ending(outcome=Outcome.ANSWERED, sip_status=200, duration=7)

    async def talk_for_ever(self, placement: Placement, progress: Progress) -> Ending:
        await progress.answered()
        return await self.ring_for_ever(placement, progress)

    async def ring_for_ever(self, placement: Placement, progress: Progress) -> Ending:
        await asyncio.Event().wait()
        raise AssertionError("never")


class Story:
    """Keeps what happens, and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int, dict[str, object]]] = []
        self._news = asyncio.Condition()

    def __call__(self, event: str, call_id: int, **fields: object) -> None:
        self.events.append((event, call_id, fields))
        self._told = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def wait_for(self, event: str, count: int = 1) -> None:
        async with asyncio.timeout(30), self._news:
            await self._news.wait_for(lambda: self.count(event) >= count)

    def count(self, event: str) -> int:
        return sum(name == event for name, _, _ in self.events)


class Rig:
    def __init__(self, ledger: Ledger, account_id: int, campaign_id: int) -> None:
        self.ledger, self.account_id, self.campaign_id = ledger, account_id, campaign_id
        self.phone, self.story, self.results = ScriptedPhone(), Story(), Counter[str]()

    def dialer(
        self,
        *,
        owner: str = "one",
        channels: int = 10,
        rate: float = 1000.0,
        lease: float = 6.0,
        trunks: Sequence[Trunk] = (),
        transfer_rule: TransferRule = USUAL,
    ) -> Dialer:
        return Dialer(
            ledger=self.ledger,
            phone=self.phone,
            trunks=trunks or [replace(MAIN, channels=channels, calls_per_second=rate)],
            transfer_rule=transfer_rule,
            clock=SystemClock(),
            story=self.story,
            owner=owner,
            lease=timedelta(seconds=lease),
            on_result=lambda: self.results.update(["result"]),
        )

    async def queue(self, **fields: Any) -> int:
        new = NewCall(
            **{
                "account_id": self.account_id,
                "campaign_id": self.campaign_id,
                "phone_number": "+16175550123",
                "start_url": "http://example.org/start",
                "result_url": "http://example.org/result",
                **fields,
            }
        )
        return (await self.ledger.queue_call(new, datetime.now(UTC))).call_id

    async def call(self, call_id: int) -> Call:
        found = await self.ledger.call(call_id)
        assert found is not None
        return found


@pytest.fixture
async def rig(tmp_path: object) -> AsyncIterator[Rig]:
    ledger = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    account = await ledger.add_account("acme", "hash", datetime.now(UTC))
    yield Rig(ledger, account.account_id, account.default_campaign_id)
    await ledger.aclose()


@contextlib.asynccontextmanager
async def running(dialer: Dialer) -> AsyncIterator[None]:
    task = asyncio.create_task(dialer.run())
    try:
        yield
    finally:
        await dialer.hang_up()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_answered_call_is_completed_and_its_result_waits(rig: Rig) -> None:
    rig.phone.script = rig.phone.answer
    call_id = await rig.queue()
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    call = await rig.call(call_id)
    assert (call.state, call.attempts, call.duration) == (CallState.COMPLETED, 1, 7)
    assert rig.results["result"] == 1
    assert await rig.ledger.next_delivery(datetime.now(UTC)) is not None


async def test_the_attempt_is_in_the_ledger_before_the_phone_hears_of_it(rig: Rig) -> None:
    found: list[Attempt] = []

    async def look(placement: Placement, progress: Progress) -> Ending:
        found.extend(await rig.ledger.attempts(placement.call.call_id))
        return await rig.phone.busy(placement, progress)

    rig.phone.script = look
    await rig.queue()
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    (attempt,) = found
    assert (attempt.sip_call_id, attempt.outcome) == (rig.phone.placed[0].sip_call_id, None)


async def cut_off(rig: Rig) -> Call:
    """A call whose attempt a dead dialer left, taken up and due again."""
    call_id = await rig.queue(max_retries=3)
    now = datetime.now(UTC)
    await claim(rig.ledger, now, 1, "dead", now + timedelta(seconds=1))
    attempt = await rig.ledger.begin_attempt(call_id, new_sip_call_id(call_id), "main", now, "dead")
    later = now + timedelta(seconds=2)
    await rig.ledger.recover(later, "heir", later + timedelta(seconds=1))
    return await rig.ledger.end_attempt(
        attempt.attempt_id,
        outcome=Outcome.INTERRUPTED,
        now=now,
        sip_status=0,
        detail="",
        step=NextStep(CallState.QUEUED, now),
    )


async def test_a_dialer_listens_for_late_answers_before_it_dials_anew_what_was_cut_off(rig: Rig) -> None:
    call = await cut_off(rig)
    async with running(rig.dialer()):
        await rig.story.wait_for("held")
        assert rig.phone.placed == []
    held = await rig.call(call.call_id)
    assert held.state is CallState.QUEUED
    assert held.due_at >= call.due_at + timedelta(seconds=4)


async def test_who_lost_the_lease_while_it_rang_still_writes_the_answer_down(rig: Rig) -> None:
    async def answer_too_late(placement: Placement, progress: Progress) -> Ending:
        later = datetime.now(UTC) + timedelta(hours=1)
        [(_, attempt)] = await rig.ledger.recover(later, "heir", later)
        assert attempt is not None
        await rig.ledger.end_attempt(
            attempt.attempt_id,
            outcome=Outcome.INTERRUPTED,
            now=later,
            sip_status=0,
            detail="",
            step=NextStep(CallState.QUEUED, later),
        )
        await progress.answered()
        raise AssertionError("the lease is lost")

    rig.phone.script = answer_too_late
    call_id = await rig.queue(max_retries=3)
    async with running(rig.dialer()):
        await rig.story.wait_for("lease lost")
    assert (await rig.call(call_id)).state is CallState.FAILED
    assert (await rig.ledger.attempts(call_id))[0].answered_at is not None


async def test_the_answer_is_in_the_ledger_before_the_application_starts(rig: Rig) -> None:
    states = []

    async def look(placement: Placement, progress: Progress) -> Ending:
        await progress.answered()
        states.append((await rig.call(placement.call.call_id)).state)
        return Ending(outcome=Outcome.ANSWERED)

    rig.phone.script = look
    await rig.queue()
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    assert states == [CallState.CONNECTED]


async def test_a_call_that_is_queued_while_the_dialer_sleeps_is_dialled(rig: Rig) -> None:
    async with running(rig.dialer()):
        await rig.queue()
        await rig.story.wait_for("ended")
    assert len(rig.phone.placed) == 1


async def test_a_call_is_not_dialled_before_its_time(rig: Rig) -> None:
    later = await rig.queue(scheduled_at=datetime.now(UTC) + timedelta(hours=1))
    await rig.queue()
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    assert (await rig.call(later)).state is CallState.QUEUED


async def test_a_call_that_expires_while_it_waits_is_reported_and_not_dialled(rig: Rig) -> None:
    now = datetime.now(UTC)
    call_id = await rig.queue(scheduled_at=now + timedelta(hours=1), expires_at=now + timedelta(milliseconds=300))
    async with running(rig.dialer()):
        await rig.story.wait_for("expired")
    assert (await rig.call(call_id)).state is CallState.EXPIRED
    assert rig.phone.placed == []
    assert rig.results["result"] == 1


async def test_no_more_calls_at_once_than_the_trunk_has_channels(rig: Rig) -> None:
    full = asyncio.Event()

    async def one_turn(placement: Placement, progress: Progress) -> Ending:
        if rig.phone.carrying == 3:
            full.set()
        await full.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        return await rig.phone.busy(placement, progress)

    rig.phone.script = one_turn
    for _ in range(20):
        await rig.queue()
    async with running(rig.dialer(channels=3)):
        await rig.story.wait_for("ended", 20)
    assert rig.phone.most_at_once == 3


async def test_a_busy_number_waits_for_its_interval(rig: Rig) -> None:
    call_id = await rig.queue(max_retries=1, retry_interval=60)
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    call, (attempt,) = await rig.call(call_id), await rig.ledger.attempts(call_id)
    assert attempt.ended_at is not None
    assert (call.state, call.due_at) == (CallState.QUEUED, attempt.ended_at + timedelta(seconds=60))


async def test_a_number_that_cannot_be_read_ends_the_call_without_an_invite(rig: Rig) -> None:
    call_id = await rig.queue(phone_number="+1617")
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    assert (await rig.call(call_id)).state is CallState.FAILED
    assert rig.phone.placed == []


async def test_a_fault_of_the_phone_ends_its_own_call_only(rig: Rig) -> None:
    async def faulty(placement: Placement, progress: Progress) -> Ending:
        raise ZeroDivisionError("a fault")

    rig.phone.script = faulty
    first = await rig.queue()
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
        rig.phone.script = rig.phone.answer
        second = await rig.queue()
        await rig.story.wait_for("ended", 2)
    assert (await rig.call(first)).state is CallState.FAILED
    assert (await rig.call(second)).state is CallState.COMPLETED
    assert rig.story.count("fault") == 1


async def test_a_drain_lets_calls_end_and_places_no_new_one(rig: Rig) -> None:
    go_on = asyncio.Event()

    async def until_told(placement: Placement, progress: Progress) -> Ending:
        await progress.answered()
        await go_on.wait()
        return Ending(outcome=Outcome.ANSWERED)

    rig.phone.script = until_told
    first = await rig.queue()
    dialer = rig.dialer()
    async with running(dialer):
        await rig.story.wait_for("answered")
        draining = asyncio.create_task(dialer.drain(30))
        second = await rig.queue()
        go_on.set()
        await draining
    assert (await rig.call(first)).state is CallState.COMPLETED
    assert (await rig.call(second)).state is CallState.QUEUED


async def test_a_call_that_is_cut_off_is_hung_up_and_written_down(rig: Rig) -> None:
    rig.phone.script = rig.phone.talk_for_ever
    call_id = await rig.queue()
    dialer = rig.dialer()
    async with running(dialer):
        await rig.story.wait_for("answered")
        await dialer.drain(0)
    assert rig.phone.hung_up == [call_id]
    assert (await rig.call(call_id)).state is CallState.FAILED


async def test_a_call_that_is_cut_off_while_it_rings_goes_back(rig: Rig) -> None:
    rig.phone.script = rig.phone.ring_for_ever
    call_id = await rig.queue()
    dialer = rig.dialer()
    async with running(dialer):
        await rig.phone.news.wait()
        await dialer.drain(0)
    call = await rig.call(call_id)
    assert (call.state, call.attempts) == (CallState.QUEUED, 0)


@pytest.mark.parametrize(("answered", "state"), [(True, CallState.FAILED), (False, CallState.QUEUED)])
async def test_the_calls_of_a_dead_dialer_are_taken_up(rig: Rig, answered: bool, state: CallState) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    call_id = await rig.queue(max_retries=1, retry_interval=600, scheduled_at=past)
    now = datetime.now(UTC)
    await claim(rig.ledger, now, 1, "dead", now + timedelta(seconds=1))
    attempt = await rig.ledger.begin_attempt(call_id, "x@y", "main", now, "dead")
    if answered:
        await rig.ledger.attempt_answered(attempt.attempt_id, now)
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    assert (await rig.call(call_id)).state is state
    assert rig.phone.placed == []


async def test_a_ledger_that_fails_for_a_while_loses_no_outcome(rig: Rig) -> None:
    failures = iter([True, True])
    end_attempt = rig.ledger.end_attempt

    async def unsteady(*args: Any, **fields: Any) -> Call:
        if next(failures, False):
            raise StoreError("The disk is full.")
        return await end_attempt(*args, **fields)

    rig.ledger.end_attempt = unsteady  # type: ignore[method-assign]
    call_id = await rig.queue()
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    assert rig.story.count("store failed") == 2
    assert (await rig.call(call_id)).state is CallState.FAILED


def unheard_once(done: Callable[..., Any]) -> Callable[..., Any]:
    """A method of the ledger whose first reply is lost, after the commit."""
    lost = False

    async def method(*args: Any, **fields: Any) -> Any:
        nonlocal lost
        reply = await done(*args, **fields)
        if not lost:
            lost = True
            raise StoreError("The connection was cut.")
        return reply

    return method


async def test_a_call_whose_admission_was_never_heard_of_comes_back_with_its_lease(rig: Rig) -> None:
    rig.ledger.admit = unheard_once(rig.ledger.admit)  # type: ignore[method-assign]
    call_id = await rig.queue()
    async with running(rig.dialer(lease=1.0)):
        await rig.story.wait_for("ended")
    assert (rig.story.count("taken up again"), len(rig.phone.placed)) == (1, 1)
    assert (await rig.call(call_id)).state is CallState.FAILED


async def test_an_intent_that_was_never_heard_of_costs_no_attempt_and_sends_no_invite(rig: Rig) -> None:
    rig.ledger.begin_attempt = unheard_once(rig.ledger.begin_attempt)  # type: ignore[method-assign]
    call_id = await rig.queue()
    async with running(rig.dialer()):
        await rig.story.wait_for("ended", 2)
    first, second = await rig.ledger.attempts(call_id)
    assert (first.outcome, second.outcome) == (Outcome.CANCELED, Outcome.BUSY)
    assert [placed.sip_call_id for placed in rig.phone.placed] == [second.sip_call_id]
    assert (await rig.call(call_id)).attempts == 1


async def test_an_answer_whose_commit_was_cut_off_is_known_to_be_one(rig: Rig) -> None:
    rig.ledger.attempt_answered = unheard_once(rig.ledger.attempt_answered)  # type: ignore[method-assign]
    rig.phone.script = rig.phone.answer
    call_id = await rig.queue(max_retries=3)
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    assert ((await rig.call(call_id)).state, len(rig.phone.placed)) == (CallState.FAILED, 1)


async def test_a_ring_that_cannot_be_written_down_goes_on(rig: Rig) -> None:
    rig.ledger.attempt_ringing = unheard_once(rig.ledger.attempt_ringing)  # type: ignore[method-assign]
    rig.phone.script = rig.phone.answer
    call_id = await rig.queue()
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    assert (await rig.call(call_id)).state is CallState.COMPLETED


async def test_a_call_whose_campaign_is_paused_after_the_claim_goes_back_to_its_place(rig: Rig) -> None:
    admit = rig.ledger.admit

    async def admit_then_pause(*args: Any, **fields: Any) -> Admitted:
        admitted = await admit(*args, **fields)
        await rig.ledger.pause_campaign(rig.campaign_id, datetime.now(UTC))
        return admitted

    rig.ledger.admit = admit_then_pause  # type: ignore[method-assign]
    call_id = await rig.queue()
    due_at = (await rig.call(call_id)).due_at
    async with running(rig.dialer()):
        await rig.story.wait_for("paused")
    call = await rig.call(call_id)
    assert (call.state, call.due_at, call.attempts) == (CallState.QUEUED, due_at, 0)
    assert rig.phone.placed == []


async def test_a_call_that_a_gate_holds_at_the_dial_waits_until_it_opens(rig: Rig) -> None:
    await rig.queue()
    async with running(rig.dialer()):
        await rig.story.wait_for("ended")
    account = await rig.ledger.account(rig.account_id)
    assert account is not None
    admit = rig.ledger.admit

    async def admit_then_cap(*args: Any, **fields: Any) -> Admitted:
        admitted = await admit(*args, **fields)
        if admitted.calls:
            await rig.ledger.update_settings(rig.account_id, replace(account.settings, person_attempts=1))
        return admitted

    rig.ledger.admit = admit_then_cap  # type: ignore[method-assign]
    call_id = await rig.queue()
    placed = len(rig.phone.placed)
    async with running(rig.dialer()):
        await rig.story.wait_for("held")
        await rig.ledger.counts()
    call = await rig.call(call_id)
    assert (call.state, len(rig.phone.placed)) == (CallState.QUEUED, placed)
    assert call.due_at > datetime.now(UTC) + timedelta(hours=23)


async def test_the_calls_of_a_campaign_are_dialled_when_its_pause_is_over(rig: Rig) -> None:
    await rig.ledger.pause_campaign(rig.campaign_id, datetime.now(UTC))
    call_id = await rig.queue()
    async with running(rig.dialer()):
        await rig.ledger.resume_campaign(rig.campaign_id, datetime.now(UTC))
        await rig.story.wait_for("ended")
    assert (await rig.call(call_id)).state is CallState.FAILED


@pytest.mark.parametrize("method", ["post", "get"])
async def test_the_account_says_how_the_application_is_started(rig: Rig, method: Any) -> None:
    await rig.ledger.update_settings(rig.account_id, AccountSettings(start_method=method))
    await rig.queue()
    async with running(rig.dialer()):
        await rig.phone.news.wait()
    assert rig.phone.placed[0].start_method == method


def a_leg(placement: Placement, number: str = "+16175550188") -> SecondLeg:
    return SecondLeg(
        call_id=placement.call.call_id,
        attempt_id=placement.attempt_id,
        e164=number,
        sip_call_id=new_call_id(),
        kind="bridge",
    )


async def transferred(rig: Rig, number: str, *, tried: tuple[str, ...] = ()) -> tuple[Leave | Declined, list[str]]:
    """What a second leg to a number is told, and what the audit says of it."""
    told: list[Leave | Declined] = []

    async def transfer(placement: Placement, progress: Progress) -> Ending:
        await progress.answered()
        leg = a_leg(placement, number)
        told.append(await progress.second_leg(leg, tried))
        if isinstance(told[0], Leave):
            await progress.second_leg_ended(leg, told[0], LegEnding(outcome=Outcome.BUSY, sip_status=486))
        return Ending(outcome=Outcome.ANSWERED, sip_status=200)

    rig.phone.script = transfer
    call_id = await rig.queue()
    dialer = rig.dialer(trunks=[MAIN, replace(MAIN, name="agents", prefixes=("+161755501",))])
    async with running(dialer):
        await rig.story.wait_for("ended")
    entries = await rig.ledger.audit_newest(call_id=call_id, limit=10)
    return told[0], [entry.decision for entry in entries if entry.decision.startswith("transfer")]


async def test_a_second_leg_is_routed_as_calls_are(rig: Rig) -> None:
    leave, decisions = await transferred(rig, "+16175550188")
    assert isinstance(leave, Leave)
    assert leave.trunk is not None
    assert leave.trunk.name == "agents"
    assert decisions == ["transfer", "transfer_ended"]


async def test_a_second_leg_leaves_over_another_trunk_than_those_that_failed_it(rig: Rig) -> None:
    leave, _ = await transferred(rig, "+16175550188", tried=("agents",))
    assert isinstance(leave, Leave)
    assert leave.trunk is not None
    assert leave.trunk.name == "main"


async def test_a_second_leg_that_no_trunk_carries_is_refused_and_written_down(rig: Rig) -> None:
    declined, decisions = await transferred(rig, "+442079460000")
    assert isinstance(declined, Declined)
    assert declined.want is Want.ROUTE
    assert decisions == ["transfer_refused"]


async def test_a_ledger_that_does_not_answer_lets_no_second_leg_leave(rig: Rig, monkeypatch: Any) -> None:
    async def broken(*_: Any) -> None:
        raise StoreError("gone")

    monkeypatch.setattr(rig.ledger, "begin_transfer", broken)
    declined, _ = await transferred(rig, "+16175550188")
    assert isinstance(declined, Declined)
    assert declined.want is Want.ROOM


async def test_an_account_says_itself_whom_its_applications_may_transfer_to(rig: Rig) -> None:
    rule = TransferRule(("any",), ("pbx.example.com",))
    for transfer_to in ("", "none"):
        settings = AccountSettings(transfer_to=transfer_to, country="US")
        await rig.ledger.update_settings(rig.account_id, settings)
        await rig.queue()
        async with running(rig.dialer(transfer_rule=rule)):
            await rig.story.wait_for("ended", len(rig.phone.placed) + 1)
    assert [placement.transfer_rule.to for placement in rig.phone.placed] == [("any",), ("none",)]
    assert {placement.transfer_rule.sip_hosts for placement in rig.phone.placed} == {("pbx.example.com",)}
    assert {placement.country for placement in rig.phone.placed} == {"US"}
