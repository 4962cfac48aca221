"""`mirabelle account`: who may queue calls."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mirabelle.cli import key, terminal
from mirabelle.cli.options import Config, Json, example, settings_from
from mirabelle.errors import MirabelleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirabelle.calls.account import Account
    from mirabelle.store.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="Who may queue calls: PINs, bearer keys, settings.")
app.add_typer(key.app, name="key")

_MOST_CHARACTERS = 128

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="The account's login.", show_default=False)]


class LoginError(MirabelleError):
    """A login that cannot be used."""


def check_login(login: str) -> None:
    """See whether a login can be used in a request.

    Raises:
        LoginError: empty, too long, or with characters that cannot be seen.
    """
    if not login or len(login) > _MOST_CHARACTERS:
        raise LoginError(f"A login has from 1 to {_MOST_CHARACTERS} characters.")
    if not login.isprintable() or login != login.strip():
        raise LoginError("A login has no control characters, and no space at its ends.")


@app.callback()
def account() -> None:
    """Who may queue calls: PINs, bearer keys, settings."""


@app.command(short_help="Add an account and print its PIN, this once.", epilog=example("mirabelle account add demo"))
def add(
    login: Annotated[
        str, typer.Argument(metavar="LOGIN", help="The name that requests will give.", show_default=False)
    ],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Add an account and print its PIN, this once, since only a hash of it is kept; and what signs its results."""
    check_login(login)
    settings = settings_from(config)
    from mirabelle.api.login import hash_pin, new_pin
    from mirabelle.callbacks.signature import new_signing_secret
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask

    pin = new_pin()
    pin_hash = hash_pin(pin)
    secret = new_signing_secret()
    ask(settings, lambda ledger: ledger.add_account(login, pin_hash, SystemClock().now(), signing_secret=secret))
    if as_json:
        terminal.print_json({"login": login, "pin": pin, "signing_secret": secret})
    else:
        terminal.remark(f"The account '{login}' was added. Keep its PIN, it is shown only this once:")
        print(pin, flush=True)
        terminal.remark(f"Its results are signed with this secret, shown only this once too:\n{secret}")


@app.command("list", epilog=example("mirabelle account list"))
def list_(config: Config = None, as_json: Json = False) -> None:
    """List the accounts."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    found = ask(settings, _every)
    terminal.print_rows(
        [{"account_id": each.account_id, "login": each.login} for each in found],
        {"account": "account_id", "login": "login"},
        as_json=as_json,
        title="Accounts",
        empty="There are no accounts yet; `mirabelle account add LOGIN` makes one.",
    )


@app.command(epilog=example("mirabelle account show demo"))
def show(login: Login, config: Config = None, as_json: Json = False) -> None:
    """Show an account and its settings, but nothing that opens it."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.owner import account_of

    _print(ask(settings, lambda ledger: account_of(ledger, login)), as_json=as_json)


@app.command("set", epilog=example("mirabelle account set demo country=US preflight=false"))
def set_(
    login: Login,
    assignments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE", help="Settings; without any, those there are are explained.", show_default=False
        ),
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Change settings of an account.

    Requests follow at once, calls of a running server within ten seconds.
    """
    if not assignments:
        from mirabelle.cli.assignment import EXPLAINED, choices, known

        if as_json:
            terminal.print_json({name: {"values": values, "is": EXPLAINED[name]} for name, values in choices().items()})
        else:
            print(f"The settings of an account are:\n{known()}")
        return
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    _print(ask(settings, lambda ledger: _change(ledger, login, assignments)), as_json=as_json)


@app.command(epilog=example("mirabelle account pin demo"))
def pin(login: Login, config: Config = None, as_json: Json = False) -> None:
    """Give an account another PIN and print it, this once.

    The old one opens nothing any more.
    """
    settings = settings_from(config)
    from mirabelle.api.login import hash_pin, new_pin
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.owner import account_of

    chosen = new_pin()
    pin_hash = hash_pin(chosen)

    async def change(ledger: Ledger) -> None:
        await ledger.change_pin((await account_of(ledger, login)).account_id, pin_hash)

    ask(settings, change)
    if as_json:
        terminal.print_json({"login": login, "pin": chosen})
    else:
        terminal.remark(f"The account '{login}' has a new PIN. Keep it, it is shown only this once:")
        print(chosen)


async def _every(ledger: Ledger) -> Sequence[Account]:
    from mirabelle.cli.owner import accounts_of

    return [each async for each in accounts_of(ledger, None)]


async def _change(ledger: Ledger, login: str, assignments: Sequence[str]) -> Account:
    from mirabelle.cli.assignment import assigned
    from mirabelle.cli.owner import account_of

    found = await account_of(ledger, login)
    return await ledger.update_settings(found.account_id, assigned(found.settings, assignments))


def _print(account: Account, *, as_json: bool) -> None:
    record: dict[str, Any] = {
        "account_id": account.account_id,
        "login": account.login,
        "default_campaign_id": account.default_campaign_id,
    }
    chosen = dataclasses.asdict(account.settings)
    if as_json:
        terminal.print_json({**record, "settings": chosen})
        return
    # As JSON and `account set` write them; a person sees those that are empty too.
    words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in chosen.items()}
    if sys.stdout.isatty():
        words = {name: "(empty)" if value == "" else value for name, value in words.items()}
    terminal.print_record({**record, **words}, title=f"Account '{account.login}'")
