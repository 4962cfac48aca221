"""`mirabelle when`: what a time in words means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Json

if TYPE_CHECKING:
    from datetime import datetime, tzinfo


def when(
    expression: Annotated[
        str, typer.Argument(metavar="EXPRESSION", help="A time in words, at most 80 characters.", show_default=False)
    ],
    zone: Annotated[str, typer.Option(metavar="ZONE", help="The zone of what names none, such as Europe/Berlin.")] = (
        "UTC"
    ),
    now: Annotated[
        str,
        typer.Option(metavar="TIME", help="The present, in ISO 8601; the clock's when left out.", show_default=False),
    ] = "",
    as_json: Json = False,
) -> None:
    """Say what a time in words means, as scheduled_time and expiration_time understand it.

    A time that begins with a minus sign comes after `--`.
    """
    from mirabelle.calls.when import explain

    present = _present(now, _zone(zone))
    understood = explain(expression, now=present)
    if as_json:
        terminal.print_json(
            {
                "expression": expression,
                "instant": understood.instant.isoformat(),
                "timestamp": int(understood.instant.timestamp()),
                "zone": understood.zone,
                "seconds_from_now": _seconds_between(present, understood.instant),
                "in_gap": understood.in_gap,
                "in_fold": understood.in_fold,
                "warning": understood.warning,
            }
        )
        return
    print(f"{understood.instant:%a %Y-%m-%d %H:%M:%S %Z} ({understood.instant.isoformat()})")
    print(f"zone: {understood.zone}")
    print(f"Unix time: {int(understood.instant.timestamp())}")
    print(f"distance: {_distance(_seconds_between(present, understood.instant))}")
    if understood.warning:
        print(f"warning: {understood.warning}")


def _zone(name: str) -> tzinfo:
    from datetime import UTC
    from zoneinfo import ZoneInfo

    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise typer.BadParameter(
            f"'{terminal.harmless(name)}' is not a zone of the time zone database here.", param_hint="--zone"
        ) from error


def _present(text: str, zone: tzinfo) -> datetime:
    from datetime import datetime

    from mirabelle.calls.clock import SystemClock

    try:
        if not text:
            return SystemClock().now().replace(microsecond=0).astimezone(zone)
        given = datetime.fromisoformat(text).replace(microsecond=0)
        return given.replace(tzinfo=zone) if given.tzinfo is None else given.astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(
            f"'{terminal.harmless(text)}' is not understood; write it as 2026-03-08T12:00:00.", param_hint="--now"
        ) from error


def _seconds_between(start: datetime, end: datetime) -> int:
    # By the Unix times: the difference of two datetimes of one zone is that of their clocks.
    return int(end.timestamp()) - int(start.timestamp())


def _distance(seconds: int) -> str:
    """`in 1 day 2 hours`, `3 minutes ago`, `now`."""
    parts = []
    rest = abs(seconds)
    for word, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {word}{'' if count == 1 else 's'}")
    if not parts:
        return "now"
    return f"in {' '.join(parts)}" if seconds > 0 else f"{' '.join(parts)} ago"
