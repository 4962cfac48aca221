"""The telephone: carries an attempt over SIP and RTP, and runs the application when somebody answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mirabelle.calls.clock import Clock
from mirabelle.calls.crash_point import CrashPoint, Reached, pass_by
from mirabelle.calls.outcome import Outcome
from mirabelle.dialer.line_media import connect
from mirabelle.dialer.phone import Cut, Ending, Placement, Progress
from mirabelle.dialer.phone_line import FIRST_AUDIO, PhoneLine
from mirabelle.dialer.second_call import Means
from mirabelle.dialer.session_fetcher import Places, Reaches, SessionFetcher
from mirabelle.dialer.sound import Sound
from mirabelle.dialer.start import start_fetch
from mirabelle.dialer.story import Story
from mirabelle.dialer.switchboard import Switchboard
from mirabelle.dialer.voice_input import VoiceInput
from mirabelle.media.plane import MediaPlane
from mirabelle.media.ports import MediaError
from mirabelle.media.stream import MediaStream
from mirabelle.sip import sdp
from mirabelle.sip.agent import UserAgent
from mirabelle.sip.digest import Credentials
from mirabelle.sip.error import SipError
from mirabelle.sip.events import (
    Answered,
    Ended,
    Failed,
    MediaChanged,
    ReferralAnswered,
    ReferralTold,
    Ringing,
)
from mirabelle.sip.outgoing import InviteTarget, OutgoingCall
from mirabelle.speech.recogniser import Recogniser
from mirabelle.store.ledger import LeaseLost
from mirabelle.vxml.cache import ParseCache
from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.platform import Disconnect
from mirabelle.vxml.session import Session, SessionEnd
from mirabelle.vxml.turns import Turns

AHEAD_AT_ONCE: Final = 100
"""What all sessions of a process together fetch ahead at the same time: a tenth of the connections that there are."""

LONGEST_SESSION: Final = 4 * 3600.0
"""Seconds after which a session is ended whatever it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What all calls of a telephone share.

    Attributes:
        agent: our SIP user agent.
        plane: the media processes.
        sound: speech and recordings.
        fetcher: what reaches the web.
        documents: parsed documents, by content.
        turns: where interpreters compute, off the event loop.
        clock: the time.
        story: hears what happens.
        ring_timeout: seconds that a number may ring.
        rtp_timeout: seconds without a packet after which the far end of a transfer counts as gone; 0: never.
        dialect: how VoiceXML is read where it may be read in more than one way.
        media_address: where callees are told to send media; empty for the address that the stream has.
        reached: hears where a call stands; for tests that end the program there.
        ahead: how much all sessions together fetch ahead of its time at once.
        recogniser: understands words; None for none.
    """

    agent: UserAgent
    plane: MediaPlane
    sound: Sound
    fetcher: Reaches
    documents: ParseCache
    turns: Turns
    clock: Clock
    story: Story
    ring_timeout: float = 60.0
    rtp_timeout: float = 60.0
    dialect: Dialect = field(default_factory=Dialect)
    media_address: str = ""
    reached: Reached = pass_by
    ahead: Places = field(default_factory=lambda: Places(AHEAD_AT_ONCE))
    recogniser: Recogniser | None = None


class SipPhone:
    """A `mirabelle.dialer.phone.Phone` on a SIP trunk.

    Args:
        equipment: what its calls share.
    """

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment

    async def place(self, placement: Placement, progress: Progress) -> Ending:
        """Carry one attempt from the INVITE to its end."""
        try:
            stream = await self._equipment.plane.open()
        except MediaError as error:  # a want of our own, not the number's: it costs the call no attempt
            return Ending(outcome=Outcome.CAPACITY, detail=str(error))
        try:
            return await _Carriage(self._equipment, placement, progress, stream).run()
        finally:
            report = await stream.close()
            self._equipment.story(
                "media",
                placement.call.call_id,
                sent=report.packets_sent,
                received=report.packets_received,
                lost=report.lost,
                jitter_ms=round(report.jitter_ms, 1),
            )


class _Carriage:
    """One attempt under way."""

    def __init__(self, equipment: Equipment, placement: Placement, progress: Progress, stream: MediaStream) -> None:
        self._equipment = equipment
        self._placement = placement
        self._progress = progress
        self._stream = stream
        host, port = stream.local
        self._offer = sdp.offer(equipment.media_address or host, port)

    async def run(self) -> Ending:
        outgoing = await self._invite()
        switchboard = self._switchboard(outgoing)
        self._equipment.reached(CrashPoint.AFTER_INVITE)
        try:
            event = await self._final_answer(outgoing)
            if isinstance(event, Failed):
                return await self._failed(outgoing, event)
            return await self._converse(outgoing, event, switchboard)
        except (asyncio.CancelledError, LeaseLost):
            switchboard.begin_to_close()
            await self._withdraw(outgoing)
            raise
        finally:
            await outgoing.bye()
            await switchboard.aclose()

    async def _failed(self, outgoing: OutgoingCall, event: Failed) -> Ending:
        verdict = event.verdict
        crossed = verdict.outcome is Outcome.ANSWERED
        if crossed:
            await self._answered(outgoing)
        cut = Cut.CROSSED if crossed else Cut.NO
        return Ending(
            outcome=verdict.outcome,
            sip_status=event.status,
            detail=verdict.detail,
            cut=cut,
            full=verdict.outcome is Outcome.CAPACITY,
            retry_after=verdict.retry_after,
            elsewhere=verdict.elsewhere,
        )

    async def _answered(self, outgoing: OutgoingCall) -> None:
        """Have the answer in the ledger before the far end hears that we know of it."""
        self._equipment.reached(CrashPoint.AFTER_ANSWER)
        await self._progress.answered()
        outgoing.acknowledge()
        self._equipment.reached(CrashPoint.AFTER_ACK)

    async def _withdraw(self, outgoing: OutgoingCall) -> None:
        """End the call at the far end; an answer that came just before or crosses our CANCEL is reported as one."""
        if outgoing.unacknowledged:
            await self._answered(outgoing)
        outgoing.cancel()
        while not isinstance(event := await outgoing.next_event(), Failed | Ended):
            pass
        if isinstance(event, Failed):
            await self._failed(outgoing, event)

    async def _invite(self) -> OutgoingCall:
        equipment, placement = self._equipment, self._placement
        trunk, number = placement.trunk, placement.number
        return await equipment.agent.invite(
            InviteTarget.number(number.e164, trunk.host),
            self._offer,
            call_id=placement.sip_call_id,
            credentials=Credentials(trunk.username, trunk.password) if trunk.username else None,
            caller_id=placement.caller_id,
            ring_timeout=equipment.ring_timeout,
            acknowledge_later=True,
        )

    async def _final_answer(self, outgoing: OutgoingCall) -> Answered | Failed:
        rang = False
        while True:
            event = await outgoing.next_event()
            if isinstance(event, Answered | Failed):
                return event
            if isinstance(event, Ringing) and not rang:
                rang = True
                self._equipment.reached(CrashPoint.AFTER_PROVISIONAL)
                await self._progress.ringing()

    def _switchboard(self, outgoing: OutgoingCall) -> Switchboard:
        equipment = self._equipment
        means = Means(
            agent=equipment.agent,
            plane=equipment.plane,
            clock=equipment.clock,
            ring_timeout=equipment.ring_timeout,
            rtp_timeout=equipment.rtp_timeout,
            media_address=equipment.media_address,
            placement=self._placement,
            progress=self._progress,
            first=self._stream,
        )
        return Switchboard(means, outgoing)

    async def _converse(self, outgoing: OutgoingCall, answer: Answered, switchboard: Switchboard) -> Ending:
        """From the 2xx to the end. The answer is in the ledger before the application starts."""
        started = self._equipment.clock.monotonic()
        fetcher = SessionFetcher(self._equipment.fetcher, self._equipment.ahead)
        line = self._line(outgoing, switchboard, fetcher)
        await self._answered(outgoing)
        async with self._hearing(line, outgoing):
            try:
                end = await self._session(line, answer)
            finally:
                await fetcher.aclose()
            await self._talked(line)
            if line.gone is None:
                await line.disconnect(Disconnect())
        self._equipment.reached(CrashPoint.AFTER_BYE)
        duration = round(self._equipment.clock.monotonic() - started)
        return _ending(end, line, duration)

    async def _talked(self, line: PhoneLine) -> None:
        """Those whom a consultation connected talk on without the application, but not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_SESSION):
                await line.talked()

    def _line(self, outgoing: OutgoingCall, switchboard: Switchboard, fetcher: SessionFetcher) -> PhoneLine:
        equipment, call_id = self._equipment, self._placement.call.call_id

        def tell(event: str, **fields: object) -> None:
            equipment.story(event, call_id, **fields)
            if event == FIRST_AUDIO:
                equipment.reached(CrashPoint.IN_SESSION)

        return PhoneLine(
            stream=self._stream,
            hang_up=outgoing.bye,
            sound=equipment.sound,
            fetcher=fetcher,
            clock=equipment.clock,
            tell=tell,
            switchboard=switchboard,
            voice_input=self._voice_input(),
        )

    def _voice_input(self) -> VoiceInput | None:
        equipment = self._equipment
        if equipment.recogniser is None:
            return None
        return VoiceInput(equipment.recogniser, equipment.sound, self._placement.sip_call_id)

    @contextlib.asynccontextmanager
    async def _hearing(self, line: PhoneLine, outgoing: OutgoingCall) -> AsyncIterator[None]:
        """Listen to both the media and the signalling while the session runs."""
        tasks = [asyncio.create_task(line.hear()), asyncio.create_task(self._hear_signalling(line, outgoing))]
        try:
            yield
        finally:
            await line.aclose()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _session(self, line: PhoneLine, answer: Answered) -> SessionEnd:
        placement = self._placement
        await connect(self._stream, self._offer, answer.sdp)
        if placement.number.keys:
            await line.send_digits(placement.number.keys)
        session = Session(
            start=start_fetch(placement.call, placement.start_method),
            platform=line,
            variables=_session_variables(placement),
            turns=self._equipment.turns,
            cache=self._equipment.documents,
            dialect=self._equipment.dialect,
        )
        try:
            async with asyncio.timeout(LONGEST_SESSION):
                return await session.run()
        except TimeoutError:
            hours = LONGEST_SESSION / 3600
            return SessionEnd("error", "error.maxtime", f"The session was ended after {hours:g} hours; end it sooner.")

    async def _hear_signalling(self, line: PhoneLine, outgoing: OutgoingCall) -> None:
        while True:
            match await outgoing.next_event():
                case MediaChanged(sdp=description):
                    with contextlib.suppress(SipError):  # on hold or refused: the old place stays until the next word
                        await connect(self._stream, self._offer, description)
                case ReferralAnswered() | ReferralTold() as told:
                    line.hear_of_referral(told)
                case Ended(reason=reason):
                    line.far_end_hung_up(reason)
                    return


