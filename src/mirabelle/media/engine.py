"""The RTP engine: all streams of a process, vectorised. It owns no clock and no loop; who calls `tick` does.

The streams are spread over four banks. Every 5 ms one bank has its tick: it sends one packet for each of its streams,
then takes what came for them. So each stream sends every 20 ms, and no burst is larger than a quarter of all.

A connected stream sends without pause: silence where nothing is played. The far end and every translator on the way
see a line that is alive, and the first packet of a prompt meets a jitter buffer that is already running.
"""

from __future__ import annotations

import math
import random
import socket
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from mirabelle import g711
from mirabelle.errors import MirabelleError
from mirabelle.media import hearing, tones
from mirabelle.media.arena import FRAME, Arena, ArenaFull
from mirabelle.media.bank import NEVER, NO_EVENTS, PACKET, Bank, Play, Stream
from mirabelle.media.clips import Clip, Clips
from mirabelle.media.events import Digit, DigitsSent, MediaEvent, PlayFinished, PlayStarted, StreamReport
from mirabelle.media.recording import Recording
from mirabelle.media.relay import Relay
from mirabelle.media.tap import Tap
from mirabelle.media.telephone_event import Outgoing
from mirabelle.media.wire import Inbox, Wire, host_number

PHASES: Final = 4
"""Sub-ticks in a tick."""

TICK: Final = 0.02
"""Seconds between two packets of a stream."""

ARENA_FRAMES: Final = 400_000
"""Room for encoded prompts: 64 MB, more than two hours."""

FRAME_MS: Final = 20
_EVENT_LENGTH: Final = 16


class EngineError(MirabelleError):
    """The engine was asked for something it does not have."""


