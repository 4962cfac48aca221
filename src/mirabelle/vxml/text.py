"""The text platform: a session in a terminal, with a caller who types, or whose input is given beforehand.

Time is virtual: a timeout passes at once, and a recording is as long as it is said to be.
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

from mirabelle.errors import MirabelleError
from mirabelle.vxml.cache import ParseCache
from mirabelle.vxml.collector import TypeAhead
from mirabelle.vxml.fetch_audio import fetch_meanwhile
from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.matching import collect_keys, match_pressed, match_words
from mirabelle.vxml.platform import (
    Audio,
    Collect,
    Disconnect,
    Fetch,
    Fetched,
    FetchFailed,
    HungUp,
    Input,
    NoInput,
    NoMatch,
    Note,
    NoteKind,
    Play,
    Played,
    Prompt,
    Record,
    Recorded,
    Speech,
    Transfer,
    Transferred,
    TransferResult,
)
from mirabelle.vxml.session import Session
from mirabelle.vxml.trace import Tracer

Write = Callable[[str], None]
"""Takes a line."""

Heard = TypeVar("Heard", bound=Input | NoInput | NoMatch | Recorded | Transferred | HungUp)

Ask = Callable[[], str | None]
"""Asks the person at the terminal; None at the end of input. May block."""

MOST_LINE: Final = 2_000
"""Characters of one line; what is longer is cut."""

RECORDING_MS: Final = 1_000
"""How long the virtual caller speaks into a recording."""

_KEYS: Final = re.compile(r"[0-9*#A-Da-d]+", re.ASCII)
_ANSWER: Final = re.compile(r"answer:([0-9]{1,6}(?:\.[0-9]{1,3})?)", re.ASCII)
_BYTES_PER_MS: Final = 8
_REFUSALS: Final = (TransferResult.BUSY, TransferResult.NETWORK_BUSY)
_SHOWN: Final = frozenset({NoteKind.LOG, NoteKind.SUBMIT, NoteKind.TRANSFER, NoteKind.RECORD})


class InputError(MirabelleError):
    """Scripted input, or a scripted far end, that cannot be understood."""


class DocumentFetcher(Protocol):
    """Gets what a session asks for."""

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get it; every failure is a reply."""

    def prefetch(self, request: Fetch) -> None:
        """Begin to get it, or leave it."""


@dataclass(frozen=True, slots=True)
class FarEnd:
    """What the other party of a transfer does.

    Attributes:
        result: why there is no connection; None where it answers.
        seconds: how long it stays until it hangs up.
    """

    result: TransferResult | None = None
    seconds: float = 10.0


def parse_far_end(text: str) -> FarEnd:
    """Read `answer:SECONDS`, `busy`, `network_busy` or `noanswer`; an empty text is somebody who talks for 10 s.

    Raises:
        InputError: it is something else.
    """
    if not text:
        return FarEnd()
    if text in ("busy", "network_busy", "noanswer"):
        return FarEnd(TransferResult(text))
    found = _ANSWER.fullmatch(text)
    if found is None:
        raise InputError(f"'{text}' is no far end; write answer:SECONDS, busy, network_busy or noanswer.")
    return FarEnd(seconds=float(found[1]))


def parse_inputs(text: str) -> tuple[str, ...]:
    """Read a comma-separated list of `1`, `12#`, `text:words`, `noinput` and `hangup`.

    Raises:
        InputError: one of them is something else.
    """
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in found:
        if part not in ("noinput", "hangup") and not part.startswith("text:") and not _KEYS.fullmatch(part):
            raise InputError(f"'{part}' is no input; write keys (12#), text:words, noinput or hangup.")
    return found


