"""What `mirabelle simulate` can be told: the campaign, its callees, its trunks and their carrier."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from mirabelle.cli.options import (
    Config,
    Duplicates,
    ExpirationTime,
    Json,
    MaxRetries,
    OnBadLine,
    RetryInterval,
    ScheduledTime,
)


def _share(help_: str) -> Any:
    return typer.Option(metavar="SHARE", help=help_, min=0.0, max=1.0)


Campaign = Annotated[
    str, typer.Option("--campaign", metavar="FILE", help="The list, as for campaign upload.", show_default=False)
]
Calls = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="So many calls: the list again and again, or made-up numbers."),
]
Days = Annotated[float, typer.Option(metavar="DAYS", min=0.001, max=60, help="How long to simulate.")]
Start = Annotated[
    str, typer.Option(metavar="WORDS", help="When it begins, such as 'monday 8:00'; now.", show_default=False)
]
Zone = Annotated[str, typer.Option(metavar="ZONE", help="The zone of times, windows and days.")]
AnswerRate = Annotated[float, _share("Of the attempts, answered by a person.")]
MachineRate = Annotated[float, _share("Answered by a machine.")]
BusyRate = Annotated[float, _share("Busy.")]
RejectRate = Annotated[float, _share("Declined.")]
FailRate = Annotated[float, _share("Failed in the network. The rest is not answered.")]
UnallocatedRate = Annotated[float, _share("Of the numbers, those that do not exist.")]
Rates = Annotated[Path | None, typer.Option(metavar="FILE", help="Rates by hour, a table in CSV.", show_default=False)]
RatesZone = Annotated[
    str, typer.Option(metavar="ZONE", help="Whose hours those are; each callee's own.", show_default=False)
]
TalkSeconds = Annotated[float, typer.Option(metavar="SECONDS", help="The mean length of a talk.")]
MachineSeconds = Annotated[float, typer.Option(metavar="SECONDS", help="The same with a machine.")]
TalkSpread = Annotated[float, typer.Option(metavar="FACTOR", help="How much talks differ; 0 is not.")]
AnswerSeconds = Annotated[float, typer.Option(metavar="SECONDS", help="The mean time to an answer.")]
CallsPerSecond = Annotated[
    float | None, typer.Option(metavar="RATE", min=0.001, help="Of each trunk; the settings'.", show_default=False)
]
Channels = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Of each trunk; the settings'.", show_default=False)
]
CarrierCallsPerSecond = Annotated[
    float | None,
    typer.Option(metavar="RATE", min=1, help="What the carrier really takes; past it 503.", show_default=False),
]
CarrierChannels = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="The calls at once that it takes.", show_default=False),
]
RetryAfter = Annotated[int, typer.Option(metavar="SECONDS", min=0, help="In its refusals.")]
ProfileCallsPerSecond = Annotated[
    float | None, typer.Option(metavar="RATE", help="The campaign's own rate.", show_default=False)
]
ProfileChannels = Annotated[
    int | None, typer.Option(metavar="N", help="The campaign's own channels.", show_default=False)
]
Window = Annotated[
    list[str] | None,
    typer.Option(metavar="HOURS", help="When it may call, such as 'mon-fri 09:00-18:00'; repeat.", show_default=False),
]
CalleeWindow = Annotated[
    list[str] | None,
    typer.Option(metavar="HOURS", help="The same on each callee's own clock; repeat.", show_default=False),
]
Holidays = Annotated[
    list[str] | None,
    typer.Option(metavar="CALENDAR", help="No calls on these, such as US or US-MA; repeat.", show_default=False),
]
Retry = Annotated[
    str, typer.Option(metavar="PRESET", help="The retry policy: default, reminder, patient or emergency.")
]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="Of chance; the same seed, the same result.")]
Plot = Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw a picture there.", show_default=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """All of it, and what other commands have, too. Each field is an option, which says what it is."""

    campaign: Campaign = ""
    calls: Calls = None
    days: Days = 3.0
    start: Start = ""
    zone: Zone = "UTC"
    answer_rate: AnswerRate = 0.4
    machine_rate: MachineRate = 0.1
    busy_rate: BusyRate = 0.08
    reject_rate: RejectRate = 0.02
    fail_rate: FailRate = 0.01
    unallocated_rate: UnallocatedRate = 0.02
    rates: Rates = None
    rates_zone: RatesZone = ""
    talk_seconds: TalkSeconds = 45.0
    machine_seconds: MachineSeconds = 20.0
    talk_spread: TalkSpread = 0.6
    answer_seconds: AnswerSeconds = 8.0
    calls_per_second: CallsPerSecond = None
    channels: Channels = None
    carrier_calls_per_second: CarrierCallsPerSecond = None
    carrier_channels: CarrierChannels = None
    retry_after: RetryAfter = 5
    profile_calls_per_second: ProfileCallsPerSecond = None
    profile_channels: ProfileChannels = None
    window: Window = None
    callee_window: CalleeWindow = None
    holidays: Holidays = None
    retry: Retry = "default"
    max_retries: MaxRetries = 0
    retry_interval: RetryInterval = 300
    scheduled_time: ScheduledTime = ""
    expiration_time: ExpirationTime = ""
    on_bad_line: OnBadLine = "refuse"
    duplicates: Duplicates = "allow"
    seed: Seed = 1
    plot: Plot = None
    config: Config = None
    as_json: Json = False
