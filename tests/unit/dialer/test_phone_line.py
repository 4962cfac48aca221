from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mirabelle import grammar
from mirabelle.dialer.phone_line import Gone, PhoneLine
from mirabelle.media.events import (
    Digit,
    DigitsSent,
    Lost,
    MediaEvent,
    PlayFinished,
    PlayStarted,
    VoiceBegan,
    VoiceEnded,
)
from mirabelle.media.stream import StreamLost
from mirabelle.sandbox import virtual_time
from mirabelle.speech.audio import AudioError
from mirabelle.speech.synthesizer import LanguageError, Spoken, SpokenMark
from mirabelle.vxml.platform import (
    Audio,
    Collect,
    Disconnect,
    Fetch,
    Fetched,
    FetchFailed,
    HungUp,
    Input,
    InputProperties,
    Item,
    MeanwhileAudio,
    NoInput,
    NoMatch,
    Play,
    Played,
    Prompt,
    Record,
    Recorded,
    Speech,
    Transfer,
    Transferred,
    Unspoken,
)

FOUR = grammar.builtin("builtin:dtmf/digits?length=4")
ANY = grammar.builtin("builtin:dtmf/digits")
QUICK = InputProperties(timeout_ms=20, interdigit_ms=20, term_ms=0, termchar="#")


class VirtualClock:
    """Time that passes when somebody waits: the tests never do."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds + asyncio.get_running_loop().time()

    def now(self) -> None:
        raise AssertionError("a line needs no calendar")


class Stream:
    """A media stream whose far end is the test. What is played ends when the test says so, or at once."""

    def __init__(self, *, plays_at_once: bool = True) -> None:
        self.events: asyncio.Queue[MediaEvent] = asyncio.Queue()
        self.played: list[bytes] = []
        self.stopped = 0
        self.sent: list[str] = []
        self.recording = b""
        self.watched: list[bool] = []
        self.watching = asyncio.Event()
        self.busy = asyncio.Event()
        self.recording_began = asyncio.Event()
        self.began_at = 100.0
        self._at_once = plays_at_once

    async def play(self, pcm: Sequence[bytes]) -> int:
        self.played += pcm
        self.busy.set()
        number = len(self.played)
        self.events.put_nowait(PlayStarted(number, self.began_at))
        if self._at_once:
            self.finish(number)
        return number

    def finish(self, number: int) -> None:
        self.events.put_nowait(PlayFinished(number, True, 20))

    def press(self, keys: str) -> None:
        for key in keys:
            self.events.put_nowait(Digit(key, 100.0, 100))

    async def stop(self) -> None:
        self.stopped += 1

    async def send_digits(self, digits: str) -> None:
        self.sent.append(digits)
        self.events.put_nowait(DigitsSent())

    async def record(self, max_seconds: float) -> None:
        self.recording = bytes(320)
        self.recording_began.set()

    async def stop_record(self) -> bytes:
        return self.recording

    async def watch_voice(self, wanted: bool) -> None:
        self.watched.append(wanted)
        self.watching.set()

    async def next_event(self) -> MediaEvent:
        return await self.events.get()


class Sound:
    """Speech as its text; a mark is named by where it is."""

    async def of(self, item: Item) -> Spoken:
        assert isinstance(item, Speech)
        return Spoken(item.text.encode(), tuple(SpokenMark(name, int(name)) for name in item.marks))

    def beep(self, hertz: int, ms: int) -> bytes:
        return b"beep"

    def recording(self, pcm: bytes, media_type: str) -> bytes:
        return pcm


class Monoglot(Sound):
    """Speaks one language."""

    async def of(self, item: Item) -> Spoken:
        if isinstance(item, Speech) and item.language:
            raise LanguageError("Nobody speaks it.")
        return await super().of(item)


class Particular(Sound):
    """Makes nothing but WAV files."""

    def recording(self, pcm: bytes, media_type: str) -> bytes:
        if media_type != "audio/x-wav":
            raise AudioError("only WAV")
        return b"wave"


class Web:
    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        return FetchFailed("nothing is fetched here")

    def prefetch(self, request: Fetch) -> None:
        pass


class Slow:
    """A web whose documents take their time, and whose recordings are at hand."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        if request.purpose != "audio":
            await asyncio.sleep(self._seconds)
        return Fetched(request.url, 200, "", request.purpose.encode())

    def prefetch(self, request: Fetch) -> None:
        pass


class Told(list[tuple[str, dict[str, object]]]):
    def __call__(self, event: str, **fields: object) -> None:
        self.append((event, fields))

    def names(self) -> list[str]:
        return [event for event, _ in self]


