"""Trunk: the way out to the telephone network."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A carrier's or a PBX's SIP address and what we may do there.

    Attributes:
        name: how the operator calls it.
        host: `host:port`.
        transport: `udp`.
        username: for digest authentication; empty for none.
        password: never shown.
        caller_id: the number we call from, where the call names none.
        calls_per_second: the most INVITEs a second.
        channels: the most calls at once.
        prefixes: beginnings of the numbers that it is meant for, `+` and digits; empty: of all.
        weight: its share among trunks that are meant for the same numbers.
        caller_ids: a pool of numbers to call from, instead of `caller_id`.
    """

    name: str
    host: str
    transport: str = "udp"
    username: str = ""
    password: str = field(default="", repr=False)
    caller_id: str = ""
    calls_per_second: float = 10.0
    channels: int = 100
    prefixes: tuple[str, ...] = ()
    weight: int = 1
    caller_ids: tuple[str, ...] = ()
