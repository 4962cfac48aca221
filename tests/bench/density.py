"""Calls on one core: whether a media process carries so many on time."""

from __future__ import annotations

import asyncio

from tests.bench import media_bench
from tests.bench.figure import Figure

TARGET = 1500
LONGEST_SECONDS = 45.0
"""After which a number of calls is given up."""


def measure(*, force_python: bool, quick: bool) -> Figure:
    """Carry as many calls as the target asks, or what the Python path carries; again once if it was late."""
    path = "Python" if force_python else "C"
    calls = 250 if force_python else TARGET
    name = f"full-duplex calls on one core, {path} loop"
    target = "" if force_python else f"{TARGET} calls, p99 late < 5 ms"
    for _ in range(1 if quick else 2):
        measuring = media_bench.measure(calls, seconds=2.0 if quick else 4.0, force_python=force_python)
        result = asyncio.run(asyncio.wait_for(measuring, LONGEST_SECONDS))
        if result.passed:
            break
    if result.native is force_python:
        name, target = f"{name} (not built here: Python)", ""
    value = f"{result.calls} calls: p99 late {result.late_p99_ms:.2f} ms, {result.core_percent:.0f} % of a core"
    lost = result.lost_in + result.lost_out
    note = "held" if result.passed else "NOT held"
    return Figure(
        name,
        value,
        target,
        f"{note}; late {result.late_bursts_percent:.2f} %, lost {lost} of {result.packets_in + result.packets_out}",
    )
