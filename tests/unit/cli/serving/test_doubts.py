"""What a server says of its trunks when it starts."""

from __future__ import annotations

from mirabelle.calls.trunk import Trunk
from mirabelle.cli.serving.doubts import doubts

HOST = "127.0.0.1:5060"


def test_a_server_without_a_trunk_says_that_it_makes_no_calls() -> None:
    (doubt,) = doubts([])
    assert doubt.event == "no trunk"
    assert "[[trunk]]" in doubt.advice


def test_a_username_without_a_password_is_told() -> None:
    (doubt,) = doubts([Trunk(name="main", host=HOST, username="acme")])
    assert doubt.event == "no password"
    assert "'main'" in doubt.advice


def test_a_trunk_that_knows_us_by_address_or_by_password_is_no_news() -> None:
    known = [Trunk(name="a", host=HOST), Trunk(name="b", host=HOST, username="acme", password="secret")]
    assert list(doubts(known)) == []