class Rig:
    """A line, and what it is connected to."""

    def __init__(self, *, plays_at_once: bool = True, sound: Sound | None = None) -> None:
        self.stream = Stream(plays_at_once=plays_at_once)
        self.clock = VirtualClock()
        self.told = Told()
        self.hung_up = 0
        self.line = PhoneLine(
            stream=self.stream,  # type: ignore[arg-type]
            hang_up=self._hang_up,
            sound=sound or Sound(),  # type: ignore[arg-type]
            fetcher=Web(),
            clock=self.clock,  # type: ignore[arg-type]
            tell=self.told,
        )

    async def _hang_up(self) -> None:
        self.hung_up += 1


@asynccontextmanager
async def a_rig(*, plays_at_once: bool = True, sound: Sound | None = None) -> AsyncIterator[Rig]:
    rig = Rig(plays_at_once=plays_at_once, sound=sound)
    hearing = asyncio.create_task(rig.line.hear())
    yield rig
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


def say(text: str, *, bargein: bool = True) -> Prompt:
    return Prompt((Speech(f"<speak>{text}</speak>", text),), bargein=bargein)


async def test_a_prompt_is_played_to_its_end() -> None:
    async with a_rig() as rig:
        assert await rig.line.play(Play((say("hello"), say("there")))) == Played()
        assert rig.stream.played == [b"hello", b"there"]


async def test_the_first_packet_is_told_once() -> None:
    async with a_rig() as rig:
        await rig.line.play(Play((say("hello"), say("there"))))
        assert rig.told.names().count("first audio") == 1


async def test_keys_that_a_grammar_accepts_are_the_input() -> None:
    async with a_rig() as rig:
        rig.stream.press("1234")
        reply = await rig.line.collect(Collect((say("key"),), (FOUR,), QUICK))
        assert isinstance(reply, Input)
        assert (reply.mode, reply.utterance) == ("dtmf", "1234")


async def test_a_key_interrupts_a_prompt() -> None:
    async with a_rig(plays_at_once=False) as rig:
        collecting = asyncio.create_task(rig.line.collect(Collect((say("long"),), (FOUR,), QUICK)))
        await rig.stream.busy.wait()
        rig.stream.press("1234")
        assert isinstance(await collecting, Input)
        assert rig.stream.stopped == 1


async def test_keys_during_a_prompt_without_bargein_are_lost() -> None:
    async with a_rig() as rig:
        rig.stream.press("1234")
        assert await rig.line.collect(Collect((say("listen", bargein=False),), (FOUR,), QUICK)) == NoInput()


async def test_silence_is_no_input() -> None:
    async with a_rig() as rig:
        assert await rig.line.collect(Collect((say("key"),), (FOUR,), QUICK)) == NoInput()


async def test_keys_are_not_heard_where_inputmodes_leaves_them_out() -> None:
    async with a_rig() as rig:
        rig.stream.press("12*")
        voice = replace(QUICK, modes=frozenset({"voice"}))
        assert await rig.line.collect(Collect((say("speak"),), (), voice)) == NoInput()


async def test_keys_that_no_grammar_accepts_are_no_match() -> None:
    async with a_rig() as rig:
        rig.stream.press("12*")
        assert isinstance(await rig.line.collect(Collect((), (FOUR,), QUICK)), NoMatch)


async def test_keys_whose_parse_is_past_all_limits_are_no_match() -> None:
    text = b"#ABNF 1.0;\nmode dtmf;\nroot $x;\n$x = ((([1] {t}) <500>) <500>) 2;"
    async with a_rig() as rig:
        rig.stream.press("2")
        assert await rig.line.collect(Collect((), (grammar.load(text, uri=""),), QUICK)) == NoMatch("2")


async def test_what_is_typed_ahead_serves_the_next_input() -> None:
    async with a_rig() as rig:
        rig.stream.press("12345678")
        first = await rig.line.collect(Collect((), (FOUR,), QUICK))
        second = await rig.line.collect(Collect((), (FOUR,), QUICK))
        assert [each.utterance for each in (first, second) if isinstance(each, Input)] == ["1234", "5678"]


async def test_the_terminating_key_ends_the_input() -> None:
    async with a_rig() as rig:
        patient = InputProperties(timeout_ms=60_000, interdigit_ms=60_000)
        rig.stream.press("12#")
        reply = await rig.line.collect(Collect((), (ANY,), patient))
        assert isinstance(reply, Input)
        assert reply.utterance == "12"


