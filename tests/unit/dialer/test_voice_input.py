from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from mirabelle import grammar
from mirabelle.dialer.phone_line import PhoneLine
from mirabelle.dialer.voice_input import MOST_WAITING, Hearkening, VoiceInput
from mirabelle.media.events import Digit, Heard, Lost, MediaEvent, PlayFinished, PlayStarted, VoiceBegan
from mirabelle.speech.recogniser import (
    Hypothesis,
    Listening,
    Question,
    RecogniserGone,
    Understanding,
    Verdict,
)
from mirabelle.speech.synthesizer import Spoken
from mirabelle.vxml.platform import (
    Collect,
    Fetch,
    Fetched,
    FetchFailed,
    HungUp,
    Input,
    InputProperties,
    Item,
    NoInput,
    NoMatch,
    NoResource,
    Prompt,
    Record,
    Recorded,
    Speech,
)

COLOURS = grammar.load(
    b"#ABNF 1.0; language fr-CA; mode voice; root $c; $c = red | green | dark green;",
    uri="http://app/colours",
    media_type="application/srgs",
)
FOUR = grammar.builtin("builtin:dtmf/digits?length=4")
PATIENT = InputProperties(timeout_ms=60_000, interdigit_ms=60_000)
QUICK = InputProperties(timeout_ms=20, interdigit_ms=20)
RECORDED = b"\x03\x04" * 800
SPOKEN = b"\x01\x02" * 800
"""100 ms."""


class Clock:
    """The time, and what the test adds to it."""

    added = 0.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self.added


class Stream:
    """A media stream whose far end is the test; prompts go on until they are stopped, or end at once."""

    def __init__(self, endless: bool) -> None:
        self.events: asyncio.Queue[MediaEvent] = asyncio.Queue()
        self.playing = asyncio.Event()
        self.stopped = asyncio.Event()
        self.listened: list[bool] = []
        self._endless = endless

    async def play(self, pcm: Sequence[bytes]) -> int:
        self.playing.set()
        self.events.put_nowait(PlayStarted(1, 0.0))
        if not self._endless:
            self.events.put_nowait(PlayFinished(1, True, 20))
        return 1

    async def stop(self) -> None:
        self.stopped.set()

    async def record(self, max_seconds: float) -> None:
        return

    async def stop_record(self) -> bytes:
        return RECORDED

    async def watch_voice(self, wanted: bool) -> None:
        return

    async def listen(self, wanted: bool) -> None:
        self.listened.append(wanted)

    async def next_event(self) -> MediaEvent:
        return await self.events.get()


class Sound:
    """Speech as its text; recordings as they are."""

    async def of(self, item: Item) -> Spoken:
        assert isinstance(item, Speech)
        return Spoken(item.text.encode())

    def recording(self, pcm: bytes, media_type: str) -> bytes:
        return media_type.encode() + b" of " + pcm


class Web:
    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        return FetchFailed("nothing is fetched here")

    def prefetch(self, request: Fetch) -> None:
        return


