from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.fetch.address import Reach, refusal


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("93.184.215.14", None),
        ("2606:4700::1111", None),
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("10.0.0.1", "private"),
        ("172.16.3.4", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("192.0.2.1", "private"),
        ("198.18.0.1", "private"),
        ("fd00::1", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("240.0.0.1", "private"),
        ("255.255.255.255", "private"),
        ("fec0::1", "reserved"),
        ("100::1", "reserved"),
        ("2001:0:4136:e378::1", "reserved"),
        ("64:ff9b:1::a00:1", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:93.184.215.14", None),
        ("::7f00:1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("64:ff9b::5db8:d70e", None),
        ("2002:a00:1::1", "private"),
        ("not an address", "unreadable"),
    ],
)
def test_each_kind_of_address_is_told_apart(address: str, kind: str | None) -> None:
    assert refusal(address, Reach.PUBLIC) == kind


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "93.184.215.14"])
def test_loopback_is_within_the_reach_of_a_developer(address: str) -> None:
    assert refusal(address, Reach.LOOPBACK) is None


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "fd00::1"])
def test_a_private_network_is_not_within_the_reach_of_a_developer(address: str) -> None:
    assert refusal(address, Reach.LOOPBACK) is not None


@given(st.ip_addresses())
def test_an_operator_who_trusts_the_urls_reaches_every_address(address: object) -> None:
    assert refusal(str(address), Reach.ANYWHERE) is None


@given(st.ip_addresses(v=4))
def test_an_address_wrapped_in_ipv6_is_judged_as_itself(address: IPv4Address) -> None:
    assert refusal(f"::ffff:{address}", Reach.PUBLIC) == refusal(str(address), Reach.PUBLIC)
    assert refusal(f"64:ff9b::{address}", Reach.PUBLIC) == refusal(str(address), Reach.PUBLIC)
