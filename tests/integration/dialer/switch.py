"""A telephone that transfers, between two far ends in the same process: a callee and an agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from mirabelle.calls import number
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.clock import SystemClock
from mirabelle.calls.second_leg import Declined, SecondLeg, Want
from mirabelle.calls.transfer_rule import TransferRule
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.phone import Ending, Leave, LegEnding, Placement
from mirabelle.dialer.sip_phone import Equipment, SipPhone
from mirabelle.dialer.sound import Sound
from mirabelle.fetch.request import Request, Response
from mirabelle.media.events import Digit, Lost
from mirabelle.media.plane import MediaPlane
from mirabelle.media.stream import MediaStream
from mirabelle.sip import sdp
from mirabelle.sip.agent import IncomingCall, UserAgent
from mirabelle.sip.events import CallEvent, Canceled, Ended
from mirabelle.speech.recogniser import Recogniser
from mirabelle.speech.synthesizer import Spoken, Synthesizer
from mirabelle.vxml.cache import ParseCache
from mirabelle.vxml.turns import Turns
from tests.ports import free_rtp_ports

CALLEE = "+16175550123"
AGENT = "+16175550188"

DOCUMENT = (
    '<?xml version="1.0"?><vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><var name="event"/><form>'
    '<catch event="error connection"><assign name="event" expr="_event"/>'
    '<submit next="http://app/caught" method="post" namelist="event"/></catch>'
    '<transfer name="moved" {attributes}>{inside}<filled><var name="seconds" expr="moved$.duration"/>'
    '<var name="keys" expr="String(moved$.utterance)"/>'
    '<submit next="http://app/moved" method="post" namelist="moved seconds keys"/></filled></transfer></form></vxml>'
)
THE_END = '<?xml version="1.0"?><vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block/></form></vxml>'


class Web:
    """An application that transfers, and hears what came of it."""

    def __init__(self, attributes: str, inside: str, files: Mapping[str, bytes]) -> None:
        self.start = DOCUMENT.format(attributes=attributes, inside=inside)
        self.files = files
        self.told: dict[str, str] = {}
        self.heard = asyncio.Event()
        self.end = THE_END
        self.answers = asyncio.Event()
        self.answers.set()

    async def fetch(self, request: Request) -> Response:
        path = request.url.removeprefix("http://app/")
        if path in self.files:
            return Response(url=request.url, status=200, content_type="audio/x-wav", body=self.files[path], headers={})
        if path in ("moved", "caught"):
            self.told = dict(parse_qsl((request.body or b"").decode(), keep_blank_values=True))
            self.heard.set()
            await self.answers.wait()
        body = self.start if path == "start" else self.end
        return Response(
            url=request.url, status=200, content_type="application/voicexml+xml", body=body.encode(), headers={}
        )

    def forget(self, owner: str) -> None:
        pass


@dataclass
class FarEnd:
    """Somebody who is called. What they do is up to the test."""

    agent: UserAgent
    plane: MediaPlane
    on_call: Callable[[IncomingCall], None]
    calls: list[IncomingCall] = field(default_factory=list)
    streams: list[MediaStream] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def host(self) -> str:
        return "{}:{}".format(*self.agent.address)

    async def start(self) -> None:
        await self.agent.start()
        self.agent.on_invite = self._take

    def _take(self, call: IncomingCall) -> None:
        self.calls.append(call)
        self.on_call(call)
        self.news.set()

    async def rung(self, count: int = 1) -> IncomingCall:
        """The call that came in, waiting for it."""
        async with asyncio.timeout(20):
            while len(self.calls) < count:
                self.news.clear()
                await self.news.wait()
        return self.calls[count - 1]

    async def sound(self) -> MediaStream:
        """The sound of the first call, waiting for it."""
        async with asyncio.timeout(20):
            while not self.streams:
                self.news.clear()
                await self.news.wait()
        return self.streams[0]

    async def pick_up(self, call: IncomingCall) -> MediaStream:
        """Answer with sound of its own."""
        stream = await self.media(call)
        call.answer(sdp.answer(sdp_of(call), *stream.local))
        return stream

    async def media(self, call: IncomingCall) -> MediaStream:
        """Sound that is sent to where the call says."""
        assert call.sdp is not None
        stream = await self.plane.open()
        self.streams.append(stream)
        agreed = sdp.negotiate(sdp.offer(*stream.local), call.sdp)
        await stream.connect(
            (agreed.remote_address, agreed.remote_port), agreed.codec, agreed.payload_type, agreed.dtmf_payload_type
        )
        self.news.set()
        return stream


def sdp_of(call: IncomingCall) -> bytes:
    return call.request.body


async def over(call: IncomingCall) -> CallEvent:
    """How a call ended, waiting for it."""
    async with asyncio.timeout(20):
        while not isinstance(event := await call.next_event(), Ended | Canceled):
            pass
    return event


async def key_of(stream: MediaStream) -> str:
    """The next key that is heard."""
    async with asyncio.timeout(20):
        while True:
            match await stream.next_event():
                case Digit(key=key):
                    return key
                case Lost(reason=reason):
                    raise AssertionError(reason)


class Books:
    """Grants second legs, and remembers what was asked and what ended."""

    def __init__(self, trunks: tuple[Trunk, ...], declined: Declined | None) -> None:
        self._trunks = trunks
        self._declined = declined
        self.fault: Exception | None = None
        self.begun: list[SecondLeg] = []
        self.ended: list[tuple[SecondLeg, LegEnding]] = []
        self.refused: list[str] = []

    async def ringing(self) -> None:
        return

    async def answered(self) -> None:
        return

    async def second_leg(self, leg: SecondLeg, tried: tuple[str, ...]) -> Leave | Declined:
        if self.fault is not None:
            raise self.fault
        if self._declined is not None:
            return self._declined
        left = [trunk for trunk in self._trunks if trunk.name not in tried]
        if not left:
            return Declined(Want.ROUTE, "none is left")
        self.begun.append(leg)
        return Leave(left[0] if leg.e164 and leg.kind != "blind" else None, datetime.now(UTC))

    async def second_leg_ended(self, leg: SecondLeg, leave: Leave, ending: LegEnding) -> None:
        self.ended.append((leg, ending))

    async def second_leg_refused(self, leg: SecondLeg, reason: str) -> None:
        self.refused.append(reason)


@dataclass
class Switch:
    """Everything, and the call that is under way."""

    phone: SipPhone
    plane: MediaPlane
    callee: FarEnd
    agent: FarEnd
    web: Web
    books: Books
    placement: Placement
    placed: asyncio.Task[Ending]

    async def result(self) -> dict[str, str]:
        """What the application heard of its transfer."""
        async with asyncio.timeout(20):
            await self.web.heard.wait()
        return self.web.told

    async def ended(self) -> Ending:
        """The end of the call; by then nothing of it may be left."""
        async with asyncio.timeout(20):
            ending = await self.placed
        assert len(self.books.ended) == len(self.books.begun)
        return ending

    async def ports_in_use(self) -> int:
        """Streams of ours that are still open."""
        theirs = [stream.number for each in (self.callee, self.agent) for stream in each.streams]
        return sum(number not in theirs for number in self.plane._streams)


def answers(end: Callable[[], FarEnd]) -> Callable[[IncomingCall], None]:
    """Picks up at once."""
    tasks: set[asyncio.Task[MediaStream]] = set()

    def on_call(call: IncomingCall) -> None:
        tasks.add(asyncio.get_running_loop().create_task(end().pick_up(call)))

    return on_call


class Silent:
    """A synthesiser that says nothing."""

    async def synthesize(self, ssml: str, *, language: str = "", voice: str = "") -> Spoken:
        return Spoken(b"")


@asynccontextmanager
async def a_plane() -> AsyncIterator[MediaPlane]:
    """A media process, for far ends and for us."""
    plane = MediaPlane(ports=free_rtp_ports(60), bind="127.0.0.1", processes=1, force_python=False, clock=SystemClock())
    await plane.start()
    try:
        yield plane
    finally:
        await plane.aclose()


@asynccontextmanager
async def a_switch(
    plane: MediaPlane,
    attributes: str = f'dest="tel:{AGENT}" bridge="true"',
    *,
    inside: str = "",
    files: Mapping[str, bytes] | None = None,
    on_call: Callable[[IncomingCall], None] | None = None,
    declined: Declined | None = None,
    spare: Callable[[FarEnd], tuple[Trunk, ...]] = lambda agent: (),
    rule: TransferRule | None = None,
    sip_dest: bool = False,
    recogniser: Recogniser | None = None,
    voice: Synthesizer | None = None,
    document: str = "",
    rtp_timeout: float = 0,
) -> AsyncIterator[Switch]:
    """A callee who has answered, an application that transfers, and an agent who does as told: by default picks up."""
    clock = SystemClock()
    ours = UserAgent(bind=("127.0.0.1", 0), clock=clock)
    callee = FarEnd(UserAgent(bind=("127.0.0.1", 0), clock=clock), plane, answers(lambda: callee))
    agent = FarEnd(UserAgent(bind=("127.0.0.1", 0), clock=clock), plane, on_call or answers(lambda: agent))
    for each in (callee, agent):
        await each.start()
    await ours.start()
    if sip_dest:
        attributes = attributes.format(agent=agent.host)
    web = Web(attributes, inside, files or {})
    web.start = document or web.start
    main = Trunk(name="main", host=callee.host, caller_id="8005551212")
    agents = Trunk(name="agents", host=agent.host, caller_id="8005551213")
    books = Books((*spare(agent), agents), declined)
    executor = ThreadPoolExecutor(1)
    equipment = Equipment(
        agent=ours,
        plane=plane,
        sound=Sound(voice or Silent()),
        fetcher=web,
        documents=ParseCache(),
        turns=Turns(executor),
        clock=clock,
        story=lambda event, call_id, **fields: None,
        recogniser=recogniser,
        rtp_timeout=rtp_timeout,
    )
    placement = Placement(
        call=_call(), number=number.parse(CALLEE), trunk=main, sip_call_id="1-first@mirabelle", attempt_id=5
    )
    if rule is not None:
        placement = replace(placement, transfer_rule=rule)
    phone = SipPhone(equipment)
    placed = asyncio.create_task(phone.place(placement, books))
    try:
        yield Switch(phone, plane, callee, agent, web, books, placement, placed)
    finally:
        placed.cancel()
        await asyncio.gather(placed, return_exceptions=True)
        for user_agent in (ours, callee.agent, agent.agent):
            await user_agent.aclose()
        for stream in (*callee.streams, *agent.streams):
            await stream.close()
        executor.shutdown()


def _call() -> Call:
    now = datetime.now(UTC)
    known: dict[str, Any] = {
        "call_id": 1,
        "account_id": 1,
        "campaign_id": 1,
        "campaign_parameters": "",
        "phone_number": CALLEE,
        "start_url": "http://app/start",
        "result_url": "",
        "message_reference": "",
        "call_parameters": "",
        "max_retries": 0,
        "retry_interval": 300,
        "state": CallState.CONNECTED,
        "queued_at": now,
        "due_at": now,
        "expires_at": None,
    }
    return Call(**known)
