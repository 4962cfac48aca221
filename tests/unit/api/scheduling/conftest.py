"""The scheduling service over a ledger on SQLite, with the simplest check of bearer keys."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api.scheduling import problem
from mirabelle.api.scheduling.access import Caller
from mirabelle.api.scheduling.problem import Problem
from mirabelle.api.scheduling.routes import scheduling_routers
from mirabelle.api.xml import Fault
from mirabelle.calls.account import Account
from mirabelle.settings import Settings, load
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from mirabelle.store.records import Role

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
"""A Monday, 10:00 in New York."""


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class Service:
    """The service, and who may use it."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger = ledger
        self.unreachable: list[Fault] = []
        self.app = FastAPI()
        for router in scheduling_routers(ledger, Noon(), settings, self.identify, self.look):
            self.app.include_router(router)
        self.app.add_exception_handler(Problem, _problem)
        self.app.add_exception_handler(RequestValidationError, _problem)

    async def identify(self, request: Request) -> Caller:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        holder = await self.ledger.key(hashlib.sha256(key.encode()).hexdigest()) if scheme == "Bearer" else None
        account = None if holder is None else await self.ledger.account(holder.account_id)
        if holder is None or account is None:
            raise Problem(401, "Unauthorized", "Send a bearer key of the account.")
        return Caller(account, holder.role)

    async def look(self, account: Account, start_url: str, result_url: str) -> list[Fault]:
        return self.unreachable

    async def key(self, account: Account, role: Role) -> httpx.AsyncClient:
        """A client with a key of its own."""
        key = f"{account.login}-{role}"
        await self.ledger.add_key(account.account_id, role, hashlib.sha256(key.encode()).hexdigest(), NOW)
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://mirabelle.test/api",
            headers={"authorization": f"Bearer {key}"},
        )


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem | RequestValidationError)
    return problem.reply(error if isinstance(error, Problem) else problem.of_validation(error))


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