class Engine:
    """Plays to, listens to and records many RTP streams."""

    def __init__(
        self,
        wire: Wire,
        *,
        capacity: int,
        clock: Callable[[], float],
        rng: random.Random,
        arena_frames: int = ARENA_FRAMES,
    ) -> None:
        """Make an engine without streams.

        Args:
            wire: the sockets.
            capacity: the most streams at once.
            clock: seconds on a monotonic scale; read once when a burst has been sent.
            rng: where sequence numbers, timestamps and sources start.
            arena_frames: room for encoded prompts.
        """
        self._wire, self._clock, self._rng = wire, clock, rng
        self._capacity = capacity
        self._arena = Arena(arena_frames)
        self._silence: dict[g711.Codec, int] = {}
        self._tones: dict[g711.Codec, dict[str, int]] = {}
        for codec in ("PCMU", "PCMA"):
            self._prepare(codec)
        self.clips = Clips(self._arena)
        rows = -(-capacity // PHASES)
        self._banks = [Bank(rows) for _ in range(PHASES)]
        self._inbox = Inbox(rows)
        self._streams: dict[int, Stream] = {}
        self._events: list[tuple[int, MediaEvent]] = []
        self._pieces: list[tuple[int, g711.Codec, bytes]] = []
        self._ticks = 0

    @property
    def streams(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    @property
    def native(self) -> bool:
        """Whether the C loop carries the packets."""
        return self._wire.native

    def drain(self) -> list[tuple[int, MediaEvent]]:
        """What happened since the last call, with the number of the stream."""
        events, self._events = self._events, []
        return events

    def drain_pieces(self) -> list[tuple[int, g711.Codec, bytes]]:
        """What was heard of the streams that are listened to since the last call: number, codec and codes."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def open(self, number: int, sock: socket.socket) -> None:
        """Take a bound UDP socket as a new stream.

        Raises:
            EngineError: all rows are taken, or there is a stream of that number.
        """
        bank = min(self._banks, key=lambda bank: bank.count)
        if bank.count == bank.capacity or number in self._streams:
            raise EngineError(f"This media process carries {self.streams} streams, which is all it may.")
        self._wire.add(sock)
        start = self._rng.getrandbits
        self._streams[number] = bank.add(number, sock.fileno(), sequence=start(16), timestamp=start(32), ssrc=start(32))
        self._show_silence(self._streams[number])

    def connect(
        self, number: int, remote: tuple[str, int], codec: g711.Codec, payload_type: int, event_type: int | None
    ) -> None:
        """Start to send to, and listen to, a far end; or turn to another one."""
        stream = self._stream(number)
        bank, row = stream.bank, stream.row
        bank.outbox.hosts[row], bank.outbox.ports[row] = host_number(remote[0]), socket.htons(remote[1])
        bank.audio_type[row] = payload_type
        bank.event_type[row] = NO_EVENTS if event_type is None else event_type
        bank.inband[row] = event_type is None
        bank.latched[row] = False
        bank.quiet[row] = 0
        stream.signalled = remote[0]
        bank.fresh[row] |= not bank.live[row]
        bank.live[row] = True
        self._recode(stream, codec)
        if stream.run is None:
            self._advance(stream)

    def play(self, number: int, play: int, names: Iterable[str]) -> None:
        """Play clips after those already waiting. Before `connect` they wait."""
        stream = self._stream(number)
        try:
            clips = deque(self.clips.find(name) for name in names)
        except KeyError:
            self._tell(stream, PlayFinished(play, False, 0, "A clip of it never came to the media process."))
            return
        stream.plays.append(Play(play, clips))
        if stream.run is None and stream.bank.live[stream.row]:
            self._advance(stream)

    def stop(self, number: int) -> None:
        """Send silence from the next packet on; nothing that waits is played."""
        self._drop_plays(self._stream(number))

    def send_digits(self, number: int, digits: str) -> None:
        """Send keys after those still waiting; what is being played waits meanwhile."""
        stream = self._stream(number)
        stream.sender.push(digits)
        stream.bank.dialing[number] = stream
        stream.bank.step[stream.row] = 0

    def record(self, number: int, max_samples: int) -> None:
        """Start a new recording; one under way is forgotten."""
        stream = self._stream(number)
        stream.recording = Recording(max_samples)
        stream.recording_since = self._ticks
        stream.bank.recorded[stream.row] = True

    def stop_record(self, number: int) -> bytes:
        """End the recording: little-endian 16-bit PCM, empty if there was none."""
        stream = self._stream(number)
        recording, stream.recording = stream.recording, None
        stream.bank.recorded[stream.row] = False
        return b"" if recording is None else recording.cut(self._elapsed(stream))

    def watch_voice(self, number: int, wanted: bool) -> None:
        """Tell, from now on or no longer, when voice begins and ends; what was known of the line is forgotten."""
        stream = self._stream(number)
        bank, row = stream.bank, stream.row
        bank.watched[row] = wanted
        bank.energy[row], bank.span[row] = 0, 0
        bank.voices.reset(row)

    def watch_silence(self, number: int, seconds: float) -> None:
        """Tell, once, when no packet has come for so long; 0: no longer."""
        stream = self._stream(number)
        stream.bank.silence_limit[stream.row] = math.ceil(seconds * 1000 / FRAME_MS)

    def listen(self, number: int, wanted: bool) -> None:
        """Give away what is heard, from now on or no longer."""
        stream = self._stream(number)
        bank = stream.bank
        bank.tapped[stream.row] = wanted
        stream.tap = Tap(stream.codec) if wanted else None
        bank.tapping.pop(number, None)
        if wanted:
            bank.tapping[number] = stream

    def bridge(self, number: int, other: int) -> None:
        """Let two streams hear each other from now on, their keys included; what is played to one hides the other.

        Raises:
            EngineError: there is no such stream, both are the same, or one of them hears another already.
        """
        pair = self._stream(number), self._stream(other)
        if number == other or any(stream.peer is not None for stream in pair):
            raise EngineError("A stream hears one other at a time: end the bridge before, and give two streams.")
        for stream, peer in (pair, pair[::-1]):
            stream.peer, stream.relay = peer, Relay(stream.codec)
            stream.bank.bridging[stream.number] = stream
            stream.bank.bridged[stream.row] = True

    def unbridge(self, number: int) -> None:
        """Let a stream and the one that it hears be by themselves again, if it hears any."""
        stream = self._stream(number)
        for each in (stream, stream.peer):
            if each is not None:
                each.peer = each.relay = None
                each.bank.bridging.pop(each.number, None)
                each.bank.bridged[each.row] = False

    def close(self, number: int) -> StreamReport:
        """End a stream and close its socket."""
        stream = self._stream(number)
        self.unbridge(number)
        self._drop_plays(stream)
        bank, row = stream.bank, stream.row
        heard = bank.reception.report(row)
        report = StreamReport(
            packets_sent=int(bank.sent[row]),
            packets_received=heard.received,
            lost=heard.lost,
            jitter_ms=heard.jitter / 8,
            refused=int(bank.refused[row]),
        )
        fd = int(bank.fds[row])
        bank.remove(stream)
        del self._streams[number]
        self._wire.remove(fd)
        return report

    def tick(self, phase: int) -> None:
        """The sub-tick of one bank. Call them in turn, 5 ms apart."""
        if phase == 0:
            self._ticks += 1
        bank = self._banks[phase]
        if bank.count:
            bank.timestamp[: bank.count] += np.uint32(FRAME)
            self._send(bank)

    def tock(self, phase: int) -> None:
        """The second half of a sub-tick, which is in no hurry: take what came for a bank."""
        bank = self._banks[phase]
        if bank.count:
            told = hearing.hear(bank, self._wire, self._inbox, self._ticks, self._clock())
            self._events += told
            if bank.bridging:
                self._pass_keys_on(told)
            for stream in bank.tapping.values():
                if stream.tap is not None and (piece := stream.tap.tick()):
                    self._pieces.append((stream.number, stream.tap.codec, piece))

    def skip(self, ticks: int) -> None:
        """Time passed in which the process did not run: timestamps go on, prompts do not."""
        self._ticks += ticks
        for bank in self._banks:
            bank.timestamp[: bank.count] += np.uint32(FRAME * ticks & 0xFFFFFFFF)

    def _prepare(self, codec: g711.Codec) -> None:
        filler = g711.silence(codec)
        silent = np.full(FRAME, filler, np.uint8)
        self._silence[codec] = self._arena.store(silent, filler)[0]
        self._tones[codec] = {
            key: self._arena.store(g711.encode(samples, codec), filler)[0] for key, samples in tones.keys().items()
        }

    def _stream(self, number: int) -> Stream:
        try:
            return self._streams[number]
        except KeyError:
            raise EngineError(f"There is no stream {number} in this media process.") from None

    def _elapsed(self, stream: Stream) -> int:
        return (self._ticks - stream.recording_since) * FRAME

    def _send(self, bank: Bank) -> None:
        n = bank.count
        outbox = bank.outbox
        rows = bank.frame[:n]
        decided = self._dial(bank) if bank.dialing else []
        if decided:
            rows = self._with_tones(rows.copy(), decided)
        outbox.packets[:n, PACKET - FRAME :] = self._arena.frames[rows]
        if bank.bridging:
            self._relay(bank)
        bank.headers["second"][:n] = bank.audio_type[:n] | bank.fresh[:n].view(np.uint8) << 7
        bank.headers["sequence"][:n] = bank.sequence[:n]
        bank.headers["timestamp"][:n] = bank.timestamp[:n]
        np.multiply(bank.live[:n], PACKET, out=outbox.lengths[:n], casting="unsafe")
        for stream, outgoing in decided:
            self._put_event(stream, outgoing)
        self._wire.send(n, bank.fds, outbox)
        left = self._clock()
        bank.sent[:n] += outbox.sent[:n]
        bank.sequence[:n] += bank.live[:n]
        bank.fresh[:n] &= ~bank.live[:n]
        bank.frame[:n] += bank.step[:n] * bank.live[:n]
        if bank.starting:
            self._announce(bank, left)
        for row in np.nonzero(bank.frame[:n] == bank.end[:n])[0].tolist():
            self._advance(bank.streams[row])

    def _relay(self, bank: Bank) -> None:
        """Send what the other ends of bridges said, where nothing is played and no key is sent."""
        for stream in bank.bridging.values():
            if stream.relay is None or not bank.live[stream.row]:
                continue
            codes = stream.relay.take()
            if stream.run is None and stream.number not in bank.dialing:
                bank.outbox.packets[stream.row, PACKET - FRAME : PACKET] = np.frombuffer(codes, np.uint8)

    def _pass_keys_on(self, told: Iterable[tuple[int, MediaEvent]]) -> None:
        """Send the keys of one end of a bridge to the other. Tones that were heard have passed as sound already."""
        for number, event in told:
            stream = self._streams.get(number)
            if stream is None or stream.peer is None or not isinstance(event, Digit):
                continue
            if stream.bank.event_type[stream.row] != NO_EVENTS:
                self.send_digits(stream.peer.number, event.key)

    def _dial(self, bank: Bank) -> list[tuple[Stream, Outgoing]]:
        decided = []
        for stream in [stream for stream in bank.dialing.values() if bank.live[stream.row]]:
            outgoing = stream.sender.next()
            if outgoing is not None:
                decided.append((stream, outgoing))
                continue
            del bank.dialing[stream.number]
            bank.step[stream.row] = stream.run is not None
            self._tell(stream, DigitsSent())
        return decided

    def _with_tones(self, rows: hearing.Integers, decided: list[tuple[Stream, Outgoing]]) -> hearing.Integers:
        for stream, outgoing in decided:
            rows[stream.row] = self._silence[stream.codec]
            if outgoing.key and stream.bank.event_type[stream.row] == NO_EVENTS:
                rows[stream.row] = self._tones[stream.codec][outgoing.key] + outgoing.since
        return rows

    def _put_event(self, stream: Stream, outgoing: Outgoing) -> None:
        bank, row = stream.bank, stream.row
        event_type = int(bank.event_type[row])
        if outgoing.event is None or event_type == NO_EVENTS:
            return
        bank.headers["second"][row] = event_type | (0x80 if outgoing.marker else 0)
        bank.headers["timestamp"][row] = (int(bank.timestamp[row]) - FRAME * outgoing.since) & 0xFFFFFFFF
        bank.outbox.packets[row, 12:_EVENT_LENGTH] = np.frombuffer(outgoing.event.pack(), np.uint8)
        bank.outbox.lengths[row] = _EVENT_LENGTH

    def _announce(self, bank: Bank, left: float) -> None:
        for stream in list(bank.starting.values()):
            if bank.live[stream.row] and stream.number not in bank.dialing:
                del bank.starting[stream.number]
                stream.plays[0].announced = True
                self._tell(stream, PlayStarted(stream.plays[0].number, left))

    def _advance(self, stream: Stream) -> None:
        """The clip under way is over, or there was none: begin the next."""
        self._leave_run(stream)
        while stream.plays:
            play = stream.plays[0]
            if not play.clips:
                stream.plays.popleft()
                self._tell(stream, PlayFinished(play.number, True, play.frames * FRAME_MS))
                continue
            try:
                self._enter_run(stream, play.clips.popleft())
            except ArenaFull as error:
                stream.plays.popleft()
                self._tell(stream, PlayFinished(play.number, False, play.frames * FRAME_MS, str(error)))
                continue
            return
        self._show_silence(stream)

    def _enter_run(self, stream: Stream, clip: Clip) -> None:
        bank, row = stream.bank, stream.row
        run = stream.run = self.clips.take(clip, stream.codec)
        stream.clip = clip
        bank.frame[row], bank.end[row] = run.start, run.end
        bank.step[row] = stream.number not in bank.dialing
        if not stream.plays[0].announced:
            bank.starting[stream.number] = stream

    def _leave_run(self, stream: Stream) -> None:
        run, stream.run = stream.run, None
        if run is not None:
            stream.plays[0].frames += int(stream.bank.frame[stream.row]) - run.start
            self.clips.give_back(run)

    def _recode(self, stream: Stream, codec: g711.Codec) -> None:
        """Go on in another codec where the clip under way has come to."""
        before, stream.codec = stream.codec, codec
        if stream.relay is not None:
            stream.relay.recode(codec)
        if stream.tap is not None:
            stream.tap.recode(codec)
        if before == codec or stream.run is None or stream.clip is None:
            return
        bank, row = stream.bank, stream.row
        done = int(bank.frame[row]) - stream.run.start
        try:
            run = self.clips.take(stream.clip, codec)
        except ArenaFull:
            self._drop_plays(stream)
            return
        self.clips.give_back(stream.run)
        stream.run = run
        bank.frame[row], bank.end[row] = run.start + done, run.end

    def _drop_plays(self, stream: Stream) -> None:
        self._leave_run(stream)
        for play in stream.plays:
            self._tell(stream, PlayFinished(play.number, False, play.frames * FRAME_MS))
        stream.plays.clear()
        stream.bank.starting.pop(stream.number, None)
        self._show_silence(stream)

    def _show_silence(self, stream: Stream) -> None:
        bank, row = stream.bank, stream.row
        bank.frame[row], bank.step[row], bank.end[row] = self._silence[stream.codec], 0, NEVER

    def _tell(self, stream: Stream, event: MediaEvent) -> None:
        self._events.append((stream.number, event))
