from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import Result

import mirabelle as package
from mirabelle.api.login import LoginCheck
from mirabelle.calls.account import Account
from mirabelle.calls.clock import SystemClock
from mirabelle.cli.account import LoginError
from mirabelle.cli.call import CallRefused
from mirabelle.cli.owner import NotThere
from mirabelle.cli.terminal import harmless, masked, print_table
from mirabelle.errors import MirabelleError
from mirabelle.store.ledger import AccountExists
from mirabelle.store.open import open_ledger

CALL = ("call", "+16175550123;postd=1", "--start-url", "http://example.com/start")


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


def test_without_a_command_it_teaches(mirabelle: Mirabelle) -> None:
    text = mirabelle("--help").output
    for command in ("demo", "serve", "account add", "call", "calls", "vxml run"):
        assert f"mirabelle {command}" in text


def test_it_tells_its_version(mirabelle: Mirabelle) -> None:
    assert mirabelle("--version").stdout == f"mirabelle {package.__version__}\n"


@pytest.mark.parametrize("words", ["serve", "account add", "call", "calls", "settings"])
def test_every_command_takes_the_settings_file(mirabelle: Mirabelle, words: str) -> None:
    assert "--config" in mirabelle(*words.split(), "--help").output


def test_a_new_account_gets_a_pin_that_opens_it(mirabelle: Mirabelle, tmp_path: Path) -> None:
    result = mirabelle("account", "add", "demo")
    pin = result.stdout.strip()
    assert len(pin) == 8
    assert pin.isdigit()
    assert "shown only this once" in result.stderr

    async def opens() -> Account | None:
        ledger = await open_ledger(f"sqlite:///{tmp_path}/calls.db")
        try:
            return await LoginCheck(ledger, SystemClock()).account("demo", pin)
        finally:
            await ledger.aclose()

    account = asyncio.run(opens())
    assert account is not None
    assert pin not in account.pin_hash


def test_a_new_account_can_be_told_as_json(mirabelle: Mirabelle) -> None:
    assert set(json.loads(mirabelle("account", "add", "demo", "--json").stdout)) == {
        "login",
        "pin",
        "signing_secret",
    }


def test_a_login_is_taken_once(mirabelle: Mirabelle) -> None:
    mirabelle("account", "add", "demo")
    with pytest.raises(AccountExists, match="demo"):
        mirabelle("account", "add", "demo")


@pytest.mark.parametrize("login", ["", "x" * 129, "a\tb", " a"])
def test_a_login_that_no_request_could_give_is_refused(mirabelle: Mirabelle, login: str) -> None:
    with pytest.raises(LoginError):
        mirabelle("account", "add", login)


def test_a_call_is_queued_from_the_shell(mirabelle: Mirabelle) -> None:
    assert mirabelle(*CALL).stdout.startswith("Call ")
    assert json.loads(mirabelle(*CALL, "--json").stdout)["state"] == "queued"
    assert len(mirabelle("calls").stdout.splitlines()) == 2


def test_a_call_may_belong_to_an_account(mirabelle: Mirabelle) -> None:
    mirabelle("account", "add", "demo")
    assert mirabelle(*CALL, "--login", "demo").exit_code == 0


def test_a_call_needs_an_account_that_exists(mirabelle: Mirabelle) -> None:
    with pytest.raises(NotThere, match="mirabelle account add nobody"):
        mirabelle(*CALL, "--login", "nobody")


def test_a_call_that_cannot_be_made_is_refused_by_field(mirabelle: Mirabelle) -> None:
    with pytest.raises(CallRefused) as caught:
        mirabelle("call", "911", "--start-url", "http://127.0.0.1/")
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["phone_number", "start_url"]


def test_numbers_are_shown_only_when_asked_for(mirabelle: Mirabelle) -> None:
    mirabelle(*CALL, "--message-reference", "ref")
    (hidden,) = json.loads(mirabelle("calls", "--json").stdout)
    (shown,) = json.loads(mirabelle("calls", "--json", "--show-numbers").stdout)
    assert hidden["number"] == "+•••••••••23"
    assert shown["number"] == "+16175550123;postd=1"
    assert shown["reference"] == "ref"
    assert "5550123" not in mirabelle("calls").stdout


def test_no_calls_is_no_error(mirabelle: Mirabelle) -> None:
    assert mirabelle("calls").stdout == ""
    assert mirabelle("calls", "--json").stdout == "[]\n"


def test_the_settings_in_effect_are_a_settings_file(mirabelle: Mirabelle, tmp_path: Path) -> None:
    text = mirabelle("settings").stdout
    again = tmp_path / "again.toml"
    again.write_text(text)
    assert mirabelle("settings", "--config", str(again)).stdout == text


def test_the_settings_hide_secrets(mirabelle: Mirabelle, config: Path) -> None:
    config.write_text('[[trunk]]\nname = "main"\nhost = "a:1"\npassword = "swordfish"\n')
    assert 'password = "(hidden)"' in mirabelle("settings").stdout
    assert json.loads(mirabelle("settings", "--json").stdout)["trunk"][0]["password"] == "(hidden)"


def test_a_wrong_store_is_an_error_of_ours(mirabelle: Mirabelle, config: Path, tmp_path: Path) -> None:
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/nowhere/calls.db"\n')
    with pytest.raises(MirabelleError):
        mirabelle("calls")


@pytest.mark.parametrize(
    ("number", "expected"),
    [("+16175550123", "+•••••••••23"), ("tel:+1-617-555-0123;ani=8005551212", "tel:+•-•••-•••-••23"), ("12", "12")],
)
def test_a_masked_number_keeps_its_last_digits(number: str, expected: str) -> None:
    assert masked(number) == expected


@pytest.mark.parametrize("text", ["\x1b[31mred", "\x9b31m", "a\rb", "a\u202eb"])
def test_nothing_from_outside_commands_the_terminal(text: str) -> None:
    assert harmless(text).isprintable()


def test_a_person_sees_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Calls", [{"call": 1, "why": "a long\x1b reason"}, {"call": 2, "why": None}], folded={"why"})
    title, *_, last = capsys.readouterr().out.rstrip().splitlines()
    assert title.strip() == "Calls"
    assert last.strip() == "2"


def test_a_person_is_told_that_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("There are no calls yet.", [])
    assert capsys.readouterr().out == "There are no calls yet.\n"
