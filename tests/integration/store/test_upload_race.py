"""An upload into a campaign that others queue calls into meanwhile, on the store where that can be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import asyncpg
import pytest

from mirabelle.calls.call import Callee, NewCall, NewCalls
from mirabelle.store import postgres, postgres_copy
from mirabelle.store.asking import Load
from mirabelle.store.open import open_ledger

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NUMBERS = (1, 2, 3)
LAST_KEY = "SELECT last_value FROM calls_call_id_seq"


async def test_the_keys_are_those_of_the_upload_though_others_have_some_in_between(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await open_ledger(postgres_url)
    account = await ledger.add_account("acme", "hashed", NOW)
    campaign = account.default_campaign_id
    single = NewCall(
        account_id=account.account_id, campaign_id=campaign, phone_number="+1", start_url="http://example.com/start"
    )
    watching = await asyncpg.connect(postgres_url)
    others: list[int] = []
    pieces = postgres._pieces

    async def with_others(load: Load) -> AsyncIterator[bytes]:
        """After each piece, once its calls have their keys, somebody else queues a call."""
        others.append((await ledger.queue_call(single, NOW)).call_id)
        async for piece in pieces(load):
            yield piece
            if len(others) == len(NUMBERS) + 1:
                continue  # the end of the stream, which is no call
            while await watching.fetchval(LAST_KEY) == others[-1]:
                pass
            others.append((await ledger.queue_call(single, NOW)).call_id)

    async def batches() -> AsyncIterator[Sequence[NewCall]]:
        yield NewCalls(single, [Callee(f"+{number}", f"ref {number}") for number in NUMBERS])

    monkeypatch.setattr(postgres, "_pieces", with_others)
    monkeypatch.setattr(postgres_copy, "PIECE", 1)
    try:
        uploaded = await ledger.upload(account.account_id, "", "", batches(), NOW, into=campaign, listed=2)
        stored = await ledger.calls(account.account_id, campaign_id=campaign)
        ours = [call.call_id for call in stored if call.call_id not in others]
        assert [call.message_reference for call in stored if call.call_id in ours] == ["ref 1", "ref 2", "ref 3"]
        assert ours[0] < others[1] < ours[1]
        assert uploaded.call_ids == tuple(ours[:2])
        assert (uploaded.first_call_id, uploaded.last_call_id, uploaded.queued) == (ours[0], ours[-1], 3)
    finally:
        await watching.close()
        await ledger.aclose()
