"""Answers that come after a crash: written down before they are acknowledged, so that nobody is rung again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from mirabelle.calls.clock import Clock
from mirabelle.calls.second_leg import is_second_leg
from mirabelle.dialer.story import Story
from mirabelle.store.leases import Leases
from mirabelle.store.ledger import StoreError


class Answer(Protocol):
    """What the SIP agent makes of an answer to an INVITE that it does not know."""

    @property
    def call_id(self) -> str:
        """The Call-ID of the INVITE."""
        ...

    def hang_up(self) -> None:
        """Acknowledge it and end the call."""
        ...


class LateAnswers:
    """Takes answers down and hangs up.

    An answer that cannot be written is not acknowledged: the far end repeats it, and it is taken down then.

    Args:
        ledger: where they are written.
        clock: the time.
        story: hears of them.
        on_result: called when a result waits to be posted.
    """

    def __init__(self, *, ledger: Leases, clock: Clock, story: Story, on_result: Callable[[], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._story = story
        self._on_result = on_result
        self._asked: dict[str, asyncio.Task[None]] = {}

    def hear(self, answer: Answer) -> None:
        """Take one down; while that is under way, its repetitions are passed over."""
        if answer.call_id not in self._asked:
            task = asyncio.get_running_loop().create_task(self._take_down(answer))
            self._asked[answer.call_id] = task
            task.add_done_callback(lambda _task: self._asked.pop(answer.call_id))

    async def aclose(self) -> None:
        """Let go of those that are being written; the far end repeats them."""
        tasks = tuple(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_down(self, answer: Answer) -> None:
        if is_second_leg(answer.call_id):
            # Whoever was to talk to them is gone with the server, and nobody is dialled again for it.
            answer.hang_up()
            return
        try:
            call = await self._ledger.answered_late(answer.call_id, self._clock.now())
        except StoreError as error:
            self._story("store failed", 0, reason=str(error))
            return
        if call is None:
            return
        answer.hang_up()
        self._story("answered late", call.call_id, state=str(call.state))
        if call.state.final:
            self._on_result()
