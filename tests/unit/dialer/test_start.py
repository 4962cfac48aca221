from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mirabelle.calls.account import Account, AccountSettings
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.result import start_form
from mirabelle.dialer import start
from mirabelle.dialer.start import KnownSettings, start_fetch

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def call(start_url: str) -> Call:
    return Call(
        call_id=7,
        account_id=1,
        campaign_id=10,
        campaign_parameters="a&b",
        phone_number="+16175550123",
        start_url=start_url,
        result_url="",
        message_reference="Größe 1",
        call_parameters="",
        max_retries=0,
        retry_interval=300,
        state=CallState.CONNECTED,
        queued_at=NOW,
        due_at=NOW,
        expires_at=None,
    )


def test_the_variables_are_posted() -> None:
    request = start_fetch(call("http://example.com/start?a=1"), "post")
    assert (request.method, request.url) == ("post", "http://example.com/start?a=1")
    assert request.fields == start_form(call(""))


def test_the_variables_are_in_the_query_where_the_account_wants_it() -> None:
    request = start_fetch(call("http://example.com/start?a=1"), "get")
    assert (request.method, request.fields) == ("get", ())
    assert request.url.startswith("http://example.com/start?a=1&phone_number=%2B16175550123&")
    assert dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)) == {
        "a": "1",
        **dict(start_form(call(""))),
    }


class Accounts:
    def __init__(self) -> None:
        self.asked: list[int] = []
        self.seconds = 0.0
        self.settings = AccountSettings(start_method="get")

    async def account(self, account_id: int) -> Account | None:
        self.asked.append(account_id)
        return Account(1, "acme", "", 10, self.settings) if account_id == 1 else None

    def monotonic(self) -> float:
        return self.seconds


def settings() -> tuple[Accounts, KnownSettings]:
    accounts: Any = Accounts()
    return accounts, KnownSettings(accounts, accounts)


async def test_the_account_decides() -> None:
    _, known = settings()
    assert ((await known.of(1)).start_method, (await known.of(2)).start_method) == ("get", "post")


async def test_the_ledger_is_not_asked_for_every_call() -> None:
    accounts, known = settings()
    await known.of(1)
    await known.of(1)
    assert accounts.asked == [1]


async def test_a_change_arrives_after_a_while() -> None:
    accounts, known = settings()
    await known.of(1)
    accounts.settings = AccountSettings(start_method="post")
    accounts.seconds = start.REMEMBERED_SECONDS
    assert (await known.of(1)).start_method == "post"
