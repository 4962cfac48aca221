"""`mirabelle export`: calls as a file."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final

import typer

from mirabelle.api.export import ExportFormat
from mirabelle.calls.call import CallState
from mirabelle.cli import terminal
from mirabelle.cli.options import Config, ShowNumbers, example, settings_from
from mirabelle.errors import MirabelleError

if TYPE_CHECKING:
    from mirabelle.calls.call import Call
    from mirabelle.cli.progress import Shown
    from mirabelle.store.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="Calls as a file, for a spreadsheet or a program.")

_PAGE: Final = 1000


class NotWritten(MirabelleError):
    """The file cannot be written."""


@app.callback()
def export() -> None:
    """Calls as a file, for a spreadsheet or a program."""


@app.command(
    short_help="Write the calls of a campaign or an account.",
    epilog=example("mirabelle export calls --campaign autumn --format csv -o autumn.csv"),
)
def calls(
    campaign: Annotated[
        str, typer.Option(metavar="NAME", help="The calls of this campaign, by name or number.", show_default=False)
    ] = "",
    login: Annotated[
        str | None,
        typer.Option(
            metavar="LOGIN", help="The calls of this account; with --campaign, whose it is.", show_default=False
        ),
    ] = None,
    state: Annotated[
        CallState | None,
        typer.Option(metavar="STATE", help=f"Only those: {', '.join(CallState)}.", show_default=False),
    ] = None,
    form: Annotated[ExportFormat, typer.Option("--format", metavar="FORMAT", help="csv or ndjson.")] = ExportFormat.CSV,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Written when it is whole; else stdout.", show_default=False
        ),
    ] = None,
    show_numbers: ShowNumbers = False,
    config: Config = None,
) -> None:
    """Write the calls of a campaign or an account, in the order in which they were queued.

    The columns are in docs/export.md. In CSV a text that a spreadsheet would run is marked with an apostrophe in front.
    Telephone numbers are masked unless --show-numbers is given.
    """
    if not campaign and login is None:
        raise typer.BadParameter("Give a campaign, or the login of an account.", param_hint="--campaign or --login")
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask

    async def write(ledger: Ledger) -> int:
        account_id, campaign_id, total = await _chosen(ledger, login, campaign, state)
        pages = _pages(ledger, account_id, campaign_id, state)
        if output is None:
            return await _write(sys.stdout.buffer, pages, form, None, show_numbers=show_numbers)
        from mirabelle.cli.progress import progress

        with _whole(output) as file, progress("writing", total, "calls") as shown:
            return await _write(file, pages, form, shown, show_numbers=show_numbers)

    count = ask(settings, write)
    if output is not None:
        terminal.remark(f"{count:,} call{'' if count == 1 else 's'} written to {output}.")
    if not show_numbers and count:
        terminal.remark("Telephone numbers are masked; --show-numbers writes them in full.")


async def _chosen(
    ledger: Ledger, login: str | None, campaign: str, state: CallState | None
) -> tuple[int, int | None, int | None]:
    """The account, the campaign, and how many calls there are where that is known."""
    from mirabelle.cli.owner import account_of, campaign_of

    if not campaign:
        assert login is not None
        return (await account_of(ledger, login)).account_id, None, None
    found = await campaign_of(ledger, login, campaign)
    counts = await ledger.campaign_counts(found.campaign_id)
    return found.account_id, found.campaign_id, sum(counts.values()) if state is None else counts[state]


async def _pages(
    ledger: Ledger, account_id: int, campaign_id: int | None, state: CallState | None
) -> AsyncIterator[Sequence[Call]]:
    after = 0
    while page := await ledger.calls(account_id, campaign_id=campaign_id, state=state, after=after, limit=_PAGE):
        yield page
        after = page[-1].call_id


async def _write(
    file: IO[bytes],
    pages: AsyncIterator[Sequence[Call]],
    form: ExportFormat,
    shown: Shown | None,
    *,
    show_numbers: bool,
) -> int:
    from mirabelle.api.export import flat, head, lines

    def row(call: Call) -> Call:
        return call if show_numbers else replace(call, phone_number=terminal.masked(call.phone_number))

    written = 0
    file.write(head(form))
    async for page in pages:
        file.write(lines((flat(row(call)) for call in page), form))
        written += len(page)
        if shown is not None:
            shown.advance(len(page))
    file.flush()
    return written


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place when everything is in it; readable by its owner only, as the ledger is.

    Raises:
        NotWritten: it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as device:
                yield device
            return
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise NotWritten(f"'{path}' cannot be written: {error.strerror or error}.") from error
