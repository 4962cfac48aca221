"""`mirabelle account key`: bearer keys for the JSON API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Config, Json, example, one_of, settings_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirabelle.store.ledger import Ledger
    from mirabelle.store.records import KeyRecord, Role

app = typer.Typer(no_args_is_help=True, help="Bearer keys of an account, each with a role.")

_ROLES = ("admin", "manager", "read")

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="The account's login.", show_default=False)]


@app.callback()
def key() -> None:
    """Bearer keys of an account, each with a role."""


@app.command(epilog=example('mirabelle account key add demo --role manager --name "the shop"'))
def add(
    login: Login,
    role: Annotated[
        str,
        typer.Option(metavar="ROLE", help="What its bearer may do: admin, manager or read.", show_default=False),
    ],
    name: Annotated[str, typer.Option(metavar="TEXT", help="What you call the key.", show_default=False)] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept."""
    chosen = cast("Role", one_of("--role", role, *_ROLES))
    settings = settings_from(config)
    from mirabelle.api.keys import hash_key, new_key
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.owner import account_of

    made = new_key()

    async def keep(ledger: Ledger) -> int:
        account = await account_of(ledger, login)
        return await ledger.add_key(account.account_id, chosen, hash_key(made), SystemClock().now(), name=name)

    key_id = ask(settings, keep)
    if as_json:
        terminal.print_json({"key_id": key_id, "login": login, "role": chosen, "name": name, "key": made})
    else:
        terminal.remark(f"Key {key_id} of the account '{login}' was made. Keep it, it is shown only this once:")
        print(made)


@app.command("list", epilog=example("mirabelle account key list demo"))
def list_(login: Login, config: Config = None, as_json: Json = False) -> None:
    """List the keys of an account, but nothing that opens it."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    found = ask(settings, lambda ledger: _keys(ledger, login))
    terminal.print_rows(
        [
            {"key_id": each.key_id, "role": each.role, "name": each.name, "created_at": each.created_at}
            for each in found
        ],
        {"key": "key_id", "role": "role", "name": "name", "made": "created_at"},
        as_json=as_json,
        title=f"Keys of '{login}' (times are UTC)",
        empty=f"'{login}' has no keys; `mirabelle account key add {login} --role read` makes one.",
        folded={"name"},
    )


@app.command(epilog=example("mirabelle account key revoke demo 3"))
def revoke(
    login: Login,
    key_id: Annotated[int, typer.Argument(metavar="KEY_ID", help="As `list` shows it.", show_default=False)],
    config: Config = None,
) -> None:
    """Let a key open nothing any more."""
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.owner import account_of

    async def drop(ledger: Ledger) -> None:
        await ledger.revoke_key(key_id, account_id=(await account_of(ledger, login)).account_id)

    ask(settings, drop)
    print(f"Key {key_id} opens nothing any more.")


async def _keys(ledger: Ledger, login: str) -> Sequence[KeyRecord]:
    from mirabelle.cli.owner import account_of

    return await ledger.keys((await account_of(ledger, login)).account_id)
