"""A picture of a simulation, drawn by matplotlib, which is an extra."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mirabelle.errors import MirabelleError
from mirabelle.sandbox.tally import OUTCOMES, Series, Simulated, series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart by those who do not see all colours (Okabe and Ito).
_COLOURS: Final[Mapping[str, str]] = MappingProxyType(
    dict(
        zip(
            OUTCOMES,
            (
                "#009e73",
                "#c9ced6",
                "#e69f00",
                "#d55e00",
                "#7a4b2a",
                "#cc79a7",
                "#56b4e9",
                "#999999",
                "#444444",
                "#f0e442",
            ),
            strict=True,
        )
    )
)
_BLUE: Final = "#0072b2"
_GREY: Final = "#6b7280"


class PlotError(MirabelleError):
    """A picture that cannot be drawn."""


def require() -> None:
    """See whether pictures can be drawn here, before anything is worked out for one.

    Raises:
        PlotError: they cannot.
    """
    try:
        import matplotlib as mpl  # noqa: F401
    except ImportError as error:
        raise PlotError(
            f"--plot needs matplotlib; install it with: {sys.executable} -m pip install matplotlib"
        ) from error


def draw(found: Simulated, path: Path, title: str, channel_cap: int | None = None) -> None:
    """Draw the course of a simulation: the attempts and what came of them, and the channels in use.

    Args:
        found: by the simulation.
        path: of the PNG file.
        title: above the picture.
        channel_cap: channels that there are, for a line; None: none is drawn.

    Raises:
        PlotError: matplotlib is missing, or the file cannot be written.
    """
    require()
    from matplotlib.figure import Figure

    course = series(found)
    figure = Figure(figsize=(11, 6.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
    _outcomes(above, course, found)
    _channels(below, course, found, channel_cap)
    _time_axis(below, found)
    try:
        figure.savefig(path, format="png", dpi=120)
    except OSError as error:
        raise PlotError(f"The picture {path} cannot be written: {error.strerror or error}.") from error


def _outcomes(axes: Axes, course: Series, found: Simulated) -> None:
    at = [_local(each, found) for each in course.begins]
    base = [0] * len(at)
    width = course.step / 86_400
    for name, counts in course.outcomes.items():
        label = f"{name.replace('_', ' ')} {sum(counts):,}"
        axes.bar(at, counts, width=width, bottom=base, align="edge", color=_COLOURS[name], label=label, linewidth=0)  # type: ignore[arg-type]
        base = [below + more for below, more in zip(base, counts, strict=True)]
    axes.set_ylabel(f"attempts in {_words(course.step)}")
    _quiet(axes)
    if course.outcomes:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=5, frameon=False, fontsize=9, borderaxespad=0.2)


def _channels(axes: Axes, course: Series, found: Simulated, cap: int | None) -> None:
    edges = [_local(each, found) for each in (*course.begins, course.begins[-1] + course.step)]
    axes.stairs(course.most_channels, edges, fill=True, color=_BLUE, alpha=0.25, linewidth=0)  # type: ignore[arg-type]
    axes.stairs(course.most_channels, edges, color=_BLUE, linewidth=1.4)  # type: ignore[arg-type]
    highest = max(course.most_channels, default=0)
    if cap is not None and cap <= 3 * max(1, highest):
        axes.axhline(cap, color="#d55e00", linewidth=1, linestyle=(0, (5, 3)))
        axes.annotate(
            f"{cap:,} channels", (1, cap), xycoords=("axes fraction", "data"), xytext=(5, 3),
            textcoords="offset points", ha="left", color="#d55e00", fontsize=9,
        )  # fmt: skip
        highest = max(highest, cap)
    axes.set_ylim(0, max(1.0, highest * 1.2))
    axes.set_ylabel("channels in use (most)")
    _quiet(axes)
    if found.finished_at is not None:
        for each in axes.figure.axes:
            each.axvline(found.finished_at, color=_GREY, linewidth=1, linestyle=":")  # type: ignore[arg-type]
        axes.annotate(
            f"done {found.finished_at.astimezone(found.start.tzinfo):%a %H:%M} ",
            (found.finished_at, 0.96), xycoords=("data", "axes fraction"), ha="right", va="top",
            color=_GREY, fontsize=9,
        )  # fmt: skip


def _time_axis(axes: Axes, found: Simulated) -> None:
    from matplotlib import dates

    locator = dates.AutoDateLocator(tz=found.start.tzinfo, minticks=5, maxticks=13)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator,
            tz=found.start.tzinfo,
            formats=["%Y", "%b", "%a %d %b", "%H:%M", "%H:%M", "%S"],
            zero_formats=["", "%Y", "%b", "%a %d %b", "%H:%M", "%H:%M"],
            show_offset=False,
        )
    )
    axes.set_xlabel(f"time ({found.start.tzinfo})", color=_GREY)
    axes.set_xlim(found.start, None)  # type: ignore[arg-type]


def _quiet(axes: Axes) -> None:
    """Only what tells something."""
    from matplotlib.ticker import FuncFormatter

    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _local(at: float, found: Simulated) -> datetime:
    return datetime.fromtimestamp(at, found.start.tzinfo)


def _words(step: float) -> str:
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if step >= size and step % size == 0:
            count = int(step // size)
            return f"a {word}".replace("a hour", "an hour") if count == 1 else f"{count} {word}s"
    return f"{step:g} seconds"
