"""The JSON API on a ledger, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from argon2 import PasswordHasher
from fastapi import APIRouter, FastAPI

from mirabelle.api.admission import Admission
from mirabelle.api.app import create_app
from mirabelle.api.json_api import routers
from mirabelle.api.keys import hash_key
from mirabelle.api.login import hash_pin
from mirabelle.api.preflight import Fetches
from mirabelle.api.v1.services import Services
from mirabelle.calls.account import Account
from mirabelle.settings import Settings, load
from mirabelle.store.ledger import Ledger
from mirabelle.store.records import Role

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PIN = "98765432"


@dataclass
class Hours:
    """A clock that is moved by hand."""

    passed: float = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed


@dataclass
class World:
    """A server's API, with two accounts."""

    ledger: Ledger
    app: FastAPI
    clock: Hours
    acme: Account
    other: Account
    rung: list[str] = field(default_factory=list)

    async def key(self, role: Role, account: Account | None = None) -> str:
        """A new key, as a header."""
        whose = account or self.acme
        key = f"mk_{role}_{whose.login}"
        if await self.ledger.key(hash_key(key)) is None:
            await self.ledger.add_key(whose.account_id, role, hash_key(key), self.clock.now())
        return f"Bearer {key}"

    @asynccontextmanager
    async def client(self, role: Role = "manager", account: Account | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A client with a key."""
        headers = {"Authorization": await self.key(role, account)}
        async with self.stranger() as client:
            client.headers.update(headers)
            yield client

    def stranger(self) -> httpx.AsyncClient:
        """A client without a key."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://mirabelle.test")


async def make_world(ledger: Ledger, settings: Settings | None = None, fetcher: Fetches | None = None) -> World:
    """An API on a ledger that has no accounts yet."""
    clock = Hours()
    chosen = settings or load(None, {"MIRABELLE_API_OPERATOR": "ops"})
    rung: list[str] = []

    def queued() -> None:
        rung.append("queued")

    def json_api(admission: Admission) -> Sequence[APIRouter]:
        services = Services(
            ledger=ledger, clock=clock, settings=chosen, admission=admission, on_queued=queued, hasher=CHEAP
        )
        return routers(services)

    app = create_app(
        ledger,
        clock,
        chosen,
        on_queued=queued,
        health=dict,
        fetcher=fetcher,
        json_api=json_api,
        hasher=CHEAP,
    )
    acme = await ledger.add_account("acme", hash_pin(PIN, CHEAP), NOW)
    other = await ledger.add_account("other", hash_pin(PIN, CHEAP), NOW)
    return World(ledger, app, clock, acme, other, rung)
