"""A session: the machine stepped beside the event loop, its requests answered by a platform."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

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

if TYPE_CHECKING:
    from mirabelle.vxml.cache import ParseCache


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
        evaluate_on: where the machine computes, so that no script holds the event loop up.
        cache: documents and grammars parsed before, shared by sessions.
        dialect: what the Recommendation leaves open.
    """

    def __init__(
        self,
        start: Fetch,
        platform: Platform,
        variables: Mapping[str, object] | None = None,
        evaluate_on: Executor | None = None,
        *,
        cache: ParseCache | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        self._start = start
        self._platform = platform
        self._variables = dict(variables or {})
        self._executor = evaluate_on
        self._cache = cache
        self._dialect = dialect

    async def run(self) -> SessionEnd:
        """Run to the end."""
        loop = asyncio.get_running_loop()
        steps = await loop.run_in_executor(self._executor, self._begin)
        reply: Reply = None
        while True:
            told, outcome = await loop.run_in_executor(self._executor, _step, steps, reply)
            for each in told:
                self._tell(each)
            if outcome is None:
                reply = None
                continue
            if isinstance(outcome, Ending):
                return SessionEnd(outcome.kind, outcome.error, outcome.detail, dict(outcome.values), outcome.begun)
            reply = await self._answer(outcome)

    def _begin(self) -> Steps[Ending]:
        return Interpreter(self._variables, self._cache, self._dialect).run(self._start)

    def _tell(self, told: Note | Prefetch) -> None:
        if isinstance(told, Note):
            self._platform.note(told)
            return
        for request in told.requests:
            self._platform.prefetch(request)

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


def _step(steps: Steps[Ending], reply: Reply) -> tuple[list[Note | Prefetch], Asked | Ending | None]:
    """Let the machine compute until it asks for something; returns what it said on the way as well.

    Returns:
        None for what it asks where there is much to tell already: the platform must not take all of it at once.
    """
    told: list[Note | Prefetch] = []
    try:
        request = steps.send(reply)
        while isinstance(request, Note | Prefetch):
            told.append(request)
            if len(told) == MOST_NOTES:
                return told, None
            request = steps.send(None)
    except StopIteration as stop:
        ending: Ending = stop.value
        return told, ending
    except RecursionError:
        ended = Ending("error", "error.semantic", "The application nests too deeply.")
        return [*told, Note(NoteKind.ERROR, f"{ended.error} {ended.detail}")], ended
    return told, request
