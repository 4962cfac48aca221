from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.audit import AuditEntry, Decision
from mirabelle.calls.call import CallState, NewCall
from mirabelle.calls.do_not_call import DoNotCallEntry
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.calls.second_leg import Declined, Granted, SecondLeg, Want, new_call_id
from mirabelle.calls.trunk import Trunk
from mirabelle.store.audit_verification import verify
from mirabelle.store.ledger import LeaseLost, Ledger
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=30)
NARROW = Trunk(name="main", host="127.0.0.1:5060", channels=2, calls_per_second=1000.0)
AGENT = "+16175550188"


async def connected(ledger: Ledger, account: Account, owner: str = "one", *, trunk: Trunk = NARROW) -> Attempt:
    """A call that somebody answered."""
    await ledger.queue_call(
        NewCall(
            account_id=account.account_id,
            campaign_id=account.default_campaign_id,
            phone_number="+16175550123",
            start_url="http://example.com/start",
        ),
        NOW,
    )
    [call] = await claim(ledger, NOW, 1, owner, LEASE, trunks=(trunk,))
    attempt = await ledger.begin_attempt(call.call_id, f"{call.call_id}@here", call.trunk, NOW, owner)
    await ledger.attempt_answered(attempt.attempt_id, NOW)
    return attempt


def a_leg(attempt: Attempt) -> SecondLeg:
    return SecondLeg(
        call_id=attempt.call_id,
        attempt_id=attempt.attempt_id,
        e164=AGENT,
        sip_call_id=new_call_id(),
        kind="bridge",
    )


async def told(ledger: Ledger, attempt: Attempt) -> list[AuditEntry]:
    found = await ledger.audit_newest(call_id=attempt.call_id, limit=100)
    return [entry for entry in found if entry.decision.startswith("transfer")]


async def room(ledger: Ledger, account: Account) -> int:
    """How many more calls are admitted, a while later."""
    later = NOW + timedelta(seconds=5)
    for _ in range(3):
        await ledger.queue_call(
            NewCall(
                account_id=account.account_id,
                campaign_id=account.default_campaign_id,
                phone_number="+16175550123",
                start_url="http://example.com/start",
            ),
            NOW,
        )
    return len(await claim(ledger, later, 10, "two", later + timedelta(seconds=30), trunks=(NARROW,)))


async def test_a_second_leg_takes_a_channel_of_its_trunk(ledger: Ledger, account: Account) -> None:
    leg = a_leg(await connected(ledger, account))
    granted = await ledger.begin_transfer(leg, [NARROW], NOW, "one")
    assert isinstance(granted, Granted)
    assert granted.trunk == "main"
    assert await room(ledger, account) == 0


async def test_a_second_leg_that_ended_gives_its_channel_back(ledger: Ledger, account: Account) -> None:
    leg = a_leg(await connected(ledger, account))
    await ledger.begin_transfer(leg, [NARROW], NOW, "one")
    await ledger.end_transfer(leg, "main", outcome=Outcome.BUSY, now=NOW, owner="one", sip_status=486)
    assert await room(ledger, account) == 1


async def test_a_second_leg_whose_call_is_over_holds_nothing(ledger: Ledger, account: Account) -> None:
    attempt = await connected(ledger, account)
    await ledger.begin_transfer(a_leg(attempt), [NARROW], NOW, "one")
    await ledger.end_attempt(
        attempt.attempt_id,
        outcome=Outcome.ANSWERED,
        now=NOW,
        sip_status=200,
        detail="",
        step=NextStep(CallState.COMPLETED, None),
    )
    assert await room(ledger, account) == 2


async def test_a_full_trunk_declines_and_the_audit_says_so(ledger: Ledger, account: Account) -> None:
    first, second = await connected(ledger, account), await connected(ledger, account)
    declined = await ledger.begin_transfer(a_leg(first), [NARROW], NOW, "one")
    assert isinstance(declined, Declined)
    assert declined.want is Want.ROOM
    [entry] = await told(ledger, first)
    assert (entry.decision, entry.attempt_id, entry.reason) == ("transfer_refused", first.attempt_id, declined.reason)
    assert await told(ledger, second) == []