async def test_a_callee_that_hangs_up_ends_a_prompt() -> None:
    async with a_rig(plays_at_once=False) as rig:
        playing = asyncio.create_task(rig.line.play(Play((say("long"),))))
        await rig.stream.busy.wait()
        rig.line.far_end_hung_up("normal")
        assert await playing == HungUp()
        assert ("hang-up", {"by": "callee", "reason": "normal"}) in rig.told


async def test_a_callee_that_hangs_up_ends_an_input() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(Collect((), (FOUR,), InputProperties())))
        await asyncio.sleep(0)
        rig.line.far_end_hung_up("")
        assert await collecting == HungUp()


async def test_a_dead_media_process_ends_the_call() -> None:
    async with a_rig() as rig:
        collecting = asyncio.create_task(rig.line.collect(Collect((), (FOUR,), InputProperties())))
        rig.stream.events.put_nowait(Lost("The media process died."))
        assert await collecting == HungUp()
        assert rig.line.gone is not None
        assert rig.line.gone.by == "media"


async def test_the_application_hangs_up_once() -> None:
    async with a_rig() as rig:
        await rig.line.disconnect(Disconnect())
        rig.line.far_end_hung_up("")
        assert rig.hung_up == 1
        assert rig.told.names().count("hang-up") == 1
        assert await rig.line.play(Play((say("too late"),))) == HungUp()
        assert rig.stream.played == []


def foreign(*, bargein: bool = True) -> Prompt:
    return Prompt((Speech("<speak>nuqneH</speak>", "nuqneH", "tlh"),), bargein=bargein)


@pytest.mark.parametrize("bargein", [True, False])
async def test_a_prompt_that_no_voice_speaks_is_told_when_those_before_it_were_heard(bargein: bool) -> None:
    prompts = (say("hello"), foreign(bargein=bargein), say("never"))
    unspoken = Unspoken("Nobody speaks it.")
    async with a_rig(sound=Monoglot()) as rig:
        assert await rig.line.play(Play(prompts)) == unspoken
        assert await rig.line.collect(Collect(prompts, (FOUR,), QUICK)) == unspoken
        assert await rig.line.record(a_record(prompts=prompts)) == unspoken
        assert await rig.line.transfer(Transfer(prompts, "tel:1", "bridge", 1000, 0)) == unspoken
        assert rig.stream.played == [b"hello"] * 4
        assert await rig.line.play(Play((say("hello"),))) == Played()


async def test_whoever_keys_before_such_a_prompt_is_heard() -> None:
    async with a_rig(plays_at_once=False, sound=Monoglot()) as rig:
        collecting = asyncio.create_task(rig.line.collect(Collect((say("hello"), foreign()), (FOUR,), QUICK)))
        await rig.stream.busy.wait()
        rig.stream.press("1234")
        assert isinstance(await collecting, Input)


async def test_an_extension_is_dialled_before_the_application_starts() -> None:
    async with a_rig() as rig:
        await rig.line.send_digits("p42")
        assert rig.stream.sent == ["p42"]


def passing(*marks: str) -> Prompt:
    return Prompt((Speech("<speak>a</speak>", "a", marks=marks),))


@pytest.mark.parametrize(("keys", "kind"), [("1234", Input), ("12*", NoMatch)])
async def test_input_knows_the_last_mark_that_was_heard_before_it(keys: str, kind: type[Input | NoMatch]) -> None:
    async with a_rig(plays_at_once=False) as rig:
        rig.stream.began_at = rig.clock.monotonic() - 3600
        request = Collect((passing("0", "3500000", "7200000"),), (FOUR,), QUICK)
        collecting = asyncio.create_task(rig.line.collect(request))
        await rig.stream.busy.wait()
        rig.stream.press(keys)
        reply = await collecting
        assert isinstance(reply, kind)
        assert reply.markname == "3500000"
        assert reply.marktime_ms >= 100_000


async def test_silence_knows_the_last_mark_too() -> None:
    async with a_rig() as rig:
        # What is played lasts 20 ms.
        assert await rig.line.collect(Collect((passing("0", "5"),), (FOUR,), QUICK)) == NoInput("5", 15)


async def test_a_recording_knows_the_last_mark_of_its_prompts() -> None:
    async with a_rig() as rig:
        taping = asyncio.create_task(rig.line.record(a_record(prompts=(passing("5"),), beep=True)))
        await rig.stream.recording_began.wait()
        rig.stream.press("5#")
        reply = await taping
        assert isinstance(reply, Recorded)
        assert (reply.markname, reply.marktime_ms) == ("5", 15)


