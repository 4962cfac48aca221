"""`mirabelle campaign dialing`: how the calls of a campaign are dialled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Config, Json, Login, settings_from
from mirabelle.errors import MirabelleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mirabelle.calls.campaign import Campaign, Dialing
    from mirabelle.store.ledger import Ledger

_ALWAYS: Final = "always"
_MOST_BYTES: Final = 64 * 1024


class DialingUnreadable(MirabelleError):
    """A file that says how to dial cannot be read."""


def dialing(
    named: Annotated[
        str, typer.Argument(metavar="CAMPAIGN", help="The campaign's name, or its number.", show_default=False)
    ],
    weight: Annotated[
        int | None,
        typer.Option(metavar="N", help="Its share against that of other campaigns, 1-100.", show_default=False),
    ] = None,
    retry: Annotated[
        str,
        typer.Option(
            metavar="PRESET|FILE",
            help="The retry policy: default, reminder, patient, emergency, or a JSON file with rules.",
            show_default=False,
        ),
    ] = "",
    hours: Annotated[
        str,
        typer.Option(
            metavar="FILE|always",
            help="When callees may be called: a JSON file with windows and holidays; always takes them away.",
            show_default=False,
        ),
    ] = "",
    login: Login = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show or set how the calls of a campaign are dialled.

    What is not named stays as it is. `docs/rules.md` has the presets and the two kinds of file.
    """
    settings = settings_from(config)
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.owner import campaign_of

    async def change(ledger: Ledger) -> Campaign:
        found = await campaign_of(ledger, login, named)
        wanted = _wanted(found.dialing, weight, retry, hours)
        return found if wanted == found.dialing else await ledger.set_dialing(found.campaign_id, wanted)

    changed = ask(settings, change)
    shown = changed.dialing.as_json()
    if as_json:
        terminal.print_json({"campaign_id": changed.campaign_id, "name": changed.name, **shown})
        return
    import json

    record = {name: value if isinstance(value, int | str) else json.dumps(value) for name, value in shown.items()}
    terminal.print_record({"hours": _ALWAYS, **record}, title=f"Campaign '{changed.name}'")


def _wanted(before: Dialing, weight: int | None, retry: str, hours: str) -> Dialing:
    """What was asked for, in place of what was before.

    Raises:
        DialingError, RetryError, CalleeHoursError, ScheduleError, HolidayError: it can be no campaign's.
        DialingUnreadable: a file cannot be read.
    """
    from mirabelle.calls.calling_window import CalleeHours
    from mirabelle.calls.retry import PRESETS, RetryPolicy

    wanted = before if weight is None else replace(before, weight=weight)
    if retry:
        wanted = replace(wanted, retry=RetryPolicy.parse(retry if retry in PRESETS else _rules(retry, PRESETS)))
    if hours:
        wanted = replace(wanted, hours=None if hours == _ALWAYS else CalleeHours.parse(_value(hours)))
    return wanted


def _rules(path: str, presets: Iterable[str]) -> Any:
    if not Path(path).exists():
        raise DialingUnreadable(f"'{path}' is no retry policy and no file. The policies are {', '.join(presets)}.")
    return _value(path)


def _value(path: str) -> Any:
    import json

    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise DialingUnreadable(f"'{path}' cannot be read: {error.strerror or error}.") from error
    if len(data) > _MOST_BYTES:
        raise DialingUnreadable(f"'{path}' is larger than {_MOST_BYTES} bytes.")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DialingUnreadable(f"'{path}' is no JSON in UTF-8: {error}.") from error
