"""From what the command line of `mirabelle simulate` says to the plan of a simulation."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mirabelle.api import queuecalls
from mirabelle.api.intake import Intake, ListRefused
from mirabelle.api.queuecalls import CampaignOrder
from mirabelle.calls.account import Account
from mirabelle.calls.call import Callee, NewCall
from mirabelle.calls.calling_window import CalleeHours
from mirabelle.calls.campaign import Dialing
from mirabelle.calls.holiday import parse_calendars
from mirabelle.calls.retry import RetryPolicy
from mirabelle.calls.schedule import WEEKDAYS, ScheduleError, Window, parse_windows
from mirabelle.calls.trunk import Trunk
from mirabelle.cli.list_file import opened
from mirabelle.errors import MirabelleError
from mirabelle.sandbox import rate_table
from mirabelle.sandbox.callee_model import HOURS, Rates
from mirabelle.sandbox.simulation import MOST_CALLS, PlanError
from mirabelle.settings import Settings

_AREAS: Final = ("212", "617", "312", "713", "303", "602", "213", "206")
"""Area codes of made-up numbers, two in each zone of the United States."""
_WINDOW: Final = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +(\d\d:\d\d)-(\d\d:\d\d)", re.ASCII)
_PIECE: Final = 128 * 1024


class CampaignUnfit(MirabelleError):
    """A campaign that cannot be simulated as it was asked for."""


def order(values: Mapping[str, str], now: datetime) -> CampaignOrder:
    """What the calls of the campaign have in common.

    Args:
        values: the fields, as of `queuecalls.php`.
        now: the instant at which the simulation begins.

    Raises:
        CampaignUnfit: the message names each field that is wrong.
    """
    always = {"campaign_name": "simulated", "start_url": "http://example.com/start.vxml"}
    found = queuecalls.check({**values, **always}, now=now, allow_private=True, fields=queuecalls.CAMPAIGN_FIELDS)
    if isinstance(found, CampaignOrder):
        return found
    raise CampaignUnfit("\n".join(f"{fault.field}: {fault.reason}" for fault in found))


def like(found: CampaignOrder) -> NewCall:
    """The same, as the ledger takes it."""
    call = found.call
    return NewCall(
        account_id=0,
        campaign_id=0,
        phone_number="",
        start_url=call.start_url,
        max_retries=call.max_retries,
        retry_interval=call.retry_interval,
        scheduled_at=call.scheduled_at,
        expires_at=call.expires_at,
    )


def callees(file: str, count: int | None, found: CampaignOrder, settings: Settings) -> Sequence[Callee]:
    """Whom to call.

    Args:
        file: the list; `-` is what is piped in; empty: the numbers are made up.
        count: how many calls there are: the list from its beginning, again and again; None: as many as it has.
        found: what their calls have in common.
        settings: what is in effect.

    Raises:
        CampaignUnfit: the list is refused, or there is neither list nor count.
        ListUnreadable: it cannot be read.
    """
    if count is not None and not 1 <= count <= MOST_CALLS:
        raise PlanError(f"A simulation has 1 to {MOST_CALLS:,} calls.")
    if not file:
        if count is None:
            raise CampaignUnfit("Give --campaign FILE, the list of numbers, or --calls N for made-up ones.")
        return [Callee(_made_up(index)) for index in range(count)]
    listed = _listed(file, found, settings)
    return listed if count is None else list(itertools.islice(itertools.cycle(listed), count))


def _made_up(index: int) -> str:
    place, area = divmod(index, len(_AREAS))
    exchange, line = divmod(place, 10_000)
    return f"+1{_AREAS[area]}{200 + exchange % 700:03}{line:04}"


def _listed(file: str, found: CampaignOrder, settings: Settings) -> list[Callee]:
    intake = Intake(found, Account(0, "simulation", "", 0), bad_ani=settings.compat.bad_ani, most_listed=0)
    calls: list[NewCall] = []
    try:
        with opened(file) as source:
            while data := source.read(_PIECE):
                calls += intake.feed(data)
                if len(calls) > MOST_CALLS:
                    raise PlanError(f"A simulation has 1 to {MOST_CALLS:,} calls; give a shorter list.")
            calls += intake.finish()
    except ListRefused as error:
        told = "\n".join(f"line {each.line}: {each.reason}" for each in intake.faults)
        raise CampaignUnfit(f"The list is refused; --on-bad-line skip passes over bad lines:\n{told}") from error
    return [Callee(call.phone_number) for call in calls]


def windows(texts: Sequence[str]) -> tuple[Window, ...]:
    """Hours from words such as `mon-fri 09:00-17:30`.

    Raises:
        ScheduleError: one is none.
    """
    return parse_windows([_window(text) for text in texts]) if texts else ()


def _window(text: str) -> dict[str, Any]:
    match = _WINDOW.fullmatch(text.strip().lower())
    known = {name[:3]: index for index, name in enumerate(WEEKDAYS)}
    if match is None or match[1] not in known or (match[2] or match[1]) not in known:
        raise ScheduleError(f"'{text[:40]}' is no window; write it as 'mon-fri 09:00-17:30' or 'sat 10:00-14:00'.")
    first, last = known[match[1]], known[match[2] or match[1]]
    length = (last - first) % len(WEEKDAYS) + 1
    days = [WEEKDAYS[(first + step) % len(WEEKDAYS)] for step in range(length)]
    return {"weekdays": days, "start": match[3], "end": match[4]}


def dialing(retry: str, callee_windows: Sequence[str], holidays: Sequence[str]) -> Dialing:
    """How the calls are dialled.

    Raises:
        RetryError, ScheduleError, HolidayError: a value is none.
    """
    hours = None
    if callee_windows or holidays:
        hours = CalleeHours(windows(callee_windows), parse_calendars(list(holidays)))
    return Dialing(retry=RetryPolicy.parse(retry), hours=hours)


def trunks(settings: Settings, calls_per_second: float | None, channels: int | None) -> tuple[Trunk, ...]:
    """The ways out: those of the settings, or one of the usual size; the options say otherwise of each."""
    found = settings.trunks or (Trunk(name="main", host="127.0.0.1:5060"),)
    if calls_per_second is not None:
        found = tuple(replace(each, calls_per_second=calls_per_second) for each in found)
    return found if channels is None else tuple(replace(each, channels=channels) for each in found)


def hours(table: Path | None, rates: Rates) -> tuple[Rates, ...]:
    """The rates of each hour.

    Raises:
        ModelError: the table is none.
        CampaignUnfit: it cannot be read.
    """
    if table is None:
        return (rates,) * HOURS
    try:
        with table.open(encoding="utf-8") as file:
            text = file.read(rate_table.MOST_BYTES)
    except (OSError, UnicodeError) as error:
        raise CampaignUnfit(f"--rates: {table} cannot be read ({error}).") from error
    return rate_table.read(text, rates)
