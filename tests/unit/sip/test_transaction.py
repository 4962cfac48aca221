from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.sip.transaction import (
    INVITE_CLIENT,
    INVITE_SERVER,
    NON_INVITE_CLIENT,
    NON_INVITE_SERVER,
    Action,
    Input,
    Machine,
    State,
    Table,
    Timer,
    Timers,
)

TABLES = {
    "INVITE client": INVITE_CLIENT,
    "non-INVITE client": NON_INVITE_CLIENT,
    "INVITE server": INVITE_SERVER,
    "non-INVITE server": NON_INVITE_SERVER,
}
Event = Input | Timer


def machine(table: Table, *events: Event) -> Machine:
    made = Machine(table, Timers())
    for event in events:
        made.handle(event)
    return made


@pytest.mark.parametrize(
    ("table", "events", "state", "actions"),
    [
        (INVITE_CLIENT, [Input.START], State.CALLING, [Action.SEND]),
        (INVITE_CLIENT, [Input.START, Timer.A], State.CALLING, [Action.SEND]),
        (INVITE_CLIENT, [Input.START, Timer.B], State.TERMINATED, [Action.TIMEOUT]),
        (INVITE_CLIENT, [Input.START, Input.TRANSPORT_ERROR], State.TERMINATED, [Action.FAIL]),
        (INVITE_CLIENT, [Input.START, Input.PROVISIONAL], State.PROCEEDING, [Action.PASS]),
        (INVITE_CLIENT, [Input.START, Input.PROVISIONAL, Timer.A], State.PROCEEDING, []),
        (INVITE_CLIENT, [Input.START, Input.PROVISIONAL, Timer.B], State.PROCEEDING, []),
        (INVITE_CLIENT, [Input.START, Input.SUCCESS], State.ACCEPTED, [Action.PASS]),
        (INVITE_CLIENT, [Input.START, Input.SUCCESS, Input.SUCCESS], State.ACCEPTED, [Action.PASS]),
        (INVITE_CLIENT, [Input.START, Input.SUCCESS, Input.FAILURE], State.ACCEPTED, []),
        (INVITE_CLIENT, [Input.START, Input.SUCCESS, Timer.M], State.TERMINATED, []),
        (INVITE_CLIENT, [Input.START, Input.FAILURE], State.COMPLETED, [Action.ACK, Action.PASS]),
        (INVITE_CLIENT, [Input.START, Input.FAILURE, Input.FAILURE], State.COMPLETED, [Action.ACK]),
        (INVITE_CLIENT, [Input.START, Input.FAILURE, Input.SUCCESS], State.COMPLETED, []),
        (INVITE_CLIENT, [Input.START, Input.FAILURE, Timer.D], State.TERMINATED, []),
        (NON_INVITE_CLIENT, [Input.START, Timer.E], State.TRYING, [Action.SEND]),
        (NON_INVITE_CLIENT, [Input.START, Input.PROVISIONAL], State.PROCEEDING, [Action.PASS]),
        (NON_INVITE_CLIENT, [Input.START, Input.PROVISIONAL, Timer.E], State.PROCEEDING, [Action.SEND]),
        (NON_INVITE_CLIENT, [Input.START, Input.PROVISIONAL, Timer.F], State.TERMINATED, [Action.TIMEOUT]),
        (NON_INVITE_CLIENT, [Input.START, Input.FAILURE], State.COMPLETED, [Action.PASS]),
        (NON_INVITE_CLIENT, [Input.START, Input.SUCCESS, Input.SUCCESS], State.COMPLETED, []),
        (NON_INVITE_CLIENT, [Input.START, Input.SUCCESS, Timer.K], State.TERMINATED, []),
        (INVITE_SERVER, [Input.REQUEST], State.PROCEEDING, [Action.SEND]),
        (INVITE_SERVER, [Input.PROVISIONAL], State.PROCEEDING, [Action.SEND]),
        (INVITE_SERVER, [Input.SUCCESS], State.ACCEPTED, [Action.SEND]),
        (INVITE_SERVER, [Input.SUCCESS, Input.REQUEST], State.ACCEPTED, []),
        (INVITE_SERVER, [Input.SUCCESS, Input.SUCCESS], State.ACCEPTED, [Action.SEND]),
        (INVITE_SERVER, [Input.SUCCESS, Input.ACK], State.ACCEPTED, [Action.PASS]),
        (INVITE_SERVER, [Input.SUCCESS, Timer.L], State.TERMINATED, []),
        (INVITE_SERVER, [Input.FAILURE, Input.REQUEST], State.COMPLETED, [Action.SEND]),
        (INVITE_SERVER, [Input.FAILURE, Timer.G], State.COMPLETED, [Action.SEND]),
        (INVITE_SERVER, [Input.FAILURE, Timer.H], State.TERMINATED, [Action.TIMEOUT]),
        (INVITE_SERVER, [Input.FAILURE, Input.ACK], State.CONFIRMED, []),
        (INVITE_SERVER, [Input.FAILURE, Input.ACK, Timer.G], State.CONFIRMED, []),
        (INVITE_SERVER, [Input.FAILURE, Input.ACK, Timer.I], State.TERMINATED, []),
        (NON_INVITE_SERVER, [Input.REQUEST], State.TRYING, []),
        (NON_INVITE_SERVER, [Input.PROVISIONAL, Input.REQUEST], State.PROCEEDING, [Action.SEND]),
        (NON_INVITE_SERVER, [Input.FAILURE, Input.REQUEST], State.COMPLETED, [Action.SEND]),
        (NON_INVITE_SERVER, [Input.SUCCESS, Input.SUCCESS], State.COMPLETED, []),
        (NON_INVITE_SERVER, [Input.SUCCESS, Timer.J], State.TERMINATED, []),
    ],
)
def test_the_machines_follow_the_figures_of_the_rfc(
    table: Table, events: list[Event], state: State, actions: list[Action]
) -> None:
    made = machine(table, *events[:-1])
    assert list(made.handle(events[-1]).actions) == actions
    assert made.state is state


