from __future__ import annotations

import pytest

from mirabelle.calls.trunk import Trunk
from mirabelle.cli.serving.capacity import capacity

PORTS = "20000-20019"


def trunks(*channels: int) -> list[Trunk]:
    return [Trunk(name=f"trunk{index}", host="127.0.0.1:5060", channels=each) for index, each in enumerate(channels)]


@pytest.mark.parametrize(
    ("most_calls", "channels", "calls"),
    [(0, [10], 10), (0, [4, 6], 10), (0, [], 10), (5, [10], 5), (5, [100], 5), (10, [100], 10), (0, [1], 10)],
)
def test_ports_that_carry_what_is_asked_for_are_no_news(most_calls: int, channels: list[int], calls: int) -> None:
    found = capacity(10, PORTS, most_calls, trunks(*channels))
    assert (found.calls, found.warning) == (calls, "")


def test_more_channels_than_ports_are_told_with_both_figures_and_both_ways_out() -> None:
    found = capacity(10, PORTS, 0, trunks(10, 1))
    assert found.calls == 10
    assert found.warning == (
        "The ports 20000-20019 carry 10 calls at once, and the trunks have 11 channels: no more than 10 will be made. "
        "Set [media] ports to a range of 22 ports, or [dialer] most_calls to 10 where other servers carry the rest."
    )


def test_more_calls_than_ports_are_never_made_though_the_settings_allow_them() -> None:
    found = capacity(10, PORTS, 11, trunks(5))
    assert found.calls == 10
    assert "[dialer] most_calls is 11" in found.warning
    assert "a range of 22 ports." in found.warning
