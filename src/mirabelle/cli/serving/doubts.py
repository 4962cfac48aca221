"""What looks like an oversight in the trunks of a server, told when it starts. Pure."""

from __future__ import annotations

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


def doubts(trunks: Sequence[Trunk]) -> Iterator[Doubt]:
    """Look at the ways out.

    Args:
        trunks: as the settings have them.
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