class Obedient:
    """Takes every piece of sound for the beginning of speech, and understands what the test says next."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.listening = asyncio.Event()
        self.speech = asyncio.Event()
        self.given: asyncio.Queue[Understanding | Exception] = asyncio.Queue()
        self.cancelled = False

    async def recognise(
        self, question: Question, sound: AsyncIterable[bytes], on_speech: Callable[[], None]
    ) -> Understanding:
        self.questions.append(question)
        self.listening.set()
        try:
            async for _ in sound:
                break
            on_speech()
            self.speech.set()
            found = await self.given.get()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if isinstance(found, Exception):
            raise found
        return found

    def understands(self, *said: tuple[str, float], pcm: bytes = SPOKEN) -> None:
        heard = tuple(Hypothesis(tuple(text.split()), confidence) for text, confidence in said)
        self.given.put_nowait(Understanding(Verdict.UNDERSTOOD if heard else Verdict.NOT_UNDERSTOOD, heard, pcm))


class Rig:
    """A line with a recogniser."""

    def __init__(self, *, endless: bool, deaf: bool) -> None:
        self.stream = Stream(endless)
        self.recogniser = Obedient()
        self.clock = Clock()
        self.told: list[tuple[str, dict[str, object]]] = []
        sound = Sound()
        self.line = PhoneLine(
            stream=self.stream,  # type: ignore[arg-type]
            hang_up=self._hang_up,
            sound=sound,  # type: ignore[arg-type]
            fetcher=Web(),
            clock=self.clock,  # type: ignore[arg-type]
            tell=lambda event, **fields: self.told.append((event, fields)),
            voice_input=None if deaf else VoiceInput(self.recogniser, sound, "17@mirabelle"),  # type: ignore[arg-type]
        )

    async def _hang_up(self) -> None:
        return

    async def speaks(self) -> None:
        """The callee has begun to speak."""
        await self.recogniser.listening.wait()
        self.stream.events.put_nowait(Heard(SPOKEN))
        await self.recogniser.speech.wait()
        self.recogniser.speech.clear()

    def press(self, keys: str) -> None:
        for key in keys:
            self.stream.events.put_nowait(Digit(key, 0.0, 100))


@asynccontextmanager
async def a_rig(*, endless: bool = False, deaf: bool = False) -> AsyncIterator[Rig]:
    rig = Rig(endless=endless, deaf=deaf)
    hearing = asyncio.create_task(rig.line.hear())
    yield rig
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


def ask(*, hotword: bool = False, properties: InputProperties = PATIENT, bargein: bool = True) -> Collect:
    prompt = Prompt((Speech("<speak>colour?</speak>", "colour?"),), bargein=bargein)
    return Collect((prompt,), (FOUR, COLOURS), properties, hotword)


async def test_words_that_a_grammar_accepts_are_the_input() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.recogniser.understands(("Dark Green", 0.7))
        reply = await collecting
        assert isinstance(reply, Input)
        assert (reply.mode, reply.utterance, reply.recording) == ("voice", "Dark Green", None)
        assert [(each.grammar, each.confidence) for each in reply.results] == [(1, 0.7)]
        assert rig.stream.listened == [True, False]


async def test_the_recogniser_is_told_what_the_application_wants() -> None:
    async with a_rig() as rig:
        wanted = InputProperties(
            completetimeout_ms=1, incompletetimeout_ms=2, maxspeech_ms=3, confidence=0.4, sensitivity=0.6, maxnbest=5
        )
        collecting = asyncio.create_task(rig.line.collect(ask(properties=wanted)))
        await rig.speaks()
        rig.recogniser.understands()
        await collecting
        listening = Listening(confidence=0.4, sensitivity=0.6, complete_ms=1, incomplete_ms=2, longest_ms=3, most=5)
        assert rig.recogniser.questions == [Question([COLOURS], listening, "fr-CA", "17@mirabelle")]


async def test_as_many_hypotheses_are_kept_as_are_wanted_and_match() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask(properties=replace(PATIENT, maxnbest=2))))
        await rig.speaks()
        rig.recogniser.understands(("blue", 0.9), ("green", 0.8), ("red", 0.7), ("dark green", 0.6))
        reply = await collecting
        assert isinstance(reply, Input)
        assert [(each.utterance, each.confidence) for each in reply.results] == [("green", 0.8), ("red", 0.7)]


async def test_words_that_no_grammar_accepts_are_no_match() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.recogniser.understands(("blue", 0.9))
        assert await collecting == NoMatch("blue", "voice")


async def test_whoever_speaks_too_long_is_told_apart() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.recogniser.given.put_nowait(Understanding(Verdict.TOO_LONG))
        assert await collecting == NoMatch("", "voice", too_long=True)


async def test_speech_interrupts_a_prompt() -> None:
    async with a_rig(endless=True) as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.stream.playing.wait()
        await rig.speaks()
        await rig.stream.stopped.wait()
        rig.recogniser.understands(("red", 1.0))
        assert isinstance(await collecting, Input)


async def test_of_a_hot_word_only_a_match_interrupts_and_the_rest_is_passed_over() -> None:
    async with a_rig(endless=True) as rig:
        collecting = asyncio.create_task(rig.line.collect(ask(hotword=True)))
        await rig.stream.playing.wait()
        await rig.speaks()
        rig.recogniser.listening.clear()
        rig.recogniser.understands(("blue", 1.0))
        await rig.speaks()
        assert not rig.stream.stopped.is_set()
        rig.recogniser.understands(("red", 1.0))
        assert isinstance(await collecting, Input)
        assert rig.stream.stopped.is_set()


async def test_nothing_is_listened_to_while_a_prompt_must_be_heard() -> None:
    async with a_rig(endless=True) as rig:
        collecting = asyncio.create_task(rig.line.collect(ask(bargein=False)))
        await rig.stream.playing.wait()
        assert rig.stream.listened == []
        rig.stream.events.put_nowait(PlayFinished(1, True, 20))
        await rig.speaks()
        rig.recogniser.understands(("red", 1.0))
        assert isinstance(await collecting, Input)


async def test_time_does_not_run_out_on_somebody_who_speaks() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.clock.added = 100.0
        rig.line.wake()
        for _ in range(10):
            await asyncio.sleep(0)
        assert not collecting.done()
        rig.recogniser.understands(("red", 1.0))
        assert isinstance(await collecting, Input)


async def test_silence_is_no_input_and_listened_to_no_longer() -> None:
    async with a_rig() as rig:
        assert await rig.line.collect(ask(properties=QUICK)) == NoInput()
        assert rig.recogniser.cancelled
        assert rig.stream.listened == [True, False]


async def test_a_key_before_the_answer_wins() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.press("1234")
        reply = await collecting
        assert isinstance(reply, Input)
        assert (reply.mode, reply.utterance) == ("dtmf", "1234")
        assert rig.recogniser.cancelled


@pytest.mark.parametrize("said", ["red", "blue"])
async def test_what_was_said_is_kept_where_it_is_wanted(said: str) -> None:
    async with a_rig() as rig:
        kept = replace(PATIENT, record=True, record_type="audio/basic")
        collecting = asyncio.create_task(rig.line.collect(ask(properties=kept)))
        await rig.speaks()
        rig.recogniser.understands((said, 1.0))
        reply = await collecting
        assert isinstance(reply, Input | NoMatch)
        assert (reply.recording, reply.recording_ms) == (b"audio/basic of " + SPOKEN, 100)
        assert reply.recording_type == "audio/basic"


def a_record(**wanted: Any) -> Record:
    request = Record((), beep=False, maxtime_ms=60_000, finalsilence_ms=0, dtmfterm=True, grammars=(FOUR, COLOURS))
    return replace(request, properties=PATIENT, **wanted)


async def test_words_that_a_grammar_accepts_end_a_recording_and_no_others_do() -> None:
    async with a_rig() as rig:
        recording = asyncio.create_task(rig.line.record(a_record()))
        await rig.speaks()
        rig.recogniser.understands(("hello there", 1.0))
        await rig.speaks()
        rig.recogniser.understands(("red", 1.0))
        reply = await recording
        assert isinstance(reply, Recorded)
        assert reply.input is not None
        assert (reply.input.mode, reply.input.utterance, reply.termchar) == ("voice", "red", "")
        assert reply.data == b"audio/x-wav of " + RECORDED
        assert rig.stream.listened == [True, False]


async def test_a_recording_goes_on_without_a_recogniser() -> None:
    async with a_rig() as rig:
        recording = asyncio.create_task(rig.line.record(a_record()))
        await rig.speaks()
        rig.recogniser.given.put_nowait(RecogniserGone("nobody answers"))
        rig.stream.events.put_nowait(VoiceBegan(-1.0))
        rig.press("#")
        reply = await recording
        assert isinstance(reply, Recorded)
        assert (reply.input, reply.termchar) == (None, "#")


async def test_a_recogniser_that_is_gone_is_no_resource() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.recogniser.given.put_nowait(RecogniserGone("nobody answers"))
        assert await collecting == NoResource("nobody answers")
        assert ("recogniser failed", {"reason": "nobody answers"}) in rig.told


async def test_a_fault_of_a_recogniser_leaves_nobody_waiting() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.recogniser.given.put_nowait(ZeroDivisionError())
        assert isinstance(await collecting, NoResource)
        assert ("recogniser failed", {"reason": "ZeroDivisionError: "}) in rig.told


async def test_why_nothing_was_understood_is_told_and_never_what_was_said() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.recogniser.given.put_nowait(Understanding(Verdict.NOT_UNDERSTOOD, pcm=SPOKEN, reason="it is asleep"))
        assert await collecting == NoMatch("", "voice")
        assert ("recogniser failed", {"reason": "it is asleep"}) in rig.told
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.recogniser.understands(("red", 0.9))
        await collecting
        heard = {"verdict": "understood", "matched": True, "confidence": 0.9, "speech_ms": 100}
        assert rig.told[-1] == ("recognition", heard)


async def test_a_callee_that_hangs_up_ends_the_listening() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(ask()))
        await rig.speaks()
        rig.stream.events.put_nowait(Lost("gone"))
        assert await collecting == HungUp()
        assert rig.recogniser.cancelled


@pytest.mark.parametrize("modes", [{"dtmf"}, {"dtmf", "voice"}])
async def test_without_a_recogniser_or_a_wish_for_words_nothing_is_listened_to(modes: set[str]) -> None:
    async with a_rig(deaf="voice" in modes) as rig:
        assert await rig.line.collect(ask(properties=replace(QUICK, modes=frozenset(modes)))) == NoInput()
        assert rig.stream.listened == []


async def test_sound_that_the_recogniser_does_not_take_is_dropped_from_the_front() -> None:
    taken: list[bytes] = []
    leave = asyncio.Event()

    class Slow(Obedient):
        async def recognise(
            self, question: Question, sound: AsyncIterable[bytes], on_speech: Callable[[], None]
        ) -> Understanding:
            await leave.wait()
            async for piece in sound:
                taken.append(piece)
                if piece == b"last":
                    break
            return Understanding(Verdict.NOT_UNDERSTOOD)

    means = VoiceInput(Slow(), Sound())  # type: ignore[arg-type]
    done = asyncio.Event()
    hearkening = Hearkening(means, ask(), done.set, lambda event, **fields: None)
    for number in range(MOST_WAITING + 50):
        hearkening.hear(b"%d" % number)
    hearkening.hear(b"last")
    leave.set()
    await done.wait()
    assert taken == [*(b"%d" % number for number in range(51, MOST_WAITING + 50)), b"last"]
    await hearkening.aclose()
