"""The part of a server that makes calls: media, SIP, sessions and the dialer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from mirabelle.calls.clock import Clock
from mirabelle.calls.crash_point import Reached, pass_by
from mirabelle.cli.serving.capacity import capacity
from mirabelle.cli.serving.doubts import doubts
from mirabelle.cli.serving.http import Dialling, shown
from mirabelle.cli.serving.part import Part
from mirabelle.cli.serving.voice import Voice
from mirabelle.cli.vxml_run import dialect
from mirabelle.dialer.dialer import Dialer
from mirabelle.dialer.late_answers import LateAnswers
from mirabelle.dialer.sip_phone import Equipment, SipPhone
from mirabelle.dialer.sound import Sound
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.media.plane import MediaPlane, ProcessHealth
from mirabelle.settings import Settings
from mirabelle.sip.agent import UserAgent
from mirabelle.speech.cache import open_synthesizer
from mirabelle.speech.recognition import open_recogniser
from mirabelle.store.ledger import Ledger
from mirabelle.vxml.cache import ParseCache
from mirabelle.vxml.turns import MOST, Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What makes calls, ready to be run.

    Attributes:
        dialer: decides what leaves.
        plane: carries the sound.
        sip_address: where SIP is heard, as one writes it.
        most: calls at once.
    """

    dialer: Dialer
    plane: MediaPlane
    sip_address: str
    most: int

    def part(self) -> Part:
        """To be run, and to be drained before anything else: no INVITE leaves after a stop."""
        dialer = self.dialer
        return Part(name="dialer", run=dialer.run, drain=dialer.drain, cut=dialer.hang_up, in_hand=self._in_hand)

    def dialling(self) -> Dialling:
        """What the services of the same process need of it."""
        return Dialling(
            wake=self.dialer.wake, in_progress=lambda: self.dialer.in_progress, media=lambda: self.plane.health()
        )

    def report(self) -> Mapping[str, Any]:
        """How it is, as JSON values."""
        media = self.plane.health()
        return {
            "ok": all(each.pid for each in media),
            "media": [asdict(each) for each in media],
            "calls_in_progress": self.dialer.in_progress,
            "most_calls": self.most,
        }

    def _in_hand(self) -> str:
        return f"{self.dialer.in_progress} calls" if self.dialer.in_progress else ""


async def open_exchange(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    ledger: Ledger,
    fetcher: Fetcher,
    *,
    clock: Clock,
    voice: Voice,
    owner: str,
    on_result: Callable[[], None],
    reached: Reached = pass_by,
) -> Exchange:
    """Start the media processes, the synthesiser and SIP, and make the dialer.

    Args:
        stack: closes them.
        settings: checked.
        ledger: the store.
        fetcher: fetches what applications are made of.
        clock: the time.
        voice: hears what happens.
        owner: names the dialer's leases.
        on_result: called when a result waits to be posted.
        reached: hears where calls stand; for tests that end the program there.

    Raises:
        MirabelleError: one of them cannot be started; the message says why.
    """
    plane = await _plane(stack, settings, clock, voice)
    agent, phone = await _phone(stack, settings, plane, fetcher, clock=clock, voice=voice, reached=reached)
    allowed = capacity(plane.most, settings.media.ports, settings.dialer.most_calls, settings.trunks)
    if allowed.warning:
        voice.log.warning("few ports", calls=allowed.calls, advice=allowed.warning)
    for doubt in doubts(settings.trunks, sip=settings.sip.address[0], media=settings.media.bind):
        voice.log.warning(doubt.event, advice=doubt.advice)
    late = LateAnswers(ledger=ledger, clock=clock, story=voice.story, on_result=on_result)
    stack.push_async_callback(late.aclose)
    agent.on_late_answer = late.hear
    dialer = Dialer(
        ledger=ledger,
        phone=phone,
        trunks=settings.trunks,
        clock=clock,
        story=voice.story,
        owner=owner,
        lease=timedelta(seconds=settings.dialer.lease_seconds),
        on_result=on_result,
        most=allowed.calls,
        reached=reached,
        transfer_rule=settings.transfer.rule(),
    )
    return Exchange(dialer=dialer, plane=plane, sip_address=shown(agent.address), most=allowed.calls)


async def _plane(stack: contextlib.AsyncExitStack, settings: Settings, clock: Clock, voice: Voice) -> MediaPlane:
    def restarted(health: ProcessHealth, reason: str) -> None:
        voice.log.warning("media process restarted", index=health.index, reason=reason)

    media = settings.media
    plane = MediaPlane(
        ports=media.port_range,
        bind=media.bind,
        processes=media.processes,
        force_python=media.force_python,
        realtime=media.realtime,
        clock=clock,
        on_restart=restarted,
    )
    await plane.start()
    stack.push_async_callback(plane.aclose)
    return plane


async def _phone(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    plane: MediaPlane,
    fetcher: Fetcher,
    *,
    clock: Clock,
    voice: Voice,
    reached: Reached,
) -> tuple[UserAgent, SipPhone]:
    synthesizer = await open_synthesizer(settings.speech)
    stack.push_async_callback(synthesizer.aclose)
    recogniser = open_recogniser(settings.recognition)
    if recogniser is not None:
        stack.push_async_callback(recogniser.aclose)
    host, port = settings.sip.address
    advertised = (settings.sip.advertised, port) if settings.sip.advertised else None
    agent = UserAgent(bind=(host, port), clock=clock, advertised=advertised)
    await agent.start()
    stack.push_async_callback(agent.aclose)
    executor = stack.enter_context(ThreadPoolExecutor(MOST, thread_name_prefix="vxml"))
    equipment = Equipment(
        agent=agent,
        plane=plane,
        sound=Sound(synthesizer),
        fetcher=fetcher,
        documents=ParseCache(),
        turns=Turns(executor),
        clock=clock,
        story=voice.story,
        ring_timeout=settings.sip.ring_timeout,
        rtp_timeout=settings.transfer.rtp_timeout,
        dialect=dialect(settings.compat),
        media_address=settings.media.advertised,
        reached=reached,
        recogniser=recogniser,
    )
    return agent, SipPhone(equipment)
