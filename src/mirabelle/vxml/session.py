"""A session: the machine stepped beside the event loop, its requests answered by a platform."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from mirabelle.vxml.interpreter import Interpreter
from mirabelle.vxml.machine import Dialect, Steps
from mirabelle.vxml.platform import (
    Collect,
    Disconnect,
    Fetch,
    Note,
    NoteKind,
    Platform,
    Play,
    Prefetch,
    Record,
    Reply,
    Transfer,
)
from mirabelle.vxml.signals import Ending, EndKind
from mirabelle.vxml.trace import Step, Tracer
from mirabelle.vxml.turns import Turns

if TYPE_CHECKING:
    from mirabelle.vxml.cache import ParseCache


T = TypeVar("T")

MOST_NOTES: Final = 50
"""Lines that a platform is given at once; other sessions have their turn in between."""

Asked = Fetch | Play | Collect | Record | Transfer | Disconnect
"""A request that somebody has to answer."""


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How a session ended.

    Attributes:
        kind: `exit`, `hangup` (by the caller), `disconnect` (by the application) or `error`.
        error: the event that nobody caught; empty otherwise.
        detail: its message; for a document that is none, line, column and reason.
        exit_values: what `<exit>` gave, as JSON by name; an `expr` has the empty name.
        begun: whether there was a first document to run.
    """

    kind: EndKind
    error: str = ""
    detail: str = ""
    exit_values: Mapping[str, str] = field(default_factory=dict)
    begun: bool = True


class Session:
    """One run of a VoiceXML application.

    Args:
        start: how the first document is fetched.
        platform: what carries the session.
        variables: what the session scope holds.
        turns: where the machine computes, so that no script holds the event loop up; None: in any thread, at any time.
        cache: documents and grammars parsed before, shared by sessions.
        dialect: what the Recommendation leaves open.
        tracer: is told of each step, in the event loop, in one order with the platform's notes.
    """

    def __init__(
        self,
        start: Fetch,
        platform: Platform,
        variables: Mapping[str, object] | None = None,
        turns: Turns | None = None,
        *,
        cache: ParseCache | None = None,
        dialect: Dialect | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._start = start
        self._platform = platform
        self._variables = dict(variables or {})
        self._turns = turns
        self._cache = cache
        self._dialect = dialect
        self._tracer = tracer
        self._told = _Told()

    async def run(self) -> SessionEnd:
        """Run to the end."""
        reply: Reply = None
        steps, outcome = await self._compute(self._begin)
        while True:
            self._pass_on()
            if isinstance(outcome, Ending):
                return SessionEnd(outcome.kind, outcome.error, outcome.detail, dict(outcome.values), outcome.begun)
            reply = None if outcome is None else await self._answer(outcome)
            outcome = await self._compute(_step, steps, reply, self._told)

    async def _compute(self, step: Callable[..., T], *arguments: object) -> T:
        if self._turns is None:
            return await asyncio.to_thread(step, *arguments)
        return await self._turns.run(step, *arguments)

    def _begin(self) -> tuple[Steps[Ending], Asked | Ending | None]:
        tracer = None if self._tracer is None else self._told
        steps = Interpreter(self._variables, self._cache, self._dialect, tracer).run(self._start)
        return steps, _step(steps, None, self._told)

    def _pass_on(self) -> None:
        """Hand on what the machine told while it computed."""
        for each in self._told.take():
            match each:
                case Note():
                    self._platform.note(each)
                case Prefetch(requests):
                    for request in requests:
                        self._platform.prefetch(request)
                case _ if self._tracer is not None:
                    self._tracer.tell(each)

    async def _answer(self, request: Asked) -> Reply:
        platform = self._platform
        match request:
            case Fetch():
                return await platform.fetch(request)
            case Play():
                return await platform.play(request)
            case Collect():
                return await platform.collect(request)
            case Record():
                return await platform.record(request)
            case Transfer():
                return await platform.transfer(request)
            case Disconnect():
                await platform.disconnect(request)
                return None


class _Told:
    """What the machine tells while it computes beside the event loop, in its order."""

    def __init__(self) -> None:
        self._waiting: list[Note | Prefetch | Step] = []

    @property
    def much(self) -> bool:
        """Whether so much waits that the platform should hear of it before there is more."""
        return len(self._waiting) >= MOST_NOTES

    def tell(self, told: Note | Prefetch | Step) -> None:
        self._waiting.append(told)

    def take(self) -> list[Note | Prefetch | Step]:
        taken, self._waiting = self._waiting, []
        return taken


def _step(steps: Steps[Ending], reply: Reply, told: _Told) -> Asked | Ending | None:
    """Let the machine compute until it asks for something.

    Returns:
        None for what it asks where there is much to tell already: the platform must not take all of it at once.
    """
    try:
        request = steps.send(reply)
        while isinstance(request, Note | Prefetch):
            told.tell(request)
            if told.much:
                return None
            request = steps.send(None)
    except StopIteration as stop:
        ending: Ending = stop.value
        return ending
    except RecursionError:
        ended = Ending("error", "error.semantic", "The application nests too deeply.")
        told.tell(Note(NoteKind.ERROR, f"{ended.error} {ended.detail}"))
        return ended
    return request
