"""How long a turn may compute, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from mirabelle.vxml.allowance import Allowance
from mirabelle.vxml.platform import Note, NoteKind, Reply, Request
from mirabelle.vxml.signals import Ending


class Clock:
    """The processor time of a thread."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def computing(clock: Clock, allowance: Allowance, *seconds: float) -> Generator[Request, Reply, str]:
    """A machine that computes for so long before each of its requests."""
    for each in seconds:
        clock.now += each
        allowance.check()
        yield Note(NoteKind.LOG, "")
    return "done"


def run(clock: Clock, steps: Generator[Request, Reply, str], between: float) -> str:
    """Answer every request, with the clock of the thread elsewhere meanwhile."""
    try:
        while True:
            steps.send(None)
            clock.now += between
    except StopIteration as stop:
        return str(stop.value)


def test_what_was_computed_since_the_last_wait_is_added_up() -> None:
    clock = Clock()
    allowance = Allowance(5.0, clock)
    with pytest.raises(Ending) as caught:
        run(clock, allowance.over(computing(clock, allowance, 2.0, 2.0, 2.0)), between=0.0)
    assert caught.value.error == "error.semantic"
    assert caught.value.detail == "The application computed for more than 5 s without waiting for the caller."


def test_what_other_sessions_compute_on_the_same_thread_does_not_count() -> None:
    clock = Clock()
    allowance = Allowance(5.0, clock)
    assert run(clock, allowance.over(computing(clock, allowance, 2.0, 2.0)), between=1000.0) == "done"


def test_a_thread_that_has_computed_less_than_the_one_before_makes_no_difference() -> None:
    clock = Clock()
    allowance = Allowance(5.0, clock)
    with pytest.raises(Ending):
        run(clock, allowance.over(computing(clock, allowance, 2.0, 2.0, 2.0)), between=-50.0)


def test_a_wait_for_the_caller_begins_a_new_turn() -> None:
    clock = Clock()
    allowance = Allowance(5.0, clock)

    def turns() -> Generator[Request, Reply, str]:
        for _ in range(10):
            yield from computing(clock, allowance, 4.0)
            allowance.renew()
        return "done"

    assert run(clock, allowance.over(turns()), between=1.0) == "done"
