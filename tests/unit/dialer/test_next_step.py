from datetime import timedelta

import pytest

from mirabelle.calls.call import CallState
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import MACHINE, PRESETS
from mirabelle.dialer.dialer import next_step
from mirabelle.dialer.phone import Cut, Ending
from tests.unit.calls.test_retry import NOON, a_call


@pytest.mark.parametrize(
    ("cut", "state"),
    [
        (Cut.NO, CallState.COMPLETED),
        (Cut.APPLICATION, CallState.FAILED),
        (Cut.MEDIA, CallState.FAILED),
        (Cut.STOPPED, CallState.FAILED),
    ],
)
def test_an_answered_call_is_final_however_its_session_ended(cut: Cut, state: CallState) -> None:
    step = next_step(a_call(), Ending(outcome=Outcome.ANSWERED, cut=cut), NOON)
    assert (step.state, step.due_at) == (state, None)


def test_a_machine_that_answered_leaves_it_to_the_policy() -> None:
    ending = Ending(outcome=Outcome.ANSWERED, callee_type=MACHINE)
    assert next_step(a_call(), ending, NOON).state is CallState.COMPLETED
    again = next_step(a_call(), ending, NOON, policy=PRESETS["emergency"])
    assert (again.state, again.due_at) == (CallState.QUEUED, NOON + timedelta(minutes=5))


def test_a_session_with_a_machine_that_was_cut_is_final_all_the_same() -> None:
    ending = Ending(outcome=Outcome.ANSWERED, callee_type=MACHINE, cut=Cut.MEDIA)
    assert next_step(a_call(), ending, NOON, policy=PRESETS["emergency"]).state is CallState.FAILED


def test_a_call_that_we_stopped_while_it_rang_goes_back_and_keeps_its_attempts() -> None:
    step = next_step(a_call(max_retries=0), Ending(outcome=Outcome.CANCELED, cut=Cut.STOPPED), NOON)
    assert (step.state, step.due_at, step.counted) == (CallState.QUEUED, NOON, False)


def test_anything_else_is_for_the_retry_rule() -> None:
    step = next_step(a_call(), Ending(outcome=Outcome.BUSY), NOON)
    assert (step.state, step.due_at) == (CallState.QUEUED, NOON + timedelta(seconds=300))
