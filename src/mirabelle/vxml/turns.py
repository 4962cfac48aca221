"""Turns: where interpreters compute, beside the event loop and one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Final, TypeVar

T = TypeVar("T")

MOST: Final = 4
"""Turns at once, at most."""

PATIENCE: Final = 0.01
"""Seconds after which a turn counts as a long one, beside which another may begin."""


class Turns:
    """Lets one interpreter compute at a time, and another beside each that takes long.

    Interpreters are Python, of which only one thread runs at a time: two that compute at once take the lock from each
    other, and from the event loop, without being done any sooner. But a script may compute for long, without the lock,
    and nobody else is to wait for that.

    Args:
        executor: where they compute; it has as many threads as there may be turns at once.
        most: turns at once.
        patience: seconds after which a turn is a long one.
    """

    def __init__(self, executor: Executor, *, most: int = MOST, patience: float = PATIENCE) -> None:
        self._executor = executor
        self._most = most
        self._patience = patience
        self._running: dict[object, float] = {}
        self._waiting: deque[asyncio.Future[object]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, step: Callable[..., T], *arguments: object) -> T:
        """Have a step computed when its turn comes.

        Args:
            step: what to compute.
            arguments: of it.

        Raises:
            Exception: whatever the step raises.
        """
        turn = self._begun() if self._may_begin() and not self._waiting else await self._turn()
        loop = asyncio.get_running_loop()
        try:
            computed: Future[T] = self._executor.submit(step, *arguments)
        except RuntimeError:  # it was shut down
            self._over(turn)
            raise
        try:
            return await asyncio.wrap_future(computed)
        finally:
            if computed.done():
                self._over(turn)
            else:  # nobody waits for it any more, and it computes all the same
                computed.add_done_callback(lambda _: loop.call_soon_threadsafe(self._over, turn))

    async def _turn(self) -> object:
        waiter: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._look_again()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._over(waiter.result())
            raise

    def _begun(self) -> object:
        turn = object()
        self._running[turn] = asyncio.get_running_loop().time()
        return turn

    def _may_begin(self) -> bool:
        """Whether all that compute have taken long, and there may be one more."""
        if not self._running:
            return True
        long_ago = asyncio.get_running_loop().time() - self._patience
        return len(self._running) < self._most and all(since <= long_ago for since in self._running.values())

    def _over(self, turn: object) -> None:
        del self._running[turn]
        self._begin_next()

    def _begin_next(self) -> None:
        """Let those who have waited longest begin, as far as somebody may."""
        while self._waiting and self._may_begin():
            waiter = self._waiting.popleft()
            if not waiter.done():  # who was cancelled waits no more
                waiter.set_result(self._begun())
        self._look_again()

    def _look_again(self) -> None:
        """See to it that somebody looks when the youngest turn has become a long one."""
        if not self._waiting or self._timer is not None or len(self._running) >= self._most:
            return
        loop = asyncio.get_running_loop()
        youngest = max(self._running.values(), default=loop.time())
        self._timer = loop.call_at(youngest + self._patience, self._looked)

    def _looked(self) -> None:
        self._timer = None
        self._begin_next()
