"""A call that we take (RFC 3261 sections 9.2, 13.3 and 15)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mirabelle.sip.core import SDP_TYPE, Core
from mirabelle.sip.dialog import Dialog
from mirabelle.sip.error import SipError
from mirabelle.sip.events import Canceled, Ended, Failed
from mirabelle.sip.exchange import ServerTransaction
from mirabelle.sip.leg import Leg, Unacknowledged, description
from mirabelle.sip.message import Request, Response
from mirabelle.sip.reply import reply

MOST_RINGING: Final = 300.0
"""Seconds after which a call that nobody answered or rejected gets 480."""


class IncomingCall(Leg):
    """A call that came in. The core makes it and has answered 100 Trying; ring, answer or reject it.

    Events: `Canceled`, or after our answer `Confirmed`, any number of `MediaChanged` and of `Confirmed`, and `Ended`.

    Attributes:
        request: the INVITE.
        sdp: the caller's offer; None where it left the offer to us.
        local_sdp: the description we answered with; empty before.
    """

    def __init__(self, core: Core, transaction: ServerTransaction) -> None:
        """Args: transaction: that of the INVITE.

        Raises:
            SipError: its addresses cannot be read.
        """
        self.request = transaction.request
        dialog = Dialog.called(self.request, core.layer.token())
        super().__init__(core, self.request.call_id, dialog.local.tag)
        self.dialog = dialog
        self.sdp = description(self.request)
        self._transaction = transaction
        self._answered = False
        self._wants_bye = False
        self._patience = core.scheduler.call_later(MOST_RINGING, self._unanswered)
        transaction.on_cancel = self._on_cancel
        transaction.respond(reply(self.request, 100))

    @property
    def called(self) -> str:
        """The user part of the Request-URI: the number that was dialled."""
        return self.request.target().unescaped_user

    @property
    def caller(self) -> str:
        """The user part of the From field; empty where it has none."""
        return self.request.from_.address().unescaped_user

    @property
    def local_sdp(self) -> bytes:
        """Our side of the session as last described; empty before the answer."""
        return self._local_sdp

    def ring(self, status: int = 180, sdp: bytes = b"") -> None:
        """Send a provisional answer.

        Args:
            status: 180, 183 and so on.
            sdp: where early media comes from.
        """
        if not self._decided():
            self._transaction.respond(self._response(status, sdp))

    def answer(self, sdp: bytes) -> None:
        """Pick up: 200, repeated until the ACK comes. `Confirmed` follows.

        Args:
            sdp: our answer, or our offer where `self.sdp` is None.
        """
        if self._decided():
            return
        self._answered = True
        self._patience.cancel()
        self._local_sdp = sdp
        response = self._response(200, sdp)
        self._unacknowledged = Unacknowledged(self._core, self._transaction, response, self._never_acknowledged)

    def reject(self, status: int, reason: str = "", headers: Iterable[tuple[str, str]] = ()) -> None:
        """Decline the call; `Ended` follows.

        Args:
            status: 300 to 699.
            reason: the phrase; that of RFC 3261 where empty.
            headers: more fields, such as Retry-After or Reason.

        Raises:
            SipError: the status is no refusal.
        """
        if not 300 <= status <= 699:
            raise SipError(f"A call cannot be rejected with {status}: take 300 to 699.")
        if self._decided():
            return
        response = reply(self.request, status, to_tag=self.local_tag, reason=reason)
        for name, value in headers:
            response.headers.add(name, value)
        self._transaction.respond(response)
        self._end("local", f"rejected with {status}")

    def hang_up(self) -> None:
        """End the call: reject it before the answer, BYE after it, but never before the ACK (section 15)."""
        if not self._answered:
            if not self.over:
                self.reject(480)
        elif self._unacknowledged is not None and not self._hanging_up:
            self._wants_bye = True
        else:
            super().hang_up()

    def on_ack(self, request: Request) -> None:
        """The caller knows that we answered."""
        super().on_ack(request)
        if self._wants_bye and self._unacknowledged is None:
            self._wants_bye = False
            super().hang_up()

    def _on_bye(self, request: Request) -> None:
        # A caller may hang up on an early dialog instead of cancelling (section 15).
        if not self._answered:
            self._transaction.respond(reply(self.request, 487, to_tag=self.local_tag))
        super()._on_bye(request)

    def _obstacle(self, request: Request) -> int:
        return super()._obstacle(request) if self._answered else 500

    def _unanswered(self) -> None:
        if not self._decided():
            self.reject(480)

    def _decided(self) -> bool:
        return self.over or self._answered

    def _response(self, status: int, body: bytes) -> Response:
        response = reply(self.request, status, to_tag=self.local_tag)
        for value in self.request.headers.all("record-route"):
            response.headers.add("Record-Route", value)
        response.headers.add("Contact", self._core.contact(self._transaction.address))
        self._core.describe(response)
        if body:
            response.headers.add("Content-Type", SDP_TYPE)
            response.body = body
        return response

    def _on_cancel(self, transaction: ServerTransaction) -> None:
        transaction.respond(reply(transaction.request, 200, to_tag=self.local_tag))
        if not self._decided():
            self._transaction.respond(reply(self.request, 487, to_tag=self.local_tag))
            why = " ".join((transaction.request.headers.get("reason") or "").split())[:200]
            self._finish(Canceled(why))

    def _finish(self, event: Failed | Ended | Canceled) -> None:
        self._patience.cancel()
        super()._finish(event)
