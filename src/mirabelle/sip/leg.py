"""A leg: what calls that we place and calls that we take have in common once their dialog stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Final, Literal

from mirabelle.sip import digest, referral, sdp
from mirabelle.sip.core import ALLOW, SDP_TYPE, Core, unsupported
from mirabelle.sip.dialog import Dialog, repetitions
from mirabelle.sip.error import SipError
from mirabelle.sip.events import CallEvent, Canceled, Confirmed, Ended, Failed, MediaChanged, ReferralAnswered
from mirabelle.sip.exchange import Address, Cancellable, ServerTransaction
from mirabelle.sip.message import Request, Response
from mirabelle.sip.reply import reply

MOST_EVENTS: Final = 256
"""Events that may wait for a reader; a peer that makes more is hung up on."""


class Pending:
    """A request inside a dialog that waits for its final answer."""

    __slots__ = ("_done",)

    def __init__(self, done: Callable[[Response | None, str], None]) -> None:
        """Args: done: called once, with the final answer, or with None and the reason."""
        self._done = done

    def on_response(self, response: Response) -> None:
        """Wait for the final one."""
        if response.status >= 200:
            self._done(response, "")

    def on_no_response(self, error: str) -> None:
        """There will be none."""
        self._done(None, error)


class Unacknowledged:
    """A 2xx to an INVITE that is repeated until its ACK comes (RFC 3261 section 13.3.1.4)."""

    __slots__ = ("_core", "_give_up", "_handle", "_response", "_transaction", "_waits", "number")

    def __init__(
        self, core: Core, transaction: ServerTransaction, response: Response, give_up: Callable[[], None]
    ) -> None:
        """Send it for the first time. Args: give_up: called when 64 * T1 passed without an ACK."""
        self._core = core
        self._transaction = transaction
        self._response = response
        self._give_up = give_up
        self._waits: Iterator[float] = repetitions(core.layer.timers)
        self.number = transaction.request.cseq.number
        transaction.respond(response)
        self._handle: Cancellable = core.scheduler.call_later(next(self._waits), self._repeat)

    def _repeat(self) -> None:
        wait = next(self._waits, None)
        if wait is None:
            self._give_up()
            return
        self._transaction.respond(self._response)
        self._handle = self._core.scheduler.call_later(wait, self._repeat)

    def stop(self) -> None:
        """The ACK came, or the call is over."""
        self._handle.cancel()


class Leg:
    """One call.

    Attributes:
        call_id: its Call-ID.
        local_tag: our tag.
        dialog: None until one stands.
        over: whether the last event has been given.
    """

    def __init__(self, core: Core, call_id: str, local_tag: str) -> None:
        """Args: core: the agent it belongs to."""
        self.call_id = call_id
        self.local_tag = local_tag
        self.dialog: Dialog | None = None
        self.over = False
        self._core = core
        self._local_sdp = b""
        self._sdp_version = 0
        self._credentials: digest.Credentials | None = None
        self._events: asyncio.Queue[CallEvent] = asyncio.Queue()
        self._last: CallEvent | None = None
        self._finished = asyncio.Event()
        self._unacknowledged: Unacknowledged | None = None
        self._hanging_up = False
        self._referring = False
        self._refer_cseq = 0
        core.adopt(call_id, local_tag, self)

    @property
    def remote_target(self) -> str:
        """Where our requests go inside the dialog; empty before it stands."""
        return self.dialog.target if self.dialog else ""

    async def next_event(self) -> CallEvent:
        """Wait for what happens next. After the last event it returns that one again."""
        if self._last is not None:
            return self._last
        event = await self._events.get()
        if isinstance(event, Failed | Ended | Canceled):
            self._last = event
        return event

    async def bye(self) -> None:
        """End the call, whatever it takes, and wait until it is over: at most 64 * T1 (32 s) when the peer is gone."""
        self.hang_up()
        await self._finished.wait()

    def hang_up(self) -> None:
        """Begin to end an answered call; `Ended` follows."""
        if self.over or self._hanging_up or self.dialog is None:
            return
        self._hanging_up = True
        self._send_bye(self.dialog, self._bye_answered)

    def refer(self, refer_to: str) -> None:
        """Ask the peer to call somebody else (RFC 3515); `ReferralAnswered` follows, and `ReferralTold`.

        Args:
            refer_to: as of `mirabelle.sip.referral.refer_to`.

        Raises:
            SipError: there is no dialog, or the peer is being asked already.
        """
        if self.over or self._hanging_up or self.dialog is None:
            raise SipError("A REFER needs a call that was answered and not hung up.")
        if self._referring:
            raise SipError("The peer of this call has been asked already; wait for what comes of it.")
        self._referring = True
        asked = (("Refer-To", refer_to), ("Referred-By", f"<{self.dialog.local.uri}>"))
        self._send(self.dialog, "REFER", self._refer_answered, fields=asked)

    def abandon(self, reason: str) -> None:
        """End now without a word to the peer: nothing can be sent any more."""
        self._end("transport", reason)

    # -- what the peer sends ------------------------------------------------------------------------------------------

    def on_request(self, transaction: ServerTransaction) -> None:
        """Answer a request inside the dialog (RFC 3261 section 12.2.2)."""
        request = transaction.request
        if self.over or not self._is_from_peer(request):
            transaction.respond(reply(request, 481))
        elif request.method != "BYE" and (required := unsupported(request)):  # whoever says BYE is gone in any case
            response = reply(request, 420)
            response.headers.add("Unsupported", required)
            transaction.respond(response)
        elif self.dialog is None:
            self._on_early_request(transaction)
        elif not self.dialog.admits(request):
            transaction.respond(reply(request, 500))
        elif request.method == "BYE":
            transaction.respond(reply(request, 200))
            self._on_bye(request)
        elif request.method in ("INVITE", "UPDATE"):
            self._renegotiate(transaction, self.dialog)
        elif request.method == "NOTIFY":
            self._on_notify(transaction)
        else:
            self._agree(transaction)

    def on_ack(self, request: Request) -> None:
        """The peer knows that we answered."""
        waiting = self._unacknowledged
        if waiting is None or request.cseq.number != waiting.number:
            return
        waiting.stop()
        self._unacknowledged = None
        answer = description(request)
        self._emit(Confirmed(answer))
        if answer is not None:
            self._emit(MediaChanged(answer))

    def on_stray_response(self, response: Response) -> None:
        """Nothing to do, unless we placed the call."""

    def _is_from_peer(self, request: Request) -> bool:
        """Whether a request is of our dialog, and not of another that a fork made (RFC 3261 section 12)."""
        tag = self.dialog.remote.tag if self.dialog is not None else ""
        return tag in ("", request.from_.tag)

    def _agree(self, transaction: ServerTransaction) -> None:
        response = reply(transaction.request, 200)
        if transaction.request.method == "OPTIONS":
            response.headers.add("Accept", SDP_TYPE)
        response.headers.add("Allow", ALLOW)
        transaction.respond(response)

    def _on_early_request(self, transaction: ServerTransaction) -> None:
        """Before the answer there is an early dialog: 481 would tell the peer that the call is gone."""
        request = transaction.request
        if request.method in ("INVITE", "UPDATE") and (request.method == "INVITE" or request.body):
            transaction.respond(reply(request, 491))  # our own offer is not answered yet (RFC 3311 section 5.2)
        elif request.method == "UPDATE":
            response = reply(request, 200)
            response.headers.add("Contact", self._core.contact(transaction.address))
            self._core.describe(response)
            transaction.respond(response)
        elif request.method in ("OPTIONS", "INFO"):
            self._agree(transaction)
        else:
            transaction.respond(reply(request, 481))

    def _on_bye(self, request: Request) -> None:
        self._end("local" if self._hanging_up else "remote", _reason(request))

    def _on_notify(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if not self._refer_cseq:
            transaction.respond(reply(request, 481))
            return
        told = referral.told(request)
        transaction.respond(reply(request, 200))
        if referral.is_of(request, self._refer_cseq):
            self._emit(told)
            if told.over:
                self._referring = False

    def _obstacle(self, request: Request) -> int:
        """The status that tells the peer to negotiate later (RFC 3261 section 14.2), 0 where it may do so now."""
        return 491 if self._unacknowledged is not None and (request.method == "INVITE" or request.body) else 0

    def _renegotiate(self, transaction: ServerTransaction, dialog: Dialog) -> None:
        request = transaction.request
        obstacle = self._obstacle(request)
        if obstacle:
            response = reply(request, obstacle)
            if obstacle == 500:
                response.headers.add("Retry-After", "1")
            transaction.respond(response)
            return
        offered = description(request)
        if request.body and offered is None:
            known = request.content_type in ("", SDP_TYPE)
            transaction.respond(reply(request, 488 if known else 415))
            return
        response = reply(request, 200)
        if offered is not None:
            self._local_sdp = self._answer_again(offered)
        elif request.method == "INVITE":
            self._sdp_version += 1
            self._local_sdp = sdp.offer_again(self._local_sdp, version=self._sdp_version)
        dialog.refresh(request)
        response.headers.add("Contact", self._core.contact(transaction.address))
        self._core.describe(response)
        if offered is not None or request.method == "INVITE":
            response.headers.add("Content-Type", SDP_TYPE)
            response.body = self._local_sdp
        if request.method == "INVITE":
            self._unacknowledged = Unacknowledged(self._core, transaction, response, self._never_acknowledged)
        else:
            transaction.respond(response)
        if offered is not None:
            self._emit(MediaChanged(offered))

    def _answer_again(self, offered: sdp.SessionDescription) -> bytes:
        audio = sdp.parse(self._local_sdp).audio if self._local_sdp else None
        if audio is None:
            raise SipError("There is no audio of ours to negotiate about.", status=488)
        self._sdp_version += 1
        return sdp.answer(offered, audio.address, audio.port, version=self._sdp_version)

    def _never_acknowledged(self) -> None:
        self._unacknowledged = None
        if self.dialog is not None and not self.over:
            self._hanging_up = True
            self._send_bye(self.dialog, lambda _response, _error: None)
            self._end("timeout", "the peer never acknowledged our answer")

    # -- what we send -------------------------------------------------------------------------------------------------

    def _send_bye(self, dialog: Dialog, done: Callable[[Response | None, str], None]) -> None:
        self._send(dialog, "BYE", done)

    def _send(
        self,
        dialog: Dialog,
        method: str,
        done: Callable[[Response | None, str], None],
        authorization: tuple[tuple[str, str], ...] = (),
        refused: frozenset[str] = frozenset(),
        tries: int = 3,
        fields: tuple[tuple[str, str], ...] = (),
    ) -> None:
        def located(address: Address | None, error: str) -> None:
            if address is None:
                done(None, error)
                return
            request = dialog.request(method, via=self._core.via(address))
            if method == "REFER":  # it may refresh the target, so it says where we are (RFC 3515 section 2.2)
                request.headers.add("Contact", self._core.contact(address))
                self._refer_cseq = request.cseq.number
            for name, value in (*authorization, *fields):
                request.headers.add(name, value)

            def answered(response: Response | None, error: str) -> None:
                proof = self._answer_challenge(request, response, refused) if tries > 1 else None
                if proof is None:
                    done(response, error)
                else:
                    self._send(dialog, method, done, tuple(proof[0]), proof[1], tries - 1, fields)

            self._core.layer.send_request(request, address, Pending(answered))

        try:
            self._core.locate(dialog.next_hop(), located)
        except SipError as error:
            done(None, str(error))

    def _answer_challenge(
        self, request: Request, response: Response | None, refused: frozenset[str]
    ) -> tuple[list[tuple[str, str]], frozenset[str]] | None:
        if response is None or response.status not in (401, 407) or self._credentials is None:
            return None
        cnonce = self._core.layer.token()
        fields, answered = digest.answer(request, response, self._credentials, cnonce, refused=refused)
        return (fields, answered) if fields else None

    def _bye_answered(self, response: Response | None, error: str) -> None:
        if response is not None:
            self._end("local", "")
        elif error:
            self._end("transport", error)
        else:
            self._end("timeout", "the peer never answered our BYE")

    def _refer_answered(self, response: Response | None, error: str) -> None:
        if response is None:
            self._referring = False
            self._emit(ReferralAnswered(0, error or "the peer never answered our REFER"))
            return
        if response.status >= 300:
            self._referring = False
        self._emit(ReferralAnswered(response.status, response.reason))

    # -- events -------------------------------------------------------------------------------------------------------

    def _emit(self, event: CallEvent) -> None:
        if self.over:
            return
        if self._events.qsize() >= MOST_EVENTS:
            self.hang_up()
            return
        self._events.put_nowait(event)

    def _end(self, by: Literal["remote", "local", "timeout", "transport"], reason: str) -> None:
        self._finish(Ended(by, reason, self._core.clock.monotonic()))

    def _finish(self, event: Failed | Ended | Canceled) -> None:
        if self.over:
            return
        self.over = True
        if self._unacknowledged is not None:
            self._unacknowledged.stop()
            self._unacknowledged = None
        self._events.put_nowait(event)
        self._finished.set()
        self._core.retire(self.call_id, self.local_tag)


def description(message: Request | Response) -> sdp.SessionDescription | None:
    """The session description that a message carries, None where it carries none that can be read."""
    if not message.body or message.content_type not in ("", SDP_TYPE):
        return None
    try:
        return sdp.parse(message.body)
    except SipError:
        return None  # the same as none: the caller decides whether it can go on without


def _reason(request: Request) -> str:
    return " ".join((request.headers.get("reason") or "").split())[:200]
