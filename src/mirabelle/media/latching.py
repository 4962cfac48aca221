"""Symmetric RTP: whom to hear, and where to send, when the far end is not where it says. Pure; RFC 4961."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import Final

_UNREACHABLE: Final = tuple(
    IPv4Network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
)


def may_hear(signalled: str, source: str, heard: str) -> bool:
    """Whether packets from `source` are taken from now on.

    Media gateways with several addresses send from another one than they name. So while nobody is heard the first who
    sends is; the address that was signalled takes over from any other, and no other from it.

    Args:
        signalled: the address in the far end's SDP.
        source: where the packet comes from.
        heard: the address that is heard now; empty for none.
    """
    return not heard or (source == signalled != heard)


@lru_cache(maxsize=1024)
def may_latch(signalled: str, source: str) -> bool:
    """Whether what we send may go to `source`, though the far end gave the address `signalled` in its SDP.

    Another port of the same address always may. Another address may only if the signalled one is private, so that it
    cannot be where the packets come from once there is translation between; there the first packet decides.
    """
    if signalled == source:
        return True
    return any(IPv4Address(signalled) in network for network in _UNREACHABLE)