async def test_a_number_on_a_do_not_call_list_is_never_a_second_leg(ledger: Ledger, account: Account) -> None:
    attempt = await connected(ledger, account)
    await ledger.add_do_not_call(account.account_id, [DoNotCallEntry("+1617555018*")], NOW)
    declined = await ledger.begin_transfer(a_leg(attempt), [NARROW], NOW, "one")
    assert isinstance(declined, Declined)
    assert declined.want is Want.LEAVE
    assert AGENT not in declined.reason


async def test_only_who_holds_the_call_transfers_it(ledger: Ledger, account: Account) -> None:
    with pytest.raises(LeaseLost):
        await ledger.begin_transfer(a_leg(await connected(ledger, account)), [NARROW], NOW, "two")


async def test_a_second_leg_has_its_turn_in_the_rate_before_calls_that_wait(ledger: Ledger, account: Account) -> None:
    slow = replace(NARROW, channels=100, calls_per_second=1.0)
    attempt = await connected(ledger, account)
    granted = [await ledger.begin_transfer(a_leg(attempt), [slow], NOW, "one") for _ in range(3)]
    waits = [(each.at - NOW).total_seconds() for each in granted if isinstance(each, Granted)]
    assert waits[0] == 0.0
    assert waits[1] > 0.9
    assert round(waits[2] - waits[1], 3) == 1.0


async def test_a_turn_that_comes_too_late_is_no_room(ledger: Ledger, account: Account) -> None:
    slow = replace(NARROW, channels=100, calls_per_second=0.1)
    attempt = await connected(ledger, account)
    await ledger.begin_transfer(a_leg(attempt), [slow], NOW, "one")
    assert isinstance(await ledger.begin_transfer(a_leg(attempt), [slow], NOW, "one"), Declined)


async def test_a_trunk_that_said_it_is_full_is_left_alone_as_long_as_it_asked(ledger: Ledger, account: Account) -> None:
    leg = a_leg(await connected(ledger, account))
    await ledger.begin_transfer(leg, [NARROW], NOW, "one")
    await ledger.end_transfer(
        leg, "main", outcome=Outcome.CAPACITY, now=NOW, owner="one", sip_status=503, full=True, retry_after=60
    )
    assert isinstance(await ledger.begin_transfer(leg, [NARROW], NOW, "one"), Declined)


async def test_what_needs_no_trunk_takes_no_room(ledger: Ledger, account: Account) -> None:
    first = await connected(ledger, account)
    await connected(ledger, account)
    leg = replace(a_leg(first), kind="blind", sip_call_id="")
    assert await ledger.begin_transfer(leg, [], NOW, "one") == Granted("", NOW)


async def test_the_audit_tells_of_a_second_leg_and_stays_whole(ledger: Ledger, account: Account) -> None:
    attempt = await connected(ledger, account)
    leg = a_leg(attempt)
    await ledger.begin_transfer(leg, [NARROW], NOW, "one")
    await ledger.end_transfer(leg, "main", outcome=Outcome.ANSWERED, now=NOW, owner="one", sip_status=200, duration=12)
    begun, over = await told(ledger, attempt)
    assert (begun.decision, begun.owner, begun.told()) == (
        Decision.TRANSFER,
        "one",
        {"type": "bridge", "trunk": "main", "sip_call_id": leg.sip_call_id},
    )
    assert (over.decision, over.told()) == (
        Decision.TRANSFER_ENDED,
        {"outcome": "answered", "sip_status": 200, "seconds": 12},
    )
    while await ledger.seal_audit(100):
        pass
    assert (await verify(ledger)).breaks == ()


async def test_no_channel_is_given_twice_whoever_asks(
    ledger: Ledger, account: Account, another: Callable[[], Awaitable[Ledger]]
) -> None:
    wide = replace(NARROW, channels=8)
    connected_calls = [await connected(ledger, account, trunk=wide) for _ in range(6)]
    fleet = [ledger, await another()]
    told = await asyncio.gather(
        *(
            fleet[index % 2].begin_transfer(a_leg(attempt), [wide], NOW + timedelta(seconds=1), "one")
            for index, attempt in enumerate(connected_calls)
        )
    )
    assert sum(isinstance(each, Granted) for each in told) == 2
