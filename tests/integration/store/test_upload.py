from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.call import Callee, CallState, NewCall, NewCalls
from mirabelle.store.ledger import CampaignExists, Ledger, StoreError
from mirabelle.store.open import open_ledger
from mirabelle.store.records import Uploaded
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=30)


def new_call(number: int, start_url: str = "http://example.com/start") -> NewCall:
    return NewCall(
        account_id=999,
        campaign_id=999,
        phone_number=f"+1617555{number:04}",
        start_url=start_url,
        message_reference=f"ref ✓ {number}",
    )


async def batches(*sizes: int) -> AsyncIterator[Sequence[NewCall]]:
    number = 0
    for size in sizes:
        yield [new_call(number + each) for each in range(size)]
        number += size


async def nothing_is_stored(ledger: Ledger, account: Account) -> bool:
    campaigns = await ledger.campaigns(account.account_id)
    return [each.name for each in campaigns] == ["default"] and not await ledger.recent_calls(1)


async def test_an_upload_is_a_campaign_and_its_calls_in_their_order(ledger: Ledger, account: Account) -> None:
    uploaded = await ledger.upload(account.account_id, "spring", "colour=green", batches(3, 4), NOW)
    campaign = await ledger.campaign_by_name(account.account_id, "spring")
    assert campaign is not None
    assert uploaded == Uploaded(campaign.campaign_id, uploaded.first_call_id, uploaded.first_call_id + 6, 7)
    calls = await claim(ledger, NOW, 10, "one", LEASE)
    assert [call.call_id for call in calls] == list(range(uploaded.first_call_id, uploaded.last_call_id + 1))
    assert [call.message_reference for call in calls] == [f"ref ✓ {number}" for number in range(7)]
    assert {(call.account_id, call.campaign_id, call.campaign_parameters) for call in calls} == {
        (account.account_id, campaign.campaign_id, "colour=green")
    }


async def test_more_calls_go_into_a_campaign_that_is_there(ledger: Ledger, account: Account) -> None:
    first = await ledger.upload(account.account_id, "spring", "", batches(2), NOW)
    more = await ledger.upload(account.account_id, "", "", batches(3), NOW, into=first.campaign_id)
    assert more == Uploaded(first.campaign_id, first.last_call_id + 1, first.last_call_id + 3, 3)


async def test_more_calls_go_into_no_campaign_of_another_account(ledger: Ledger, account: Account) -> None:
    other = await ledger.add_account("other", "hashed", NOW)
    for campaign_id in (other.default_campaign_id, 99, -1):
        with pytest.raises(StoreError, match="no campaign"):
            await ledger.upload(account.account_id, "", "", batches(3), NOW, into=campaign_id)


@pytest.mark.parametrize("listed", [0, 1, 5, 7, 100])
async def test_the_keys_of_the_first_calls_are_told_as_far_as_they_are_wanted(
    ledger: Ledger, account: Account, listed: int
) -> None:
    first = await ledger.upload(account.account_id, "spring", "", batches(3, 4), NOW, listed=listed)
    assert first.call_ids == tuple(range(first.first_call_id, first.last_call_id + 1))[:listed]
    more = await ledger.upload(account.account_id, "", "", batches(7), NOW, into=first.campaign_id, listed=listed)
    assert more.call_ids == tuple(range(more.first_call_id, more.last_call_id + 1))[:listed]
    stored = [await ledger.call(call_id) for call_id in more.call_ids]
    assert [call.message_reference for call in stored if call] == [f"ref ✓ {each}" for each in range(min(7, listed))]


async def test_calls_that_are_alike_are_stored_as_others(ledger: Ledger, account: Account) -> None:
    like = dataclasses.replace(new_call(0), max_retries=2, result_url="http://example.com/r ✓", expires_at=LEASE)

    async def alike() -> AsyncIterator[Sequence[NewCall]]:
        yield NewCalls(like, [Callee("+16175550001", "✓", "a=1"), Callee("+16175550002")])
        yield [dataclasses.replace(like, phone_number="+16175550003", scheduled_at=NOW + timedelta(seconds=1))]

    await ledger.upload(account.account_id, "spring", "", alike(), NOW)
    calls = await claim(ledger, NOW + timedelta(seconds=2), 10, "one", LEASE)
    assert [(call.phone_number, call.message_reference, call.call_parameters) for call in calls] == [
        ("+16175550001", "✓", "a=1"),
        ("+16175550002", "", ""),
        ("+16175550003", "ref ✓ 0", ""),
    ]
    assert {(call.start_url, call.result_url, call.max_retries, call.expires_at) for call in calls} == {
        ("http://example.com/start", "http://example.com/r ✓", 2, LEASE)
    }
    assert [call.due_at for call in calls] == [NOW, NOW, NOW + timedelta(seconds=1)]