@pytest.mark.parametrize(("dtmfterm", "key"), [(True, "5"), (False, "")])
async def test_a_key_ends_a_recording_where_it_may(dtmfterm: bool, key: str) -> None:
    async with a_rig() as rig:
        request = Record((say("speak"),), beep=True, maxtime_ms=50, finalsilence_ms=3000, dtmfterm=dtmfterm)
        recording = asyncio.create_task(rig.line.record(request))
        await rig.stream.recording_began.wait()
        rig.stream.events.put_nowait(VoiceBegan(90.0))
        rig.stream.press("5")
        reply = await recording
        assert isinstance(reply, Recorded)
        assert (reply.termchar, reply.maxtime, reply.duration_ms) == (key, not key, 20)
        assert rig.stream.played == [b"speak", b"beep"]


async def test_a_key_before_anything_was_said_leaves_no_recording() -> None:
    async with a_rig() as rig:
        recording = asyncio.create_task(rig.line.record(a_record(grammars=())))
        await rig.stream.recording_began.wait()
        rig.stream.press("5")
        assert await recording == Recorded(b"", "audio/x-wav", 0, termchar="5")


async def test_a_recording_that_the_callee_ends_is_kept() -> None:
    async with a_rig() as rig:
        request = Record((), beep=False, maxtime_ms=60_000, finalsilence_ms=3000, dtmfterm=True)
        recording = asyncio.create_task(rig.line.record(request))
        await rig.stream.recording_began.wait()
        rig.line.far_end_hung_up("")
        assert await recording == HungUp(recording=bytes(320), duration_ms=20)


def a_record(**wanted: Any) -> Record:
    return replace(
        Record((), beep=False, maxtime_ms=60_000, finalsilence_ms=20, dtmfterm=True, grammars=(ANY,)), **wanted
    )


async def test_a_recording_ends_when_the_callee_falls_silent() -> None:
    async with a_rig() as rig:
        recording = asyncio.create_task(rig.line.record(a_record()))
        await rig.stream.recording_began.wait()
        rig.stream.events.put_nowait(VoiceBegan(rig.clock.monotonic()))
        rig.stream.events.put_nowait(VoiceEnded(rig.clock.monotonic()))
        assert await recording == Recorded(bytes(320), "audio/x-wav", 20)
        assert rig.stream.watched == [True, False]


async def test_a_recording_of_nobody_is_no_input() -> None:
    async with a_rig() as rig:
        assert await rig.line.record(a_record(properties=QUICK)) == NoInput()


async def test_a_key_that_a_grammar_accepts_ends_a_recording_as_input() -> None:
    async with a_rig() as rig:
        recording = asyncio.create_task(rig.line.record(a_record(dtmfterm=False, grammars=(FOUR,))))
        await rig.stream.recording_began.wait()
        rig.stream.events.put_nowait(VoiceBegan(90.0))
        rig.stream.press("4321")
        reply = await recording
        assert isinstance(reply, Recorded)
        assert reply.input is not None
        assert (reply.input.utterance, reply.data) == ("4321", bytes(320))


async def test_a_type_that_cannot_be_made_is_replaced_by_one_that_can() -> None:
    async with a_rig(sound=Particular()) as rig:
        request = a_record(maxtime_ms=10, type="audio/x-strange")
        assert await rig.line.record(request) == Recorded(b"wave", "audio/x-wav", 20, maxtime=True)


