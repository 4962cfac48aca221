"""The telephone line of a VoiceXML session: what it plays, hears and records goes over SIP and RTP."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from mirabelle.calls.clock import Clock
from mirabelle.dialer.destination import TransferFailed
from mirabelle.dialer.key_input import reply_to, split
from mirabelle.dialer.mark_trail import marked
from mirabelle.dialer.playback import Playback, strung
from mirabelle.dialer.recorder import Cause, End, Recorder
from mirabelle.dialer.sound import PCM_BYTES_PER_MS, Sound
from mirabelle.dialer.switchboard import Switchboard
from mirabelle.dialer.transferring import Bridging, refer
from mirabelle.dialer.voice_input import Hearkening, Tell, VoiceInput, VoiceReply, Wanted, hearkening
from mirabelle.errors import MirabelleError
from mirabelle.media import events as media
from mirabelle.media.ports import MediaError
from mirabelle.media.stream import MediaStream
from mirabelle.sip.events import ReferralAnswered, ReferralTold
from mirabelle.vxml.collector import Decision, KeyCollector, TypeAhead
from mirabelle.vxml.fetch_audio import fetch_meanwhile
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
    Note,
    NoteKind,
    Play,
    Played,
    Record,
    Recorded,
    Transfer,
    Transferred,
    TransferResult,
    Unspoken,
)

FIRST_AUDIO: Final = "first audio"
"""What is told when the callee begins to hear the application."""

BEEP_HERTZ: Final = 1000
BEEP_MS: Final = 250

QUIET_MS: Final = 1000
"""How long nobody may have spoken before the keys behind a `w` are sent."""

QUIET_WITHIN_MS: Final = 10_000
"""How long that is waited for at most."""

MOST_REFERRALS: Final = 64
"""What a far end told of a REFER and nobody has asked for yet; of more the first is forgotten."""


class FetchFor(Protocol):
    """Fetches on behalf of a session."""

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get what the request names; a failure is a reply."""
        ...

    def prefetch(self, request: Fetch) -> None:
        """Begin to get what will be asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no caller any more.

    Attributes:
        by: `callee`, `mirabelle`, `transfer` or `media`.
        reason: in words.
    """

    by: str
    reason: str = ""


