from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall
from mirabelle.store.ledger import Ledger

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND


async def fill(ledger: Ledger, account: Account, *urls: str) -> None:
    """An outbox with results for these URLs."""
    for url in urls:
        new = NewCall(
            account_id=account.account_id,
            campaign_id=account.default_campaign_id,
            phone_number="+16175550123",
            start_url="http://example.com/start",
            result_url=url,
            expires_at=NOW,
        )
        await ledger.queue_call(new, NOW)
        await ledger.expire_due(NOW, 1)


async def test_a_result_is_claimed_once_until_its_lease_runs_out(ledger: Ledger, account: Account) -> None:
    await fill(ledger, account, "http://a.example/r")
    assert await ledger.next_delivery(NOW) == NOW
    [first] = await ledger.claim_deliveries(NOW, 10, "one", LEASE)
    assert first.attempts == 0
    assert await ledger.claim_deliveries(NOW, 10, "two", LEASE) == ()
    assert await ledger.next_delivery(NOW) == LEASE
    [again] = await ledger.claim_deliveries(LEASE, 10, "two", LEASE + 30 * SECOND)
    assert (again.delivery_id, again.attempts) == (first.delivery_id, 1)


async def test_a_result_that_was_taken_is_never_posted_again(ledger: Ledger, account: Account) -> None:
    await fill(ledger, account, "http://a.example/r")
    [delivery] = await ledger.claim_deliveries(NOW, 10, "one", LEASE)
    await ledger.delivery_done(delivery.delivery_id, NOW)
    assert await ledger.next_delivery(NOW) is None
    assert await ledger.claim_deliveries(LEASE, 10, "one", LEASE) == ()


async def test_a_failed_post_is_due_again_at_its_next_time(ledger: Ledger, account: Account) -> None:
    await fill(ledger, account, "http://a.example/r")
    [delivery] = await ledger.claim_deliveries(NOW, 10, "one", LEASE)
    await ledger.delivery_failed(delivery.delivery_id, now=NOW, next_at=NOW + 5 * SECOND, reason="500")
    assert await ledger.next_delivery(NOW) == NOW + 5 * SECOND
    assert await ledger.claim_deliveries(NOW + 4 * SECOND, 10, "one", LEASE) == ()
    assert len(await ledger.claim_deliveries(NOW + 5 * SECOND, 10, "one", LEASE)) == 1


async def test_a_dead_letter_is_never_due(ledger: Ledger, account: Account) -> None:
    await fill(ledger, account, "http://a.example/r")
    [delivery] = await ledger.claim_deliveries(NOW, 10, "one", LEASE)
    await ledger.delivery_failed(delivery.delivery_id, now=NOW, next_at=None, reason="gone\0" * 1000)
    assert await ledger.next_delivery(NOW) is None
    assert await ledger.claim_deliveries(LEASE, 10, "one", LEASE) == ()


async def test_a_late_word_about_a_result_that_is_done_changes_nothing(ledger: Ledger, account: Account) -> None:
    await fill(ledger, account, "http://a.example/r")
    [delivery] = await ledger.claim_deliveries(NOW, 10, "one", LEASE)
    await ledger.delivery_done(delivery.delivery_id, NOW)
    await ledger.delivery_failed(delivery.delivery_id, now=NOW, next_at=NOW, reason="late")
    assert await ledger.next_delivery(NOW) is None


async def test_one_host_gets_no_more_than_its_share_of_a_claim(ledger: Ledger, account: Account) -> None:
    await fill(ledger, account, *["http://a.example/r"] * 5, "http://B.example:81/r", "http://c.example/r")
    taken = await ledger.claim_deliveries(NOW, 10, "one", LEASE, per_host=2)
    assert [delivery.url for delivery in taken] == [
        "http://a.example/r",
        "http://a.example/r",
        "http://B.example:81/r",
        "http://c.example/r",
    ]


async def test_a_host_that_is_left_out_waits(ledger: Ledger, account: Account) -> None:
    await fill(ledger, account, "http://a.example/r", "http://B.example/r", "not a url")
    taken = await ledger.claim_deliveries(NOW, 10, "one", LEASE, skip_hosts={"a.example"})
    assert [delivery.url for delivery in taken] == ["http://B.example/r", "not a url"]
    [rest] = await ledger.claim_deliveries(NOW, 10, "one", LEASE)
    assert rest.url == "http://a.example/r"


async def test_the_limit_takes_the_longest_due(ledger: Ledger, account: Account) -> None:
    await fill(ledger, account, "http://z.example/r", "http://a.example/r")
    [taken] = await ledger.claim_deliveries(NOW, 1, "one", LEASE)
    assert taken.url == "http://z.example/r"
