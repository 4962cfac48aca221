"""What looks like an oversight in the trunks and addresses of a server, told when it starts. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mirabelle.calls.trunk import Trunk


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that is allowed, and hardly meant.

    Attributes:
        event: how the log names it.
        advice: for the operator: what comes of it, and what to do.
    """

    event: str
    advice: str


def doubts(trunks: Sequence[Trunk], *, sip: str, media: str) -> Iterator[Doubt]:
    """Look at the ways out.

    Args:
        trunks: as the settings have them.
        sip: the host of `[sip] bind`.
        media: that of `[media] bind`.
    """
    if not trunks:
        yield Doubt(
            "no trunk",
            "Calls are queued and none is made: write a [[trunk]] into the settings, and name the file with --config.",
        )
    for trunk in trunks:
        if trunk.username and not trunk.password:
            yield Doubt(
                "no password",
                f"The trunk '{trunk.name}' has a username and no password: where it asks for one, calls fail. Set its "
                "password, or leave the username out where it knows you by address.",
            )
    away = next((trunk for trunk in trunks if not _of_this_machine(trunk.host.rpartition(":")[0])), None)
    for setting, host in (("[sip] bind", sip), ("[media] bind", media)):
        if away is not None and _of_this_machine(host):
            yield Doubt(
                "loopback address",
                f"{setting} is {host}, and from there the trunk '{away.name}' at {away.host} cannot be reached. Set it "
                "to an address of this machine that leads there.",
            )


def _of_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
