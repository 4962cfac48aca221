"""One RTP stream, as the one who opened it sees it."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Any, Final

from mirabelle import g711
from mirabelle.media import events, telephone_event
from mirabelle.media.events import Digit, Heard, Lost, MediaEvent, StreamReport, VoiceBegan, VoiceEnded
from mirabelle.media.link import Link
from mirabelle.media.ports import MediaError
from mirabelle.media.protocol import Frame

MAX_RECORDING: Final = 3600
"""Seconds."""

MAX_DIGITS: Final = 200
MAX_EVENTS: Final = 1000
"""Events nobody has asked for yet; keys, voice and sound beyond are dropped: a far end cannot fill the memory."""

CLOSING: Final = 5.0
"""Seconds given to a media process to report on a stream that is closed."""


class StreamLost(MediaError):
    """The stream's media process is gone, or the stream was closed."""


class MediaStream:
    """A port that plays, listens and records; made by `MediaPlane.open`."""

    def __init__(self, number: int, link: Link, on_close: Callable[[MediaStream], None]) -> None:
        self.number = number
        self.local: tuple[str, int] = ("", 0)
        """The address to give to the far end."""
        self._link, self._on_close = link, on_close
        self._events: deque[MediaEvent] = deque()
        self._news = asyncio.Event()
        self._plays = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._recorded = bytearray()
        self._lost: Lost | None = None
        link.listen(number, self)

    @property
    def link(self) -> Link:
        """The media process that carries it."""
        return self._link

    async def connect(
        self, remote: tuple[str, int], codec: g711.Codec, payload_type: int, dtmf_payload_type: int | None
    ) -> None:
        """Begin to send to a far end and to listen to it, or turn to another one.

        From now on packets leave without pause, silence where nothing is played. Packets from another port of the same
        address are taken as the far end behind a translator (RFC 4961).

        Args:
            remote: IPv4 address and RTP port.
            codec: of both directions.
            payload_type: of the audio.
            dtmf_payload_type: of telephone events; None sends keys as tones.

        Raises:
            MediaError: the address is not an IPv4 address with a port, or the stream is lost.
        """
        if not _sensible(remote, payload_type, dtmf_payload_type):
            raise MediaError(
                f"The far end {remote[0]}:{remote[1]} with payload types {payload_type} and {dtmf_payload_type} cannot "
                f"be sent to. Mirabelle needs an IPv4 address, a port, and payload types from 0 to 127."
            )
        await self._say(
            do="connect",
            host=remote[0],
            port=remote[1],
            codec=codec,
            payload_type=payload_type,
            event_type=dtmf_payload_type,
        )

    async def play(self, pcm: Sequence[bytes]) -> int:
        """Play clips, one after the other, after what is playing already.

        Each clip begins in a packet of its own, and silence fills up its last one. The same content crosses to the
        media process once, however often it is played.

        Args:
            pcm: 16-bit little-endian samples, 8,000 a second.

        Returns:
            The number by which `PlayStarted` and `PlayFinished` name this play.

        Raises:
            MediaError: too much audio at once, or the stream is lost.
        """
        self._require()
        names = await self._link.teach(pcm)
        play = next(self._plays)
        await self._say(do="play", play=play, names=names)
        return play

    async def stop(self) -> None:
        """Send silence from the next packet on, and drop what waits to be played."""
        if self._lost is None:
            await self._say(do="stop")

    async def send_digits(self, digits: str) -> None:
        """Send keys (RFC 4733) after those being sent; `DigitsSent` follows. What is being played waits meanwhile.

        Args:
            digits: 0 to 9, *, #, A to D; `p` and `w` wait one second.

        Raises:
            MediaError: a character is none of these, there are too many, or the stream is lost.
        """
        try:
            wanted = telephone_event.normalise(digits)
        except ValueError as error:
            raise MediaError(str(error)) from error
        if len(wanted) > MAX_DIGITS:
            raise MediaError(f"{len(wanted)} digits are more than the {MAX_DIGITS} that can be sent at once.")
        await self._say(do="digits", digits=wanted)

    async def record(self, max_seconds: float) -> None:
        """Begin to record the far end; a recording under way is forgotten.

        Args:
            max_seconds: what comes later is not kept; an hour at most.

        Raises:
            MediaError: the limit is not above 0 and up to an hour, or the stream is lost.
        """
        if not 0 < max_seconds <= MAX_RECORDING:
            raise MediaError(f"A recording may last up to {MAX_RECORDING} s; {max_seconds} s were asked for.")
        await self._say(do="record", samples=round(max_seconds * g711.SAMPLE_RATE))

    async def stop_record(self) -> bytes:
        """End the recording.

        Returns:
            16-bit little-endian PCM since `record`, lost packets as silence.

        Raises:
            StreamLost: the media process died, and the recording with it.
        """
        frame = await self._ask("recorded", do="stop_record")
        return frame.payload

    async def watch_voice(self, wanted: bool) -> None:
        """Ask for `VoiceBegan` and `VoiceEnded` from now on, or for no more of them.

        A voice that is heard when the watch begins, begins then. Nothing is told of one that is heard when it ends.

        Raises:
            MediaError: the stream is lost.
        """
        await self._say(do="watch_voice", wanted=wanted)

    async def watch_silence(self, seconds: float) -> None:
        """Ask for `WentSilent` when no packet has come for so long, counted from the last or from `connect`.

        Args:
            seconds: how long; 0 asks for it no more.

        Raises:
            MediaError: the stream is lost.
        """
        await self._say(do="watch_silence", seconds=seconds)

    async def listen(self, wanted: bool) -> None:
        """Ask for `Heard` from now on, or for no more of it. It comes some 40 ms after the packets.

        Raises:
            MediaError: the stream is lost.
        """
        await self._say(do="listen", wanted=wanted)

    async def bridge(self, other: MediaStream) -> None:
        """Let this far end and another hear each other from now on, in either codec, their keys included.

        What is played to one of them hides the other from it meanwhile. Recording, keys and voice are told as before.

        Args:
            other: a stream that was opened `beside` this one.

        Raises:
            MediaError: the two are carried by different processes, or one of them is lost.
        """
        other._require()
        if other._link is not self._link:
            raise MediaError("The two streams are carried by different media processes. Open one beside the other.")
        await self._say(do="bridge", other=other.number)

    async def unbridge(self) -> None:
        """Let this far end and the one that it hears be by themselves again."""
        if self._lost is None:
            await self._say(do="unbridge")

    async def next_event(self) -> MediaEvent:
        """Wait for the next thing that happens. After `Lost`, it is `Lost` again."""
        while not self._events:
            if self._lost is not None:
                return self._lost
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()

    async def close(self) -> StreamReport:
        """End the stream and free its port. A second call does nothing.

        Returns:
            Its figures; empty if the media process is gone or does not answer.
        """
        if self._lost is not None:
            return StreamReport()
        try:
            async with asyncio.timeout(CLOSING):
                frame = await self._ask("closed", do="close")
            report = StreamReport(**frame.fields["report"])
        except (MediaError, TimeoutError):
            report = StreamReport()
        finally:
            # Whoever waits for the figures may be cancelled; the port must be free all the same.
            self._link.unlisten(self.number)
            self.lose("The stream was closed.")
        return report

    async def bind(self, host: str, ports: Sequence[int]) -> bool:
        """Take the first of these ports that is free; False when none is. The plane calls this once.

        Raises:
            MediaError: what is wrong is not that others have them, or the media process died.
        """
        frame = await self._ask("opened", do="open", ports=list(ports))
        self._require()  # the process may have died between its answer and our waking up
        port = frame.fields["port"]
        if port is not None:
            self.local = (host, port)
        elif frame.fields["reason"]:
            raise MediaError(f"No RTP port can be opened on {frame.fields['reason']}. Look at [media] bind and ports.")
        return port is not None

    def hear(self, frame: Frame) -> None:
        """The media process said this about the stream."""
        kind = frame.fields["is"]
        if kind == "event":
            self._put(events.from_fields(frame.fields["event"]))
        elif kind == "heard":
            self._put(Heard(g711.to_pcm(frame.payload, frame.fields["codec"])))
        elif kind == "fault":
            self._fault(frame.fields)
        elif kind == "recorded":
            self._recorded += frame.payload
            if frame.fields["last"]:
                pcm, self._recorded = bytes(self._recorded), bytearray()
                self._answer(kind, Frame(frame.fields, pcm))
        else:
            self._answer(kind, frame)

    def lose(self, reason: str) -> None:
        """The stream is gone: whoever waits hears it."""
        if self._lost is not None:
            return
        self._lost = Lost(reason)
        answers, self._answers = self._answers, {}
        for answer in answers.values():
            if not answer.done():
                answer.set_exception(StreamLost(reason))
        self._news.set()
        self._on_close(self)

    def _put(self, event: MediaEvent) -> None:
        if len(self._events) < MAX_EVENTS or not isinstance(event, Digit | VoiceBegan | VoiceEnded | Heard):
            self._events.append(event)
            self._news.set()

    def _answer(self, kind: str, frame: Frame) -> None:
        answer = self._answers.pop(kind, None)
        if answer is not None and not answer.done():
            answer.set_result(frame)

    def _fault(self, fields: dict[str, Any]) -> None:
        """What was asked failed over there: fail the one who waits for it, or the stream if nobody does."""
        kind = {"open": "opened", "stop_record": "recorded", "close": "closed"}.get(fields["do"], "")
        answer = self._answers.pop(kind, None)
        if answer is None:
            self.lose(fields["reason"])
        elif not answer.done():
            answer.set_exception(MediaError(fields["reason"]))

    def _require(self) -> None:
        if self._lost is not None:
            raise StreamLost(f"This stream can no longer be used: {self._lost.reason}")

    async def _say(self, **fields: Any) -> None:
        self._require()
        await self._link.say({**fields, "stream": self.number})

    async def _ask(self, kind: str, **fields: Any) -> Frame:
        self._require()
        if kind in self._answers:
            raise MediaError("The same is being asked of this stream already.")
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[kind] = answer
        try:
            await self._link.say({**fields, "stream": self.number})
            return await answer
        finally:
            self._answers.pop(kind, None)


def _sensible(remote: tuple[str, int], *payload_types: int | None) -> bool:
    try:
        IPv4Address(remote[0])
    except ValueError:
        return False
    return 0 < remote[1] < 65536 and all(kind is None or 0 <= kind < 128 for kind in payload_types)
