"""A transfer as the line carries it: the callee on one side, a second leg or a REFER on the other."""

from __future__ import annotations

import contextlib
from typing import Protocol

from mirabelle.calls.outcome import Outcome
from mirabelle.dialer.destination import NO_ROUTE, TransferFailed
from mirabelle.dialer.second_call import SecondCall, SecondEvent, SoundLost, Vanished
from mirabelle.dialer.switchboard import Switchboard
from mirabelle.dialer.transfer_course import Course, Referral
from mirabelle.media.ports import MediaError
from mirabelle.sip import sdp
from mirabelle.sip.error import SipError
from mirabelle.sip.events import Answered, Ended, Failed, MediaChanged, ReferralAnswered, ReferralTold, Ringing
from mirabelle.vxml.platform import Audio, HungUp, Input, Transfer, Transferred, TransferResult


class Caller(Protocol):
    """The side of the callee, who is the caller of a VoiceXML session."""

    @property
    def is_gone(self) -> bool:
        """Whether the call is over."""
        ...

    def milliseconds(self) -> int:
        """The time."""
        ...

    def look(self) -> None:
        """What happens from now on ends the next `wait`."""
        ...

    def wake(self) -> None:
        """Something happened."""
        ...

    async def wait(self, deadline: int | None) -> None:
        """Until something happens, or the deadline comes."""
        ...

    def take_key(self) -> str:
        """The next key that was pressed; empty where there is none."""
        ...

    def take_words(self) -> Input | None:
        """Words that a grammar accepts, once they were said."""
        ...

    def take_referral(self) -> ReferralAnswered | ReferralTold | None:
        """What was told of a REFER; None where there is nothing."""
        ...

    async def samples(self, audio: Audio) -> bytes:
        """The samples of a recording; none where it cannot be played."""
        ...

    def ringing(self) -> bytes:
        """The samples of a far end that rings."""
        ...

    async def repeat(self, pcm: bytes) -> None:
        """Play this once more, where nothing is played."""
        ...

    async def hush(self) -> None:
        """Play nothing from now on."""
        ...

    def joined(self) -> None:
        """Somebody answered, and the two hear each other."""
        ...

    async def part(self) -> None:
        """Hear nobody but us from now on."""
        ...

    async def leave(self) -> None:
        """Hang up: the callee has been connected elsewhere."""
        ...


