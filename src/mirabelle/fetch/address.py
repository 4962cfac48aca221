"""Which network addresses an application may make this server talk to."""

from __future__ import annotations

import enum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE: Final = IPv6Network("::/96")
_NEVER_GLOBAL: Final = (
    IPv6Network("64:ff9b:1::/48"),  # RFC 8215: NAT64 of one's own network
    IPv6Network("fec0::/10"),  # RFC 3879: site-local
    IPv6Network("100::/64"),  # RFC 6666: discard
    IPv6Network("2001::/23"),  # RFC 2928: protocol assignments, Teredo among them
)


class Reach(enum.Enum):
    """How far into its own surroundings a fetcher reaches."""

    PUBLIC = "public"
    """Only addresses of the public Internet."""
    LOOPBACK = "loopback"
    """The public Internet, and this machine."""
    ANYWHERE = "anywhere"
    """Every address: the operator trusts whoever names the URLs."""


def refusal(address: str, reach: Reach) -> str | None:
    """Why an address may not be talked to.

    An IPv6 address that carries an IPv4 address (mapped, compatible, 6to4, NAT64) is judged by the one it carries.

    Args:
        address: numeric, IPv4 or IPv6, with or without a zone.
        reach: what is allowed.

    Returns:
        What the address is, such as "loopback"; None where it may be used.
    """
    if reach is Reach.ANYWHERE:
        return None
    try:
        kind = _kind(_carried(ip_address(address.partition("%")[0])))
    except ValueError:
        return "unreadable"
    if kind == "loopback" and reach is Reach.LOOPBACK:
        return None
    return kind


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is not None:
        return inner
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _kind(address: IPv4Address | IPv6Address) -> str | None:
    checks = (
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("reserved", isinstance(address, IPv6Address) and any(address in network for network in _NEVER_GLOBAL)),
        ("private", not address.is_global),
        ("reserved", address.is_reserved),
    )
    return next((kind for kind, holds in checks if holds), None)
