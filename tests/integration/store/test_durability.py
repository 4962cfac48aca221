from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import mirabelle
from mirabelle.calls.attempt import AttemptState
from mirabelle.calls.call import CallState
from mirabelle.store.open import open_ledger

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=30)
LATER = NOW + timedelta(seconds=60)

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(mirabelle.__file__).parents[1])}

# Says on its output what it has been promised, then waits to be killed.
DIALER = """
import asyncio, json, sys
from datetime import UTC, datetime, timedelta
from mirabelle.calls.call import CallState, NewCall
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.store.open import open_ledger
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

async def main(url, upto):
    ledger = await open_ledger(url)
    account = await ledger.add_account("acme", "hashed", NOW)
    call = await ledger.queue_call(
        NewCall(account_id=account.account_id, campaign_id=account.default_campaign_id, phone_number="+16175550123",
                start_url="http://example.com/s", result_url="http://example.com/r"), NOW)
    steps = ["queued", "claimed", "intended", "answered", "ended"]
    upto = steps.index(upto)
    if upto >= 1:
        await claim(ledger, NOW, 1, "doomed", NOW + timedelta(seconds=30))
    if upto >= 2:
        attempt = await ledger.begin_attempt(call.call_id, "doomed@test", "main", NOW, "doomed")
    if upto >= 3:
        await ledger.attempt_answered(attempt.attempt_id, NOW)
    if upto >= 4:
        await ledger.end_attempt(attempt.attempt_id, outcome=Outcome.ANSWERED, now=NOW, sip_status=200, detail="",
                                 step=NextStep(CallState.COMPLETED, None))
    print(json.dumps({"call_id": call.call_id}), flush=True)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def killed_after(store_url: str) -> AsyncIterator[object]:
    started: list[asyncio.subprocess.Process] = []

    async def run(step: str) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", DIALER, store_url, step, stdout=asyncio.subprocess.PIPE, env=ENVIRONMENT
        )
        started.append(process)
        assert process.stdout is not None
        said = json.loads(await process.stdout.readline())
        process.kill()
        await process.wait()
        call_id: int = said["call_id"]
        return call_id

    yield run
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(
    ("step", "call_state", "attempt_state"),
    [
        ("queued", CallState.QUEUED, None),
        ("claimed", CallState.DIALING, None),
        ("intended", CallState.DIALING, AttemptState.INTENDED),
        ("answered", CallState.CONNECTED, AttemptState.ANSWERED),
        ("ended", CallState.COMPLETED, AttemptState.ENDED),
    ],
)
async def test_what_was_promised_is_there_after_the_process_was_killed(
    store_url: str, killed_after: object, step: str, call_state: CallState, attempt_state: AttemptState | None
) -> None:
    assert callable(killed_after)
    call_id = await killed_after(step)
    ledger = await open_ledger(store_url)
    try:
        call = await ledger.call(call_id)
        assert call is not None
        assert call.state is call_state
        attempts = await ledger.attempts(call_id)
        assert [(each.state, each.sip_call_id) for each in attempts] == (
            [] if attempt_state is None else [(attempt_state, "doomed@test")]
        )
        leased = call_state in {CallState.DIALING, CallState.CONNECTED}
        assert len(await ledger.recover(LEASE, "heir", LATER)) == leased
        results = await ledger.claim_deliveries(NOW, 10, "heir", LATER)
        assert len(results) == (call_state is CallState.COMPLETED)
    finally:
        await ledger.aclose()
