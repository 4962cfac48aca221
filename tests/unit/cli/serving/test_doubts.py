"""What a server says of its trunks when it starts."""

from __future__ import annotations

import pytest

from mirabelle.calls.trunk import Trunk
from mirabelle.cli.serving.doubts import Doubt, doubts

HOST = "127.0.0.1:5060"


def found(*trunks: Trunk, bind: str = "127.0.0.1") -> list[Doubt]:
    return list(doubts(trunks, sip=bind, media=bind))


def test_a_server_without_a_trunk_says_that_it_makes_no_calls() -> None:
    (doubt,) = found()
    assert doubt.event == "no trunk"
    assert "[[trunk]]" in doubt.advice


def test_a_username_without_a_password_is_told() -> None:
    (doubt,) = found(Trunk(name="main", host=HOST, username="acme"))
    assert doubt.event == "no password"
    assert "'main'" in doubt.advice


def test_a_trunk_that_knows_us_by_address_or_by_password_is_no_news() -> None:
    known = Trunk(name="b", host=HOST, username="acme", password="secret")
    assert found(Trunk(name="a", host=HOST), known) == []


@pytest.mark.parametrize("host", ["sip.example.net:5060", "203.0.113.7:5060"])
def test_a_carrier_that_cannot_be_reached_from_a_loopback_address_is_told(host: str) -> None:
    sip, media = found(Trunk(name="main", host=host))
    assert sip.event == media.event == "loopback address"
    assert (sip.advice.partition(" is ")[0], media.advice.partition(" is ")[0]) == ("[sip] bind", "[media] bind")
    assert found(Trunk(name="main", host=host), bind="0.0.0.0") == []


@pytest.mark.parametrize("host", ["localhost:5080", "127.0.0.2:5060", "[::1]:5060"])
def test_a_pbx_on_this_machine_is_reached_from_a_loopback_address(host: str) -> None:
    assert found(Trunk(name="main", host=host)) == []
