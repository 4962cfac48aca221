"""Fifty sessions that talk to their callers while one session is given something bad."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mirabelle.vxml.cache import ParseCache
from mirabelle.vxml.platform import Collect, Fetch, HungUp, NoInput, Note, NoteKind, Speech
from mirabelle.vxml.session import Session, SessionEnd
from mirabelle.vxml.text import DocumentFetcher, TextPlatform
from mirabelle.vxml.turns import MOST, Turns
from tests.unit.vxml.running import BASE, Shelf, key, vxml

OTHERS = 50

_BEAT = 0.2
_COUNTING = vxml(
    f'<var name="n" expr="0"/><form><field name="f">{key("1")}<prompt>prompt <value expr="n"/></prompt>'
    '<noinput><assign name="n" expr="n + 1"/><reprompt/></noinput></field></form>'
)


class _Talking(TextPlatform):
    """A caller who never says anything, and hangs up at the second prompt after `over`."""

    def __init__(self, over: asyncio.Event) -> None:
        super().__init__(Shelf({"start.vxml": _COUNTING}), lambda _: None, ())
        self._over = over
        self._last = False
        self.said: list[str] = []
        self.begun = asyncio.Event()

    async def collect(self, request: Collect) -> NoInput | HungUp:
        """Hear the prompt, and stay silent for a while."""
        self.said += [item.text for prompt in request.prompts for item in prompt.items if isinstance(item, Speech)]
        self.begun.set()
        if self._last:
            return HungUp()
        self._last = self._over.is_set()
        await asyncio.sleep(_BEAT)
        return NoInput()


class _Noting(TextPlatform):
    """Keeps what the session says of itself."""

    def __init__(self, fetcher: DocumentFetcher, inputs: Sequence[str]) -> None:
        super().__init__(fetcher, lambda _: None, inputs)
        self.notes: list[Note] = []

    def note(self, note: Note) -> None:
        """Keep it."""
        self.notes.append(note)


@dataclass
class Beside:
    """What came of it.

    Attributes:
        end: of the session with the bad input.
        errors: the lines it had logged as errors.
        others: how the other sessions ended.
        said: what each of them said.
        during: how many prompts they said while the bad input was dealt with.
        used: processor time that passed meanwhile, in seconds.
        held: the most of it that passed while the event loop waited for its turn.
    """

    end: SessionEnd
    errors: list[str]
    others: list[SessionEnd]
    said: list[list[str]]
    during: int
    used: float
    held: float = 0.0

    def others_missed_nothing(self) -> bool:
        """Whether each of the others said all of its prompts, in order, until its caller hung up."""
        return all(end.kind == "hangup" for end in self.others) and all(
            said == [f"prompt {number}" for number in range(len(said))] and len(said) > 1 for said in self.said
        )

    def loop_was_free(self) -> bool:
        """Whether the event loop was never held for most of the time, where that was long enough to tell."""
        return self.used < _LONG or self.held < self.used / 2


_LONG = 0.5
"""Seconds of processor time from which on the share of them that held the loop says something."""


@contextlib.contextmanager
def _program_at_rest() -> Iterator[None]:
    """Keep the garbage collector from looking through all other tests, as the server does with its own program."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _watch(held: list[float]) -> None:
    """Measure what the process computes while the loop wants its turn; other processes do not count."""
    while True:
        before = time.process_time()
        await asyncio.sleep(0.005)
        held.append(time.process_time() - before)


async def beside_fifty(
    documents: Mapping[str, str | bytes],
    types: Mapping[str, str] | None = None,
    *,
    fetcher: DocumentFetcher | None = None,
    inputs: Sequence[str] = (),
) -> Beside:
    """Let fifty sessions talk, run `start.vxml` of the documents, and let the fifty go on until they said more.

    Args:
        documents: what the bad session finds.
        types: their content types.
        fetcher: gets them from elsewhere.
        inputs: what its caller does before hanging up.
    """
    over = asyncio.Event()
    lines = [_Talking(over) for _ in range(OTHERS)]
    cache = ParseCache()
    bad = _Noting(fetcher or Shelf(documents, types or {}), inputs)
    held: list[float] = []
    with _program_at_rest(), ThreadPoolExecutor(MOST) as executor:
        turns = Turns(executor)
        start = Fetch(f"{BASE}start.vxml")
        others = [asyncio.create_task(Session(start, line, {}, turns, cache=cache).run()) for line in lines]
        await asyncio.gather(*(line.begun.wait() for line in lines))
        before, used = sum(len(line.said) for line in lines), time.process_time()
        watching = asyncio.create_task(_watch(held))
        end = await Session(start, bad, {}, turns, cache=cache).run()
        await asyncio.sleep(0)
        used, during = time.process_time() - used, sum(len(line.said) for line in lines) - before
        watching.cancel()
        over.set()
        ended = await asyncio.gather(*others)
    errors = [note.text for note in bad.notes if note.kind is NoteKind.ERROR]
    return Beside(end, errors, list(ended), [line.said for line in lines], during, used, max(held, default=0.0))