class TextPlatform:
    """Prints what is played and what happens, and answers for the caller.

    Args:
        fetcher: gets documents.
        write: takes each line.
        inputs: what the caller does, one at each wait; None asks at the terminal.
        far_end: who is at the other end of a transfer.
        ask: asks at the terminal.
    """

    def __init__(
        self,
        fetcher: DocumentFetcher,
        write: Write,
        inputs: Iterable[str] | None = None,
        far_end: FarEnd | None = None,
        ask: Ask | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._write = write
        self._waiting = deque(inputs or ())
        self._far_end = far_end or FarEnd()
        self._ask = ask if inputs is None else None
        self._ahead = TypeAhead()

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get it; audio for the time of the fetch is printed once it would begin, and nobody waits for it to end."""
        if request.meanwhile is None:
            return await self._fetcher.fetch(request)
        return await fetch_meanwhile(self._fetcher, request, request.meanwhile, self._print_audio)

    async def _print_audio(self, audio: Audio, _heard: Callable[[], None]) -> None:
        self._line(f"prompt: [audio {audio.url}]")

    def prefetch(self, request: Fetch) -> None:
        """Leave it to what fetches."""
        self._fetcher.prefetch(request)

    async def play(self, request: Play) -> Played | HungUp:
        """Print the prompts."""
        self._show(request.prompts)
        return Played()

    async def collect(self, request: Collect) -> Input | NoInput | NoMatch | HungUp:
        """Print the prompts, and take the caller's next input."""
        self._show(request.prompts)
        if any(not prompt.bargein for prompt in request.prompts):
            self._ahead.clear()
        given = "" if len(self._ahead) else await self._next()
        if given is None:
            return self._hang_up()
        if given == "noinput":
            self._line("input: noinput")
            return _marked(NoInput(), request.prompts)
        if ("voice" if given.startswith("text:") else "dtmf") not in request.properties.modes:
            self._line(f"input: {given} (not listened to)")
            self._ahead.clear()
            return _marked(NoInput(), request.prompts)
        if given.startswith("text:"):
            self._line(f"input: {given}")
            reply = match_words(given.removeprefix("text:").split(), request.grammars, request.properties)
            return _marked(reply, request.prompts)
        for key in given:
            self._ahead.press(key)
        reply = collect_keys(self._ahead, request.grammars, request.properties)
        self._line(f"input: {reply.utterance}")
        return _marked(reply, request.prompts)

    async def record(self, request: Record) -> Recorded | NoInput | HungUp:
        """Record a second of silence, ended by whatever the caller does next."""
        self._show(request.prompts)
        self._ahead.clear()
        return _marked(await self._taped(request), request.prompts)

    async def _taped(self, request: Record) -> Recorded | NoInput | HungUp:
        given = await self._next()
        kind = request.type
        if given is None:
            self._line("input: hangup")
            return HungUp(recording(kind, RECORDING_MS), RECORDING_MS)
        self._line(f"input: {given}")
        if given == "noinput":
            return NoInput()
        if not given.startswith("text:"):
            matched = match_pressed(given, request.grammars, request.properties)
            if isinstance(matched, Input):
                return Recorded(recording(kind, RECORDING_MS), kind, RECORDING_MS, given[-1], input=matched)
            if request.dtmfterm:
                return Recorded(recording(kind, RECORDING_MS), kind, RECORDING_MS, given[0])
        # Nothing that was said ends it before its time unless it falls silent.
        full = request.finalsilence_ms <= 0 or request.maxtime_ms <= RECORDING_MS
        length = request.maxtime_ms if full else RECORDING_MS
        return Recorded(recording(kind, length), kind, length, maxtime=full)

    async def transfer(self, request: Transfer) -> Transferred | HungUp:
        """Let the scripted far end act."""
        self._show(request.prompts)
        if request.audio is not None:
            self._line(f"prompt: [audio {request.audio.url}]")
        reply = _marked(await self._transferred(request), request.prompts)
        if isinstance(reply, Transferred):
            self._line(f"transfer: {reply.result} {reply.duration_ms} ms")
        return reply

    async def disconnect(self, request: Disconnect) -> None:
        """Print that the application hung up."""
        values = " ".join(f"{name}={value}" for name, value in request.values)
        self._line(f"disconnect {values}".rstrip())

    def took(self, given: str) -> None:
        """Hear of an input that was given beforehand, when the caller does it; nothing is printed for it."""

    def note(self, note: Note) -> None:
        """Print what is worth a line here."""
        if note.kind in _SHOWN:
            self._line(f"{note.kind}: {note.text}")

    async def _transferred(self, request: Transfer) -> Transferred | HungUp:
        if request.type != "blind" and self._far_end.result in _REFUSALS:
            return Transferred(self._far_end.result)
        ringing = request.type != "bridge" or self._far_end.result is not None
        if ringing and self._waiting and self._waiting[0] == "hangup":
            self.took(self._waiting.popleft())
            return self._hang_up()
        if request.type == "blind":
            return Transferred(TransferResult.TRANSFERRED)
        if self._far_end.result is not None:
            return Transferred(self._far_end.result)
        if request.type == "consultation":
            return Transferred(TransferResult.TRANSFERRED)
        length = round(self._far_end.seconds * 1000)
        while await self._interferes(request):
            given = self._waiting[0]
            if given == "hangup":
                self.took(self._waiting.popleft())
                return self._hang_up(length)
            if not request.grammars or given == "noinput":
                break
            self.took(self._waiting.popleft())
            self._line(f"input: {given}")
            words = given.removeprefix("text:")
            if given.startswith("text:"):
                matched = match_words(words.split(), request.grammars, request.properties)
            else:
                matched = match_pressed(given, request.grammars, request.properties)
            if isinstance(matched, Input):
                return Transferred(TransferResult.NEAR_END_DISCONNECT, min(length, RECORDING_MS), matched)
        if 0 < request.maxtime_ms < length:
            return Transferred(TransferResult.MAXTIME_DISCONNECT, request.maxtime_ms)
        return Transferred(TransferResult.FAR_END_DISCONNECT, length)

    async def _interferes(self, request: Transfer) -> bool:
        """Whether the caller does something while the two talk; asks only where a hot word is listened for."""
        if not self._waiting and self._ask is not None and request.grammars:
            line = await asyncio.to_thread(self._ask)
            self._waiting.extend(each for each in self._typed(line or "") or () if each != "noinput")
        return bool(self._waiting)

    def _typed(self, line: str) -> tuple[str, ...] | None:
        """What a line says the caller does; None where that cannot be understood."""
        try:
            return parse_inputs(line)
        except InputError as error:
            self._line(f"? {error}")
            return None

    def _hang_up(self, duration_ms: int = 0) -> HungUp:
        self._line("input: hangup")
        return HungUp(duration_ms=duration_ms)

    async def _next(self) -> str | None:
        """What the caller does next; None hangs up."""
        while not self._waiting and self._ask is not None:
            line = await asyncio.to_thread(self._ask)
            if line is None:
                return None
            typed = self._typed(line)
            if typed is not None:
                self._waiting.extend(typed or ("noinput",))
        if not self._waiting:
            return None
        given = self._waiting.popleft()
        self.took(given)
        return None if given == "hangup" else given

    def _show(self, prompts: Sequence[Prompt]) -> None:
        for prompt in prompts:
            for item in prompt.items:
                if isinstance(item, Speech):
                    self._line(f"prompt: {item.text}")
                elif isinstance(item, Audio):
                    self._line(f"prompt: [audio {item.url}]")

    def _line(self, text: str) -> None:
        self._write("".join(c if c.isprintable() else " " for c in text[:MOST_LINE]))


def _marked(reply: Heard, prompts: Sequence[Prompt]) -> Heard:
    """The reply of a caller who listens to the end: the last mark was passed just before."""
    marks = [name for prompt in prompts for name in prompt.marks]
    return replace(reply, markname=marks[-1]) if marks and not isinstance(reply, HungUp) else reply


def recording(kind: str, duration_ms: int) -> bytes:
    """A recording of silence: mono, 8 kHz, u-law or A-law."""
    law = 0xD5 if kind == "audio/x-alaw-basic" else 0xFF
    samples = bytes([law]) * (duration_ms * _BYTES_PER_MS)
    if kind in ("audio/basic", "audio/x-alaw-basic"):
        return samples
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 7, 1, 8000, 8000, 1, 8,
                       b"data", len(samples))  # fmt: skip
    return head + samples


