"""A simulation: the dialer of the service on virtual time, against a model of callees and of the carrier."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from mirabelle.calls.account import Account
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call, Callee, CallState, NewCall, NewCalls
from mirabelle.calls.campaign import USUAL_DIALING, Campaign, Dialing
from mirabelle.calls.profile import Profile
from mirabelle.calls.schedule import Schedule, Window
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.dialer import Dialer
from mirabelle.errors import MirabelleError
from mirabelle.sandbox import virtual_time
from mirabelle.sandbox.callee_model import CalleeModel
from mirabelle.sandbox.carrier_model import NO_LIMITS, CarrierLimits
from mirabelle.sandbox.model_phone import USUAL_DELAYS, Delays, ModelPhone
from mirabelle.sandbox.simulated_ledger import SimulatedLedger
from mirabelle.sandbox.tally import IN_PROGRESS, Made, Simulated
from mirabelle.sandbox.virtual_time import VirtualClock
from mirabelle.store.dialing_ledger import DialingLedger
from mirabelle.store.records import CampaignRules

MOST_CALLS: Final = 2_000_000
LONGEST: Final = timedelta(days=60)

_LEASE: Final = timedelta(hours=1)
"""Nobody dies here, so that leases need not be renewed all the time."""
_LOOK: Final = 600.0
"""Seconds between looks at a ledger into which nobody else writes."""
_OWNER: Final = "simulation"
_ACCOUNT: Final = 1
_CAMPAIGN: Final = 2


class PlanError(MirabelleError):
    """A campaign that cannot be simulated; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign, and the world that it is dialled in.

    Attributes:
        start: the instant at which it is uploaded, aware.
        length: how much time is simulated.
        callees: whom to call.
        like: what their calls have in common; account and campaign in it mean nothing.
        trunks: the ways out.
        model: how callees behave.
        carrier: what the carrier of each trunk allows.
        delays: of the network.
        dialing: weight, retry policy and hours of callees.
        windows: when the campaign may call; none: at any time.
        zone: of those windows.
        calls_per_second: the rate of the campaign's own profile; None: any.
        channels: its channels; None: any number.

    Raises:
        PlanError: there is nothing to dial or no way to, or it is too much.
    """

    start: datetime
    length: timedelta
    callees: Sequence[Callee]
    like: NewCall
    trunks: Sequence[Trunk]
    model: CalleeModel
    carrier: CarrierLimits = NO_LIMITS
    delays: Delays = USUAL_DELAYS
    dialing: Dialing = USUAL_DIALING
    windows: tuple[Window, ...] = ()
    zone: str = "UTC"
    calls_per_second: float | None = None
    channels: int | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.callees) <= MOST_CALLS:
            raise PlanError(f"A simulation has 1 to {MOST_CALLS:,} calls.")
        if not self.trunks:
            raise PlanError("A simulation needs a trunk; give --calls-per-second and --channels, or --config.")
        if not timedelta(0) < self.length <= LONGEST:
            raise PlanError(f"A simulation is at most {LONGEST.days} days long.")


@dataclass(slots=True)
class _Progress:
    """Counts the calls that are final, and knows when all are."""

    calls: int
    told: Callable[[int], None]
    final: int = 0
    all_over: asyncio.Event = field(default_factory=asyncio.Event)
    faults: list[str] = field(default_factory=list)

    def __call__(self, event: str, call_id: int, **fields: object) -> None:
        if event in ("fault", "store failed"):
            self.faults.append(f"{event}: {fields}")
            self.all_over.set()
        if event in ("expired", "refused") or (event == "ended" and fields["state"] != "queued"):
            self.final += 1
            self.told(self.final)
            if self.final >= self.calls:
                self.all_over.set()


class CampaignLedger(DialingLedger, Protocol):
    """A ledger of one campaign that can be read when it is over."""

    @property
    def all_calls(self) -> Collection[Call]:
        """Every call, in the order in which they were queued."""
        ...

    @property
    def made(self) -> Sequence[Attempt]:
        """Every attempt, in the order in which they began."""
        ...


async def simulated_ledger(plan: Plan) -> SimulatedLedger:
    """The ledger of a plan, with its campaign and all of its calls."""
    account = Account(_ACCOUNT, "simulation", "", _CAMPAIGN)
    campaign = Campaign(_CAMPAIGN, _ACCOUNT, "simulated", dialing=plan.dialing)
    schedules, profiles = [], []
    if plan.windows:
        schedules.append(Schedule(1, _ACCOUNT, "windows", plan.zone, plan.windows))
    if plan.calls_per_second is not None or plan.channels is not None:
        profiles.append(
            Profile(
                profile_id=1,
                account_id=_ACCOUNT,
                name="pace",
                calls_per_second=plan.calls_per_second,
                channels=plan.channels,
            )
        )
    # Without an address no result is written: a simulation posts nothing.
    like = replace(plan.like, account_id=_ACCOUNT, campaign_id=_CAMPAIGN, result_url="")
    rules = CampaignRules(tuple(schedules), tuple(profiles))
    return SimulatedLedger(account, campaign, rules, NewCalls(like, plan.callees), plan.start.astimezone(UTC))


def simulate(
    plan: Plan,
    told: Callable[[int], None] = lambda final: None,
    *,
    ledger_of: Callable[[Plan], Awaitable[CampaignLedger]] = simulated_ledger,
) -> Simulated:
    """Dial a campaign on virtual time.

    Args:
        plan: what to dial, and in what world.
        told: called with the number of calls that are final, as it grows.
        ledger_of: makes the ledger that it is dialled from, with all of its calls.

    Raises:
        PlanError: the dialer met a fault of its own.
    """
    return virtual_time.run(lambda clock: _simulate(plan, clock, told, ledger_of), plan.start)


async def _simulate(
    plan: Plan,
    clock: VirtualClock,
    told: Callable[[int], None],
    ledger_of: Callable[[Plan], Awaitable[CampaignLedger]],
) -> Simulated:
    ledger = await ledger_of(plan)
    progress = _Progress(len(plan.callees), told)
    dialer = Dialer(
        ledger=ledger,
        phone=ModelPhone(plan.model, plan.carrier, clock, plan.delays),
        trunks=plan.trunks,
        clock=clock,
        story=progress,
        owner=_OWNER,
        lease=_LEASE,
        longest_sleep=_LOOK,
    )
    running = asyncio.create_task(dialer.run())
    until = asyncio.create_task(progress.all_over.wait())
    await asyncio.wait({running, until}, timeout=plan.length.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
    if progress.faults:
        raise PlanError(f"The simulation met a fault: {progress.faults[0]}")
    found = _found(ledger, plan)
    for task in (running, until):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    return found


def _found(ledger: CampaignLedger, plan: Plan) -> Simulated:
    calls = ledger.all_calls
    return Simulated(
        start=plan.start,
        length=plan.length,
        calls=len(plan.callees),
        states=dict(sorted(Counter(call.state.value for call in calls).items())),
        made=tuple(map(made_of, ledger.made)),
        expired_at=tuple(sorted(_ended_at(call) for call in calls if call.state is CallState.EXPIRED)),
        finished_at=max(map(_ended_at, calls)) if all(call.state.final for call in calls) else None,
    )


def _ended_at(call: Call) -> datetime:
    assert call.ended_at is not None
    return call.ended_at


def made_of(attempt: Attempt) -> Made:
    """An attempt as a report tells it."""
    return Made(
        call_id=attempt.call_id,
        trunk=attempt.trunk,
        started_at=attempt.started_at.timestamp(),
        answered_at=None if attempt.answered_at is None else attempt.answered_at.timestamp(),
        ended_at=None if attempt.ended_at is None else attempt.ended_at.timestamp(),
        outcome=IN_PROGRESS if attempt.outcome is None else attempt.outcome.value,
    )