class Bridging:
    """A bridge, or a consultation until it is answered.

    Args:
        caller: the one who is transferred.
        call: the second leg.
        request: what the application asked for.
    """

    def __init__(self, caller: Caller, call: SecondCall, request: Transfer) -> None:
        self._caller = caller
        self._call = call
        self._request = request
        self._course = Course(request, caller.milliseconds())
        self._music = b""

    async def run(self) -> Transferred | HungUp:
        """Carry it until it is decided. What ends with anything but `TRANSFERRED` has ended the second leg."""
        stays = False
        try:
            if self._request.audio is not None:
                self._music = await self._caller.samples(self._request.audio)
            ended = await self._decided()
            stays = isinstance(ended, Transferred) and ended.result is TransferResult.TRANSFERRED
            return ended
        finally:
            if not stays:
                await self.end()

    async def talk_on(self) -> None:
        """The two talk and the application is gone: until one of them is, too."""
        try:
            while not self._caller.is_gone:
                self._caller.look()
                if await self._events() is not None:
                    break
                await self._caller.wait(None)
        finally:
            await self.end()
        if not self._caller.is_gone:
            await self._caller.leave()

    async def end(self) -> None:
        """Take the two apart, and let the second leg end."""
        self._call.begin_to_close()
        with contextlib.suppress(MediaError):  # the stream is gone, and the bridge with it
            await self._caller.hush()
            await self._caller.part()

    async def _decided(self) -> Transferred | HungUp:
        caller, course = self._caller, self._course
        while not caller.is_gone:
            caller.look()
            ended = await self._events() or self._input() or course.tick(caller.milliseconds())
            if ended is not None:
                return ended
            if self._music:
                await caller.repeat(self._music)
            await caller.wait(course.deadline())
        return HungUp(duration_ms=course.duration(caller.milliseconds()))

    def _input(self) -> Transferred | None:
        if (words := self._caller.take_words()) is not None:
            return self._course.words(words, self._caller.milliseconds())
        while key := self._caller.take_key():
            ended = self._course.key(key, self._caller.milliseconds())
            if ended is not None:
                return ended
        return None

    async def _events(self) -> Transferred | None:
        while (event := self._call.take()) is not None:
            try:
                ended = await self._take(event)
            except MediaError:  # who is gone will be told
                ended = self._course.lost(self._caller.milliseconds())
            if ended is not None:
                return ended
        return None

    async def _take(self, event: SecondEvent) -> Transferred | None:
        now = self._caller.milliseconds()
        match event:
            case Ringing(sdp=None):
                # Where nothing was said of what they shall hear, they hear that it rings.
                if self._request.audio is None:
                    self._music = self._caller.ringing()
            case Ringing(sdp=description):
                if self._request.audio is None:
                    with contextlib.suppress(SipError):  # the answer will say it again
                        await self._hear(description)
            case Answered(sdp=description):
                return await self._answered(description)
            case MediaChanged(sdp=description):
                with contextlib.suppress(SipError):  # on hold or refused: the old place stays until the next word
                    await self._call.hear(description)
            case Failed():
                return self._course.failed(event)
            case Ended():
                return self._course.far_end_gone(event, now)
            case Vanished():
                return self._course.vanished(now)
            case SoundLost():
                return self._course.lost(now)
            case TransferFailed():
                return Transferred(TransferResult.UNKNOWN, error=event.event, detail=str(event))
        return None

    async def _answered(self, description: sdp.SessionDescription | None) -> Transferred | None:
        try:
            await self._hear(description)
        except SipError as error:
            return Transferred(TransferResult.UNKNOWN, error=NO_ROUTE, detail=str(error))
        self._course.answered(self._caller.milliseconds())
        self._caller.joined()
        if self._request.type == "consultation":
            return Transferred(TransferResult.TRANSFERRED)
        return None

    async def _hear(self, description: sdp.SessionDescription | None) -> None:
        self._music = b""
        await self._caller.hush()
        await self._call.hear(description)


async def refer(caller: Caller, switchboard: Switchboard, request: Transfer) -> Transferred | HungUp:
    """A blind transfer: the callee's end is asked to call somebody else.

    Args:
        caller: the one who is transferred.
        switchboard: asks.
        request: what the application asked for.

    Raises:
        TransferFailed: nobody could be asked.
    """
    course = Referral(request.connecttimeout_ms, caller.milliseconds())
    asked = await switchboard.refer(request)
    ended, status = None, 0
    try:
        while ended is None and not caller.is_gone:
            caller.look()
            while ended is None and (event := caller.take_referral()) is not None:
                status = event.status
                if isinstance(event, ReferralAnswered):
                    ended = course.answered(event, caller.milliseconds())
                else:
                    ended = course.told(event)
            ended = ended or course.tick(caller.milliseconds())
            if ended is None:
                await caller.wait(course.deadline())
        if ended is None and course.taken:
            # Their end took it, and hung up on us: that is how it goes.
            ended = Transferred(TransferResult.TRANSFERRED)
    finally:
        await asked.ended(_outcome(ended), status if status >= 200 else 0)
    if ended is None:
        return HungUp()
    if ended.result is TransferResult.TRANSFERRED and not caller.is_gone:
        await caller.leave()
    return ended


def _outcome(ended: Transferred | None) -> Outcome | None:
    if ended is None:
        return Outcome.CANCELED
    return None if ended.result is TransferResult.TRANSFERRED else Outcome.FAILED
