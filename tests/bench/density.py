"""Calls on one core: the most that a media process carries on time."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bench import media_bench
from tests.bench.figure import Figure

TARGET = 1500
NATIVE_STEPS = (1500, 2000, 2500)
PYTHON_STEPS = (500, 750, 1000)


def measure(*, force_python: bool, quick: bool) -> Figure:
    """Carry more and more calls, each number three times, up to the first whose run in the middle is late."""
    steps = PYTHON_STEPS if force_python else NATIVE_STEPS
    measured = media_bench.search(
        steps[:1] if quick else steps, seconds=1.0 if quick else 4.0, force_python=force_python
    )
    held = [runs for runs in measured if media_bench.median(runs).passed]
    return _figure(held[-1] if held else measured[-1], held=bool(held), force_python=force_python)


def _figure(runs: Sequence[media_bench.Result], *, held: bool, force_python: bool) -> Figure:
    result = media_bench.median(runs)
    path = "Python" if force_python else "C"
    name = f"full-duplex calls on one core, {path} loop"
    target = "" if force_python else f"{TARGET} calls, p99 late < 5 ms"
    if result.native is force_python:
        name, target = f"{name} (not built here: Python)", ""
    late = ", ".join(f"{run.late_p99_ms:.2f}" for run in runs)
    lost = ", ".join(str(run.lost_in + run.lost_out) for run in runs)
    return Figure(
        name,
        f"{result.calls} calls: p99 late {late} ms, {result.core_percent:.0f} % of a core",
        target,
        f"{'held' if held else 'NOT held'}; {len(runs)} runs, the one in the middle counts; lost {lost} packets",
    )