async def run_text(
    url: str,
    *,
    inputs: Sequence[str] | None,
    far_end: FarEnd | None = None,
    fetcher: DocumentFetcher,
    out: Write,
    ask: Ask | None = None,
    cache: ParseCache | None = None,
    dialect: Dialect | None = None,
    tracer: Tracer | None = None,
) -> int:
    """Run an application as text.

    Args:
        url: where its first document is.
        inputs: what the caller does, one after the other; None asks at the terminal.
        far_end: who is at the other end of a transfer.
        fetcher: gets documents.
        out: takes each line.
        ask: asks at the terminal.
        cache: documents and grammars parsed before.
        dialect: what the Recommendation leaves open.
        tracer: is told of each step.

    Returns:
        The exit status: 0 when the session ended normally, 1 when an error nobody caught ended it.
    """
    platform = TextPlatform(fetcher, out, inputs, far_end, ask)
    session = Session(Fetch(url), platform, session_variables(), cache=cache, dialect=dialect, tracer=tracer)
    end = await session.run()
    if end.kind == "error":
        detail = " ".join(end.detail.split())
        out(f"error: {end.error} {detail}".rstrip()[:MOST_LINE])
        return 1
    if end.kind == "exit":
        out("exit")
    return 0


def session_variables() -> dict[str, object]:
    """What the session scope holds where there is no telephone: the person at the terminal calls us."""
    return {
        "connection": {
            "local": {"uri": "tel:+15550100"},
            "remote": {"uri": "tel:+15550123"},
            "protocol": {"name": "text", "version": "1.0"},
            "redirect": [],
            "aai": "",
            "originator": "remote",
        },
        "id": "text",
    }
