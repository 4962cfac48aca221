"""What is explained is what an admission does."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account, AccountSettings
from mirabelle.calls.call import Call, CallState, NewCall, Priority
from mirabelle.calls.calling_window import CalleeHours
from mirabelle.calls.campaign import Campaign, Dialing
from mirabelle.calls.do_not_call import parse
from mirabelle.calls.explanation import Explanation, Gate
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.calls.schedule import parse_windows
from mirabelle.calls.trunk import Trunk
from mirabelle.store.ledger import Ledger
from mirabelle.store.records import Admitted

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MAIN = Trunk(name="main", host="a:5060", calls_per_second=100.0, channels=1000)
NUMBERS = ("+16175550123", "+442079460000", "+491711234567", "+18005550123")
DAYS = ("monday", "tuesday", "wednesday")


@pytest.fixture
async def campaign(ledger: Ledger, account: Account) -> Campaign:
    return await ledger.add_campaign(account.account_id, "spring", "", NOW)


async def queue(ledger: Ledger, campaign: Campaign, **more: object) -> Call:
    values: dict[str, object] = {
        "account_id": campaign.account_id,
        "campaign_id": campaign.campaign_id,
        "phone_number": "+16175550123",
        "start_url": "http://example.com/start",
    }
    return await ledger.queue_call(NewCall(**{**values, **more}), NOW)  # type: ignore[arg-type]


async def admit(ledger: Ledger, *trunks: Trunk, now: datetime = NOW) -> Admitted:
    return await ledger.admit(trunks, now, 10, "one", now + timedelta(days=1), memory=VerdictMemory())


async def explained(ledger: Ledger, call: Call, *trunks: Trunk, now: datetime = NOW) -> Explanation:
    found = await ledger.explain(call.call_id, trunks or (MAIN,), now)
    assert found is not None
    return found


def windows(dice: random.Random) -> tuple[object, ...]:
    start = dice.randrange(0, 20)
    return (
        {"weekdays": [dice.choice(DAYS)], "start": f"{start:02}:00", "end": f"{dice.randrange(start + 1, 24):02}:00"},
    )


async def anything(ledger: Ledger, dice: random.Random, turn: int) -> tuple[Call, tuple[Trunk, ...]]:
    """An account with one call, of which anything may be true, and the ways out."""
    account = await ledger.add_account(f"somebody {turn}", "hashed", NOW)
    mine = account.account_id
    settings = AccountSettings(
        calls_per_second=dice.choice((0.0, 1.0)),
        channels=dice.choice((0, 1)),
        person_attempts=dice.choice((0, 0, 1, 2)),
    )
    await ledger.update_settings(mine, settings)
    kept = [await ledger.add_schedule(mine, "s", "America/New_York", parse_windows(windows(dice)), NOW)]
    paced = [await ledger.add_profile(mine, "p", dice.choice((1.0, None)), 1, NOW)]
    hours = CalleeHours.parse({"windows": list(windows(dice)), "holidays": ["US"]})
    campaign = await ledger.add_campaign(
        mine,
        "spring",
        "",
        NOW,
        schedules=[each.schedule_id for each in kept] if dice.random() < 0.3 else [],
        profiles=[each.profile_id for each in paced] if dice.random() < 0.3 else [],
        dialing=Dialing(hours=hours if dice.random() < 0.3 else None),
    )
    phone_number = dice.choice(NUMBERS)
    trunks = tuple(
        Trunk(name=f"t{turn}-{index}", host="a:5060", calls_per_second=1.0, channels=1, prefixes=prefixes)
        for index, prefixes in enumerate(dice.choice((((),), (("+1",), ("+44", "+49")), (("+1617",), ("+1",)))))
    )
    if dice.random() < 0.5:
        # A call before it, which takes room and may be one to the same person.
        await queue(ledger, campaign, phone_number=phone_number)
        for call in (await admit(ledger, *trunks, now=NOW - 2 * SECOND)).calls:
            await ledger.begin_attempt(call.call_id, f"{turn}@x", call.trunk, NOW - 2 * SECOND, "one")
        await ledger.cancel_campaign(campaign.campaign_id, NOW)
    if dice.random() < 0.2:
        await ledger.add_do_not_call(mine, [parse(dice.choice((phone_number, phone_number[:4] + "*")))], NOW)
    call = await queue(
        ledger,
        campaign,
        phone_number=phone_number,
        zone=dice.choice(("", "Asia/Tokyo", "America/New_York")),
        priority=dice.choice(tuple(Priority)),
        scheduled_at=dice.choice((None, NOW + SECOND)) if dice.random() < 0.3 else None,
        expires_at=dice.choice((None, None, None, NOW + timedelta(hours=2), NOW)),
    )
    if dice.random() < 0.15:
        await ledger.pause_campaign(campaign.campaign_id, NOW)
    return call, trunks


async def test_every_gate_is_open_if_and_only_if_an_admission_takes_the_call(ledger: Ledger) -> None:
    dice = random.Random(4)
    seen = {True: 0, False: 0}
    closed = set()
    for turn in range(200):
        call, trunks = await anything(ledger, dice, turn)
        told = await explained(ledger, call, *trunks)
        await admit(ledger, *trunks)
        after = await ledger.call(call.call_id)
        assert after is not None
        taken = after.state is CallState.DIALING
        assert told.open == taken, (turn, told, after)
        assert (told.earliest == NOW) == taken
        seen[taken] += 1
        closed.add(told.first_closed)
        await ledger.cancel_campaign(call.campaign_id, NOW)
    assert min(seen.values()) >= 40
    assert {Gate.DUE_TIME, Gate.EXPIRATION, Gate.PAUSE, Gate.SCHEDULE, Gate.DO_NOT_CALL, Gate.CALLEE_HOURS} <= closed


async def test_it_is_dialled_when_it_was_said_at_the_earliest(ledger: Ledger) -> None:
    dice = random.Random(5)
    right = 0
    for turn in range(120):
        call, trunks = await anything(ledger, dice, turn)
        told = await explained(ledger, call, *trunks)
        if told.earliest is not None and told.earliest > NOW + 2 * SECOND:
            before = await admit(ledger, *trunks, now=told.earliest - 0.01 * SECOND)
            assert call.call_id not in {each.call_id for each in before.calls}
            if (told_then := await explained(ledger, call, *trunks, now=told.earliest)).open:
                then = await admit(ledger, *trunks, now=told.earliest)
                assert call.call_id in {each.call_id for each in then.calls}
                right += 1
            else:
                assert told_then.first_closed in {Gate.ACCOUNT_CHANNELS, Gate.CAMPAIGN_CHANNELS, Gate.TRUNK}
        await ledger.cancel_campaign(call.campaign_id, NOW)
    assert right >= 10


async def test_a_closed_call_tells_why_and_until_when(ledger: Ledger, account: Account, campaign: Campaign) -> None:
    office = parse_windows([{"weekdays": ["tuesday"], "start": "09:00", "end": "17:00"}])
    schedule = await ledger.add_schedule(account.account_id, "office", "America/New_York", office, NOW)
    await ledger.set_campaign_rules(campaign.campaign_id, [schedule.schedule_id], [])
    call = await queue(ledger, campaign, scheduled_at=NOW + SECOND)
    told = await explained(ledger, call)
    opens = datetime(2026, 3, 3, 14, tzinfo=UTC)
    assert (told.first_closed, told.earliest) == (Gate.DUE_TIME, opens)
    assert dict(told.findings)[Gate.SCHEDULE].changes_at == opens
    assert told.headline.endswith("It would be dialled at 2026-03-03 14:00:00 UTC at the earliest.")


async def test_a_call_that_expires_before_it_could_leave_says_so(ledger: Ledger, campaign: Campaign) -> None:
    await ledger.set_dialing(campaign.campaign_id, Dialing(hours=CalleeHours.parse({"holidays": ["US"]})))
    night = CalleeHours.parse({"windows": [{"weekdays": ["friday"], "start": "09:00", "end": "10:00"}]})
    await ledger.set_dialing(campaign.campaign_id, Dialing(hours=night))
    call = await queue(ledger, campaign, expires_at=NOW + 3600 * SECOND)
    told = await explained(ledger, call)
    assert (told.first_closed, told.earliest) == (Gate.CALLEE_HOURS, None)
    assert told.headline.endswith("As things are, it is never dialled: it expires first.")


async def test_a_listed_number_is_told_to_be_never_dialled(ledger: Ledger, campaign: Campaign) -> None:
    await ledger.add_do_not_call(campaign.account_id, [parse("+1617*")], NOW)
    told = await explained(ledger, await queue(ledger, campaign))
    assert told.headline == (
        "Closed: do not call. The number is on the do-not-call list of the account, by a prefix."
        " As things are, it is never dialled."
    )


async def test_a_pause_is_told_without_a_time(ledger: Ledger, campaign: Campaign) -> None:
    call = await queue(ledger, campaign)
    await ledger.pause_campaign(campaign.campaign_id, NOW)
    told = await explained(ledger, call)
    assert (told.earliest, told.headline) == (
        None,
        "Closed: pause. The campaign 'spring' is paused until somebody resumes it.",
    )


async def test_a_pause_is_told_beside_a_time_that_is_to_come(ledger: Ledger, campaign: Campaign) -> None:
    call = await queue(ledger, campaign, scheduled_at=NOW + SECOND)
    await ledger.pause_campaign(campaign.campaign_id, NOW)
    told = await explained(ledger, call)
    assert told.headline.startswith("Closed: due time.")
    assert told.headline.endswith(" The campaign 'spring' is paused until somebody resumes it.")


async def test_the_place_counts_calls_that_are_due_before(ledger: Ledger, account: Account, campaign: Campaign) -> None:
    other = await ledger.add_campaign(account.account_id, "other", "", NOW)
    await queue(ledger, other)
    await queue(ledger, campaign)
    await queue(ledger, campaign, priority=Priority.HIGH, scheduled_at=NOW + SECOND)
    call = await queue(ledger, campaign)
    await queue(ledger, campaign)
    await queue(ledger, campaign, priority=Priority.LOW)
    urgent = await queue(ledger, campaign, priority=Priority.URGENT)
    place = (await explained(ledger, call, now=NOW)).place
    assert place is not None
    assert (place.campaigns, place.before) == (2, 2)
    first = (await explained(ledger, urgent)).place
    assert first is not None
    assert first.before == 0
    later = (await explained(ledger, call, now=NOW + SECOND)).place
    assert later is not None
    assert later.before == 3


async def test_trunks_tell_room_rate_and_since_when_they_are_slow(ledger: Ledger, campaign: Campaign) -> None:
    uk = Trunk(name="uk", host="b:5060", prefixes=("+44",))
    narrow = replace(MAIN, channels=2, calls_per_second=10.0)
    await queue(ledger, campaign)
    [call] = (await admit(ledger, narrow, uk)).calls
    waiting = await queue(ledger, campaign)
    attempt = await ledger.begin_attempt(call.call_id, "x@y", "main", NOW, "one")
    step = NextStep(CallState.QUEUED, NOW + 60 * SECOND, counted=False)
    await ledger.end_attempt(
        attempt.attempt_id,
        outcome=Outcome.CAPACITY,
        now=NOW,
        sip_status=503,
        detail="",
        step=step,
        full=True,
        retry_after=5,
    )
    told = await explained(ledger, waiting, narrow, uk)
    [trunk] = told.trunks
    assert (trunk.name, trunk.in_use, trunk.channels, trunk.rate, trunk.rate_now) == ("main", 0, 2, 10.0, 5.0)
    assert (trunk.slowed_at, trunk.blocked_until) == (NOW, NOW + 5 * SECOND)
    assert (told.first_closed, told.earliest) == (Gate.TRUNK, NOW + 5 * SECOND)
    again = await explained(ledger, call, narrow, uk)
    assert "ended as capacity" in dict(again.findings)[Gate.DUE_TIME].reason


async def test_without_a_trunk_that_is_said(ledger: Ledger, campaign: Campaign) -> None:
    call = await queue(ledger, campaign)
    told = await ledger.explain(call.call_id, (), NOW)
    assert told is not None
    assert (told.first_closed, "[[trunk]]" in told.headline) == (Gate.TRUNK, True)
    abroad = await explained(ledger, call, Trunk(name="uk", host="b:5060", prefixes=("+44",)))
    assert "No trunk carries" in abroad.headline


async def test_a_call_that_is_over_tells_what_became_of_it(ledger: Ledger, campaign: Campaign) -> None:
    queued = await queue(ledger, campaign)
    [call] = (await admit(ledger, MAIN)).calls
    attempt = await ledger.begin_attempt(call.call_id, "x@y", "main", NOW, "one")
    assert (await explained(ledger, queued)).headline == (
        "It is being dialled since 2026-03-02 15:00:00 UTC, over trunk 'main'."
    )
    await ledger.end_attempt(
        attempt.attempt_id,
        outcome=Outcome.BUSY,
        now=NOW,
        sip_status=486,
        detail="Busy here.",
        step=NextStep(CallState.FAILED, None),
    )
    assert (await explained(ledger, queued)).headline == (
        "It is failed since 2026-03-02 15:00:00 UTC, after 1 attempt, the last of which ended as busy. Why: Busy here."
    )


async def test_what_is_not_there_is_not_explained(ledger: Ledger) -> None:
    assert await ledger.explain(4711, (MAIN,), NOW) is None
    assert await ledger.explain_campaign(4711, (MAIN,), NOW) is None


async def test_a_campaign_is_explained(ledger: Ledger, campaign: Campaign) -> None:
    empty = await ledger.explain_campaign(campaign.campaign_id, (MAIN,), NOW)
    assert empty is not None
    assert empty.headline == "Closed: due time. No call of it waits."
    await queue(ledger, campaign, scheduled_at=NOW + 60 * SECOND)
    later = await ledger.explain_campaign(campaign.campaign_id, (MAIN,), NOW)
    assert later is not None
    assert later.earliest == NOW + 60 * SECOND
    await queue(ledger, campaign)
    now = await ledger.explain_campaign(campaign.campaign_id, (MAIN,), NOW)
    assert now is not None
    assert (now.open, now.headline) == (True, "Every gate that its calls have in common is open.")
    await ledger.pause_campaign(campaign.campaign_id, NOW)
    paused = await ledger.explain_campaign(campaign.campaign_id, (MAIN,), NOW)
    assert paused is not None
    assert paused.first_closed is Gate.PAUSE


async def test_trunks_say_what_they_carry_and_how_much_they_were_slowed_down(
    ledger: Ledger, campaign: Campaign
) -> None:
    [before] = await ledger.trunk_rooms((MAIN,), NOW)
    assert (before.in_use, before.rate_now, before.slowed_at) == (0, MAIN.calls_per_second, None)
    await queue(ledger, campaign)
    [call] = (await admit(ledger, MAIN)).calls
    attempt = await ledger.begin_attempt(call.call_id, "a@b", MAIN.name, NOW, "one")
    [carrying] = await ledger.trunk_rooms((MAIN,), NOW)
    assert carrying.in_use == 1
    step, late = NextStep(CallState.QUEUED, NOW + 60 * SECOND, counted=False), NOW + SECOND
    ending = {"outcome": Outcome.CAPACITY, "sip_status": 503, "detail": "CPS limit", "full": True}
    await ledger.end_attempt(attempt.attempt_id, now=late, step=step, **ending)  # type: ignore[arg-type]
    [slower] = await ledger.trunk_rooms((MAIN,), late)
    assert (slower.in_use, slower.rate_now, slower.slowed_at) == (0, MAIN.calls_per_second / 2, late)
