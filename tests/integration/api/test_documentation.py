"""docs/api/json.md against the OpenAPI document, and the document against what keys may do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from mirabelle.api.v1.additions import MOST_CALLS
from mirabelle.api.v1.forgetting import KEPT_FOR
from mirabelle.settings import ApiSettings
from mirabelle.store.open import open_ledger
from mirabelle.store.records import Role
from tests.integration.api.json import World, make_world

PAGE: Final = (Path(__file__).parents[3] / "docs/api/json.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| `([A-Z]+)` \| `(/v1/[^`]+)` \| ([^|]+) \| `([a-z]+)` \|$", re.MULTILINE)
REACHES: Final[dict[Role, set[str]]] = {
    "read": {"read"},
    "manager": {"read", "manager"},
    "admin": {"read", "manager", "admin"},
}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[World]:
    ledger = await open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield await make_world(ledger)
    await ledger.aclose()


async def test_the_page_has_the_operations_of_the_document(api: World) -> None:
    paths = api.app.openapi()["paths"]
    described = {
        (method.upper(), path, operation["summary"], operation["x-role"])
        for path, operations in paths.items()
        if path.startswith("/v1/")
        for method, operation in operations.items()
    }
    rows = ROW.findall(PAGE)
    assert len(rows) == len(set(rows))
    assert set(rows) == described


@pytest.mark.parametrize("role", ["read", "manager", "admin"])
async def test_a_key_may_do_what_the_page_says_of_its_role_and_nothing_else(api: World, role: Role) -> None:
    ops = await api.ledger.add_account("ops", "hashed", api.clock.now())
    operator_only = ("POST", "/v1/accounts")
    for method, path, _, needed in ROW.findall(PAGE):
        # A request that is let in finds nothing, or holds nothing: neither is a matter of the role.
        address = re.sub(r"\{\w+\}", "2147483647", path)
        async with api.client(role, ops if (method, path) == operator_only else None) as client:
            reply = await client.request(method, address)
        assert (reply.status_code != 403) == (needed in REACHES[role]), (method, path, reply.text)
        assert reply.status_code < 500
    async with api.client("admin") as client:
        assert (await client.post("/v1/accounts", json={"login": "new"})).status_code == 403


async def test_the_page_has_the_limits_of_the_code() -> None:
    defaults = ApiSettings()
    assert f"JSON list may have {MOST_CALLS} calls" in PAGE
    assert KEPT_FOR.days == 3
    assert "remembered for three days" in PAGE
    assert f"send {defaults.burst:g} requests at once and {defaults.requests_per_second:g} a second" in PAGE