@pytest.mark.parametrize("step", ["play", "watch_voice", "record", "stop_record"])
async def test_a_recording_whose_media_process_dies_ends_like_the_call(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> None:
        raise StreamLost("The media process is gone.")

    async with a_rig() as rig:
        monkeypatch.setattr(rig.stream, step, lost)
        assert await rig.line.record(a_record(beep=True, maxtime_ms=10)) == HungUp()


async def test_keys_behind_a_wait_are_sent_when_nobody_has_spoken_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirabelle.dialer.phone_line.QUIET_MS", 20)
    async with a_rig() as rig:
        sending = asyncio.create_task(rig.line.send_digits("1w2"))
        await rig.stream.watching.wait()
        rig.stream.events.put_nowait(VoiceBegan(rig.clock.monotonic()))
        assert rig.stream.sent == ["1"]
        fell_silent = rig.clock.monotonic()
        rig.stream.events.put_nowait(VoiceEnded(fell_silent))
        await sending
        assert rig.stream.sent == ["1", "2"]
        assert rig.clock.monotonic() >= fell_silent + 0.02
        assert rig.stream.watched == [True, False]


async def test_a_voice_that_never_pauses_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirabelle.dialer.phone_line.QUIET_MS", 20)
    monkeypatch.setattr("mirabelle.dialer.phone_line.QUIET_WITHIN_MS", 40)
    async with a_rig() as rig:
        sending = asyncio.create_task(rig.line.send_digits("W5"))
        await rig.stream.watching.wait()
        rig.stream.events.put_nowait(VoiceBegan(rig.clock.monotonic()))
        await sending
        assert rig.stream.sent == ["5"]


async def test_a_callee_who_hangs_up_is_sent_no_more_keys() -> None:
    async with a_rig() as rig:
        sending = asyncio.create_task(rig.line.send_digits("ww5"))
        await rig.stream.watching.wait()
        rig.line.far_end_hung_up("")
        await sending
        assert rig.stream.sent == []


async def test_a_transfer_is_refused_with_the_standards_event() -> None:
    async with a_rig() as rig:
        reply = await rig.line.transfer(Transfer((), "tel:+16175550123", "bridge", 20_000, 0))
        assert isinstance(reply, Transferred)
        assert reply.error == "error.unsupported.transfer.bridge"


# --- audio for the time of a fetch --------------------------------------------------------------------------------

MUSIC = MeanwhileAudio(Fetch("http://test/music.wav", purpose="audio"), delay_ms=2000, minimum_ms=5000)


class Musical(Sound):
    """Recordings last as long as one has to; their samples are what is in them."""

    def __init__(self, pcm: bytes = b"la" * 8000) -> None:
        self._pcm = pcm

    async def of(self, item: Item) -> Spoken:
        if isinstance(item, Audio):
            if not self._pcm:
                raise AudioError("no music")
            return Spoken(self._pcm)
        return await super().of(item)


def fetched(seconds: float, *, sound: Sound | None = None, gone_after: float | None = None) -> tuple[float, Rig]:
    """Fetch on virtual time with music; how long it took, and what was heard."""

    async def main(clock: virtual_time.VirtualClock) -> tuple[float, Rig]:
        async with a_rig(plays_at_once=False, sound=sound or Musical()) as rig:
            rig.line._fetcher = Slow(seconds)
            if gone_after is not None:
                asyncio.get_running_loop().call_later(gone_after, rig.line.far_end_hung_up, "bye")
            reply = await rig.line.fetch(Fetch("http://test/next.vxml", meanwhile=MUSIC))
            assert isinstance(reply, Fetched)
            assert reply.body == b"document"
            return clock.monotonic(), rig

    return virtual_time.run(main, datetime(2030, 1, 1, tzinfo=UTC))


def test_the_caller_hears_music_while_a_document_is_fetched_and_no_longer() -> None:
    took, rig = fetched(10)
    assert took == 10
    assert (len(rig.stream.played), rig.stream.stopped) == (1, 1)


def test_music_goes_on_for_its_minimum() -> None:
    assert fetched(3)[0] == 7


def test_a_fetch_that_is_quicker_than_the_delay_is_silent() -> None:
    took, rig = fetched(1)
    assert (took, rig.stream.played, rig.stream.stopped) == (1, [], 0)


def test_music_that_ends_begins_again_and_a_snippet_is_strung_together() -> None:
    async def main(_clock: virtual_time.VirtualClock) -> list[bytes]:
        async with a_rig(plays_at_once=False, sound=Musical(b"la")) as rig:
            rig.line._fetcher = Slow(10)
            loop = asyncio.get_running_loop()
            for second in (3, 4):
                loop.call_later(second, lambda: rig.stream.finish(len(rig.stream.played)))
            await rig.line.fetch(Fetch("http://test/next.vxml", meanwhile=MUSIC))
            return rig.stream.played

    assert virtual_time.run(main, datetime(2030, 1, 1, tzinfo=UTC)) == [b"la" * 8000] * 3


def test_keys_that_are_pressed_during_a_fetch_serve_the_next_input() -> None:
    async def main(_clock: virtual_time.VirtualClock) -> object:
        async with a_rig(plays_at_once=False, sound=Musical()) as rig:
            rig.line._fetcher = Slow(10)
            rig.stream.press("1234")
            await rig.line.fetch(Fetch("http://test/next.vxml", meanwhile=MUSIC))
            return await rig.line.collect(Collect((), (FOUR,), QUICK))

    assert isinstance(virtual_time.run(main, datetime(2030, 1, 1, tzinfo=UTC)), Input)


def test_nobody_waits_for_the_minimum_once_the_caller_is_gone() -> None:
    took, rig = fetched(3, gone_after=2.5)
    assert took == 3
    assert isinstance(rig.line.gone, Gone)


def test_music_that_cannot_be_played_is_told_and_the_document_comes() -> None:
    took, rig = fetched(3, sound=Musical(b""))
    assert took == 3
    assert ("prompt failed", {"reason": "no music"}) in rig.told
