from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from mirabelle.calls.account import Account
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.audit import AuditEntry, Decision
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.calls.trunk import Trunk
from mirabelle.store.audit_verification import Verification, verify
from mirabelle.store.ledger import CallHeld, CampaignPaused, LeaseLost, Ledger, StoreError
from tests.admission import WIDE, claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = NOW + 30 * SECOND
NUMBER = "+16175550123"


async def queue(ledger: Ledger, account: Account, count: int = 1, **changes: Any) -> list[int]:
    plain: dict[str, Any] = {
        "account_id": account.account_id,
        "campaign_id": account.default_campaign_id,
        "phone_number": NUMBER,
        "start_url": "http://example.com/start",
    }
    return [(await ledger.queue_call(NewCall(**plain | changes), NOW)).call_id for _ in range(count)]


async def dial(ledger: Ledger, owner: str = "one") -> Attempt:
    [call] = await claim(ledger, NOW, 1, owner, LEASE)
    return await ledger.begin_attempt(call.call_id, f"{call.call_id}@here", call.trunk, NOW, owner)


async def end(ledger: Ledger, attempt: Attempt, outcome: Outcome = Outcome.BUSY, step: NextStep | None = None) -> Call:
    step = step or NextStep(CallState.FAILED, None)
    return await ledger.end_attempt(
        attempt.attempt_id, outcome=outcome, now=NOW, sip_status=486, detail=f"{NUMBER} is busy", step=step
    )


async def told(ledger: Ledger, call_id: int | None = None) -> list[AuditEntry]:
    """The entries beside the first of all."""
    found = await ledger.audit_newest(call_id=call_id, limit=1000)
    return [entry for entry in found if entry.decision != Decision.OPENED]


async def decisions(ledger: Ledger, call_id: int | None = None) -> list[str]:
    return [entry.decision for entry in await told(ledger, call_id)]


async def sealed(ledger: Ledger) -> Verification:
    while await ledger.seal_audit(2):
        pass
    return await verify(ledger)