def _session_variables(placement: Placement) -> Mapping[str, object]:
    """What an application reads as `session.*` (VoiceXML 2.0 section 5.1.4, and the old service's own names)."""
    caller = placement.caller_id
    call = placement.call
    return {
        "connection": {
            "local": {"uri": f"tel:{caller}"},
            "remote": {"uri": f"tel:{placement.number.e164}"},
            "protocol": {"name": "sip", "version": "2.0"},
            "callee_type": "unknown",
            "originator": "local",
            "redirect": [],
            "aai": "",
        },
        "callerid": caller,
        "calledid": placement.number.e164,
        "id": placement.sip_call_id,
        "phone_number": call.phone_number,
        "message_reference": call.message_reference,
        "call_id": str(call.call_id),
        "call_parameters": call.call_parameters,
        "campaign_parameters": call.campaign_parameters,
    }


def _ending(end: SessionEnd, line: PhoneLine, duration: int) -> Ending:
    """What the end of a session means for the attempt: it was answered, whatever happened."""
    gone = line.gone
    cut, detail = Cut.NO, ""
    if gone is not None and gone.by == "media":
        cut, detail = Cut.MEDIA, gone.reason
    elif end.kind == "error" and not end.begun:
        cut, detail = Cut.APPLICATION, f"{end.error}: {end.detail}"
    elif end.kind == "error":
        detail = f"{end.error}: {end.detail}"
    return Ending(outcome=Outcome.ANSWERED, sip_status=200, detail=detail, cut=cut, duration=duration)
