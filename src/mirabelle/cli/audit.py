"""`mirabelle audit`: what was decided about dialling, and whether it is as it was written."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Config, Json, example, settings_from

if TYPE_CHECKING:
    from mirabelle.calls.audit import AuditEntry
    from mirabelle.store.audit_verification import Verification
    from mirabelle.store.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="What was decided about dialling: list, verify.")

_COLUMNS: Final = {
    "place": "sequence",
    "at": "at",
    "decision": "decision",
    "call": "call_id",
    "attempt": "attempt_id",
    "why": "reason",
    "detail": "told",
}
_LOOK: Final = 1.0
"""Seconds between two looks for new entries."""
_PAGE: Final = 500
_BROKEN: Final = 1
"""Exit status where the audit is not as it was written."""


@app.callback()
def audit() -> None:
    """What was decided about dialling: list, verify."""


@app.command("list", epilog=example("mirabelle audit list --call 4711"))
def list_(
    call: Annotated[
        int | None, typer.Option(metavar="CALL_ID", help="Only about this call.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many, the last ones.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what is sealed from now on.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the last decisions, the oldest of them first.

    What has no place in the chain yet is sealed within a second while a server runs. With --follow each entry is a
    line, and the next ones come as they are sealed, until Ctrl-C.
    """
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    if follow:
        ask(settings, lambda ledger: _follow(ledger, call, limit, as_json=as_json))
        return
    found = ask(settings, lambda ledger: ledger.audit_newest(call_id=call, limit=limit))
    terminal.print_rows(
        [_row(each, as_json=as_json) for each in found],
        _COLUMNS,
        as_json=as_json,
        title="The last decisions, the oldest first (times are UTC)",
        empty="There are no such decisions.",
        folded={"why", "detail"},
    )


@app.command(epilog=example("mirabelle audit verify --head 3f0c..."))
def verify(
    head: Annotated[
        str,
        typer.Option(metavar="HASH", help="A head that was noted before; it must be in the chain.", show_default=False),
    ] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Check that the audit is as it was written.

    Each entry must follow from the one before, and entries and attempts must tell the same. Prints the head of the
    chain: note it where nobody who can write to the database can change it. The exit status is 1 where something is
    wrong; the lines say where.
    """
    noted = head.strip().lower()
    if noted and not re.fullmatch(r"[0-9a-f]{64}", noted):
        raise typer.BadParameter("A hash has 64 hexadecimal digits, as `audit verify` prints it.", param_hint="--head")
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    found = ask(settings, lambda ledger: _verified(ledger, noted))
    if as_json:
        terminal.print_json(_report(found))
    else:
        _print_report(found)
    if found.broken:
        raise typer.Exit(_BROKEN)


async def _verified(ledger: Ledger, noted: str) -> Verification:
    from mirabelle.cli.progress import progress
    from mirabelle.store.audit_verification import verify as look

    total, _ = await ledger.audit_head()
    with progress("Verifying", total, "entries") as shown:
        return await look(ledger, noted=noted, advance=shown.advance)


def _report(found: Verification) -> dict[str, Any]:
    return {
        "ok": not found.broken,
        "sequence": found.sequence,
        "head": found.head,
        "noted_at": found.noted_at,
        "unsealed": found.unsealed,
        "attempts": found.attempts,
        "broken": found.broken,
        "breaks": [
            {
                "message": each.message,
                "sequence": each.sequence,
                "audit_id": each.audit_id,
                "attempt_id": each.attempt_id,
            }
            for each in found.breaks
        ],
    }


def _print_report(found: Verification) -> None:
    for each in found.breaks:
        terminal.complain(each.message)
    if found.broken > len(found.breaks):
        terminal.complain(f"... and {found.broken - len(found.breaks)} more.")
    if found.broken:
        terminal.complain(f"The audit is broken: {found.broken} faults in {found.sequence} entries.")
    else:
        print(f"The audit is whole: {found.sequence} entries and {found.attempts} attempts tell the same.")
    if found.unsealed:
        print(f"{found.unsealed} entries are not sealed yet; a running server does it within a second.")
    if found.noted_at is not None:
        print(f"The noted head is entry {found.noted_at}.")
    if found.sequence:
        print(f"Head: {found.sequence} {terminal.harmless(found.head)}")


async def _follow(ledger: Ledger, call_id: int | None, limit: int, *, as_json: bool) -> None:
    """Print the last entries, then those that are sealed, until cancelled."""
    import asyncio

    sequence, _ = await ledger.audit_head()
    shown = await ledger.audit_newest(call_id=call_id, limit=limit)
    early = {each.audit_id for each in shown}
    for each in shown:
        _print_line(each, as_json=as_json)
    while True:
        page = await ledger.audit_chain(after=sequence, limit=_PAGE)
        for entry, _ in page:
            sequence = entry.sequence or sequence
            if entry.audit_id not in early and call_id in {None, entry.call_id}:
                _print_line(entry, as_json=as_json)
        if len(page) < _PAGE:
            await asyncio.sleep(_LOOK)


def _print_line(entry: AuditEntry, *, as_json: bool) -> None:
    import json

    row = _row(entry, as_json=as_json)
    if as_json:
        print(json.dumps(row, default=str))
    else:
        terminal.print_lines([row])
    sys.stdout.flush()


def _row(entry: AuditEntry, *, as_json: bool) -> dict[str, Any]:
    told = entry.told()
    row = {
        "audit_id": entry.audit_id,
        "sequence": entry.sequence,
        "at": _instant(entry.at),
        "owner": entry.owner,
        "call_id": entry.call_id,
        "attempt_id": entry.attempt_id,
        "decision": entry.decision,
        "reason": entry.reason,
    }
    if as_json:
        return {**row, "detail": told, "hash": entry.hash}
    return {**row, "told": " ".join(f"{name}={value}" for name, value in told.items())}


def _instant(at: int) -> object:
    from mirabelle.store.rows import instant

    try:
        return instant(at)
    except (TypeError, OverflowError):
        # Somebody has tampered with it.
        return at