async def test_an_empty_upload_is_an_empty_campaign(ledger: Ledger, account: Account) -> None:
    uploaded = await ledger.upload(account.account_id, "spring", "", batches(), NOW)
    assert uploaded == Uploaded(uploaded.campaign_id, 0, 0, 0)
    assert await ledger.campaign(uploaded.campaign_id) is not None


async def test_a_name_that_is_taken_is_refused_before_anything_is_read(ledger: Ledger, account: Account) -> None:
    await ledger.add_campaign(account.account_id, "spring", "", NOW)

    asked = []

    async def watched() -> AsyncIterator[Sequence[NewCall]]:
        asked.append(True)
        yield [new_call(1)]

    with pytest.raises(CampaignExists, match="spring"):
        await ledger.upload(account.account_id, "spring", "", watched(), NOW)
    assert asked == []


async def test_of_two_uploads_with_one_name_one_is_stored_whole(ledger: Ledger, account: Account) -> None:
    both = asyncio.Barrier(2)

    async def together() -> AsyncIterator[Sequence[NewCall]]:
        await both.wait()
        yield [new_call(1)] * 50

    uploads = [ledger.upload(account.account_id, "spring", "", together(), NOW) for _ in range(2)]
    ended = await asyncio.gather(*uploads, return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["CampaignExists", "Uploaded"]
    assert (await ledger.counts())[CallState.QUEUED] == 50


async def test_a_source_that_fails_leaves_nothing(ledger: Ledger, account: Account) -> None:
    async def broken() -> AsyncIterator[Sequence[NewCall]]:
        yield [new_call(1)] * 100
        raise ConnectionResetError("the client is gone")

    with pytest.raises(ConnectionResetError, match="gone"):
        await ledger.upload(account.account_id, "spring", "", broken(), NOW)
    assert await nothing_is_stored(ledger, account)


async def test_one_call_that_cannot_be_stored_leaves_nothing(ledger: Ledger, account: Account) -> None:
    async def spoiled() -> AsyncIterator[Sequence[NewCall]]:
        yield [new_call(1)] * 100
        yield [new_call(2, start_url="http://" + "x" * 3000)]

    with pytest.raises(StoreError, match="start_url"):
        await ledger.upload(account.account_id, "spring", "", spoiled(), NOW)
    assert await nothing_is_stored(ledger, account)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"max_retries": 11}, "max_retries"),
        ({"max_retries": -1}, "max_retries"),
        ({"retry_interval": 172_801}, "retry_interval"),
        ({"scheduled_at": datetime(2026, 3, 1)}, "time zone"),  # noqa: DTZ001
    ],
)
async def test_a_rule_of_the_tables_that_is_broken_leaves_nothing(
    ledger: Ledger, account: Account, changes: dict[str, Any], said: str
) -> None:
    async def spoiled() -> AsyncIterator[Sequence[NewCall]]:
        yield [new_call(1)] * 100
        yield [dataclasses.replace(new_call(2), **changes)]

    with pytest.raises(StoreError, match=said):
        await ledger.upload(account.account_id, "spring", "", spoiled(), NOW)
    assert await nothing_is_stored(ledger, account)


async def test_a_slow_upload_keeps_no_dialer_waiting(ledger: Ledger, account: Account) -> None:
    going, finish = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[Sequence[NewCall]]:
        yield [new_call(1)] * 100
        going.set()
        await finish.wait()

    uploading = asyncio.create_task(ledger.upload(account.account_id, "spring", "", slow(), NOW))
    await going.wait()
    single = dataclasses.replace(new_call(5), account_id=account.account_id, campaign_id=account.default_campaign_id)
    call = await ledger.queue_call(single, NOW)
    assert [each.call_id for each in await claim(ledger, NOW, 10, "one", LEASE)] == [call.call_id]
    await ledger.begin_attempt(call.call_id, "x@y", "main", NOW, "one")
    finish.set()
    assert (await uploading).queued == 100


async def test_an_upload_wakes_who_waits_for_work(ledger: Ledger, account: Account) -> None:
    waiting = asyncio.create_task(ledger.wait_for_work(30))
    await ledger.upload(account.account_id, "spring", "", batches(1), NOW)
    assert await waiting


async def test_after_an_upload_the_tables_refuse_what_they_refused_before(ledger: Ledger, account: Account) -> None:
    await ledger.upload(account.account_id, "spring", "", batches(1), NOW)
    bad = dataclasses.replace(
        new_call(1), account_id=account.account_id, campaign_id=account.default_campaign_id, max_retries=11
    )
    with pytest.raises(StoreError, match="refused"):
        await ledger.queue_call(bad, NOW)
    with pytest.raises(StoreError, match="refused"):
        await ledger.queue_calls([bad], NOW)


async def test_what_an_upload_stored_keeps_every_rule_of_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opened = await open_ledger(f"sqlite:///{path}")
    account = await opened.add_account("acme", "hashed", NOW)
    await opened.upload(account.account_id, "spring", "", batches(20), NOW)
    await opened.aclose()
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()
