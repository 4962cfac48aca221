from __future__ import annotations

import pytest

from mirabelle.media.ports import MediaError, PortPool


@pytest.mark.parametrize(
    ("first", "last", "ports"),
    [(20000, 20003, [20000, 20002]), (20001, 20004, [20002]), (20000, 20002, [20000]), (65534, 65535, [65534])],
)
def test_ports_are_even_and_have_their_odd_neighbour(first: int, last: int, ports: list[int]) -> None:
    assert PortPool(first, last).take(10) == ports


@pytest.mark.parametrize(
    ("first", "last"), [(20000, 20000), (20001, 20002), (30000, 20000), (0, 0), (65000, 70000), (-4, 9)]
)
def test_a_range_that_holds_no_ports_is_refused(first: int, last: int) -> None:
    with pytest.raises(MediaError, match="no pair of ports"):
        PortPool(first, last)


def test_a_port_rests_while_others_are_used() -> None:
    pool = PortPool(20000, 20007)
    assert pool.take(1) == [20000]
    pool.give_back([20000])
    assert pool.take(4) == [20002, 20004, 20006, 20000]
    assert pool.take(1) == []
