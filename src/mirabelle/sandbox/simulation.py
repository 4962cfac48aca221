"""A simulation: the dialer of the service on virtual time, against a model of callees and of the carrier."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from mirabelle.calls.call import Callee, NewCall, NewCalls
from mirabelle.calls.campaign import USUAL_DIALING, Dialing
from mirabelle.calls.schedule import Window
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.dialer import Dialer
from mirabelle.errors import MirabelleError
from mirabelle.sandbox import virtual_time
from mirabelle.sandbox.callee_model import CalleeModel
from mirabelle.sandbox.carrier_model import NO_LIMITS, CarrierLimits
from mirabelle.sandbox.memory_ledger import MemoryLedger
from mirabelle.sandbox.model_phone import USUAL_DELAYS, Delays, ModelPhone
from mirabelle.sandbox.tally import IN_PROGRESS, Made, Simulated
from mirabelle.sandbox.virtual_time import VirtualClock
from mirabelle.store.rows import instant

MOST_CALLS: Final = 2_000_000
LONGEST: Final = timedelta(days=60)

_LEASE: Final = timedelta(hours=1)
"""Nobody dies here, so that leases need not be renewed all the time."""
_LOOK: Final = 600.0
"""Seconds between looks at a ledger into which nobody else writes."""
_OWNER: Final = "simulation"

_MADE: Final = """
    SELECT call_id, trunk, started_at, answered_at, ended_at, outcome FROM attempts
    ORDER BY started_at, attempt_id
"""
_EXPIRED: Final = "SELECT ended_at FROM calls WHERE state = 'expired' ORDER BY ended_at"
_STATES: Final = "SELECT state, count(*) AS calls FROM calls GROUP BY state ORDER BY state"
_LAST: Final = "SELECT max(ended_at) AS at FROM calls"


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


def simulate(plan: Plan, told: Callable[[int], None] = lambda final: None) -> Simulated:
    """Dial a campaign on virtual time.

    Args:
        plan: what to dial, and in what world.
        told: called with the number of calls that are final, as it grows.

    Raises:
        PlanError: the dialer met a fault of its own.
    """
    return virtual_time.run(lambda clock: _simulate(plan, clock, told), plan.start)


async def _simulate(plan: Plan, clock: VirtualClock, told: Callable[[int], None]) -> Simulated:
    ledger = MemoryLedger()
    try:
        progress = _Progress(len(plan.callees), told)
        await _queue(plan, ledger, clock.now())
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
    finally:
        await ledger.aclose()


async def _queue(plan: Plan, ledger: MemoryLedger, now: datetime) -> None:
    account = await ledger.add_account("simulation", "", now)
    schedules, profiles = [], []
    if plan.windows:
        kept = await ledger.add_schedule(account.account_id, "windows", plan.zone, plan.windows, now)
        schedules.append(kept.schedule_id)
    if plan.calls_per_second is not None or plan.channels is not None:
        pace = await ledger.add_profile(account.account_id, "pace", plan.calls_per_second, plan.channels, now)
        profiles.append(pace.profile_id)
    campaign = await ledger.add_campaign(
        account.account_id, "simulated", "", now, schedules=schedules, profiles=profiles
    )
    await ledger.set_dialing(campaign.campaign_id, plan.dialing)
    # Without an address no result is written: a simulation posts nothing.
    like = replace(plan.like, account_id=account.account_id, campaign_id=campaign.campaign_id, result_url="")
    await ledger.queue_calls(NewCalls(like, plan.callees), now)


def _found(ledger: MemoryLedger, plan: Plan) -> Simulated:
    states = {row["state"]: row["calls"] for row in ledger.rows(_STATES)}
    over = not {"queued", "dialing", "connected"} & states.keys()
    [last] = ledger.rows(_LAST)
    return Simulated(
        start=plan.start,
        length=plan.length,
        calls=len(plan.callees),
        states=states,
        made=tuple(_made(ledger)),
        expired_at=tuple(instant(row["ended_at"]) for row in ledger.rows(_EXPIRED)),
        finished_at=instant(last["at"]) if over else None,
    )


def _made(ledger: MemoryLedger) -> Iterable[Made]:
    for row in ledger.rows(_MADE):
        yield Made(
            call_id=row["call_id"],
            trunk=row["trunk"],
            started_at=row["started_at"] / 1e6,
            answered_at=None if row["answered_at"] is None else row["answered_at"] / 1e6,
            ended_at=None if row["ended_at"] is None else row["ended_at"] / 1e6,
            outcome=row["outcome"] or IN_PROGRESS,
        )
