"""A callee that is no person: a SIP user agent that does what a profile says.

It rings, answers, listens, presses keys, hangs up, keeps what it heard as a WAV, and tells
each event. `mirabelle.sandbox.callee` runs it in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from mirabelle.calls.clock import Clock
from mirabelle.errors import MirabelleError
from mirabelle.media.plane import Digit, DigitsSent, Lost, MediaPlane, MediaStream
from mirabelle.sandbox.listening import HangUp, Heard, Listener, Press
from mirabelle.sandbox.profiles import Profile
from mirabelle.sip import sdp
from mirabelle.sip.agent import IncomingCall, UserAgent
from mirabelle.sip.events import Canceled, Ended
from mirabelle.speech.audio import encode_wav

LISTEN_SECONDS: Final = 0.25
"""How often the callee looks at what it heard."""


class Tell(Protocol):
    """Hears what happens to a callee."""

    def __call__(self, event: str, **fields: object) -> None:
        """Hear one event with its fields."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What all calls of a callee share.

    Attributes:
        plane: where their media is.
        clock: the time.
        profile_of: what the callee at a number does.
        directory: where recordings go; None keeps none.
        tell: hears what happens.
    """

    plane: MediaPlane
    clock: Clock
    profile_of: Callable[[str], Profile]
    directory: Path | None
    tell: Tell


class Callee:
    """Takes every call of a user agent.

    Args:
        agent: started; its `on_invite` is taken.
        line: what the calls share.
    """

    def __init__(self, agent: UserAgent, line: Line) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        self._calls: set[asyncio.Task[None]] = set()
        agent.on_invite = self._take

    async def aclose(self) -> None:
        """Hang up on everybody."""
        calls = tuple(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    def _take(self, call: IncomingCall) -> None:
        task = asyncio.create_task(_Visit(self._line, call, next(self._numbers)).run())
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)


class _Visit:
    """One call."""

    def __init__(self, line: Line, call: IncomingCall, number: int) -> None:
        self._line, self._call, self._number = line, call, number
        self._profile = line.profile_of(call.called)
        self._started = line.clock.monotonic()
        self._heard = bytearray()
        self._over = asyncio.Event()

    async def run(self) -> None:
        """From the INVITE to the end."""
        watching = asyncio.create_task(self._watch())
        try:
            self._tell("called", number=self._call.called, caller=self._call.caller, profile=self._profile.name)
            if await self._rings():
                await self._converse()
        except MirabelleError as error:
            self._tell("failed", reason=str(error))
        finally:
            await self._call.bye()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _rings(self) -> bool:
        """Ring; whether it is time to answer."""
        profile, call = self._profile, self._call
        if profile.rings:
            call.ring()
            self._tell("ringing")
        refuses = bool(profile.status)
        forever = not profile.answers and not refuses
        if await self._waits(profile.longest_seconds if forever else profile.ring_seconds):
            return False
        if refuses or forever:
            status = profile.status or 480
            call.reject(status, profile.reason, profile.headers)
            self._tell("refused", status=status)
            return False
        return True

    async def _converse(self) -> None:
        stream = await self._line.plane.open()
        try:
            await self._answer(stream)
            hearing = asyncio.create_task(self._hear(stream))
            try:
                await self._listen(stream)
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
        finally:
            report = await stream.close()
            self._keep()
            self._tell("media", sent=report.packets_sent, received=report.packets_received, lost=report.lost)

    async def _answer(self, stream: MediaStream) -> None:
        offer = self._call.sdp
        if offer is None:
            self._call.reject(488)
            raise MirabelleError("The INVITE brought no session description that can be read.")
        answer = sdp.answer(offer, *stream.local)
        media = sdp.negotiate(answer, offer)
        remote = (media.remote_address, media.remote_port)
        await stream.connect(remote, media.codec, media.payload_type, media.dtmf_payload_type)
        await stream.record(self._profile.longest_seconds + 1)
        self._call.answer(answer)
        self._tell("answered", codec=media.codec)

    async def _listen(self, stream: MediaStream) -> None:
        listener = Listener(self._profile)
        while not await self._waits(LISTEN_SECONDS):
            for decision in listener.hear(await self._collect(stream)):
                match decision:
                    case Heard(speech_ms=ms):
                        self._tell("heard speech", ms=ms, total_ms=listener.speech_ms)
                    case Press(key=key):
                        await stream.send_digits(key)
                        self._tell("digit pressed", key=key)
                    case HangUp(reason=reason):
                        self._tell("hanging up", reason=reason)
                        self._call.hang_up()
                        # The end of the call is told before its recording; a peer that is gone takes 32 s at most.
                        await self._over.wait()
                        return
        with contextlib.suppress(MirabelleError):
            await self._collect(stream)

    async def _collect(self, stream: MediaStream) -> bytes:
        """What came since the last time; a new recording begins in the same breath."""
        pcm = await stream.stop_record()
        await stream.record(self._profile.longest_seconds + 1)
        self._heard += pcm
        return pcm

    async def _hear(self, stream: MediaStream) -> None:
        """Keys of the caller, and the death of our media."""
        while True:
            match await stream.next_event():
                case Digit(key=key, duration_ms=ms):
                    self._tell("digit heard", key=key, ms=ms)
                case DigitsSent():
                    self._tell("digit sent")
                case Lost(reason=reason):
                    self._tell("failed", reason=reason)
                    self._over.set()
                    return
                case _:
                    pass

    async def _watch(self) -> None:
        """The end of the call, whoever ends it."""
        while True:
            match await self._call.next_event():
                case Ended(by=by, reason=reason):
                    self._tell("hung up", by="caller" if by == "remote" else "callee" if by == "local" else by)
                    self._over.set()
                    return
                case Canceled(reason=reason):
                    self._tell("canceled", reason=reason)
                    self._over.set()
                    return
                case _:
                    pass

    async def _waits(self, seconds: float) -> bool:
        """Let time pass; whether the call is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
        return self._over.is_set()

    def _keep(self) -> None:
        if self._line.directory is None:
            return
        called = re.sub(r"[^0-9]", "", self._call.called)[:20] or "unknown"
        path = self._line.directory / f"heard-{called}-{self._number}.wav"
        try:
            path.write_bytes(encode_wav(bytes(self._heard)))
        except OSError as error:
            raise MirabelleError(f"{path} cannot be written ({error.strerror}); name another directory.") from error
        self._tell("recorded", path=str(path), seconds=round(len(self._heard) / 16000, 2))

    def _tell(self, event: str, **fields: object) -> None:
        at = round(self._line.clock.monotonic() - self._started, 3)
        self._line.tell(event, call=self._number, sip_call_id=self._call.call_id, at=at, **fields)
