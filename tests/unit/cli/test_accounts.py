from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import pytest
from typer.testing import Result

from mirabelle.api.keys import hash_key
from mirabelle.calls.account import AccountSettings, AccountSettingsError
from mirabelle.cli.assignment import EXPLAINED, assigned, choices, known
from mirabelle.cli.owner import NotThere
from mirabelle.store.ledger import Ledger, StoreError

T = TypeVar("T")


class Mirabelle(Protocol):
    def __call__(self, *arguments: str) -> Result: ...


class Asked(Protocol):
    def __call__(self, question: Callable[[Ledger], Awaitable[T]]) -> T: ...


def test_accounts_are_listed(mirabelle: Mirabelle) -> None:
    assert mirabelle("account", "list").stdout == ""
    mirabelle("account", "add", "demo")
    assert mirabelle("account", "list").stdout == "1\tdemo\n"
    assert json.loads(mirabelle("account", "list", "--json").stdout) == [{"account_id": 1, "login": "demo"}]


def test_an_account_is_shown_without_what_opens_it(mirabelle: Mirabelle) -> None:
    pin = mirabelle("account", "add", "demo").stdout.strip()
    text = mirabelle("account", "show", "demo").stdout
    assert "login\tdemo" in text
    assert "preflight\ttrue" in text
    assert pin not in text
    assert "argon2" not in text
    assert json.loads(mirabelle("account", "show", "demo", "--json").stdout)["settings"]["start_method"] == "post"


@pytest.mark.parametrize(
    "words",
    [
        "account show nobody",
        "account set nobody country=US",
        "account pin nobody",
        "account key add nobody --role read",
        "account key list nobody",
        "account key revoke nobody 1",
    ],
)
def test_an_account_that_is_not_there_is_told_how_to_make(mirabelle: Mirabelle, words: str) -> None:
    with pytest.raises(NotThere, match="mirabelle account add nobody"):
        mirabelle(*words.split())


def test_settings_are_changed_and_the_others_stay(mirabelle: Mirabelle) -> None:
    mirabelle("account", "add", "demo")
    mirabelle("account", "set", "demo", "country=US", "preflight=no")
    changed = json.loads(mirabelle("account", "set", "demo", "start_method=get", "--json").stdout)["settings"]
    assert (changed["country"], changed["preflight"], changed["start_method"]) == ("US", False, "get")
    assert json.loads(mirabelle("account", "set", "demo", "country=", "--json").stdout)["settings"]["country"] == ""


@pytest.mark.parametrize(
    ("assignments", "expected"),
    [
        ([], {}),
        (["preflight=false"], {"preflight": False}),
        (["preflight = OFF", "result_extras=yes"], {"preflight": False, "result_extras": True}),
        (["calls_per_second=0.5", "channels=20"], {"calls_per_second": 0.5, "channels": 20}),
        (["bad_vxml=refuse", "country=FR"], {"bad_vxml": "refuse", "country": "FR"}),
        (["transfer_to=country, +1416"], {"transfer_to": "country, +1416"}),
    ],
)
def test_assignments_change_what_they_name(assignments: list[str], expected: dict[str, Any]) -> None:
    assert assigned(AccountSettings(), assignments) == AccountSettings(**expected)


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["colour=red"], "There is no setting 'colour'"),
        (["preflight"], "not of the form name=value"),
        (["preflight=perhaps"], "preflight is true or false"),
        (["transfer_to=US"], "transfer_to cannot be this: write country, any, costly, none, or . and digits"),
        (["start_method=put"], "start_method is post or get"),
        (["calls_per_second=fast"], "calls_per_second is a number"),
        (["calls_per_second=nan"], "calls_per_second is from 0 to 1000"),
        (["country=usa"], "two capital letters"),
        (["country=US", "country=FR"], "more than once"),
    ],
)
def test_an_assignment_that_cannot_be_is_refused(assignments: list[str], message: str) -> None:
    with pytest.raises(AccountSettingsError, match=message):
        assigned(AccountSettings(), assignments)


def test_every_setting_is_explained(mirabelle: Mirabelle) -> None:
    assert list(EXPLAINED) == list(choices())
    told = mirabelle("account", "set", "demo").stdout
    for name, explanation in EXPLAINED.items():
        assert f"{name}=" in told
        assert explanation in told
    assert list(json.loads(mirabelle("account", "set", "demo", "--json").stdout)) == list(EXPLAINED)


def test_the_settings_and_their_values_are_told() -> None:
    assert "  calls_per_second=NUMBER" in known().splitlines()
    assert "  preflight=true|false" in known().splitlines()
    assert "  start_method=post|get" in known().splitlines()
    with pytest.raises(AccountSettingsError) as caught:
        assigned(AccountSettings(), ["colour=red"])
    assert known() in str(caught.value)


def test_a_new_pin_is_another(mirabelle: Mirabelle, asked: Asked) -> None:
    old = mirabelle("account", "add", "demo").stdout
    before = asked(lambda ledger: ledger.account_by_login("demo"))
    result = mirabelle("account", "pin", "demo")
    assert re.fullmatch(r"\d{8}\n", result.stdout)
    assert result.stdout != old
    assert "shown only this once" in result.stderr
    after = asked(lambda ledger: ledger.account_by_login("demo"))
    assert before is not None
    assert after is not None
    assert before.pin_hash != after.pin_hash
    assert set(json.loads(mirabelle("account", "pin", "demo", "--json").stdout)) == {"login", "pin"}


def test_a_key_is_printed_once_and_opens_the_account_in_its_role(mirabelle: Mirabelle, asked: Asked) -> None:
    mirabelle("account", "add", "demo")
    made = mirabelle("account", "key", "add", "demo", "--role", "manager", "--name", "the shop")
    key = made.stdout.strip()
    assert "shown only this once" in made.stderr
    assert asked(lambda ledger: ledger.key(hash_key(key))) == (1, "manager")
    listed = mirabelle("account", "key", "list", "demo").stdout
    assert listed.startswith("1\tmanager\tthe shop\t")
    assert key not in listed
    assert hash_key(key) not in listed


def test_a_key_can_be_told_as_json(mirabelle: Mirabelle, asked: Asked) -> None:
    mirabelle("account", "add", "demo")
    made = json.loads(mirabelle("account", "key", "add", "demo", "--role", "READ", "--json").stdout)
    assert (made["key_id"], made["login"], made["role"], made["name"]) == (1, "demo", "read", "")
    assert asked(lambda ledger: ledger.key(hash_key(made["key"]))) == (1, "read")
    [listed] = json.loads(mirabelle("account", "key", "list", "demo", "--json").stdout)
    assert set(listed) == {"key_id", "role", "name", "created_at"}


def test_a_role_that_is_not_there_names_those_there_are(mirabelle: Mirabelle) -> None:
    result = mirabelle("account", "key", "add", "demo", "--role", "root")
    assert result.exit_code == 2
    assert "admin, manager, read" in result.stderr


def test_a_revoked_key_opens_nothing(mirabelle: Mirabelle, asked: Asked) -> None:
    mirabelle("account", "add", "demo")
    mirabelle("account", "add", "other")
    key = mirabelle("account", "key", "add", "demo", "--role", "admin").stdout.strip()
    with pytest.raises(StoreError, match="no key 1"):
        mirabelle("account", "key", "revoke", "other", "1")
    mirabelle("account", "key", "revoke", "demo", "1")
    assert asked(lambda ledger: ledger.key(hash_key(key))) is None
    assert mirabelle("account", "key", "list", "demo").stdout == ""
