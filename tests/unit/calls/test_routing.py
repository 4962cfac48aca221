from __future__ import annotations

from collections import Counter

import pytest

from mirabelle.calls.routing import caller_id, candidates, choose
from mirabelle.calls.trunk import Trunk

ANY = Trunk(name="any", host="a:5060")
SPARE = Trunk(name="spare", host="b:5060", weight=3)
UK = Trunk(name="uk", host="c:5060", prefixes=("+44",))
LONDON = Trunk(name="london", host="d:5060", prefixes=("+4420", "+4423"))
ALL = (ANY, SPARE, UK, LONDON)


@pytest.mark.parametrize(
    ("e164", "tried", "names"),
    [
        ("+16175550123", (), ["any", "spare"]),
        ("+16175550123", ("any",), ["spare"]),
        ("+16175550123", ("any", "spare"), []),
        ("+442079460000", (), ["london"]),
        ("+442079460000", ("london",), ["uk"]),
        ("+442079460000", ("london", "uk"), ["any", "spare"]),
        ("+441212345678", (), ["uk"]),
    ],
)
def test_the_longest_prefix_decides_and_what_failed_is_left_out(
    e164: str, tried: tuple[str, ...], names: list[str]
) -> None:
    assert [trunk.name for trunk in candidates(e164, ALL, tried)] == names


def test_trunks_for_other_numbers_only_carry_nothing() -> None:
    assert candidates("+16175550123", (UK, LONDON)) == ()


def test_weights_divide_the_calls() -> None:
    room = {"any": 1, "spare": 1}
    chosen = Counter(trunk.name for key in range(4000) if (trunk := choose((ANY, SPARE), room, str(key))))
    assert 2850 < chosen["spare"] < 3150


def test_a_trunk_without_room_is_passed_over_and_the_same_call_gets_the_same_trunk() -> None:
    assert choose((ANY, SPARE), {"any": 0, "spare": 2}, "7") == SPARE
    assert choose((ANY, SPARE), {}, "7") is None
    assert choose((), {}, "7") is None
    assert len({choose((ANY, SPARE), {"any": 1, "spare": 1}, "7") for _ in range(10)}) == 1


def test_a_callee_always_sees_the_same_number_of_the_pool() -> None:
    pool = Trunk(name="pool", host="a:5060", caller_id="8005550000", caller_ids=("8005550001", "8005550002"))
    assert {caller_id(pool, f"+1617555{each:04}") for each in range(50)} == set(pool.caller_ids)
    assert len({caller_id(pool, "+16175550123") for _ in range(10)}) == 1
    assert caller_id(Trunk(name="one", host="a:5060", caller_id="8005550000"), "+16175550123") == "8005550000"
    assert caller_id(ANY, "+16175550123") == ""
