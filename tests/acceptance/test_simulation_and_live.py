"""The same small campaigns twice: by a running server against callees of the sandbox, and simulated."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mirabelle.calls.call import Call, Callee, NewCall
from mirabelle.calls.trunk import Trunk
from mirabelle.sandbox.callee_model import CalleeModel, Rates
from mirabelle.sandbox.model_phone import Delays
from mirabelle.sandbox.simulation import Plan, made_of, simulate
from mirabelle.sandbox.tally import Made, channels
from mirabelle.store.open import open_ledger
from tests.acceptance.customer import Customer
from tests.acceptance.program import Program, mirabelle
from tests.acceptance.service import Service

# What the last two digits of a number make its callee do, and how many do so.
CALLEES = {"04": 80, "10": 40, "11": 40, "12": 20, "13": 20}
CALLS = sum(CALLEES.values())
MODEL = CalleeModel.steady(
    Rates(answer=80 / 180, busy=40 / 180, reject=20 / 180),
    unallocated=20 / 200,
    talk_seconds=0.25,
    talk_spread=0,
    ring_seconds=0.8,
)

TOLERANCE = 0.1
"""Shares of 200 drawn attempts deviate by at most 0.035; this is nearly three times that."""
SLOWER = 0.25
"""The part by which a campaign of half a minute may take longer on a machine that has other things to do, too."""

BOUNDS = {"rate": (10, 100), "channels": (40, 25)}
"""What holds the campaign back: the calls a second of its trunk, or its channels."""


def numbers() -> list[str]:
    digits = [last for last, count in CALLEES.items() for _ in range(count)]
    random.Random(5).shuffle(digits)
    return [f"+1617555{index % 100:02}{last}" for index, last in enumerate(digits)]


async def dialled(store: str) -> tuple[Made, ...]:
    """The attempts, once every call is final."""
    ledger = await open_ledger(store)
    try:
        async with asyncio.timeout(100):
            # Another process decides when.
            while sum(count for state, count in (await ledger.counts()).items() if state.final) < CALLS:  # noqa: ASYNC110
                await asyncio.sleep(0.25)
        account = await ledger.account_by_login("acme")
        assert account is not None
        calls: list[Call] = []
        while page := await ledger.calls(account.account_id, after=calls[-1].call_id if calls else 0):
            calls += page
        made = [made_of(each) for call in calls for each in await ledger.attempts(call.call_id)]
        return tuple(sorted(made, key=lambda each: each.started_at))
    finally:
        await ledger.aclose()


@pytest.fixture(params=BOUNDS)
def bound(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Calls a second and channels of the trunk."""
    return BOUNDS[request.param]


@pytest.fixture
def live(prepared: Service, customer: Customer, tmp_path: Path, bound: tuple[int, int]) -> tuple[Made, ...]:
    """The attempts of a running server."""
    prepared.more = f"calls_per_second = {bound[0]}\nchannels = {bound[1]}\n"
    prepared.prepare_again()
    listed = tmp_path / "numbers.csv"
    listed.write_text("\n".join(numbers()))
    callee = (sys.executable, "-m", "mirabelle.sandbox.callee", "--listen", f"127.0.0.1:{prepared.trunk_port}")
    with Program([*callee, "--ports", "39000-39199"]) as far_end:
        far_end.wait_for("ready")
        prepared.start()
        upload = ("campaign", "upload", listed, "--name", "spring", "--login", "acme", "--config", prepared.config)
        command = mirabelle(*upload, "--start-url", customer.url("start"))
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        return asyncio.run(dialled(prepared.store))


def simulated(rate: int, cap: int) -> tuple[Made, ...]:
    plan = Plan(
        start=datetime(2026, 3, 2, 9, tzinfo=UTC),
        length=timedelta(hours=1),
        callees=[Callee(each) for each in numbers()],
        like=NewCall(account_id=0, campaign_id=0, phone_number="", start_url="http://example.com/"),
        trunks=(Trunk(name="main", host="127.0.0.1:5060", calls_per_second=rate, channels=cap),),
        model=MODEL,
        delays=Delays(to_ring=0.2, to_refuse=0.2, ring_timeout=5),
    )
    return tuple(simulate(plan).made)


def course(made: Sequence[Made]) -> tuple[float, float, int]:
    """Seconds from the first INVITE to the last, calls at once on the average meanwhile, and the most of them."""
    first, last = made[0].started_at, made[-1].started_at
    most, used, _ = channels(made, first, last)
    return last - first, used / (last - first), most


def test_a_simulation_foresees_what_a_running_server_does(live: tuple[Made, ...], bound: tuple[int, int]) -> None:
    foreseen = simulated(*bound)
    outcomes, foreseen_outcomes = Counter(each.outcome for each in live), Counter(each.outcome for each in foreseen)
    assert outcomes.total() == foreseen_outcomes.total() == CALLS
    assert outcomes.keys() == foreseen_outcomes.keys()
    for outcome, count in outcomes.items():
        assert foreseen_outcomes[outcome] / CALLS == pytest.approx(count / CALLS, abs=TOLERANCE)
    seconds, mean, most = course(live)
    foreseen_seconds, foreseen_mean, foreseen_most = course(foreseen)
    assert seconds == pytest.approx(foreseen_seconds, rel=SLOWER)
    assert mean == pytest.approx(foreseen_mean, rel=SLOWER)
    assert most == pytest.approx(foreseen_most, rel=SLOWER)
    assert max(most, foreseen_most) <= bound[1]
