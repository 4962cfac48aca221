"""One request and its answers: a transaction machine with its messages and timers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mirabelle.sip.message import Request, Response
from mirabelle.sip.reply import failure_ack
from mirabelle.sip.transaction import (
    INVITE_CLIENT,
    INVITE_SERVER,
    NON_INVITE_CLIENT,
    NON_INVITE_SERVER,
    Action,
    Input,
    Machine,
    State,
    Timer,
    Timers,
)

Address = tuple[str, int]
"""Where a datagram goes or comes from: an IP address and a port."""


class Cancellable(Protocol):
    """A timer that was set."""

    def cancel(self) -> None:
        """Let it never fire."""
        ...


class Scheduler(Protocol):
    """What sets timers: an asyncio event loop, or a test's virtual clock."""

    def call_later(self, delay: float, callback: Callable[..., object], /, *args: object) -> Cancellable:
        """Call back in `delay` seconds."""
        ...


class Wire(Protocol):
    """What carries datagrams."""

    def send(self, data: bytes, address: Address) -> str:
        """Send now; the text is empty, or says why it could not be done."""
        ...


class ClientUser(Protocol):
    """Who sent a request."""

    def on_response(self, response: Response) -> None:
        """A response came. Retransmissions of a final one are passed on only for a 2xx to an INVITE."""
        ...

    def on_no_response(self, error: str) -> None:
        """None will: nobody answered in time, or the network refused the request; `error` says which."""
        ...


def classify(status: int) -> Input:
    """What a status means to a machine."""
    return Input.PROVISIONAL if status < 200 else Input.SUCCESS if status < 300 else Input.FAILURE


class Exchange:
    """What client and server transactions share."""

    __slots__ = ("_error", "_forget", "_handles", "_scheduler", "_wire", "address", "data", "machine", "request")

    def __init__(
        self,
        request: Request,
        address: Address,
        machine: Machine,
        scheduler: Scheduler,
        wire: Wire,
        forget: Callable[[], object],
    ) -> None:
        """Args: address: the peer's. forget: called once when the transaction is over."""
        self.request = request
        self.address = address
        self.machine = machine
        self.data = b""
        self._scheduler = scheduler
        self._wire = wire
        self._forget = forget
        self._handles: dict[Timer, Cancellable] = {}
        self._error = ""

    @property
    def final(self) -> bool:
        """Whether a final answer came or was given, or none ever will."""
        return self.machine.state in (State.ACCEPTED, State.COMPLETED, State.CONFIRMED, State.TERMINATED)

    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.machine.state is State.TERMINATED

    def feed(self, event: Input | Timer, message: Request | Response | None = None) -> None:
        """Let the machine take a step and do what it asks for."""
        if self.is_over():
            return
        reaction = self.machine.handle(event)
        for timer in reaction.stop:
            handle = self._handles.pop(timer, None)
            if handle is not None:
                handle.cancel()
        for timer, seconds in reaction.start:
            self._handles[timer] = self._scheduler.call_later(seconds, self._expire, timer)
        if self.is_over():
            self._forget()
        for action in reaction.actions:
            self._act(action, message)

    def stop(self) -> None:
        """Drop everything at once: no timer fires, nothing is sent any more."""
        self.machine.state = State.TERMINATED
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()
        self._forget()

    def _expire(self, timer: Timer) -> None:
        self._handles.pop(timer, None)
        self.feed(timer)

    def _transmit(self, data: bytes) -> None:
        if not data:
            return
        error = self._wire.send(data, self.address)
        if error:
            self._error = error
            # Not from within the send: whoever sent is still in the middle of its own step.
            self._scheduler.call_later(0, self.feed, Input.TRANSPORT_ERROR)

    def _act(self, action: Action, message: Request | Response | None) -> None:
        """Do what the machine asks for; each side does it in its own way."""
        raise AssertionError(action)


class ClientTransaction(Exchange):
    """A request of ours, until its final answer and the retransmissions of it are over."""

    __slots__ = ("user",)

    def __init__(
        self,
        request: Request,
        address: Address,
        timers: Timers,
        scheduler: Scheduler,
        wire: Wire,
        forget: Callable[[], object],
        user: ClientUser,
    ) -> None:
        """Args: user: learns of the answers."""
        table = INVITE_CLIENT if request.method == "INVITE" else NON_INVITE_CLIENT
        super().__init__(request, address, Machine(table, timers), scheduler, wire, forget)
        self.data = request.encode()
        self.user = user

    @property
    def proceeding(self) -> bool:
        """Whether a provisional answer came, and no final one yet."""
        return self.machine.state is State.PROCEEDING

    def start(self) -> None:
        """Send the request for the first time."""
        self.feed(Input.START)

    def receive(self, response: Response) -> None:
        """Take a response of this transaction."""
        self.feed(classify(response.status), response)

    def _act(self, action: Action, message: Request | Response | None) -> None:
        match action:
            case Action.SEND:
                self._transmit(self.data)
            case Action.ACK if isinstance(message, Response):
                self._transmit(failure_ack(self.request, message).encode())
            case Action.PASS if isinstance(message, Response):
                self.user.on_response(message)
            case Action.TIMEOUT:
                self.user.on_no_response("")
            case _:
                self.user.on_no_response(self._error)


class ServerTransaction(Exchange):
    """A request of a peer's, and our answer.

    Attributes:
        on_ack: called with the ACK of a 2xx that came on the INVITE's own branch, as some send it.
        on_cancel: called with the transaction of the CANCEL that means this INVITE.
        on_failure: called when the ACK of a 300-699 never came, or the network refused our answer.
    """

    __slots__ = ("on_ack", "on_cancel", "on_failure")

    def __init__(
        self,
        request: Request,
        address: Address,
        timers: Timers,
        scheduler: Scheduler,
        wire: Wire,
        forget: Callable[[], object],
    ) -> None:
        table = INVITE_SERVER if request.method == "INVITE" else NON_INVITE_SERVER
        super().__init__(request, address, Machine(table, timers), scheduler, wire, forget)
        self.on_ack: Callable[[Request], None] | None = None
        self.on_cancel: Callable[[ServerTransaction], None] | None = None
        self.on_failure: Callable[[str], None] | None = None

    def respond(self, response: Response) -> None:
        """Send an answer. After a final one nothing more goes out, except the same 2xx to an INVITE again."""
        if self.machine.state is State.ACCEPTED and response.status < 300:
            self.feed(Input.SUCCESS)
        elif not self.final:
            self.data = response.encode()
            self.feed(classify(response.status))

    def receive(self, request: Request) -> None:
        """Take the request again, or its ACK."""
        self.feed(Input.ACK if request.method == "ACK" else Input.REQUEST, request)

    def _act(self, action: Action, message: Request | Response | None) -> None:
        match action:
            case Action.SEND:
                self._transmit(self.data)
            case Action.PASS if isinstance(message, Request) and self.on_ack is not None:
                self.on_ack(message)
            case Action.TIMEOUT | Action.FAIL if self.on_failure is not None:
                self.on_failure(self._error or "the peer never acknowledged the answer")
            case _:
                pass
