"""`mirabelle simulate`: how a campaign would go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirabelle.cli import terminal
from mirabelle.cli.options import fields, settings_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirabelle.cli.simulate_options import Simulation
    from mirabelle.sandbox.callee_model import CalleeModel
    from mirabelle.sandbox.simulation import Plan
    from mirabelle.sandbox.tally import Figures, Simulated
    from mirabelle.settings import Settings


def simulate(asked: Simulation) -> None:
    """Say how a campaign would go: attempts, outcomes, channels in use, and when it would be done.

    The dialer of the service dials it on a clock that jumps, against callees who behave as the options say. Nothing is
    sent, and no ledger is touched.
    """
    settings = settings_from(asked.config)
    from mirabelle.sandbox import plot as picture

    if asked.plot is not None:
        picture.require()
    plan = _plan(asked, settings)
    found = _run(plan)
    _report(found, as_json=asked.as_json)
    if asked.plot is not None:
        cap = min(sum(each.channels for each in plan.trunks), asked.profile_channels or 1_000_000_000)
        picture.draw(found, asked.plot, _title(found), cap)


def _plan(asked: Simulation, settings: Settings) -> Plan:
    from datetime import timedelta

    from mirabelle.calls.schedule import parse_zone, rules_of
    from mirabelle.cli import simulation_plan as planned
    from mirabelle.sandbox.carrier_model import CarrierLimits
    from mirabelle.sandbox.model_phone import Delays
    from mirabelle.sandbox.simulation import Plan

    parse_zone(asked.zone)
    begins = _begin(asked.start, rules_of(asked.zone))
    order = planned.order(_fields(asked), begins)
    return Plan(
        start=begins,
        length=timedelta(days=asked.days),
        callees=planned.callees(asked.campaign, asked.calls, order, settings),
        like=planned.like(order),
        trunks=planned.trunks(settings, asked.calls_per_second, asked.channels),
        model=_callees(asked),
        carrier=CarrierLimits(
            calls_per_second=asked.carrier_calls_per_second,
            channels=asked.carrier_channels,
            retry_after=asked.retry_after,
        ),
        delays=Delays(ring_timeout=settings.sip.ring_timeout),
        dialing=planned.dialing(asked.retry, asked.callee_window or (), asked.holidays or ()),
        windows=planned.windows(asked.window or ()),
        zone=asked.zone,
        calls_per_second=asked.profile_calls_per_second,
        channels=asked.profile_channels,
    )


def _fields(asked: Simulation) -> dict[str, str]:
    """What the calls have in common, as of `queuecalls.php`."""
    return fields(
        max_retries=asked.max_retries,
        retry_interval=asked.retry_interval,
        scheduled_time=asked.scheduled_time,
        expiration_time=asked.expiration_time,
        on_bad_line=asked.on_bad_line,
        duplicates=asked.duplicates,
    )


def _callees(asked: Simulation) -> CalleeModel:
    from mirabelle.cli import simulation_plan as planned
    from mirabelle.sandbox.callee_model import CalleeModel, Rates

    shares = Rates(
        answer=asked.answer_rate,
        machine=asked.machine_rate,
        busy=asked.busy_rate,
        reject=asked.reject_rate,
        fail=asked.fail_rate,
    )
    return CalleeModel(
        hours=planned.hours(asked.rates, shares),
        zone=asked.rates_zone,
        unallocated=asked.unallocated_rate,
        ring_seconds=asked.answer_seconds,
        talk_seconds=asked.talk_seconds,
        talk_spread=asked.talk_spread,
        machine_seconds=asked.machine_seconds,
        seed=asked.seed,
    )


def _begin(words: str, zone: Any) -> Any:
    from mirabelle.calls.clock import SystemClock
    from mirabelle.calls.when import parse

    now = SystemClock().now().replace(microsecond=0).astimezone(zone)
    return parse(words, now=now).astimezone(zone) if words else now


def _run(plan: Plan) -> Simulated:
    from mirabelle.cli.progress import progress
    from mirabelle.sandbox.simulation import simulate as run

    with progress("simulating", len(plan.callees), "calls") as shown:
        return run(plan, lambda final: shown.advance(1))


def _report(found: Simulated, *, as_json: bool) -> None:
    from mirabelle.sandbox.tally import by_day

    figures = by_day(found)
    if as_json:
        terminal.print_json(
            {
                "start": found.start,
                "calls": found.calls,
                "states": dict(found.states),
                "finished_at": None if found.finished_at is None else found.finished_at.astimezone(found.start.tzinfo),
                "days": [each.as_json() for each in figures[:-1]],
                "all": figures[-1].as_json(),
            }
        )
        return
    rows = _rows(figures)
    print(_title(found))
    _print_aligned(rows)
    states = ", ".join(f"{count:,} {state}" for state, count in found.states.items())
    print(f"Calls: {states}.")
    print(_finish(found))


def _rows(figures: Sequence[Figures]) -> list[dict[str, Any]]:
    """What is counted in lines, the days in columns."""
    total = figures[-1]

    def row(title: str, cell: Any) -> dict[str, Any]:
        return {"": title, **{each.name: cell(each) for each in figures}}

    def outcome(name: str) -> dict[str, Any]:
        def cell(each: Figures) -> str:
            count = each.outcomes.get(name, 0)
            return f"{count:,} ({100 * count / each.attempts:.1f} %)" if each.attempts else "0"

        return row(f"  {name.replace('_', ' ')}", cell)

    return [
        row("attempts", lambda each: f"{each.attempts:,}"),
        *(outcome(name) for name in total.outcomes),
        row("expired calls", lambda each: f"{each.expired:,}"),
        row("channels, most", lambda each: f"{each.most_channels:,}"),
        row("channels, mean", lambda each: f"{each.mean_channels:,.1f}"),
        row("calls a second, most", lambda each: f"{each.most_a_second:,}"),
        row("calls a second, mean", lambda each: f"{each.mean_a_second:,.2f}"),
        row("hours of talk", lambda each: f"{each.talk_hours:,.1f}"),
    ]


def _print_aligned(rows: Sequence[dict[str, Any]]) -> None:
    lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for first, *others in lines:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        print("  ".join((first.ljust(widths[0]), *cells)))


def _title(found: Simulated) -> str:
    return f"{found.calls:,} calls from {found.start:%a %Y-%m-%d %H:%M} ({found.start.tzinfo})"


def _finish(found: Simulated) -> str:
    if found.finished_at is not None:
        local = found.finished_at.astimezone(found.start.tzinfo)
        took = _words((found.finished_at - found.start).total_seconds())
        return f"Done {local:%a %Y-%m-%d %H:%M}, {took} after it began."
    left = sum(found.states.get(state, 0) for state in ("queued", "dialing", "connected"))
    return f"Not done within {found.length.total_seconds() / 86_400:g} days: {left:,} calls are left."


def _words(seconds: float) -> str:
    minutes = round(seconds / 60)
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min")]
    return " ".join(f"{many} {unit}" for many, unit in parts if many) or "less than a minute"