@pytest.mark.parametrize(
    ("table", "start", "timer", "seconds"),
    [
        (INVITE_CLIENT, Input.START, Timer.A, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 32.0]),
        (NON_INVITE_CLIENT, Input.START, Timer.E, [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]),
        (INVITE_SERVER, Input.FAILURE, Timer.G, [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]),
    ],
)
def test_retransmissions_back_off(table: Table, start: Input, timer: Timer, seconds: list[float]) -> None:
    made = Machine(table, Timers())
    waits = [dict(made.handle(start).start)[timer]]
    waits += [dict(made.handle(timer).start)[timer] for _ in seconds[1:]]
    assert waits == seconds


def test_after_a_provisional_answer_a_request_is_repeated_every_t2() -> None:
    made = machine(NON_INVITE_CLIENT, Input.START, Input.PROVISIONAL)
    assert dict(made.handle(Timer.E).start)[Timer.E] == 4.0


@pytest.mark.parametrize(
    ("table", "events", "timer", "seconds"),
    [
        (INVITE_CLIENT, [Input.START], Timer.B, 32.0),
        (INVITE_CLIENT, [Input.START, Input.FAILURE], Timer.D, 32.0),
        (INVITE_CLIENT, [Input.START, Input.SUCCESS], Timer.M, 32.0),
        (NON_INVITE_CLIENT, [Input.START], Timer.F, 32.0),
        (NON_INVITE_CLIENT, [Input.START, Input.SUCCESS], Timer.K, 5.0),
        (INVITE_SERVER, [Input.FAILURE], Timer.H, 32.0),
        (INVITE_SERVER, [Input.FAILURE, Input.ACK], Timer.I, 5.0),
        (INVITE_SERVER, [Input.SUCCESS], Timer.L, 32.0),
        (NON_INVITE_SERVER, [Input.SUCCESS], Timer.J, 32.0),
    ],
)
def test_each_timer_has_the_length_of_table_4(table: Table, events: list[Event], timer: Timer, seconds: float) -> None:
    made = machine(table, *events[:-1])
    assert dict(made.handle(events[-1]).start)[timer] == seconds


@pytest.mark.parametrize("name", TABLES)
@given(events=st.lists(st.sampled_from([*Input, *Timer]), max_size=40))
def test_no_sequence_of_events_leaves_a_machine_alive_without_a_timer(name: str, events: list[Event]) -> None:
    made = machine(TABLES[name], Input.START)
    for event in events:
        reaction = made.handle(event)
        assert made.running >= {timer for timer, _ in reaction.start}
        assert not made.running & set(reaction.stop)
        assert all(seconds > 0 for _, seconds in reaction.start)
    if made.state is State.TERMINATED:
        assert not made.running
    elif made.state not in (State.TRYING, State.PROCEEDING):
        assert made.running


@pytest.mark.parametrize("name", TABLES)
@given(event=st.sampled_from([*Input, *Timer]), events=st.lists(st.sampled_from([*Input, *Timer]), max_size=20))
def test_what_is_over_stays_over(name: str, event: Event, events: list[Event]) -> None:
    made = machine(TABLES[name], Input.START, *events)
    if made.state is State.TERMINATED:
        assert not made.handle(event).actions
        assert made.state is State.TERMINATED
