from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from mirabelle.api import queuecall, queuecalls, xml
from mirabelle.api.app import QUEUECALLS_PATHS
from mirabelle.calls.account import AccountSettings
from mirabelle.settings import sections

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "api/queuecall.md").read_text()
LIST_PAGE = (DOCS / "api/queuecalls.md").read_text()
MIGRATION = (DOCS / "api/migration.md").read_text()
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def row(field: queuecall.Field) -> str:
    limit = str(field.most) if field.between is None else "{} to {}".format(*field.between)
    return f"| `{field.name}` | {limit} | {'yes ' if field.required else ''}| {field.meaning} |"


def rows(page: str) -> list[str]:
    table = page.partition("|---|---|---|---|\n")[2].partition("\n\n")[0]
    return table.splitlines()


def test_the_page_tells_each_field_as_it_is_checked() -> None:
    assert rows(PAGE) == [row(field) for field in queuecall.FIELDS]


def test_the_page_of_lists_tells_each_field_as_it_is_checked() -> None:
    assert rows(LIST_PAGE) == [row(field) for field in queuecalls.FIELDS]
    for name in (queuecalls.PHONE_LIST, *queuecalls.PHONE_LIST_ALIASES):
        assert f"`{name}`" in LIST_PAGE


def examples(page: str) -> list[str]:
    return [block for block in re.findall(r"```xml\n(.*?)```", page, re.DOTALL) if block.startswith("<?xml")]


def test_the_failed_reply_on_the_page_is_ours() -> None:
    example = next(block for block in examples(PAGE) if "failed" in block)
    echo = [(each.tag, each.text or "") for each in ET.fromstring(example) if each.tag != "error"]
    found = queuecall.check(dict(echo), now=NOW, allow_private=False)
    assert not isinstance(found, queuecall.Order)
    assert xml.failed(queuecall.SERVICE, echo, found).decode() == example


@pytest.mark.parametrize("status", ["queued", "failed"])
async def test_the_replies_on_the_page_of_lists_are_ours(client: httpx.AsyncClient, ledger: Any, status: str) -> None:
    example = next(block for block in examples(LIST_PAGE) if f'status="{status}"' in block)
    ledger.accounts["demo"] = ledger.accounts["user"]
    form = {each.tag: each.text or "" for each in ET.fromstring(example) if each.tag not in {"error", "call"}}
    form["pin"] = "98765432"
    files = {"phone_list": ("list.csv", b"+16175550123,order-17\n911\n+16175550124\n")}
    assert (await client.post(QUEUECALLS_PATHS[0], data=form, files=files)).text == example


async def test_the_list_on_the_page_is_taken(client: httpx.AsyncClient, ledger: Any) -> None:
    content = LIST_PAGE.partition("## The list\n\n```\n")[2].partition("```")[0]
    form = {"login": "user", "pin": "98765432", "campaign": "boston", "start_url": "http://example.com/"}
    await client.post(QUEUECALLS_PATHS[0], data=form, files={"phone_list": ("list.csv", content.encode())})
    assert [call.call_parameters for call in ledger.calls] == ["room 4, at nine", "", ""]


def test_what_the_migration_page_offers_to_change_is_there() -> None:
    settings = {name for _, model in sections() for name in model.model_fields}
    fields = {field.name for field in queuecalls.FIELDS}
    table = MIGRATION.partition("|---|---|---|---|\n")[2].partition("\n\n")[0]
    for line in table.splitlines():
        change = line.split(" | ")[-1]
        for name in re.findall(r"`([a-z_]+)(?:=[a-z]+)?`", change):
            assert name in settings | fields | set(AccountSettings.__dataclass_fields__), name


@pytest.mark.parametrize("page", [PAGE, LIST_PAGE, MIGRATION], ids=["queuecall", "queuecalls", "migration"])
def test_the_pages_lead_to_pages_that_are_there(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page):
        assert (DOCS / "api" / target).exists(), target
