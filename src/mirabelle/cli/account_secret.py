"""`mirabelle account secret`: another secret for the signatures of an account's results."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Config, Json, settings_from

if TYPE_CHECKING:
    from mirabelle.store.ledger import Ledger


def secret(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="Whose results.", show_default=False)],
    revoke_former: Annotated[
        bool, typer.Option("--revoke-former", help="Sign with the former secret no longer; without it for 24 hours.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a new secret that signs an account's results, and print it, this once."""
    settings = settings_from(config)
    from mirabelle.callbacks.signature import FORMER_FOR, new_signing_secret
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask

    made = new_signing_secret()
    now = SystemClock().now()
    until = None if revoke_former else now + FORMER_FOR
    ask(settings, lambda ledger: _rotate(ledger, login, made, now, until))
    if as_json:
        shown = None if until is None else until.isoformat(timespec="seconds")
        terminal.print_json({"login": login, "signing_secret": made, "former_until": shown})
        return
    terminal.remark(f"Results of '{login}' are signed with this secret from now on. It is shown only this once:")
    print(made)
    former = "no longer" if until is None else f"beside it until {until:%Y-%m-%d %H:%M} UTC"
    terminal.remark(f"A former one signs {former}.")


async def _rotate(ledger: Ledger, login: str, made: str, now: datetime, until: datetime | None) -> None:
    from mirabelle.cli.owner import account_of

    account = await account_of(ledger, login)
    await ledger.rotate_signing_secret(account.account_id, made, now, until)
