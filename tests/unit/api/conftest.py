from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from mirabelle.api.app import create_app
from mirabelle.api.login import hash_pin
from mirabelle.calls.account import Account
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.errors import MirabelleError
from mirabelle.settings import Settings, load
from mirabelle.store.ledger import CampaignExists
from mirabelle.store.records import Uploaded

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PIN = "98765432"


class Hours:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.seconds


class Memory:
    """A ledger in memory, with one account."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.accounts = {"user": Account(1, "user", hash_pin(PIN, CHEAP), 10)}
        self.campaigns: dict[str, str] = {"default": ""}
        self.broken: Exception | None = None

    async def account_by_login(self, login: str) -> Account | None:
        return self.accounts.get(login)

    async def queue_call(self, new: NewCall, now: datetime) -> Call:
        if self.broken is not None:
            raise self.broken
        call = Call(
            call_id=112850593 + len(self.calls),
            account_id=new.account_id,
            campaign_id=new.campaign_id,
            campaign_parameters="",
            phone_number=new.phone_number,
            start_url=new.start_url,
            result_url=new.result_url,
            message_reference=new.message_reference,
            call_parameters=new.call_parameters,
            max_retries=new.max_retries,
            retry_interval=new.retry_interval,
            state=CallState.QUEUED,
            queued_at=now,
            due_at=new.scheduled_at or now,
            expires_at=new.expires_at,
        )
        self.calls.append(call)
        return call

    async def upload(
        self,
        account_id: int,
        name: str,
        parameters: str,
        batches: AsyncIterator[Sequence[NewCall]],
        now: datetime,
        *,
        listed: int = 0,
    ) -> Uploaded:
        if self.broken is not None:
            raise self.broken
        if name in self.campaigns:
            raise CampaignExists(name)
        news = [new async for batch in batches for new in batch]
        self.campaigns[name] = parameters
        calls = [await self.queue_call(replace(new, account_id=account_id), now) for new in news]
        call_ids = tuple(call.call_id for call in calls)
        return Uploaded(20 + len(self.campaigns), call_ids[0], call_ids[-1], len(calls), call_ids[:listed])

    async def campaign_numbers(
        self, campaign_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        raise AssertionError("a new campaign holds no numbers")

    async def waiting_numbers(
        self, account_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        waiting = [call for call in self.calls if call.account_id == account_id and call.call_id > after]
        return tuple((call.call_id, call.phone_number) for call in waiting)[:limit]

    async def counts(self) -> Mapping[CallState, int]:
        if self.broken is not None:
            raise self.broken
        return Counter(call.state for call in self.calls)


class Full(MirabelleError):
    """What a store may raise."""


@pytest.fixture
def clock() -> Hours:
    return Hours()


@pytest.fixture
def ledger() -> Memory:
    return Memory()


@pytest.fixture
def settings() -> Settings:
    return load(None, {})


@pytest.fixture
def rung() -> list[str]:
    """What the dialer was told."""
    return []


@pytest.fixture
def app(ledger: Memory, clock: Hours, settings: Settings, rung: list[str]) -> FastAPI:
    def queued() -> None:
        rung.append("queued")

    return create_app(ledger, clock, settings, on_queued=queued, health=lambda: {"media": {"late_ms": 1}}, hasher=CHEAP)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mirabelle.test") as client:
        yield client
