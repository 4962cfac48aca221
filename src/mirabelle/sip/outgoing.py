"""A call that we place (RFC 3261 sections 9.1, 13.2, 15 and 22)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mirabelle.calls.outcome import Outcome
from mirabelle.sip import sdp
from mirabelle.sip.core import SDP_TYPE, Core
from mirabelle.sip.dialog import MAX_FORWARDS, Dialog
from mirabelle.sip.digest import Credentials
from mirabelle.sip.error import SipError
from mirabelle.sip.events import Answered, Failed, Ringing
from mirabelle.sip.exchange import Address, Cancellable, ClientTransaction
from mirabelle.sip.fields import NameAddr
from mirabelle.sip.headers import Headers
from mirabelle.sip.leg import Leg, Pending, description
from mirabelle.sip.message import Request, Response
from mirabelle.sip.reply import cancel
from mirabelle.sip.uri import Uri, hostport, sip_uri
from mirabelle.sip.verdict import Verdict, verdict

MOST_FORKS: Final = 32
"""Early dialogs and surplus answers of one INVITE that are remembered."""
MOST_INVITES: Final = 4
"""How often one call is sent, authentication included."""


@dataclass(frozen=True, slots=True)
class InviteTarget:
    """Whom to call, and through whom.

    Attributes:
        uri: the Request-URI.
        next_hop: whose host and port the INVITE is sent to; None for those of `uri`.
    """

    uri: Uri
    next_hop: Uri | None = None

    @classmethod
    def number(cls, number: str, trunk: str) -> InviteTarget:
        """A telephone number at a trunk.

        Args:
            number: `+` and digits.
            trunk: `host` or `host:port`.

        Raises:
            SipError: the trunk is no host.
        """
        host, port = hostport(trunk)
        return cls(sip_uri(number, host, port))


class OutgoingCall(Leg):
    """A call on its way out. `UserAgent.invite` makes it.

    Events: any number of `Ringing`, then `Failed`, or `Answered` followed by any number of `MediaChanged` and `Ended`.

    Where it was told to wait, the answer is acknowledged by `acknowledge`, or when the call is hung up: so whoever has
    to remember an answer can, before the far end knows that we heard it. Until then the far end repeats its 2xx.
    """

    def __init__(
        self,
        core: Core,
        target: InviteTarget,
        address: Address,
        offer: bytes,
        *,
        call_id: str,
        credentials: Credentials | None,
        caller_id: str,
        ring_timeout: float,
        acknowledge_later: bool = False,
        fields: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Send the INVITE. Args: as of `UserAgent.invite`; address: where it is sent."""
        super().__init__(core, call_id, core.layer.token())
        self._target = target
        self._address = address
        self._local_sdp = offer
        self._credentials = credentials
        user = caller_id or (credentials.username if credentials else "") or "anonymous"
        self._from = NameAddr(str(sip_uri(user, target.uri.host or core.host(address))), "", {"tag": self.local_tag})
        self._fields = tuple(fields)
        self._cseq = 0
        self._challenged: frozenset[str] = frozenset()
        self._authorization: list[tuple[str, str]] = []
        self._giving_up: Outcome | None = None
        self._cancel_sent = False
        self._rang: set[tuple[int, bool]] = set()
        self._early: dict[str, sdp.SessionDescription] = {}
        self._acks: dict[str, tuple[bytes, Address] | None] = {}
        self._acknowledge_later = acknowledge_later
        self._owed: tuple[Dialog, Request] | None = None
        self._client: ClientTransaction | None = None
        self._ring_timer: Cancellable = core.scheduler.call_later(ring_timeout, self._give_up, Outcome.NO_ANSWER)
        self._invite()

    def cancel(self) -> None:
        """Give the call up. Before the first provisional answer the CANCEL waits for it (RFC 3261 section 9.1).

        `Failed` with `canceled` follows; a call that is answered already is hung up instead.
        """
        if self.dialog is not None:
            self.hang_up()
        else:
            self._give_up(Outcome.CANCELED)

    @property
    def unacknowledged(self) -> bool:
        """Whether somebody answered and `acknowledge` has not been called."""
        return self._owed is not None

    def acknowledge(self) -> None:
        """Send the ACK that waits (RFC 3261 section 13.2.2.4); an answer that crossed our CANCEL is hung up with it."""
        if self._owed is None:
            return
        (dialog, invite), self._owed = self._owed, None
        self._acknowledge(dialog, invite)
        if dialog is not self.dialog:
            self._send_bye(dialog, lambda _response, _error: None)

    def hang_up(self) -> None:
        """Begin to end the call: CANCEL before the answer, BYE after it."""
        self.acknowledge()
        if self.dialog is None:
            self.cancel()
        else:
            super().hang_up()

    def abandon(self, reason: str) -> None:
        """End now without a word to the peer: nothing can be sent any more."""
        if self.dialog is None:
            self._fail(Verdict(Outcome.FAILED, reason))
        else:
            super().abandon(reason)

    def on_response(self, response: Response) -> None:
        """An answer to the INVITE."""
        if response.status < 200:
            self._on_provisional(response)
        elif response.status < 300:
            self._on_success(response)
        elif not self.over:
            self._on_failure(response)

    def on_no_response(self, error: str) -> None:
        """Timer B fired, or the network refused the INVITE."""
        host, port = self._address
        seconds = self._core.layer.timers.give_up
        detail = f"no answer from trunk {host}:{port} within {seconds:g} s"
        if error:
            detail = f"cannot reach trunk {host}:{port}: {error}"
        outcome = Outcome.CANCELED if self._giving_up is Outcome.CANCELED else Outcome.FAILED
        self._fail(Verdict(outcome, detail, elsewhere=outcome is Outcome.FAILED))

    def on_stray_response(self, response: Response) -> None:
        """A 2xx that comes when the transaction is long over still wants its ACK."""
        if response.cseq.method == "INVITE" and 200 <= response.status < 300:
            self._on_success(response)
            if self._client is not None and not self._client.final:
                self._client.stop()  # its answer came on a branch that is not its own, and no other will

    # -- the INVITE ---------------------------------------------------------------------------------------------------

    def _invite(self) -> None:
        self._cseq += 1
        headers = Headers([("Via", self._core.via(self._address)), ("Max-Forwards", MAX_FORWARDS)])
        headers.add("From", str(self._from))
        headers.add("To", f"<{self._target.uri}>")
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{self._cseq} INVITE")
        headers.add("Contact", self._core.contact(self._address))
        for name, value in (*self._authorization, *self._fields):
            headers.add(name, value)
        headers.add("Accept", SDP_TYPE)
        headers.add("Content-Type", SDP_TYPE)
        request = Request(headers, self._local_sdp, "INVITE", str(self._target.uri))
        self._core.describe(request)
        self._client = self._core.layer.send_request(request, self._address, self)

    def _on_provisional(self, response: Response) -> None:
        if self._giving_up is not None:
            self._send_cancel()
            return
        if response.status == 100 or self.over or self.dialog is not None:
            return
        early = description(response)
        if early is not None and len(self._early) < MOST_FORKS:
            self._early[response.to.tag] = early
        what = (response.status, early is not None)
        if what not in self._rang:
            self._rang.add(what)
            self._emit(Ringing(response.status, early, self._core.clock.monotonic()))

    def _on_success(self, response: Response) -> None:
        tag = response.to.tag
        if tag in self._acks:
            again = self._acks[tag]
            if again is not None:
                self._core.layer.send_outside(*again)
            return
        if self._client is None or len(self._acks) >= MOST_FORKS:
            return
        dialog = Dialog.calling(self._client.request, response)
        first = self.dialog is None and not self.over
        self._acks[tag] = None
        if first and self._acknowledge_later:
            self._owed = dialog, self._client.request
        else:
            self._acknowledge(dialog, self._client.request)
        if first and self._giving_up is None:
            self._ring_timer.cancel()
            self.dialog = dialog
            agreed = description(response) or self._early.get(tag)
            self._emit(Answered(agreed, self._core.clock.monotonic()))
            return
        # A second answer of a fork, or one that crossed our CANCEL: taken and hung up at once (section 13.2.2.4).
        if self._owed is None or self._owed[0] is not dialog:
            self._send_bye(dialog, lambda _response, _error: None)
        if first:
            # Somebody stands there with the receiver in hand: whoever decides about another try must know.
            self._fail(Verdict(Outcome.ANSWERED, "answered at the moment we gave up"), 200, response.reason)

    def _acknowledge(self, dialog: Dialog, invite: Request) -> None:
        tag = dialog.remote.tag

        def located(address: Address | None, _error: str) -> None:
            if address is None:
                return  # the BYE that follows a call without an ACK fails the same way, and says so
            ack = dialog.request("ACK", via=self._core.via(address), cseq=invite.cseq.number)
            for name, value in self._authorization:
                ack.headers.add(name, value)
            data = ack.encode()
            self._acks[tag] = (data, address)
            self._core.layer.send_outside(data, address)

        self._core.locate(dialog.next_hop(), located)

    def _on_failure(self, response: Response) -> None:
        if response.status in (401, 407) and self._giving_up is None and self._client is not None:
            fields = self._answer_challenge(self._client.request, response, self._challenged)
            if fields is not None and self._cseq < MOST_INVITES:
                self._authorization, self._challenged = fields
                self._invite()
                return
        judged = verdict(response.status, response.reason, response.headers)
        if self._giving_up is Outcome.CANCELED:
            judged = Verdict(Outcome.CANCELED, "canceled while it rang")
        elif self._giving_up is Outcome.NO_ANSWER and judged.outcome not in (Outcome.BUSY, Outcome.REJECTED):
            judged = Verdict(Outcome.NO_ANSWER, "nobody answered while it rang")
        self._fail(judged, response.status, response.reason)

    # -- giving up ----------------------------------------------------------------------------------------------------

    def _give_up(self, outcome: Outcome) -> None:
        if self.over or self.dialog is not None:
            return
        if self._giving_up is None or outcome is Outcome.CANCELED:
            self._giving_up = outcome
        if self._client is not None and self._client.proceeding:
            self._send_cancel()

    def _send_cancel(self) -> None:
        if self._cancel_sent or self._client is None:
            return
        self._cancel_sent = True
        request = cancel(self._client.request)
        self._core.layer.send_request(request, self._address, Pending(lambda _response, _error: None))
        self._core.scheduler.call_later(self._core.layer.timers.give_up, self._cancel_unanswered)

    def _cancel_unanswered(self) -> None:
        # Section 9.1: now the INVITE may be forgotten; a 2xx that comes yet is taken and hung up as a stray one.
        if not self.over and self._client is not None:
            self._client.stop()
            self._fail_given_up("no final answer came to our CANCEL")

    def _fail_given_up(self, detail: str) -> None:
        if not self.over and self._giving_up is not None:
            self._fail(Verdict(self._giving_up, detail))

    def _fail(self, judged: Verdict, status: int = 0, reason: str = "") -> None:
        self._ring_timer.cancel()
        self._finish(Failed(judged, status, reason))


def read_target(target: InviteTarget) -> Uri:
    """Whose host and port an INVITE goes to.

    Raises:
        SipError: it is no sip URI.
    """
    hop = target.next_hop or target.uri
    if not hop.is_sip:
        raise SipError(f"A call can be sent to a sip URI only, not to {hop.scheme}.")
    return hop
