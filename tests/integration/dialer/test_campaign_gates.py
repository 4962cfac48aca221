"""Campaigns that keep schedules and profiles, on a virtual clock: the time passes when the test says so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.campaign import Campaign, CampaignState
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.calls.schedule import Schedule, Window
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.campaign_gates import NOBODYS, PATIENCE, CampaignGates
from mirabelle.dialer.dialer import LONGEST_SLEEP, Dialer
from mirabelle.dialer.phone import Ending, Placement, Progress
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from mirabelle.store.records import RuledCampaign

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
OFFICE = Window((0, 1, 2, 3, 4), 9 * 60, 17 * 60)
LEASE = timedelta(hours=1000)


class Hours:
    """A clock that a test moves."""

    def __init__(self, now: datetime) -> None:
        self.begin = now
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.begin + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def set(self, instant: datetime) -> None:
        self.seconds = (instant - self.begin).total_seconds()


class Rig:
    """A ledger, a clock, and gates; or a whole dialer whose numbers are all busy."""

    def __init__(self, ledger: Ledger, account_id: int, default_id: int) -> None:
        self.ledger, self.account_id, self.default_id = ledger, account_id, default_id
        self.clock = Hours(MONDAY)
        self.gates = CampaignGates(ledger, self.clock, "one", LEASE)
        self.placed: list[Placement] = []
        self.events: list[str] = []
        self.news = asyncio.Condition()
        self.turns = 0

    async def campaign(
        self, name: str, *windows: Window, rate: float | None = None, channels: int | None = None, calls: int = 0
    ) -> Campaign:
        schedules, profiles = [], []
        if windows:
            made = await self.ledger.add_schedule(self.account_id, name, "UTC", windows, MONDAY)
            schedules = [made.schedule_id]
        if rate is not None or channels is not None:
            profile = await self.ledger.add_profile(self.account_id, name, rate, channels, MONDAY)
            profiles = [profile.profile_id]
        campaign = await self.ledger.add_campaign(
            self.account_id, name, "", MONDAY, schedules=schedules, profiles=profiles
        )
        for _ in range(calls):
            await self.queue(campaign.campaign_id)
        return campaign

    async def queue(self, campaign_id: int, **fields: Any) -> int:
        new = NewCall(
            account_id=self.account_id,
            campaign_id=campaign_id,
            phone_number="+16175550123",
            start_url="http://example.org/start",
            **fields,
        )
        return (await self.ledger.queue_call(new, self.clock.now())).call_id

    async def claim(self, slots: int) -> list[int]:
        """The campaigns of the calls that one turn takes."""
        taken: list[int] = []

        def start(call: Call, schedules: Sequence[Schedule]) -> None:
            taken.append(call.campaign_id)

        count = await self.gates.claim(slots, start)
        assert count == len(taken)
        return taken

    async def place(self, placement: Placement, progress: Progress) -> Ending:
        self.placed.append(placement)
        return Ending(outcome=Outcome.BUSY, sip_status=486)

    def story(self, event: str, call_id: int, **fields: object) -> None:
        self.events.append(event)
        self._told = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()

    async def wait_for(self, event: str, count: int = 1) -> None:
        async with asyncio.timeout(30), self.news:
            await self.news.wait_for(lambda: self.events.count(event) >= count)

    @contextlib.asynccontextmanager
    async def dialer(self) -> AsyncIterator[Dialer]:
        """A dialer that runs; `a_turn` waits until it has looked once more."""
        dialer = Dialer(
            ledger=self.ledger,
            phone=self,
            trunks=[Trunk(name="main", host="127.0.0.1:9", channels=10, calls_per_second=1000.0)],
            clock=self.clock,
            story=self.story,
            owner="one",
            lease=LEASE,
        )
        next_due = self.ledger.next_due

        async def counted(now: datetime) -> datetime | None:
            due = await next_due(now)
            self.turns += 1
            await self._tell()
            return due

        self.ledger.next_due = counted  # type: ignore[method-assign]
        task = asyncio.create_task(dialer.run())
        try:
            yield dialer
        finally:
            await dialer.hang_up()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def turns_of(self, dialer: Dialer, count: int = 2) -> None:
        """Wait until the dialer has looked again with the time as it is now."""
        for _ in range(count):
            before = self.turns
            dialer.wake()
            async with asyncio.timeout(30), self.news:
                await self.news.wait_for(lambda: self.turns > before)  # noqa: B023


@pytest.fixture
async def rig(tmp_path: object) -> AsyncIterator[Rig]:
    ledger = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    account = await ledger.add_account("acme", "hash", MONDAY)
    yield Rig(ledger, account.account_id, account.default_campaign_id)
    await ledger.aclose()


async def test_nothing_is_taken_before_the_window_opens_and_the_wait_ends_there(rig: Rig) -> None:
    campaign = await rig.campaign("office", OFFICE, calls=3)
    rig.clock.set(MONDAY + timedelta(hours=8, minutes=59, seconds=58))
    assert await rig.claim(10) == []
    assert rig.gates.wait() == 2.0
    rig.clock.set(MONDAY + timedelta(hours=9))
    assert await rig.claim(10) == [campaign.campaign_id] * 3


async def test_a_call_that_is_not_due_is_waited_for(rig: Rig) -> None:
    campaign = await rig.campaign("office", OFFICE)
    rig.clock.set(MONDAY + timedelta(hours=10))
    await rig.queue(campaign.campaign_id, scheduled_at=rig.clock.now() + timedelta(seconds=3))
    assert await rig.claim(10) == []
    assert rig.gates.wait() == 3.0


async def test_no_more_leave_than_the_rate_allows(rig: Rig) -> None:
    campaign = await rig.campaign("slow", rate=2.0, calls=30)
    left: list[float] = []
    for _ in range(80):
        left += [rig.clock.seconds for taken in await rig.claim(100) if taken == campaign.campaign_id]
        rig.clock.seconds += 0.125
    assert len(left) == 20
    for begin in left:
        assert sum(begin <= each < begin + 1 for each in left) <= 2


async def test_the_next_token_is_waited_for(rig: Rig) -> None:
    await rig.campaign("slow", rate=0.5, calls=3)
    assert len(await rig.claim(10)) == 1
    assert rig.gates.wait() == 0.0
    assert await rig.claim(10) == []
    assert rig.gates.wait() == 2.0


async def test_a_queue_that_was_empty_for_a_moment_gives_no_token(rig: Rig) -> None:
    campaign = await rig.campaign("slow", rate=0.01, calls=1)
    assert len(await rig.claim(10)) == 1
    assert await rig.claim(10) == []
    await rig.queue(campaign.campaign_id)
    assert await rig.claim(10) == []
    rig.clock.seconds += 100
    assert len(await rig.claim(10)) == 1


async def test_a_profile_that_is_exchanged_holds_at_once(rig: Rig) -> None:
    campaign = await rig.campaign("slow", rate=0.001, calls=30)
    await rig.claim(10)
    fast = await rig.ledger.add_profile(rig.account_id, "fast", 50.0, None, MONDAY)
    await rig.ledger.set_campaign_rules(campaign.campaign_id, (), [fast.profile_id])
    assert len(await rig.claim(10)) == 5


async def test_no_more_calls_at_once_than_the_profile_has_channels(rig: Rig) -> None:
    campaign = await rig.campaign("narrow", channels=2, calls=5)
    assert len(await rig.claim(10)) == 2
    assert await rig.claim(10) == []
    # A call's end wakes the dialer; until then nothing tells.
    assert rig.gates.wait() is None
    [busy, _] = [call for call in await rig.ledger.recent_calls(10) if call.state is CallState.DIALING]
    attempt = await rig.ledger.begin_attempt(busy.call_id, "a@b", "main", rig.clock.now(), "one")
    await end(rig, attempt)
    assert await rig.claim(10) == [campaign.campaign_id]


async def end(rig: Rig, attempt: Attempt) -> None:
    step = NextStep(CallState.FAILED, None)
    await rig.ledger.end_attempt(
        attempt.attempt_id, outcome=Outcome.BUSY, now=rig.clock.now(), sip_status=486, detail="", step=step
    )


async def test_two_campaigns_and_the_calls_without_rules_share_the_slots(rig: Rig) -> None:
    one = await rig.campaign("one", OFFICE, calls=30)
    two = await rig.campaign("two", OFFICE, calls=30)
    for _ in range(30):
        await rig.queue(rig.default_id)
    rig.clock.set(MONDAY + timedelta(hours=10))
    taken = await rig.claim(12)
    everybody = (rig.default_id, one.campaign_id, two.campaign_id)
    assert {key: taken.count(key) for key in everybody} == dict.fromkeys(everybody, 4)


async def test_where_there_is_one_slot_at_a_time_each_has_its_turn(rig: Rig) -> None:
    one = await rig.campaign("one", OFFICE, calls=30)
    two = await rig.campaign("two", OFFICE, calls=30)
    for _ in range(30):
        await rig.queue(rig.default_id)
    rig.clock.set(MONDAY + timedelta(hours=10))
    taken = [key for _ in range(9) for key in await rig.claim(1)]
    everybody = (rig.default_id, one.campaign_id, two.campaign_id)
    assert {key: taken.count(key) for key in everybody} == dict.fromkeys(everybody, 3)
    assert NOBODYS not in everybody


async def test_slots_that_one_cannot_use_are_anothers(rig: Rig) -> None:
    slow = await rig.campaign("slow", rate=1.0, calls=30)
    for _ in range(30):
        await rig.queue(rig.default_id)
    taken = await rig.claim(10)
    assert (taken.count(slow.campaign_id), taken.count(rig.default_id)) == (1, 9)


async def test_calls_that_another_took_first_are_not_asked_for_at_once_again(rig: Rig) -> None:
    campaign = await rig.campaign("office", calls=1, channels=9)
    ruled_campaigns = rig.ledger.ruled_campaigns

    async def look_then_lose() -> tuple[RuledCampaign, ...]:
        seen = await ruled_campaigns()
        await rig.ledger.claim_campaign(campaign.campaign_id, rig.clock.now(), 9, "other", rig.clock.now() + LEASE)
        return seen

    rig.ledger.ruled_campaigns = look_then_lose  # type: ignore[method-assign]
    assert await rig.claim(10) == []
    assert rig.gates.wait() == PATIENCE


async def test_a_schedule_that_cannot_be_read_any_more_keeps_its_campaign_closed(rig: Rig) -> None:
    made = await rig.ledger.add_schedule(rig.account_id, "gone", "Mars/Olympus", [OFFICE], MONDAY)
    campaign = await rig.campaign("gone")
    await rig.ledger.set_campaign_rules(campaign.campaign_id, [made.schedule_id], ())
    await rig.queue(campaign.campaign_id)
    rig.clock.set(MONDAY + timedelta(hours=10))
    assert await rig.claim(10) == []
    assert rig.gates.wait() is None


async def test_a_dialer_makes_no_attempt_while_closed_and_one_when_it_opens(rig: Rig) -> None:
    await rig.campaign("office", OFFICE, calls=1)
    async with rig.dialer() as dialer:
        await rig.turns_of(dialer)
        assert rig.placed == []
        rig.clock.set(MONDAY + timedelta(hours=9))
        dialer.wake()
        await rig.wait_for("ended")
    assert len(rig.placed) == 1


async def test_a_dialer_does_not_turn_in_circles_while_a_campaign_is_closed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.campaign("office", OFFICE, calls=5)
    waits: list[float] = []
    pause = Dialer._pause

    async def kept(self: Dialer, *, full: bool) -> float:
        waits.append(await pause(self, full=full))
        return waits[-1]

    monkeypatch.setattr(Dialer, "_pause", kept)
    async with rig.dialer() as dialer:
        await rig.turns_of(dialer)
        rig.clock.set(MONDAY + timedelta(hours=8, minutes=59, seconds=59))
        await rig.turns_of(dialer)
    assert set(waits) == {LONGEST_SLEEP, 1.0}


async def test_calls_expire_while_their_campaign_is_closed(rig: Rig) -> None:
    campaign = await rig.campaign("office", OFFICE)
    call_id = await rig.queue(campaign.campaign_id, expires_at=MONDAY + timedelta(hours=1))
    async with rig.dialer() as dialer:
        rig.clock.set(MONDAY + timedelta(hours=1))
        dialer.wake()
        await rig.wait_for("expired")
    call = await rig.ledger.call(call_id)
    assert call is not None
    assert (call.state, rig.placed) == (CallState.EXPIRED, [])


async def test_a_call_whose_window_closes_before_it_is_dialled_keeps_its_place(rig: Rig) -> None:
    campaign = await rig.campaign("office", OFFICE)
    call_id = await rig.queue(campaign.campaign_id)
    rig.clock.set(MONDAY + timedelta(hours=17) - timedelta(microseconds=1))
    claim_campaign = rig.ledger.claim_campaign

    async def claim_then_close(*args: Any, **fields: Any) -> tuple[Call, ...]:
        claimed = await claim_campaign(*args, **fields)
        rig.clock.set(MONDAY + timedelta(hours=17))
        return claimed

    rig.ledger.claim_campaign = claim_then_close  # type: ignore[method-assign]
    async with rig.dialer():
        await rig.wait_for("closed")
    call = await rig.ledger.call(call_id)
    assert call is not None
    assert (call.state, call.due_at, call.attempts, rig.placed) == (CallState.QUEUED, MONDAY, 0, [])
    assert await rig.ledger.attempts(call_id) == ()


async def test_a_dialer_holds_the_rate_of_a_profile(rig: Rig) -> None:
    await rig.campaign("slow", rate=1.0, calls=5)
    async with rig.dialer() as dialer:
        await rig.wait_for("ended", 1)
        await rig.turns_of(dialer)
        assert len(rig.placed) == 1
        for count in (2, 3):
            rig.clock.seconds += 1.0
            dialer.wake()
            await rig.wait_for("ended", count)
            await rig.turns_of(dialer)
            assert len(rig.placed) == count


async def test_when_a_campaign_is_stopped_none_of_its_calls_begins(rig: Rig) -> None:
    campaign = await rig.campaign("slow", rate=1.0, calls=5)
    async with rig.dialer() as dialer:
        await rig.wait_for("ended", 1)
        stopped = await rig.ledger.pause_campaign(campaign.campaign_id, rig.clock.now())
        assert stopped.state is CampaignState.PAUSED
        rig.clock.seconds += 60.0
        await rig.turns_of(dialer)
        assert len(rig.placed) == 1
        await rig.ledger.resume_campaign(campaign.campaign_id, rig.clock.now())
        await rig.wait_for("ended", 2)
    assert len(rig.placed) == 2
