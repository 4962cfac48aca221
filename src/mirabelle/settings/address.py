"""Addresses and ports as people write them. Pure."""

from __future__ import annotations

import re
from typing import Final

_HIGHEST_PORT: Final = 65_535


def host_port(text: str) -> tuple[str, int]:
    """Read `host:port`, or `[v6 address]:port`.

    Raises:
        ValueError: it is not of that form.
    """
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]/@]+):([0-9]{1,5})", text, re.ASCII)
    if match is None or int(match[2]) > _HIGHEST_PORT:
        raise ValueError("write it as host:port, for example 127.0.0.1:5060 or [::1]:5060")
    return match[1].strip("[]"), int(match[2])


def port_range(text: str) -> tuple[int, int]:
    """Read `lowest-highest`, both included.

    Raises:
        ValueError: it is not of that form, or holds no pair of ports (RTP and RTCP).
    """
    match = re.fullmatch(r"([0-9]{1,5}) ?- ?([0-9]{1,5})", text, re.ASCII)
    if match is None:
        raise ValueError("write it as lowest-highest, for example 20000-29999")
    lowest, highest = int(match[1]), int(match[2])
    if not 1024 <= lowest < highest <= _HIGHEST_PORT:
        raise ValueError("take two ports from 1024 to 65535, the lower one first")
    return lowest, highest
