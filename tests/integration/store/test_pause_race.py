"""A pause and an intent at the same moment, on the store where both can be under way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from mirabelle.calls.call import NewCall
from mirabelle.store.ledger import CampaignPaused
from mirabelle.store.open import open_ledger
from tests.admission import claim

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_an_intent_waits_for_a_pause_that_is_under_way(postgres_url: str) -> None:
    ledger = await open_ledger(postgres_url)
    account = await ledger.add_account("acme", "hashed", NOW)
    new = NewCall(
        account_id=account.account_id,
        campaign_id=account.default_campaign_id,
        phone_number="+16175550123",
        start_url="http://example.com/start",
    )
    call = await ledger.queue_call(new, NOW)
    await claim(ledger, NOW, 1, "one", NOW + timedelta(seconds=30))
    pausing, watching = await asyncpg.connect(postgres_url), await asyncpg.connect(postgres_url)
    try:
        async with asyncio.timeout(30):
            pause = pausing.transaction()
            await pause.start()
            await pausing.execute("UPDATE campaigns SET state = 'paused'")
            beginning = asyncio.create_task(ledger.begin_attempt(call.call_id, "x@y", "main", NOW, "one"))
            while not await watching.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                assert not beginning.done()
                await asyncio.sleep(0.01)
            await pause.commit()
            with pytest.raises(CampaignPaused):
                await beginning
        assert await ledger.attempts(call.call_id) == ()
    finally:
        await pausing.close()
        await watching.close()
        await ledger.aclose()
