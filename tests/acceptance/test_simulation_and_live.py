"""The same small campaign twice: by a running server against callees of the sandbox, and simulated."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mirabelle.calls.call import Call, Callee, NewCall
from mirabelle.calls.trunk import Trunk
from mirabelle.sandbox.callee_model import CalleeModel, Rates
from mirabelle.sandbox.model_phone import Delays
from mirabelle.sandbox.simulation import Plan, simulate
from mirabelle.store.open import open_ledger
from tests.acceptance.customer import Customer
from tests.acceptance.program import Program, mirabelle
from tests.acceptance.service import Service

# What the last two digits of a number make its callee do, and how many do so.
CALLEES = {"04": 80, "10": 40, "11": 40, "12": 20, "13": 20}
CALLS = sum(CALLEES.values())
MODEL = CalleeModel.steady(
    Rates(answer=80 / 180, busy=40 / 180, reject=20 / 180), unallocated=20 / 200, talk_seconds=1, ring_seconds=1
)

TOLERANCE = 0.1
"""Shares of 200 drawn attempts deviate by at most 0.035; this is nearly three times that."""


def numbers() -> list[str]:
    digits = [last for last, count in CALLEES.items() for _ in range(count)]
    random.Random(5).shuffle(digits)
    return [f"+1617555{index % 100:02}{last}" for index, last in enumerate(digits)]


async def dialled(store: str) -> Counter[str]:
    """What became of the attempts, once every call is final."""
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
        made = [each for call in calls for each in await ledger.attempts(call.call_id)]
        return Counter(str(each.outcome) for each in made)
    finally:
        await ledger.aclose()


@pytest.fixture
def live(prepared: Service, customer: Customer, tmp_path: Path) -> Counter[str]:
    """Outcomes of the attempts of a running server."""
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


def test_a_simulation_foresees_what_a_running_server_does(live: Counter[str]) -> None:
    plan = Plan(
        start=datetime(2026, 3, 2, 9, tzinfo=UTC),
        length=timedelta(hours=1),
        callees=[Callee(each) for each in numbers()],
        like=NewCall(account_id=0, campaign_id=0, phone_number="", start_url="http://example.com/"),
        trunks=(Trunk(name="main", host="127.0.0.1:5060"),),
        model=MODEL,
        delays=Delays(to_ring=0.2, to_refuse=0.2, ring_timeout=5),
    )
    simulated = Counter(each.outcome for each in simulate(plan).made)
    assert live.total() == simulated.total() == CALLS
    assert live.keys() == simulated.keys()
    for outcome, count in live.items():
        assert simulated[outcome] / CALLS == pytest.approx(count / CALLS, abs=TOLERANCE)
