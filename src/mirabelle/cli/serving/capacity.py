"""How many calls one server may have at once: what its RTP ports carry, or less where the settings say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mirabelle.calls.trunk import Trunk


@dataclass(frozen=True, slots=True)
class Capacity:
    """The most calls of one server.

    Attributes:
        calls: at once.
        warning: for the operator, where that is less than the settings ask for; empty: all is well.
    """

    calls: int
    warning: str = ""


def capacity(carried: int, ports: str, most_calls: int, trunks: Sequence[Trunk]) -> Capacity:
    """Compare what the ports carry with what is asked for.

    Args:
        carried: calls that the media processes have ports for: a pair each.
        ports: the range, as the settings have it.
        most_calls: what the operator allows this server; 0: all that it can.
        trunks: whose channels the fleet has.
    """
    channels = sum(trunk.channels for trunk in trunks)
    wanted = most_calls or channels
    calls = min(carried, most_calls) if most_calls else carried
    if wanted <= carried:
        return Capacity(calls)
    asked = f"[dialer] most_calls is {most_calls}" if most_calls else f"the trunks have {channels} channels"
    fix = f"Set [media] ports to a range of {2 * wanted} ports"
    if not most_calls:
        fix += f", or [dialer] most_calls to {carried} where other servers carry the rest"
    warning = f"The ports {ports} carry {carried} calls at once, and {asked}: no more than {calls} will be made. {fix}."
    return Capacity(calls, warning)
