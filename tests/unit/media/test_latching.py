from __future__ import annotations

import pytest

from mirabelle.media.latching import may_hear, may_latch


@pytest.mark.parametrize(
    ("signalled", "source", "may"),
    [
        ("203.0.113.5", "203.0.113.5", True),
        ("203.0.113.5", "203.0.113.6", False),
        ("203.0.113.5", "10.0.0.1", False),
        ("10.1.2.3", "203.0.113.6", True),
        ("192.168.0.9", "203.0.113.6", True),
        ("172.31.0.1", "203.0.113.6", True),
        ("172.32.0.1", "203.0.113.6", False),
        ("100.64.0.1", "203.0.113.6", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
    ],
)
def test_only_a_private_address_may_turn_out_to_be_another(signalled: str, source: str, may: bool) -> None:
    assert may_latch(signalled, source) is may


@pytest.mark.parametrize(
    ("source", "heard", "may"),
    [
        ("203.0.113.5", "", True),
        ("203.0.113.6", "", True),
        ("203.0.113.5", "203.0.113.6", True),
        ("203.0.113.6", "203.0.113.5", False),
        ("203.0.113.7", "203.0.113.6", False),
        ("203.0.113.5", "203.0.113.5", False),
    ],
)
def test_the_first_who_sends_is_heard_until_the_signalled_address_does(source: str, heard: str, may: bool) -> None:
    assert may_hear("203.0.113.5", source, heard) is may
