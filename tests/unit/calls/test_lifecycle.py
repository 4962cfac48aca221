import pytest

from mirabelle.calls.attempt import AttemptState
from mirabelle.calls.call import CallState
from mirabelle.calls.lifecycle import ATTEMPT_CHANGES, CALL_CHANGES, LifecycleError, require_call_change


def test_the_tables_name_every_state() -> None:
    assert set(CALL_CHANGES) == set(CallState)
    assert set(ATTEMPT_CHANGES) == set(AttemptState)


@pytest.mark.parametrize("state", CallState)
def test_a_final_state_is_one_that_nothing_follows(state: CallState) -> None:
    assert state.final == (not CALL_CHANGES[state])


def test_a_connected_call_is_not_expired_or_withdrawn() -> None:
    with pytest.raises(LifecycleError, match="connected cannot become expired"):
        require_call_change(CallState.CONNECTED, CallState.EXPIRED)


@pytest.mark.parametrize("state", CallState)
def test_every_state_leads_to_an_end(state: CallState) -> None:
    reached, frontier = {state}, [state]
    while frontier:
        for after in CALL_CHANGES[frontier.pop()] - reached:
            reached.add(after)
            frontier.append(after)
    assert any(each.final for each in reached)
