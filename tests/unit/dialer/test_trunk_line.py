from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.trunk_line import TrunkLine, trunk_lines


def a_line(*, calls_per_second: float = 10, channels: int = 3) -> TrunkLine:
    trunk = Trunk(name="main", host="127.0.0.1:5080", calls_per_second=calls_per_second, channels=channels)
    return trunk_lines([trunk], 0.0)[0]


def test_an_unused_trunk_takes_a_call_at_once() -> None:
    assert a_line().wait(0.0) == 0.0


def test_the_next_call_waits_for_its_token() -> None:
    line = a_line(calls_per_second=10)
    line.take(0.0)
    assert (line.wait(0.0), line.wait(0.1)) == (0.1, 0.0)


def test_a_full_trunk_says_that_only_a_free_channel_helps() -> None:
    line = a_line(channels=1)
    line.take(0.0)
    assert line.wait(100.0) is None
    line.give_back()
    assert line.wait(100.0) == 0.0


def test_the_slots_are_those_that_tokens_and_channels_both_allow() -> None:
    fast = a_line(calls_per_second=100, channels=3)
    assert fast.open_slots(0.0) == 3
    slow = a_line(calls_per_second=1, channels=3)
    assert slow.open_slots(0.0) == 1
