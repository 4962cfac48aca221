"""The transaction layer: which datagram belongs to which transaction (RFC 3261 sections 17.1.3, 17.2.3, 18)."""

from __future__ import annotations

import logging
from functools import partial
from random import Random
from typing import Final, Protocol

from mirabelle.sip.error import SipError
from mirabelle.sip.exchange import Address, ClientTransaction, ClientUser, Scheduler, ServerTransaction, Wire
from mirabelle.sip.message import MalformedRequest, Request, Response, parse
from mirabelle.sip.reply import received, reply, return_address
from mirabelle.sip.transaction import Timers

MAGIC: Final = "z9hG4bK"
"""What each branch of RFC 3261 begins with."""
MOST_SERVER_TRANSACTIONS: Final = 50_000
"""Above this, new requests are answered 503 without remembering them."""

_LOG: Final = logging.getLogger(__name__)
_Key = tuple[str, ...]


class LayerUser(Protocol):
    """Who answers what begins at the other end."""

    def on_request(self, transaction: ServerTransaction) -> None:
        """A new request, to be answered by `transaction.respond`."""
        ...

    def on_ack(self, request: Request) -> None:
        """An ACK that belongs to no transaction: that of a 2xx, or a stray one."""
        ...

    def on_stray_response(self, response: Response) -> None:
        """A response that belongs to no transaction, or none any longer."""
        ...


class TransactionLayer:
    """Every transaction of one socket.

    Attributes:
        discarded: messages that were dropped as malformed or nobody's.
    """

    def __init__(self, *, user: LayerUser, wire: Wire, scheduler: Scheduler, timers: Timers, rng: Random) -> None:
        """Args: rng: where branches and tags come from; give a `random.SystemRandom` outside tests."""
        self._user = user
        self._wire = wire
        self._scheduler = scheduler
        self._rng = rng
        self._clients: dict[_Key, ClientTransaction] = {}
        self._servers: dict[_Key, ServerTransaction] = {}
        self._origins: dict[_Key, ServerTransaction] = {}
        self.timers = timers
        self.discarded = 0

    def token(self, bits: int = 64) -> str:
        """A fresh random token for a tag."""
        return f"{self._rng.getrandbits(bits):0{bits // 4}x}"

    def branch(self) -> str:
        """A fresh branch."""
        return MAGIC + self.token(72)

    def send_request(self, request: Request, address: Address, user: ClientUser) -> ClientTransaction:
        """Begin a client transaction. The request carries our Via with a fresh branch, or a CANCEL its INVITE's."""
        key = (request.via.branch, request.method)
        forget = partial(self._clients.pop, key, None)
        transaction = ClientTransaction(request, address, self.timers, self._scheduler, self._wire, forget, user)
        self._clients[key] = transaction
        transaction.start()
        return transaction

    def send_outside(self, data: bytes, address: Address) -> str:
        """Send what has no transaction: the ACK of a 2xx. The text says why it could not be done, empty if it could."""
        return self._wire.send(data, address)

    def canceled_by(self, request: Request) -> ServerTransaction | None:
        """The INVITE that a CANCEL means."""
        return self._servers.get(_server_key(request, "INVITE"))

    def merged(self, request: Request) -> bool:
        """Whether the same request came over another way already (RFC 3261 section 8.2.2.2)."""
        known = self._origins.get(_origin(request))
        return known is not None and known.request is not request

    def stop(self) -> None:
        """Drop every transaction."""
        for transaction in [*self._clients.values(), *self._servers.values()]:
            transaction.stop()

    def receive(self, data: bytes, address: Address) -> None:
        """Take one datagram. Never raises for what came from outside."""
        if not data.strip(b"\r\n\x00 "):
            return  # a keep-alive (RFC 5626 section 3.5, and what NATs' friends send)
        try:
            message = parse(data)
            if isinstance(message, Response):
                self._receive_response(message)
            else:
                self._receive_request(message, address)
        except MalformedRequest as error:
            self._drop(error, address)
            self._refuse(error, address)
        except SipError as error:
            self._drop(error, address)

    def _drop(self, error: SipError, address: Address) -> None:
        self.discarded += 1
        _LOG.info("a message from %s:%d was refused: %s", address[0], address[1], error)

    def _receive_response(self, response: Response) -> None:
        if len(response.vias) != 1:
            raise SipError("A response carries the Via of somebody else below ours.")
        transaction = self._clients.get((response.via.branch, response.cseq.method))
        if transaction is not None:
            transaction.receive(response)
        else:
            self._user.on_stray_response(response)

    def _receive_request(self, request: Request, address: Address) -> None:
        received(request, address)
        key = _server_key(request, request.method)
        transaction = self._servers.get(key)
        if transaction is not None:
            transaction.receive(request)
        elif request.method == "ACK":
            self._user.on_ack(request)
        elif len(self._servers) >= MOST_SERVER_TRANSACTIONS:
            self._answer_statelessly(request, 503, address)
        else:
            self._begin(request, key, return_address(request, address))

    def _begin(self, request: Request, key: _Key, address: Address) -> None:
        origin = _origin(request)

        def forget() -> None:
            self._servers.pop(key, None)
            if self._origins.get(origin) is transaction:
                del self._origins[origin]

        transaction = ServerTransaction(request, address, self.timers, self._scheduler, self._wire, forget)
        transaction.on_ack = self._user.on_ack
        self._servers[key] = transaction
        self._origins.setdefault(origin, transaction)
        self._user.on_request(transaction)

    def _refuse(self, error: MalformedRequest, address: Address) -> None:
        request = error.request
        if request.method == "ACK":
            return
        try:
            received(request, address)
            self._answer_statelessly(request, error.status, address, str(error))
        except SipError as unanswerable:
            _LOG.debug("nor can its sender be told: %s", unanswerable)

    def _answer_statelessly(self, request: Request, status: int, address: Address, why: str = "") -> None:
        response = reply(request, status, to_tag=self.token())
        if why:
            text = why.encode("ascii", "replace").decode("ascii").replace('"', "'").replace("\\", "/")
            response.headers.add("Warning", f'399 mirabelle "{text[:120]}"')
        self._wire.send(response.encode(), return_address(request, address))


def _server_key(request: Request, method: str) -> _Key:
    via = request.via
    if method == "ACK":
        method = "INVITE"
    if via.branch.startswith(MAGIC) and len(via.branch) > len(MAGIC):
        return via.branch, via.sent_by, method
    # RFC 2543: there is no branch to go by (RFC 3261 section 17.2.3).
    return request.call_id, request.from_.tag, str(request.cseq.number), method, via.sent_by, via.branch


def _origin(request: Request) -> _Key:
    cseq = request.cseq
    return request.call_id, request.from_.tag, str(cseq.number), cseq.method
