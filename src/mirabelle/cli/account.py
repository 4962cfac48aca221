"""`mirabelle account`: who may queue calls."""

from __future__ import annotations

from typing import Annotated

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Config, Json, example, settings_from
from mirabelle.errors import MirabelleError

app = typer.Typer(no_args_is_help=True, help="Who may queue calls over HTTP.")

_MOST_CHARACTERS = 128


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
    """Who may queue calls over HTTP."""


@app.command(epilog=example("mirabelle account add demo"))
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
