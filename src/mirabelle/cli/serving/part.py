"""Parts of a server: each runs until it is cancelled, and ends what it has in hand when it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mirabelle.cli.serving.notify import Notifier
from mirabelle.cli.serving.signals import Signals
from mirabelle.cli.serving.voice import Voice

STOP_SECONDS: Final = 5.0
"""How long the end of a part may take beyond the drain, and everything once a second signal came."""


async def _nothing() -> None:
    """What a part without work in hand does to end it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One engine of a server.

    Attributes:
        name: for the log.
        run: works until it is cancelled; returning or raising ends the server.
        drain: begins nothing more and returns when what is in hand has ended, at most so many seconds later.
        cut: ends what is in hand now.
        in_hand: how much there is, in words for the operator; empty: nothing to wait for.
        patience: seconds that the drain may take; None: what is left of the server's.
    """

    name: str
    run: Callable[[], Coroutine[Any, Any, None]]
    drain: Callable[[float], Awaitable[None]] | None = None
    cut: Callable[[], Awaitable[None]] = _nothing
    in_hand: Callable[[], str] = str
    patience: float | None = None


async def run_until_stopped(
    parts: Sequence[Part],
    signals: Signals,
    *,
    notifier: Notifier,
    voice: Voice,
    drain_seconds: float,
    ready: str,
    **fields: object,
) -> int:
    """Run parts until a signal or the end of one of them, then drain them in their order; returns the exit status.

    Args:
        parts: in the order in which they are to end.
        signals: the first drains, the second cuts what is in hand.
        notifier: hears when the server is ready and when it stops.
        voice: tells the log and the operator.
        drain_seconds: how long what is in hand may take to end.
        ready: for the operator, once it is.
        fields: for the log, then.
    """
    running = [asyncio.create_task(part.run(), name=part.name) for part in parts]
    watchdog = asyncio.create_task(notifier.keep_watch(), name="watchdog")
    waiting = asyncio.create_task(signals.stop.wait())
    voice.log.info("ready", **fields)
    voice.announce(ready)
    notifier.ready()
    done, _ = await asyncio.wait({*running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    broken = [task for task in done if task is not waiting]
    for task in broken:
        voice.log.error("engine stopped", engine=task.get_name(), error=repr(task.exception()))
    signals.stop.set()
    notifier.stopping(drain_seconds + len(parts) * STOP_SECONDS)
    await _drain(parts, signals.hurry, voice, drain_seconds)
    for task in (*running, waiting, watchdog):
        task.cancel()
    _, late = await asyncio.wait({*running, waiting, watchdog}, timeout=STOP_SECONDS)
    for task in late:
        voice.log.warning("engine late", engine=task.get_name())
    voice.log.info("stopped")
    return 1 if broken else 0


async def _drain(parts: Sequence[Part], hurry: asyncio.Event, voice: Voice, seconds: float) -> None:
    """Drain parts one after the other, all within the same time; `hurry` cuts short what is still in hand."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    voice.log.info("draining", seconds=seconds, in_hand=", ".join(filter(None, (part.in_hand() for part in parts))))
    for part in parts:
        if part.drain is None:
            continue
        left = max(0.0, until - loop.time()) if part.patience is None else part.patience
        if left and part.patience is None and (in_hand := part.in_hand()):
            voice.announce(f"Waiting up to {left:.0f} s for {in_hand}; once more ends them now.")
        await _drain_one(part, part.drain, hurry, left)


async def _drain_one(part: Part, drain: Callable[[float], Awaitable[None]], hurry: asyncio.Event, left: float) -> None:
    draining = asyncio.ensure_future(drain(left))
    hurried = asyncio.create_task(hurry.wait())
    await asyncio.wait({draining, hurried}, return_when=asyncio.FIRST_COMPLETED)
    if not draining.done():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await part.cut()
        draining.cancel()
    hurried.cancel()
    await asyncio.wait({draining, hurried}, timeout=STOP_SECONDS)