class PhoneLine:
    """One answered call, as a platform for a session (`mirabelle.vxml.platform.Platform`).

    Args:
        stream: its media, connected.
        hang_up: ends the call at the far end.
        sound: turns prompts into samples.
        fetcher: gets documents.
        clock: the time.
        tell: hears prompts, keys and hang-ups.
        switchboard: connects the callee elsewhere; None where nothing can.
        voice_input: understands words; without it grammars for words are left alone.

    Attributes:
        gone: who ended the call, once somebody did.
    """

    def __init__(
        self,
        *,
        stream: MediaStream,
        hang_up: Callable[[], Awaitable[None]],
        sound: Sound,
        fetcher: FetchFor,
        clock: Clock,
        tell: Tell,
        switchboard: Switchboard | None = None,
        voice_input: VoiceInput | None = None,
    ) -> None:
        self._stream = stream
        self._hang_up = hang_up
        self._sound = sound
        self._fetcher = fetcher
        self._clock = clock
        self._tell = tell
        self._happened = asyncio.Event()
        self._typed = TypeAhead()
        self._pressed_at = 0
        self._turns: deque[media.VoiceBegan | media.VoiceEnded] = deque()
        self._sent = asyncio.Event()
        self._answered_at = clock.monotonic()
        self._first_audio = False
        self._playback = Playback(stream, sound, clock, tell, self._happened, lambda: self.gone is not None)
        self._switchboard = switchboard
        self._voice_input = voice_input
        self._hearkening: Hearkening | None = None
        self._referrals: deque[ReferralAnswered | ReferralTold] = deque(maxlen=MOST_REFERRALS)
        self._talking: asyncio.Task[None] | None = None
        self.gone: Gone | None = None

    # --- what happens on the line -------------------------------------------------------------------------------

    def far_end_hung_up(self, reason: str) -> None:
        """The callee ended the call."""
        self._end(Gone("callee", reason))

    def hear_of_referral(self, event: ReferralAnswered | ReferralTold) -> None:
        """The callee's end told what comes of a REFER."""
        self._referrals.append(event)
        self._happened.set()

    async def hear(self) -> None:
        """Take the events of the media stream until it is gone. Runs beside the session."""
        while True:
            match await self._stream.next_event():
                case media.Digit(key=key, at=at):
                    self._pressed_at = round(at * 1000)
                    self._tell("digit", key=key)
                    self._typed.press(key)
                    self._happened.set()
                case media.PlayStarted() as began:
                    self._started(began)
                case media.PlayFinished() as finished:
                    self._playback.finished(finished)
                case media.VoiceBegan() | media.VoiceEnded() as turn:
                    self._turns.append(turn)
                    self._happened.set()
                case media.Heard(pcm=pcm) if self._hearkening is not None:
                    self._hearkening.hear(pcm)
                case media.DigitsSent():
                    self._sent.set()
                case media.Lost(reason=reason):
                    self._end(Gone("media", reason))
                    return

    def _started(self, began: media.PlayStarted) -> None:
        self._playback.started(began)
        if not self._first_audio:
            self._first_audio = True
            self._tell(FIRST_AUDIO, ms=round((began.at - self._answered_at) * 1000, 1))

    def _end(self, gone: Gone) -> None:
        if self.gone is None:
            self.gone = gone
            self._tell("hang-up", by=gone.by, reason=gone.reason)
            self._happened.set()
            self._sent.set()

    # --- the platform -------------------------------------------------------------------------------------------

    async def send_digits(self, digits: str) -> None:
        """Send keys to the callee, and return when they have left: an extension, before the application starts.

        Args:
            digits: keys; `p` waits one second, `w` until nobody has spoken for a second, ten seconds at most.

        Raises:
            MediaError: these are no keys, or the stream is lost.
        """
        for index, keys in enumerate(re.split("[wW]", digits)):
            if index:
                await self._quiet()
            if keys and self.gone is None:
                self._sent.clear()
                await self._stream.send_digits(keys)
                await self._sent.wait()

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get what the request names; if that takes a while, the caller may hear something meanwhile."""
        self._tell("fetch", method=request.method, url=request.url, purpose=request.purpose)
        if request.meanwhile is None or self.gone is not None:
            return await self._fetcher.fetch(request)
        return await fetch_meanwhile(self._fetcher, request, request.meanwhile, self._playback.over_and_over)

    def prefetch(self, request: Fetch) -> None:
        """Begin to get what will be asked for."""
        self._fetcher.prefetch(request)

    async def play(self, request: Play) -> Played | Unspoken | HungUp:
        """Play to the end; keys pressed meanwhile are kept."""
        await self._playback.speak(request.prompts)
        await self._playback.silence()
        if self.gone:
            return HungUp()
        return Unspoken(self._playback.unspoken) if self._playback.unspoken else Played()

    async def collect(self, request: Collect) -> VoiceReply | Unspoken | HungUp:
        """Play, and take keys and words until a grammar accepts them, none can, or time is up."""
        self._playback.trail.begin()
        reply = await self._collected(request)
        return marked(reply, self._playback.trail.passed())

    async def _collected(self, request: Collect) -> VoiceReply | Unspoken | HungUp:
        protected, interruptible = split(request.prompts)
        if protected:
            heard = await self.play(Play(tuple(protected)))
            self._typed.clear()
            if isinstance(heard, Unspoken):
                return heard
        keyed = [(index, each) for index, each in enumerate(request.grammars) if each.mode == "dtmf"]
        properties = request.properties
        collector = KeyCollector(
            [grammar.keys() for _, grammar in keyed],
            timeout_ms=properties.timeout_ms,
            interdigit_ms=properties.interdigit_ms,
            term_ms=properties.term_ms,
            termchar=properties.termchar,
        )
        async with self._hearing_words(request, hotword=request.hotword) as words:
            await self._playback.speak(interruptible)
            decision = await self._listen(collector, words, keys="dtmf" in properties.modes)
        await self._playback.stop()
        if decision is not None:
            return reply_to(decision, keyed)
        if self.gone:
            return HungUp()
        if words is not None and words.reply is not None:
            return words.reply
        return Unspoken(self._playback.unspoken)

    async def record(self, request: Record) -> Recorded | NoInput | Unspoken | HungUp:
        """Play, beep, and record until the caller falls silent or keys something, time is up, or the call ends."""
        self._playback.trail.begin()
        heard = await self.play(Play(request.prompts))
        if isinstance(heard, Unspoken):
            return heard
        passed = self._playback.trail.passed()
        return marked(await self._recorded(request), passed)

    async def _recorded(self, request: Record) -> Recorded | NoInput | HungUp:
        try:
            if request.beep and self.gone is None:
                await self._playback.queue(self._sound.beep(BEEP_HERTZ, BEEP_MS))
                await self._playback.silence()
            if self.gone:
                return HungUp()
            ended, pcm = await self._tape(request)
        except MediaError:  # the stream is gone, and what was recorded with it
            return HungUp()
        if ended is not None and ended.cause is Cause.NOTHING_SAID:
            return NoInput()
        if ended is not None and ended.unspoken:
            return Recorded(b"", request.type, 0, termchar=ended.key, input=ended.input)
        data, media_type = await self._file(pcm, request.type)
        duration = round(len(pcm) / PCM_BYTES_PER_MS)
        if ended is None:
            return HungUp(recording=data, duration_ms=duration)
        maxtime = ended.cause is Cause.MAXTIME
        return Recorded(data, media_type, duration, termchar=ended.key, maxtime=maxtime, input=ended.input)

    async def transfer(self, request: Transfer) -> Transferred | Unspoken | HungUp:
        """Connect the callee to somebody else, until one of them has had enough or for good."""
        self._playback.trail.begin()
        heard = await self.play(Play(request.prompts))
        if not isinstance(heard, Played):
            return heard
        passed = self._playback.trail.passed()
        return marked(await self._transferred(request), passed)

    async def _transferred(self, request: Transfer) -> Transferred | HungUp:
        if self._switchboard is None:
            event = f"error.unsupported.transfer.{request.type}"
            return Transferred(TransferResult.UNKNOWN, error=event, detail="This line cannot transfer calls.")
        self._typed.clear()
        self._referrals.clear()
        try:
            if request.type == "blind":
                return await refer(self, self._switchboard, request)
            call = await self._switchboard.dial(request, self.wake)
        except TransferFailed as error:
            return Transferred(TransferResult.UNKNOWN, error=error.event, detail=str(error))
        bridging = Bridging(self, call, request)
        async with self._hearing_words(request, hotword=True):
            reply = await bridging.run()
        if isinstance(reply, Transferred) and reply.result is TransferResult.TRANSFERRED:
            self._talking = asyncio.create_task(bridging.talk_on())
        return reply

    async def talked(self) -> None:
        """Wait until those whom a consultation connected have talked: the application may be over long before."""
        if self._talking is not None:
            await self._talking

    async def aclose(self) -> None:
        """Let go of whoever still talks."""
        if self._talking is not None:
            self._talking.cancel()
            await asyncio.gather(self._talking, return_exceptions=True)

    async def disconnect(self, request: Disconnect) -> None:
        """Hang up; whom a consultation connected is no longer the application's to hang up on."""
        if self._talking is not None and not self._talking.done():
            return
        await self._playback.stop()
        self._end(Gone("mirabelle"))
        await self._hang_up()

    def note(self, note: Note) -> None:
        """Pass on what the session says of itself."""
        if note.kind is not NoteKind.INPUT:
            self._tell("thrown" if note.kind is NoteKind.EVENT else str(note.kind), text=note.text)

    # --- the side of the callee in a transfer (`mirabelle.dialer.transferring.Caller`) ---------------------------

    @property
    def is_gone(self) -> bool:
        """Whether the call is over."""
        return self.gone is not None

    def milliseconds(self) -> int:
        """The time."""
        return round(self._clock.monotonic() * 1000)

    def look(self) -> None:
        """What happens from now on ends the next `wait`."""
        self._happened.clear()

    def wake(self) -> None:
        """Something happened."""
        self._happened.set()

    async def wait(self, deadline: int | None) -> None:
        """Until something happens, or the deadline, in milliseconds of the monotonic clock."""
        seconds = None if deadline is None else max(0.0, deadline / 1000 - self._clock.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._happened.wait()

    def take_key(self) -> str:
        """The next key that was pressed; empty where there is none."""
        return self._typed.take()

    def take_words(self) -> Input | None:
        """Words that a grammar accepts, once they were said."""
        reply = None if self._hearkening is None else self._hearkening.reply
        return reply if isinstance(reply, Input) else None

    def take_referral(self) -> ReferralAnswered | ReferralTold | None:
        """What was told of a REFER; None where there is nothing."""
        return self._referrals.popleft() if self._referrals else None

    async def samples(self, audio: Audio) -> bytes:
        """The samples of a recording; none where it cannot be played."""
        return await self._playback.samples(audio)

    def ringing(self) -> bytes:
        """The samples of a far end that rings."""
        return self._sound.ringing()

    async def repeat(self, pcm: bytes) -> None:
        """Play this once more, where nothing is played."""
        if self._playback.silent and pcm:
            await self._playback.queue(strung(pcm))

    async def hush(self) -> None:
        """Play nothing from now on."""
        await self._playback.stop()

    def joined(self) -> None:
        """Somebody answered, and the two hear each other."""
        self._tell("second leg answered")

    async def part(self) -> None:
        """Hear nobody but us from now on."""
        await self._stream.unbridge()

    async def leave(self) -> None:
        """Hang up: the callee has been connected elsewhere."""
        self._end(Gone("transfer"))
        await self._hang_up()

    # --- listening ----------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _hearing_words(self, wanted: Wanted, *, hotword: bool) -> AsyncIterator[Hearkening | None]:
        async with hearkening(
            self._voice_input, self._stream, wanted, self.wake, self._tell, hotword=hotword
        ) as self._hearkening:
            try:
                yield self._hearkening
            finally:
                self._hearkening = None

    async def _listen(self, collector: KeyCollector, words: Hearkening | None, *, keys: bool) -> Decision | None:
        """Feed keys, where they are heard, and time to the collector until it decides.

        A key is certain, and whoever presses one has given up speaking: from the first on, words are not listened to.

        Returns:
            None when there is a reply to words, the caller is gone, or the prompts end in one that no voice speaks.
        """
        finished = False
        while self.gone is None:
            self._happened.clear()
            now = self.milliseconds()
            if not keys:
                self._typed.clear()
            if len(self._typed):
                if words is not None:
                    await words.aclose()
                    words = None
                await self._playback.stop()
                finished = True
                decision = collector.take_from(self._typed, now)
            elif words is not None and words.reply is not None:
                return None
            elif words is not None and words.speaking:
                if words.interrupts:
                    await self._playback.stop()
                decision = None
            else:
                if not finished and self._playback.silent:
                    if self._playback.unspoken:
                        return None
                    finished = True
                    collector.prompt_finished(now)
                decision = collector.tick(now)
            if decision is not None:
                return decision
            if not len(self._typed):
                speaking = words is not None and words.speaking
                await self.wait(None if speaking else collector.deadline())
        return None

    async def _quiet(self) -> None:
        """Wait until nobody has spoken for a while, but not for ever."""
        began = self.milliseconds()
        async with self._watching_voice():
            due = began + QUIET_MS
            while self.gone is None and self.milliseconds() < due:
                await self.wait(due)
                self._happened.clear()
                while self._turns:
                    turn = self._turns.popleft()
                    due = began + QUIET_WITHIN_MS
                    if isinstance(turn, media.VoiceEnded):
                        due = min(due, round(turn.at * 1000) + QUIET_MS)

    @contextlib.asynccontextmanager
    async def _watching_voice(self) -> AsyncIterator[None]:
        self._turns.clear()
        await self._stream.watch_voice(True)
        try:
            yield
        finally:
            with contextlib.suppress(MediaError):
                await self._stream.watch_voice(False)

    # --- recording ----------------------------------------------------------------------------------------------

    async def _tape(self, request: Record) -> tuple[End | None, bytes]:
        """Record until something ends it, or the caller is gone (None); with the samples."""
        self._typed.clear()
        async with self._watching_voice(), self._hearing_words(request, hotword=True):
            await self._stream.record(max(request.maxtime_ms, 1) / 1000)
            ended = await self._recording_ends(Recorder(request, self.milliseconds()))
            return ended, await self._stream.stop_record()

    async def _recording_ends(self, recorder: Recorder) -> End | None:
        while self.gone is None:
            self._happened.clear()
            while self._turns:
                match self._turns.popleft():
                    case media.VoiceBegan(at=at):
                        recorder.voice_began(round(at * 1000))
                    case media.VoiceEnded(at=at):
                        recorder.voice_ended(round(at * 1000))
            if (words := self.take_words()) is not None:
                return End(Cause.INPUT, input=words)
            ended = recorder.tick(self.milliseconds())
            while ended is None and (key := self._typed.take()):
                ended = recorder.key(key, self.milliseconds(), self._pressed_at)
            if ended is not None:
                return ended
            await self.wait(recorder.deadline())
        return None

    async def _file(self, pcm: bytes, media_type: str) -> tuple[bytes, str]:
        """A recording as the file that was asked for, or else as WAV; with its type."""
        # An hour of samples takes a while to encode.
        try:
            return await asyncio.to_thread(self._sound.recording, pcm, media_type), media_type
        except MirabelleError as error:
            self._tell("recording", type="audio/x-wav", reason=str(error))
            return await asyncio.to_thread(self._sound.recording, pcm, "audio/x-wav"), "audio/x-wav"
