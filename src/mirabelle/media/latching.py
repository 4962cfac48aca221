"""Symmetric RTP: where to send when the far end sits behind address translation. Pure; RFC 4961."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Final

_UNREACHABLE: Final = tuple(
    IPv4Network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
)


@lru_cache(maxsize=1024)
def may_latch(signalled: str, source: str) -> bool:
    """Whether packets from `source` may stand for the far end that gave the address `signalled` in its SDP.

    Another port of the same address always may. Another address may only if the signalled one is private, so that it
    cannot be where the packets come from once there is translation between; there the first packet decides.
    """
    if signalled == source:
        return True
    return any(IPv4Address(signalled) in network for network in _UNREACHABLE)
