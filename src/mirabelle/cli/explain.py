"""`mirabelle explain`: why a call, or the calls of a campaign, do not leave."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Config, Json, Login, settings_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mirabelle.calls.explanation import Explanation
    from mirabelle.calls.room import TrunkRoom
    from mirabelle.settings import Settings
    from mirabelle.store.ledger import Ledger

_OPEN: Final = "✓"
_CLOSED: Final = "✗"
_GREEN: Final = "\x1b[32m"
_RED: Final = "\x1b[31m"
_PLAIN: Final = "\x1b[0m"


def explain(
    call_id: Annotated[int | None, typer.Argument(metavar="CALL_ID", help="The call.", show_default=False)] = None,
    campaign: Annotated[
        str,
        typer.Option(metavar="NAME", help="A campaign in place of a call, by name or number.", show_default=False),
    ] = "",
    login: Login = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Say why a call does not leave, gate by gate, and when it could.

    The gates are asked as the dialer asks them: ✓ is open, ✗ is closed. A call that is over tells what became of it.
    The trunks are those of the settings, so use the settings of the server.
    """
    if (call_id is None) == (not campaign):
        raise typer.BadParameter("Give a call, or a campaign with --campaign.", param_hint="CALL_ID or --campaign")
    settings = settings_from(config)
    from mirabelle.calls.clock import SystemClock
    from mirabelle.cli.ledger import ask

    now = SystemClock().now()
    found = ask(settings, lambda ledger: _found(ledger, settings, call_id, campaign, login, now))
    if as_json:
        terminal.print_json(_json(found, now))
        return
    for line in _lines(found, coloured=terminal.coloured(sys.stdout)):
        print(line)


async def _found(
    ledger: Ledger, settings: Settings, call_id: int | None, named: str, login: str | None, now: datetime
) -> Explanation:
    from mirabelle.cli.owner import NotThere, campaign_of

    if call_id is None:
        it = await campaign_of(ledger, login, named)
        found = await ledger.explain_campaign(it.campaign_id, settings.trunks, now)
    else:
        found = await ledger.explain(call_id, settings.trunks, now)
    if found is None:
        raise NotThere(f"There is no call {call_id} in the ledger; `mirabelle calls` shows the last ones.")
    return found


def _lines(found: Explanation, *, coloured: bool) -> Iterator[str]:
    from mirabelle.calls.explanation import Gate, in_words

    yield terminal.harmless(found.headline)
    if [gate for gate, _ in found.findings] == [Gate.STATE]:
        return
    yield ""
    width = max(len(in_words(gate)) for gate, _ in found.findings)
    for gate, verdict in found.findings:
        mark = _OPEN if verdict.open else _CLOSED
        if coloured:
            mark = f"{_GREEN if verdict.open else _RED}{mark}{_PLAIN}"
        yield f"{mark} {in_words(gate):{width}}  {terminal.harmless(verdict.reason)}"
    if found.trunks:
        yield ""
        yield from map(_trunk, found.trunks)
    if found.place is not None and found.open is False:
        yield f"Campaigns with due calls: {found.place.campaigns}. Due before it in its own: {found.place.before}."


def _trunk(room: TrunkRoom) -> str:
    told = [f"{room.in_use} of {room.channels} channels in use", f"{room.rate:g} calls a second"]
    if room.slowed_at is not None:
        told.append(f"slowed to {room.rate_now:.2g} since it had no room at {room.slowed_at:%Y-%m-%d %H:%M:%S} UTC")
    if room.blocked_until is not None:
        told.append(f"asked to be left alone until {room.blocked_until:%H:%M:%S} UTC")
    if room.tried:
        told.append("failed this call already")
    return f"Trunk {terminal.harmless(room.name)}: {', '.join(told)}."


def _json(found: Explanation, now: datetime) -> dict[str, Any]:
    import dataclasses

    return {
        "asked_at": now,
        "open": found.open,
        "headline": found.headline,
        "first_closed": found.first_closed,
        "earliest": found.earliest,
        "gates": [{"gate": gate, **dataclasses.asdict(verdict)} for gate, verdict in found.findings],
        "place": None if found.place is None else dataclasses.asdict(found.place),
        "trunks": [dataclasses.asdict(each) for each in found.trunks],
    }
