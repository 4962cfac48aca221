"""`mirabelle simulate`: how a campaign would go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirabelle.cli import simulate_options as options
from mirabelle.cli import terminal
from mirabelle.cli.options import (
    Config,
    Duplicates,
    ExpirationTime,
    Json,
    MaxRetries,
    OnBadLine,
    RetryInterval,
    ScheduledTime,
    fields,
    settings_from,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mirabelle.sandbox.simulation import Plan
    from mirabelle.sandbox.tally import Figures, Simulated


def simulate(
    campaign: options.Campaign = "",
    calls: options.Calls = None,
    days: options.Days = 3.0,
    start: options.Start = "",
    zone: options.Zone = "UTC",
    answer_rate: options.AnswerRate = 0.4,
    machine_rate: options.MachineRate = 0.1,
    busy_rate: options.BusyRate = 0.08,
    reject_rate: options.RejectRate = 0.02,
    fail_rate: options.FailRate = 0.01,
    unallocated_rate: options.UnallocatedRate = 0.02,
    rates: options.Rates = None,
    rates_zone: options.RatesZone = "",
    talk_seconds: options.TalkSeconds = 45.0,
    machine_seconds: options.MachineSeconds = 20.0,
    talk_spread: options.TalkSpread = 0.6,
    answer_seconds: options.AnswerSeconds = 8.0,
    calls_per_second: options.CallsPerSecond = None,
    channels: options.Channels = None,
    carrier_calls_per_second: options.CarrierCallsPerSecond = None,
    carrier_channels: options.CarrierChannels = None,
    retry_after: options.RetryAfter = 5,
    profile_calls_per_second: options.ProfileCallsPerSecond = None,
    profile_channels: options.ProfileChannels = None,
    window: options.Window = None,
    callee_window: options.CalleeWindow = None,
    holidays: options.Holidays = None,
    retry: options.Retry = "default",
    max_retries: MaxRetries = 0,
    retry_interval: RetryInterval = 300,
    scheduled_time: ScheduledTime = "",
    expiration_time: ExpirationTime = "",
    on_bad_line: OnBadLine = "refuse",
    duplicates: Duplicates = "allow",
    seed: options.Seed = 1,
    plot: options.Plot = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Say how a campaign would go: attempts, outcomes, channels in use, and when it would be done.

    The dialer of the service dials it on a clock that jumps, against callees who behave as the options say. Nothing is
    sent, and no ledger is touched.
    """
    settings = settings_from(config)
    from datetime import timedelta

    from mirabelle.calls.schedule import parse_zone, rules_of
    from mirabelle.cli import simulation_plan as planned
    from mirabelle.sandbox import plot as picture
    from mirabelle.sandbox.callee_model import CalleeModel, Rates
    from mirabelle.sandbox.carrier_model import CarrierLimits
    from mirabelle.sandbox.model_phone import Delays
    from mirabelle.sandbox.simulation import Plan

    if plot is not None:
        picture.require()
    parse_zone(zone)
    begins = _begin(start, rules_of(zone))
    values = fields(
        max_retries=max_retries,
        retry_interval=retry_interval,
        scheduled_time=scheduled_time,
        expiration_time=expiration_time,
        on_bad_line=on_bad_line,
        duplicates=duplicates,
    )
    order = planned.order(values, begins)
    shares = Rates(answer=answer_rate, machine=machine_rate, busy=busy_rate, reject=reject_rate, fail=fail_rate)
    plan = Plan(
        start=begins,
        length=timedelta(days=days),
        callees=planned.callees(campaign, calls, order, settings),
        like=planned.like(order),
        trunks=planned.trunks(settings, calls_per_second, channels),
        model=CalleeModel(
            hours=planned.hours(rates, shares),
            zone=rates_zone,
            unallocated=unallocated_rate,
            ring_seconds=answer_seconds,
            talk_seconds=talk_seconds,
            talk_spread=talk_spread,
            machine_seconds=machine_seconds,
            seed=seed,
        ),
        carrier=CarrierLimits(
            calls_per_second=carrier_calls_per_second, channels=carrier_channels, retry_after=retry_after
        ),
        delays=Delays(ring_timeout=settings.sip.ring_timeout),
        dialing=planned.dialing(retry, callee_window or (), holidays or ()),
        windows=planned.windows(window or ()),
        zone=zone,
        calls_per_second=profile_calls_per_second,
        channels=profile_channels,
    )
    found = _run(plan)
    _report(found, as_json=as_json)
    if plot is not None:
        cap = min(sum(each.channels for each in plan.trunks), profile_channels or 1_000_000_000)
        picture.draw(found, plot, _title(found), cap)


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
