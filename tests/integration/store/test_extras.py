from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mirabelle.calls.account import Account, AccountSettings
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.store.ledger import Ledger
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
EXTRAS = AccountSettings(result_extras=True)
EXTENDED = AccountSettings(result_literals="extended")
EIGHT = 8


def at(instant: datetime) -> str:
    return str(int(instant.timestamp()))


async def queue(ledger: Ledger, account: Account, campaign_id: int = 0, expires_at: datetime | None = None) -> Call:
    new = NewCall(
        account_id=account.account_id,
        campaign_id=campaign_id or account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
        result_url="http://example.com/result",
        call_parameters="Ann",
        expires_at=expires_at,
    )
    return await ledger.queue_call(new, NOW)


async def dial(
    ledger: Ledger, now: datetime, outcome: Outcome, status: int, step: NextStep, *, answered: bool = False
) -> Call:
    """Claim the next call, and take its attempt to its end nine seconds later."""
    [call] = await claim(ledger, now, 1, "me", now + 30 * SECOND)
    attempt = await ledger.begin_attempt(call.call_id, f"{now.timestamp()}@test", "main", now, "me")
    if answered:
        await ledger.attempt_answered(attempt.attempt_id, now + 2 * SECOND)
    return await ledger.end_attempt(
        attempt.attempt_id, outcome=outcome, now=now + 9 * SECOND, sip_status=status, detail="so it was", step=step
    )


async def forms(ledger: Ledger, account: Account) -> list[dict[str, str]]:
    return [dict(each.form) for each in await ledger.results(account.account_id)]


async def test_without_the_setting_a_result_has_eight_variables(ledger: Ledger, account: Account) -> None:
    call = await queue(ledger, account)
    await ledger.cancel_call(call.call_id, NOW)
    [form] = await forms(ledger, account)
    assert len(form) == EIGHT
    assert form["result"] == "failed"


async def test_an_answered_call_tells_of_its_last_attempt(ledger: Ledger, account: Account) -> None:
    await ledger.update_settings(account.account_id, EXTRAS)
    campaign = await ledger.add_campaign(account.account_id, "Spring", "tulips", NOW)
    await queue(ledger, account, campaign.campaign_id)
    await dial(ledger, NOW, Outcome.BUSY, 486, NextStep(CallState.QUEUED, NOW + 60 * SECOND))
    later = NOW + 60 * SECOND
    await dial(ledger, later, Outcome.ANSWERED, 200, NextStep(CallState.COMPLETED, None), answered=True)
    [form] = await forms(ledger, account)
    assert dict(list(form.items())[EIGHT:]) == {
        "outcome": "answered",
        "state": "completed",
        "sip_status": "200",
        "detail": "so it was",
        "campaign_id": str(campaign.campaign_id),
        "campaign_name": "Spring",
        "call_parameters": "Ann",
        "campaign_parameters": "tulips",
        "queued_timestamp": at(NOW),
        "answered_timestamp": at(later + 2 * SECOND),
        "ended_timestamp": at(later + 9 * SECOND),
        "sequence": "1",
    }


async def test_a_retried_call_counts_its_results_and_tells_of_new_attempts_only(
    ledger: Ledger, account: Account
) -> None:
    await ledger.update_settings(account.account_id, EXTRAS)
    call = await queue(ledger, account)
    await dial(ledger, NOW, Outcome.BUSY, 486, NextStep(CallState.FAILED, None))
    await ledger.retry_failed(call.campaign_id, NOW + 60 * SECOND)
    await ledger.cancel_call(call.call_id, NOW + 61 * SECOND)
    first, second = await forms(ledger, account)
    assert (first["sequence"], first["outcome"], first["sip_status"]) == ("1", "busy", "486")
    assert (second["sequence"], second["outcome"], second["sip_status"]) == ("2", "canceled", "")


async def test_a_new_attempt_of_a_retried_call_is_told(ledger: Ledger, account: Account) -> None:
    await ledger.update_settings(account.account_id, EXTRAS)
    call = await queue(ledger, account)
    await dial(ledger, NOW, Outcome.BUSY, 486, NextStep(CallState.FAILED, None))
    await ledger.retry_failed(call.campaign_id, NOW + 60 * SECOND)
    await dial(ledger, NOW + 60 * SECOND, Outcome.NO_ANSWER, 480, NextStep(CallState.FAILED, None))
    _, second = await forms(ledger, account)
    assert (second["sequence"], second["outcome"], second["sip_status"]) == ("2", "no_answer", "480")


async def test_many_calls_that_end_at_once_have_each_its_own(ledger: Ledger, account: Account) -> None:
    plain = await ledger.add_account("plain", "hashed", NOW)
    words = await ledger.add_account("words", "hashed", NOW)
    await ledger.update_settings(account.account_id, EXTRAS)
    await ledger.update_settings(words.account_id, EXTENDED)
    for each in (account, plain, words) * 3:
        await queue(ledger, each, expires_at=NOW + SECOND)
    await dial(ledger, NOW, Outcome.REJECTED, 603, NextStep(CallState.QUEUED, NOW + 60 * SECOND))
    assert len(await ledger.expire_due(NOW + SECOND, 100)) == 9
    told = await forms(ledger, account)
    assert [each["sip_status"] for each in told] == ["603", "", ""]
    assert {(each["result"], each["outcome"]) for each in told} == {("failed", "expired")}
    assert [(len(each), each["result"]) for each in await forms(ledger, plain)] == [(EIGHT, "failed")] * 3
    assert [(len(each), each["result"]) for each in await forms(ledger, words)] == [(EIGHT, "expired")] * 3


async def test_more_words_tell_a_cancelled_and_a_rejected_call(ledger: Ledger, account: Account) -> None:
    await ledger.update_settings(account.account_id, EXTENDED)
    await queue(ledger, account)
    await dial(ledger, NOW, Outcome.REJECTED, 603, NextStep(CallState.FAILED, None))
    call = await queue(ledger, account)
    await ledger.cancel_campaign(call.campaign_id, NOW)
    assert [each["result"] for each in await forms(ledger, account)] == ["rejected", "canceled"]


async def test_a_call_without_a_result_url_reports_nothing(ledger: Ledger, account: Account) -> None:
    await ledger.update_settings(account.account_id, EXTRAS)
    new = NewCall(
        account_id=account.account_id,
        campaign_id=account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
    )
    call = await ledger.queue_call(new, NOW)
    await ledger.cancel_call(call.call_id, NOW)
    assert await forms(ledger, account) == []
