"""A network and a clock that only move when told to: user agents and scripted peers without sockets."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from mirabelle.sip import sdp
from mirabelle.sip.core import Core
from mirabelle.sip.digest import Credentials
from mirabelle.sip.events import CallEvent
from mirabelle.sip.exchange import Address, ServerTransaction
from mirabelle.sip.incoming import IncomingCall
from mirabelle.sip.leg import Leg
from mirabelle.sip.message import Request, Response, parse
from mirabelle.sip.outgoing import InviteTarget, OutgoingCall
from mirabelle.sip.reply import reply
from mirabelle.sip.transaction import Timers
from mirabelle.sip.uri import Uri

CALLER: Address = ("192.0.2.1", 5060)
CALLEE: Address = ("192.0.2.2", 5060)
OFFER = sdp.offer("192.0.2.1", 40000)
ANSWER = sdp.answer(OFFER, "192.0.2.2", 40002)


class Handle:
    def __init__(self, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        self.callback = callback
        self.args = args
        self.canceled = False

    def cancel(self) -> None:
        self.canceled = True


class World:
    """Time in seconds; datagrams take a millisecond."""

    def __init__(self) -> None:
        self.time = 0.0
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Handle]] = []
        self._places: dict[Address, Callable[[bytes, Address], None]] = {}
        self.sent: list[tuple[float, Address, Address, Request | Response]] = []
        self.lose: Callable[[int], bool] = lambda _number: False
        self.error = ""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)

    def monotonic(self) -> float:
        return self.time

    def call_later(self, delay: float, callback: Callable[..., object], /, *args: object) -> Handle:
        handle = Handle(callback, args)
        heapq.heappush(self._heap, (self.time + max(0.0, delay), next(self._order), handle))
        return handle

    def run(self, seconds: float) -> None:
        until = self.time + seconds
        while self._heap and self._heap[0][0] <= until:
            self.time, _, handle = heapq.heappop(self._heap)
            if not handle.canceled:
                handle.callback(*handle.args)
        self.time = until

    @property
    def timers(self) -> int:
        return sum(not handle.canceled for _, _, handle in self._heap)

    def place(self, address: Address, receive: Callable[[bytes, Address], None]) -> None:
        self._places[address] = receive

    def transmit(self, data: bytes, source: Address, destination: Address) -> str:
        if self.error:
            return self.error
        number = len(self.sent)
        self.sent.append((self.time, source, destination, parse(data)))
        receive = self._places.get(destination)
        if receive is not None and not self.lose(number):
            self.call_later(0.001, receive, data, source)
        return ""

    def times(self, what: str, source: Address = CALLER) -> list[float]:
        """When a method or status was sent, rounded to 10 ms."""
        return [round(at, 2) for at, sender, _, message in self.sent if sender == source and name(message) == what]

    def names(self) -> list[str]:
        return [name(message) for _, _, _, message in self.sent]


def name(message: Request | Response) -> str:
    return message.method if isinstance(message, Request) else str(message.status)


class Place:
    """One address in the world; also the wire of the agent there."""

    def __init__(self, world: World, address: Address) -> None:
        self.world = world
        self.address = address

    def send(self, data: bytes, address: Address) -> str:
        return self.world.transmit(data, self.address, address)


def locate(target: Uri, then: Callable[[Address | None, str], None]) -> None:
    then((target.host.strip("[]"), target.port or 5060), "")


class Agent(Place):
    """A user agent of ours."""

    def __init__(self, world: World, address: Address, seed: int = 1) -> None:
        super().__init__(world, address)
        self.core = Core(
            wire=self,
            scheduler=world,
            clock=world,
            locate=locate,
            local=lambda _peer: address,
            user_agent="Test",
            rng=Random(seed),
            timers=Timers(),
        )
        world.place(address, self.core.layer.receive)
        self.incoming: list[IncomingCall] = []
        self.on_call: Callable[[IncomingCall], None] = lambda _call: None

    def take_calls(self, on_call: Callable[[IncomingCall], None]) -> None:
        def take(transaction: ServerTransaction) -> None:
            call = IncomingCall(self.core, transaction)
            self.incoming.append(call)
            on_call(call)

        self.core.on_invite = take

    def invite(
        self,
        peer: Address = CALLEE,
        *,
        ring_timeout: float = 60.0,
        credentials: Credentials | None = None,
        call_id: str = "call@test",
        acknowledge_later: bool = False,
        fields: Iterable[tuple[str, str]] = (),
    ) -> OutgoingCall:
        return OutgoingCall(
            self.core,
            InviteTarget.number("+16175550123", f"{peer[0]}:{peer[1]}"),
            peer,
            OFFER,
            call_id=call_id,
            credentials=credentials,
            caller_id="8005551212",
            ring_timeout=ring_timeout,
            acknowledge_later=acknowledge_later,
            fields=fields,
        )


class Peer(Place):
    """A far end that does what a test tells it, and keeps what it hears."""

    def __init__(self, world: World, address: Address = CALLEE) -> None:
        super().__init__(world, address)
        self.heard: list[Request | Response] = []
        world.place(address, lambda data, _source: self.heard.append(parse(data)))

    def requests(self, method: str) -> list[Request]:
        return [message for message in self.heard if isinstance(message, Request) and message.method == method]

    def responses(self, cseq_method: str) -> list[int]:
        return [m.status for m in self.heard if isinstance(m, Response) and m.cseq.method == cseq_method]

    def say(self, message: Request | Response | bytes, to: Address = CALLER) -> None:
        self.send(message if isinstance(message, bytes) else message.encode(), to)

    def respond(
        self,
        request: Request,
        status: int,
        *,
        tag: str = "far",
        body: bytes = b"",
        headers: Iterable[tuple[str, str]] = (),
    ) -> Response:
        response = reply(request, status, to_tag=tag)
        if 180 <= status < 300 and request.method == "INVITE":
            response.headers.add("Contact", f"<sip:far@{self.address[0]}:{self.address[1]}>")
        for key, value in headers:
            response.headers.add(key, value)
        if body:
            response.headers.add("Content-Type", "application/sdp")
            response.body = body
        self.say(response)
        return response


def drain(leg: Leg) -> list[CallEvent]:
    """The events that wait."""
    found: list[CallEvent] = []
    while not leg._events.empty():
        found.append(leg._events.get_nowait())
    return found
