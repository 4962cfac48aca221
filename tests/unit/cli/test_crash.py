import pytest

from mirabelle.calls.crash_point import CrashPoint
from mirabelle.cli.crash import Crash, CrashPointError, crash_at


def test_nothing_hears_of_the_points_unless_one_is_named() -> None:
    assert crash_at({}) is None


@pytest.mark.parametrize(("text", "passes"), [("after_ack", 1), ("after_ack:1", 1), ("after_ack:3", 3)])
def test_the_program_dies_when_the_point_is_passed_so_often(text: str, passes: int) -> None:
    deaths: list[str] = []
    reached = crash_at({"MIRABELLE_CRASH_AT": text}, die=lambda: deaths.append("dead"))
    assert reached is not None
    reached(CrashPoint.AFTER_BYE)
    for _ in range(passes - 1):
        reached(CrashPoint.AFTER_ACK)
    assert deaths == []
    reached(CrashPoint.AFTER_ACK)
    assert deaths == ["dead"]


def test_what_is_passed_too_early_does_not_count() -> None:
    deaths: list[str] = []
    now = 100.0
    reached = Crash("after_ack", 2, 4.5, die=lambda: deaths.append("dead"), monotonic=lambda: now)
    reached(CrashPoint.AFTER_ACK)
    now = 110.0
    reached.begun()
    now = 114.0
    reached(CrashPoint.AFTER_ACK)
    now = 114.5
    reached.begun()
    reached(CrashPoint.AFTER_ACK)
    assert deaths == []
    reached(CrashPoint.AFTER_ACK)
    assert deaths == ["dead"]


@pytest.mark.parametrize("text", ["nowhere", "after_ack@x", "after_ack:0", "after_ack:x", ":2", "after_ack:-1"])
def test_what_is_no_point_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(CrashPointError, match="before_intent"):
        crash_at({"MIRABELLE_CRASH_AT": text})