async def execute(url: str, *statements: str, guarded: bool = False) -> None:
    """Change the database behind the ledger's back; unguarded as somebody does who may do everything."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        try:
            if not guarded:
                for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    connection.execute(f"DROP TRIGGER {name}")
                connection.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        finally:
            connection.close()
        return
    server = await asyncpg.connect(url)
    try:
        async with server.transaction():
            if not guarded:
                await server.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                await server.execute(statement)
    finally:
        await server.close()


async def test_a_dial_is_told_with_its_trunk_its_call_id_and_its_number(ledger: Ledger, account: Account) -> None:
    [call_id] = await queue(ledger, account)
    attempt = await dial(ledger)
    [entry] = await told(ledger)
    assert (entry.decision, entry.call_id, entry.attempt_id, entry.owner) == (
        "dial",
        call_id,
        attempt.attempt_id,
        "one",
    )
    assert entry.told() == {"number": 1, "trunk": "wide", "sip_call_id": f"{call_id}@here"}


async def test_an_end_is_told_with_what_becomes_of_the_call(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account)
    attempt = await dial(ledger)
    await end(ledger, attempt, step=NextStep(CallState.QUEUED, NOW + SECOND))
    entry = (await told(ledger))[-1]
    assert (entry.decision, entry.attempt_id, entry.owner) == ("ended", attempt.attempt_id, "one")
    assert entry.told() == {
        "outcome": "busy",
        "sip_status": 486,
        "state": "queued",
        "due": (NOW + SECOND).isoformat(),
    }


async def test_no_telephone_number_is_in_the_audit(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account)
    await end(ledger, await dial(ledger))
    for entry in await told(ledger):
        assert not re.search(r"\d{7,}", f"{entry.reason}{entry.detail}")


async def test_a_call_that_waits_for_room_is_told_once_for_one_reason(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 2)
    narrow = replace(WIDE, name="narrow", channels=1, prefixes=("+1",))
    other = replace(WIDE, name="other", prefixes=("+49",))
    for seconds in (0, 3, 6):
        now = NOW + seconds * SECOND
        await ledger.admit((narrow, other), now, 10, "one", now + 30 * SECOND, memory=VerdictMemory())
    [entry] = await told(ledger)
    assert (entry.decision, entry.call_id) == ("held", 2)
    assert entry.reason == "No trunk that carries calls to this number has room."
    assert entry.told() == {"until": (NOW + 2 * SECOND).isoformat()}


async def test_a_call_that_another_gate_holds_is_told_again(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 2)
    narrow = replace(WIDE, name="narrow", channels=1, prefixes=("+1",))
    other = replace(WIDE, name="other", prefixes=("+49",))
    await ledger.admit((narrow, other), NOW, 10, "one", LEASE, memory=VerdictMemory())
    capped = replace(account.settings, person_attempts=1)
    await ledger.begin_attempt(1, "1@here", "narrow", NOW, "one")
    await ledger.update_settings(account.account_id, capped)
    later = NOW + 3 * SECOND
    await ledger.admit((narrow, other), later, 10, "one", LEASE, memory=VerdictMemory())
    entries = await told(ledger, 2)
    assert [entry.decision for entry in entries] == ["held", "held"]
    assert entries[0].reason != entries[1].reason


async def test_a_call_that_may_never_be_dialled_is_told_as_refused(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account)
    abroad = Trunk(name="abroad", host="a:5060", prefixes=("+49",))
    await ledger.admit((abroad,), NOW, 10, "one", LEASE, memory=VerdictMemory())
    [entry] = await told(ledger)
    assert (entry.decision, entry.call_id, entry.owner) == ("refused", 1, "one")
    assert "No trunk carries calls" in entry.reason


async def test_an_expiry_a_cancellation_and_a_taking_back_are_told(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 2, expires_at=NOW + SECOND)
    await ledger.cancel_call(1, NOW)
    await ledger.expire_due(NOW + SECOND, 10)
    await ledger.retry_failed(account.default_campaign_id, NOW + 2 * SECOND, expires_at=LEASE)
    await ledger.cancel_campaign(account.default_campaign_id, NOW + 2 * SECOND)
    assert await decisions(ledger, 1) == ["canceled"]
    assert await decisions(ledger, 2) == ["expired", "taken_back", "canceled"]
    assert (await told(ledger, 2))[1].told() == {"state": "expired"}


async def test_a_recovery_tells_what_was_found_and_what_follows(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account, 3)
    await claim(ledger, NOW, 1, "dead", LEASE)
    await dial(ledger, "dead")
    answered = await dial(ledger, "dead")
    await ledger.attempt_answered(answered.attempt_id, NOW)
    await ledger.recover(LEASE, "heir", LEASE + SECOND)
    entries = [entry for entry in await told(ledger) if entry.decision == Decision.RECOVERED]
    assert [(entry.call_id, entry.told()["found"], entry.owner) for entry in entries] == [
        (1, "nothing", "heir"),
        (2, "intended", "heir"),
        (3, "answered", "heir"),
    ]
    assert ["back to the queue" in entries[0].reason, "interrupted" in entries[1].reason, "final" in entries[2].reason]
    assert entries[2].attempt_id == answered.attempt_id


async def test_a_pause_and_a_resumption_are_told(ledger: Ledger, account: Account) -> None:
    await ledger.pause_campaign(account.default_campaign_id, NOW)
    await ledger.resume_campaign(account.default_campaign_id, NOW)
    entries = await told(ledger)
    assert [entry.decision for entry in entries] == ["paused", "resumed"]
    assert all(entry.told() == {"campaign_id": account.default_campaign_id} for entry in entries)


async def test_a_call_held_back_at_the_moment_of_dialling_is_told(ledger: Ledger, account: Account) -> None:
    await queue(ledger, account)
    [call] = await claim(ledger, NOW, 1, "one", LEASE)
    await ledger.pause_campaign(account.default_campaign_id, NOW)
    for _ in range(2):
        with pytest.raises(CampaignPaused):
            await ledger.begin_attempt(call.call_id, "x@here", "wide", NOW, "one")
    [entry] = await told(ledger, call.call_id)
    assert (entry.decision, entry.reason, entry.told()) == ("held", "Its campaign is paused.", {"at": "dial"})


async def test_an_attempt_after_the_expiration_is_told_as_held(ledger: Ledger, account: Account) -> None:
    [call_id] = await queue(ledger, account, expires_at=NOW + SECOND)
    await claim(ledger, NOW, 1, "one", LEASE)
    with pytest.raises(CallHeld):
        await ledger.begin_attempt(call_id, "x@here", "wide", NOW + SECOND, "one")
    assert await decisions(ledger, call_id) == ["held"]


async def test_a_step_that_is_refused_leaves_no_entry(ledger: Ledger, account: Account) -> None:
    [call_id] = await queue(ledger, account)
    with pytest.raises(LeaseLost):
        await ledger.begin_attempt(call_id, "x@here", "wide", NOW, "one")
    attempt = await dial(ledger)
    before = await decisions(ledger)
    with pytest.raises(StoreError):
        # The duration cannot be, which the last statement of the step finds.
        await ledger.end_attempt(
            attempt.attempt_id,
            outcome=Outcome.BUSY,
            now=NOW,
            sip_status=486,
            detail="",
            step=NextStep(CallState.FAILED, None),
            duration=-1,
        )
    assert await decisions(ledger) == before == ["dial"]


async def test_what_is_written_with_an_entry_is_undone_with_it(
    ledger: Ledger, account: Account, store_url: str
) -> None:
    await queue(ledger, account)
    [call] = await claim(ledger, NOW, 1, "one", LEASE)
    # An entry that the store refuses: then no attempt may have begun either.
    long = "x" * 255
    await execute(store_url, "DELETE FROM attempts", guarded=True)
    if store_url.startswith("sqlite"):
        refuse = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        allow = "DROP TRIGGER full"
    else:
        refuse = "ALTER TABLE audit ADD CONSTRAINT nothing CHECK (decision <> 'dial')"
        allow = "ALTER TABLE audit DROP CONSTRAINT nothing"
    await execute(store_url, refuse, guarded=True)
    try:
        with pytest.raises(StoreError):
            await ledger.begin_attempt(call.call_id, long, "wide", NOW, "one")
    finally:
        await execute(store_url, allow, guarded=True)
    assert await ledger.attempts(call.call_id) == ()
    assert (await ledger.begin_attempt(call.call_id, long, "wide", NOW, "one")).number == 1


async def several(ledger: Ledger, account: Account, count: int = 3) -> None:
    await queue(ledger, account, count)
    for _ in range(count):
        await end(ledger, await dial(ledger))


async def test_the_chain_of_what_was_written_is_whole(ledger: Ledger, account: Account) -> None:
    await several(ledger, account)
    found = await sealed(ledger)
    assert (found.breaks, found.unsealed, found.attempts) == ((), 0, 3)
    assert (found.sequence, found.head) == await ledger.audit_head()
    assert len(found.head) == 64


async def test_what_is_not_sealed_yet_is_counted_and_sealed_later(ledger: Ledger, account: Account) -> None:
    await several(ledger, account, 1)
    before = await verify(ledger)
    assert before.sequence == 0
    assert before.unsealed == len(await ledger.audit_newest(limit=1000))
    assert before.breaks == ()
    after = await sealed(ledger)
    assert (after.sequence, after.unsealed) == (before.unsealed, 0)


async def test_the_chain_goes_on_after_the_ledger_was_opened_again(
    ledger: Ledger, account: Account, another: Callable[[], Awaitable[Ledger]]
) -> None:
    await several(ledger, account, 2)
    await ledger.seal_audit(2)
    await ledger.aclose()
    assert (await sealed(await another())).breaks == ()


async def test_two_that_seal_at_once_make_one_chain(
    ledger: Ledger, account: Account, another: Callable[[], Awaitable[Ledger]]
) -> None:
    await several(ledger, account, 10)
    others = [ledger, await another(), await another()]

    async def seal(each: Ledger) -> None:
        while await each.audit_unsealed(limit=1):
            await each.seal_audit(3)

    async with asyncio.timeout(60):
        await asyncio.gather(*(seal(each) for each in others))
    found = await verify(ledger)
    assert (found.breaks, found.unsealed) == ((), 0)


async def test_an_entry_that_commits_late_has_a_later_place(postgres_url: str) -> None:
    from mirabelle.store.open import open_ledger

    ledger = await open_ledger(postgres_url)
    late = await asyncpg.connect(postgres_url)
    try:
        account = await ledger.add_account("acme", "hashed", NOW)
        transaction = late.transaction()
        await transaction.start()
        await late.execute("INSERT INTO audit (at, owner, decision) VALUES (1, '', 'paused')")
        await ledger.pause_campaign(account.default_campaign_id, NOW)
        await ledger.seal_audit(100)
        await transaction.commit()
        found = await sealed(ledger)
        assert found.breaks == ()
        chain = await ledger.audit_chain()
        assert [linked.entry.audit_id for linked in chain] == [1, 3, 2]
    finally:
        await late.close()
        await ledger.aclose()


REFUSED = [
    "UPDATE audit SET reason = 'another' WHERE decision = 'dial'",
    "UPDATE audit SET hash = 'another' WHERE decision = 'dial'",
    "UPDATE audit SET sequence = NULL, hash = NULL WHERE decision = 'dial'",
    "DELETE FROM audit WHERE decision = 'dial'",
    "INSERT INTO audit (at, owner, decision, sequence, hash) VALUES (1, '', 'dial', 99, 'x')",
]


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_database_refuses_to_change_what_is_sealed(
    ledger: Ledger, account: Account, store_url: str, statement: str
) -> None:
    await several(ledger, account, 1)
    await sealed(ledger)
    with pytest.raises((sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError), match="append-only"):
        await execute(store_url, statement, guarded=True)


async def test_the_database_refuses_to_change_what_is_not_sealed(
    ledger: Ledger, account: Account, store_url: str
) -> None:
    await several(ledger, account, 1)
    for statement in (
        "UPDATE audit SET reason = 'another'",
        "UPDATE audit SET reason = 'another', sequence = 1, hash = 'x'",
        "DELETE FROM audit",
    ):
        with pytest.raises((sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError), match="append-only"):
            await execute(store_url, statement, guarded=True)


async def test_the_database_refuses_to_put_one_entry_in_the_place_of_another(
    ledger: Ledger, account: Account, store_url: str
) -> None:
    await several(ledger, account, 1)
    if store_url.startswith("sqlite"):
        statement = "REPLACE INTO audit (audit_id, at, owner, decision) VALUES (2, 1, '', 'dial')"
    else:
        statement = "TRUNCATE audit"
    with pytest.raises((sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError), match="append-only"):
        await execute(store_url, statement, guarded=True)


# At the place 3 of the chain, whatever stands there.
TAMPERED = [
    ("audit_id", "audit_id = 4711"),
    ("at", "at = at + 1"),
    ("owner", "owner = 'somebody'"),
    ("call_id", "call_id = coalesce(call_id, 0) + 1"),
    ("attempt_id", "attempt_id = coalesce(attempt_id, 0) + 1"),
    ("decision", "decision = 'held'"),
    ("reason", "reason = 'another'"),
    ("detail", "detail = '{}'"),
    ("hash", "hash = '" + "0" * 64 + "'"),
]


@pytest.mark.parametrize(("column", "change"), TAMPERED, ids=[name for name, _ in TAMPERED])
async def test_a_change_of_any_column_is_found_at_its_place(
    ledger: Ledger, account: Account, store_url: str, column: str, change: str
) -> None:
    await several(ledger, account)
    await sealed(ledger)
    await execute(store_url, f"UPDATE audit SET {change} WHERE sequence = 3")
    found = await verify(ledger)
    chained = [each for each in found.breaks if "not what was sealed" in each.message]
    assert [each.sequence for each in chained] == [3], column


async def test_what_is_removed_is_found(ledger: Ledger, account: Account, store_url: str) -> None:
    await several(ledger, account)
    await sealed(ledger)
    await execute(store_url, "DELETE FROM audit WHERE sequence IN (3, 4)")
    found = await verify(ledger)
    assert found.breaks[0].message == "Entries 3 to 4 are missing from the chain."
    # And the attempt that they told of has nothing that tells of it now.
    assert any(each.attempt_id is not None for each in found.breaks)


async def test_what_is_removed_at_the_end_is_found_by_a_noted_head(
    ledger: Ledger, account: Account, store_url: str
) -> None:
    await ledger.pause_campaign(account.default_campaign_id, NOW)
    await ledger.resume_campaign(account.default_campaign_id, NOW)
    head = (await sealed(ledger)).head
    last, _ = await ledger.audit_head()
    assert (await verify(ledger, noted=head)).noted_at == last
    await execute(store_url, f"DELETE FROM audit WHERE sequence = {last}")
    assert (await verify(ledger)).broken == 0
    found = await verify(ledger, noted=head)
    assert found.noted_at is None
    assert "noted head" in found.breaks[0].message


async def test_what_is_put_in_between_is_found(ledger: Ledger, account: Account, store_url: str) -> None:
    await several(ledger, account)
    await sealed(ledger)
    await execute(
        store_url,
        "UPDATE audit SET sequence = -sequence WHERE sequence >= 3",
        "UPDATE audit SET sequence = 1 - sequence WHERE sequence < 0",
        "INSERT INTO audit (at, owner, decision, sequence, hash) VALUES (1, '', 'paused', 3, '" + "1" * 64 + "')",
    )
    assert 3 in [each.sequence for each in (await verify(ledger)).breaks]


async def test_two_that_changed_places_are_found(ledger: Ledger, account: Account, store_url: str) -> None:
    await several(ledger, account)
    await sealed(ledger)
    await execute(
        store_url,
        "UPDATE audit SET sequence = 1000 WHERE sequence = 3",
        "UPDATE audit SET sequence = 3 WHERE sequence = 4",
        "UPDATE audit SET sequence = 4 WHERE sequence = 1000",
    )
    assert {each.sequence for each in (await verify(ledger)).breaks} >= {3, 4}


async def test_an_attempt_of_which_nothing_tells_is_found(ledger: Ledger, account: Account, store_url: str) -> None:
    await several(ledger, account, 1)
    await execute(
        store_url,
        "INSERT INTO attempts (call_id, number, owner, sip_call_id, trunk, state, started_at, ended_at, outcome)"
        " VALUES (1, 2, 'x', 'x', 'x', 'ended', 1, 1, 'busy')",
    )
    found = await sealed(ledger)
    assert [each.message for each in found.breaks] == [
        "No entry tells that attempt 2 of call 1 was dialled.",
        "No entry tells that attempt 2 of call 1 ended.",
    ]


async def test_an_attempt_that_is_gone_or_was_changed_is_found(
    ledger: Ledger, account: Account, store_url: str
) -> None:
    await several(ledger, account, 2)
    await execute(
        store_url, "DELETE FROM attempts WHERE attempt_id = 1", "UPDATE attempts SET trunk = 'x', outcome = 'failed'"
    )
    found = await sealed(ledger)
    said = " ".join(each.message for each in found.breaks)
    assert "attempt 1 of call 1, which is not in the ledger" in said
    assert "another trunk" in said
    assert "another outcome" in said


async def test_many_faults_are_counted_and_the_first_are_told(ledger: Ledger, account: Account, store_url: str) -> None:
    for _ in range(60):
        await ledger.pause_campaign(account.default_campaign_id, NOW)
        await ledger.resume_campaign(account.default_campaign_id, NOW)
    await sealed(ledger)
    await execute(store_url, "UPDATE audit SET reason = 'another'")
    found = await verify(ledger)
    assert len(found.breaks) == 100
    assert found.broken >= 120


async def test_what_nobody_can_read_is_told_as_a_break(ledger: Ledger, account: Account, store_url: str) -> None:
    await several(ledger, account, 1)
    last = (await sealed(ledger)).sequence
    await execute(store_url, f"UPDATE audit SET detail = '[{json.dumps('x')}' WHERE sequence = {last}")
    assert last in [each.sequence for each in (await verify(ledger)).breaks]
