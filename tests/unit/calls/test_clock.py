from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.clock import SharedClock

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """A machine whose clock may be wrong."""

    def __init__(self, wrong_by: timedelta) -> None:
        self.wrong_by = wrong_by
        self.passed = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed) + self.wrong_by

    def monotonic(self) -> float:
        return self.passed


class TestSharedClock:
    def test_until_it_hears_the_time_it_shows_that_of_the_machine(self) -> None:
        assert SharedClock(Machine(HOUR)).now() == NOON + HOUR

    def test_once_it_heard_the_time_a_wrong_machine_does_not_matter(self) -> None:
        machine = Machine(HOUR)
        clock = SharedClock(machine)
        clock.hear(NOON, 0.0, 0.0)
        machine.passed = 90.0
        assert clock.now() == NOON + timedelta(seconds=90)
        assert clock.ahead == 3600.0

    def test_a_machine_whose_clock_is_set_meanwhile_does_not_matter_either(self) -> None:
        machine = Machine(timedelta())
        clock = SharedClock(machine)
        clock.hear(NOON, 0.0, 0.0)
        machine.wrong_by = -HOUR
        assert clock.now() == NOON
        assert clock.ahead == -3600.0

    def test_the_time_belongs_to_the_middle_of_the_question(self) -> None:
        machine = Machine(HOUR)
        clock = SharedClock(machine)
        machine.passed = 4.0
        clock.hear(NOON + timedelta(seconds=3), 2.0, 4.0)
        assert clock.now() == NOON + timedelta(seconds=4)

    @given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 1), st.floats(0, 1)), max_size=20))
    def test_a_right_clock_never_goes_back_however_long_the_answers_take(
        self, looks: list[tuple[float, float, float]]
    ) -> None:
        machine = Machine(HOUR)
        clock = SharedClock(machine)
        clock.hear(NOON, 0.0, 0.0)
        for wait, there, back in looks:
            machine.passed += wait
            asked, before = machine.passed, clock.now()
            machine.passed += there
            shown = NOON + timedelta(seconds=machine.passed)
            machine.passed += back
            clock.hear(shown, asked, machine.passed)
            assert clock.now() >= before
            assert abs((clock.now() - NOON).total_seconds() - machine.passed) <= 0.001

    def test_a_shared_clock_that_was_set_is_followed(self) -> None:
        machine = Machine(timedelta())
        clock = SharedClock(machine)
        clock.hear(NOON, 0.0, 0.0)
        clock.hear(NOON + HOUR, 0.0, 0.1)
        assert clock.now() == NOON + HOUR - timedelta(seconds=0.05)
