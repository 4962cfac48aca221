from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mirabelle.calls.call import Callee, NewCall
from mirabelle.calls.calling_window import CalleeHours
from mirabelle.calls.campaign import Dialing
from mirabelle.calls.retry import PRESETS
from mirabelle.calls.schedule import Window
from mirabelle.calls.trunk import Trunk
from mirabelle.sandbox.callee_model import CalleeModel, Rates
from mirabelle.sandbox.carrier_model import NO_LIMITS, CarrierLimits
from mirabelle.sandbox.simulation import Plan, simulate
from tests.table_ledger import table_ledger

START = datetime(2026, 11, 30, 8, tzinfo=UTC)
HOURS = (Window((0, 1, 2, 3, 4), 9 * 60, 12 * 60), Window((1, 3), 13 * 60, 17 * 60))
EVERYWHERE = ("+1617555{:04}", "+4930555{:04}", "+8135555{:04}", "+390655{:04}")

trunks = st.lists(
    st.builds(
        Trunk,
        name=st.sampled_from(["one", "two", "three"]),
        host=st.just("127.0.0.1:5060"),
        prefixes=st.sampled_from([(), (), ("+1",), ("+49", "+81")]),
        weight=st.integers(1, 5),
        calls_per_second=st.floats(0.05, 40),
        channels=st.integers(1, 30),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda trunk: trunk.name,
)

plans = st.builds(
    Plan,
    start=st.just(START),
    length=st.timedeltas(timedelta(hours=1), timedelta(days=4)),
    callees=st.integers(1, 60).map(
        lambda most: [Callee(EVERYWHERE[each % len(EVERYWHERE)].format(each)) for each in range(most)]
    ),
    like=st.builds(
        NewCall,
        account_id=st.just(0),
        campaign_id=st.just(0),
        phone_number=st.just(""),
        start_url=st.just("http://example.com/"),
        max_retries=st.integers(0, 4),
        retry_interval=st.integers(60, 7200),
        scheduled_at=st.none() | st.just(START + timedelta(hours=2)),
        expires_at=st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=2)).map(START.__add__),
    ),
    trunks=trunks.map(tuple),
    model=st.builds(
        lambda rates, unallocated, seed: CalleeModel.steady(rates, unallocated=unallocated, seed=seed),
        st.sampled_from([Rates(answer=0.5, busy=0.2), Rates(machine=0.4, fail=0.3), Rates(reject=0.3), Rates(busy=1)]),
        st.sampled_from([0.0, 0.1]),
        st.integers(0, 2**20),
    ),
    carrier=st.sampled_from(
        [NO_LIMITS, NO_LIMITS, CarrierLimits(channels=2), CarrierLimits(calls_per_second=1, retry_after=7)]
    ),
    dialing=st.builds(
        Dialing,
        retry=st.sampled_from(list(PRESETS.values())),
        hours=st.none() | st.just(CalleeHours(windows=HOURS)),
    ),
    windows=st.sampled_from([(), HOURS]),
    calls_per_second=st.none() | st.floats(0.05, 10),
    channels=st.none() | st.integers(1, 10),
)


class TestSimulatedLedger:
    @settings(max_examples=60, deadline=None)
    @given(plans)
    def test_a_campaign_goes_in_memory_as_it_goes_on_the_tables_of_the_ledger(self, plan: Plan) -> None:
        assert simulate(plan) == simulate(plan, ledger_of=table_ledger)

    def test_more_due_calls_than_are_looked_at_one_by_one_go_as_on_the_tables(self) -> None:
        plan = Plan(
            start=START,
            length=timedelta(days=1),
            callees=[Callee(f"+1617555{each:04}") for each in range(700)],
            like=NewCall(
                account_id=0,
                campaign_id=0,
                phone_number="",
                start_url="http://example.com/",
                max_retries=1,
                retry_interval=60,
            ),
            trunks=(Trunk(name="main", host="127.0.0.1:5060", calls_per_second=30, channels=90),),
            model=CalleeModel.steady(Rates(answer=0.4, busy=0.3)),
        )
        assert simulate(plan) == simulate(plan, ledger_of=table_ledger)
        assert simulate(plan) != simulate(replace(plan, model=CalleeModel.steady(Rates(answer=0.4), seed=2)))
