"""The scheduling service over a ledger on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from mirabelle.api.admission import Admission
from mirabelle.api.app import create_app
from mirabelle.api.json_api import routers
from mirabelle.api.keys import hash_key
from mirabelle.api.login import LoginCheck
from mirabelle.api.preflight import Finding
from mirabelle.api.v1.services import Services
from mirabelle.calls.account import Account
from mirabelle.settings import Settings, load
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from mirabelle.store.records import Role

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""A Monday, 10:00 in New York."""
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class Looks(Admission):
    """Looks at addresses, and finds what it is told to find."""

    def __init__(self, login: LoginCheck) -> None:
        super().__init__(login, None)
        self.finding = Finding()

    async def addresses(self, account: Account, start_url: str, result_url: str) -> Finding:
        return self.finding


class Service:
    """The service, and who may use it."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger = ledger
        self.clock = Noon()
        self.looks = Looks(LoginCheck(ledger, self.clock, hasher=CHEAP))
        self.rung = 0
        services = Services(
            ledger=ledger, clock=self.clock, settings=settings, admission=self.looks, on_queued=self.ring
        )
        self.app = create_app(
            ledger,
            self.clock,
            settings,
            on_queued=self.ring,
            health=dict,
            json_api=lambda _admission: routers(services),
            hasher=CHEAP,
        )

    def ring(self) -> None:
        self.rung += 1

    async def key(self, account: Account, role: Role) -> httpx.AsyncClient:
        """A client with a key of its own."""
        key = f"{account.login}-{role}"
        await self.ledger.add_key(account.account_id, role, hash_key(key), NOW)
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://mirabelle.test/api",
            headers={"authorization": f"Bearer {key}"},
        )


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    opened = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield opened
    await opened.aclose()


@pytest.fixture
async def account(ledger: Ledger) -> Account:
    return await ledger.add_account("acme", "hashed", NOW)


@pytest.fixture
def service(ledger: Ledger) -> Service:
    return Service(ledger, load(None, {}))


@pytest.fixture
async def client(service: Service, account: Account) -> AsyncIterator[httpx.AsyncClient]:
    async with await service.key(account, "manager") as client:
        yield client


@pytest.fixture
async def reader(service: Service, account: Account) -> AsyncIterator[httpx.AsyncClient]:
    async with await service.key(account, "read") as client:
        yield client


@pytest.fixture
async def stranger(service: Service, ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    async with await service.key(await ledger.add_account("other", "hashed", NOW), "admin") as client:
        yield client


OFFICE: dict[str, Any] = {
    "name": "office",
    "zone": "America/New_York",
    "windows": [{"weekdays": ["monday", "tuesday"], "start": "09:00", "end": "17:30"}],
}


@pytest.fixture
async def campaign_id(client: httpx.AsyncClient) -> int:
    """A campaign that keeps a schedule and a profile."""
    schedule = (await client.post("/schedules", json=OFFICE)).json()["schedule_id"]
    profile = (await client.post("/profiles", json={"name": "slow", "channels": 2})).json()["profile_id"]
    body = {
        "name": "spring",
        "start_url": "http://example.com/start",
        "result_url": "http://example.com/result",
        "max_retries": 2,
        "retry_interval": 600,
        "campaign_parameters": "colour=green",
        "schedules": [schedule],
        "profiles": [profile],
    }
    response = await client.post("/campaigns", json=body)
    assert response.status_code == 201, response.text
    made: int = response.json()["campaign_id"]
    return made
