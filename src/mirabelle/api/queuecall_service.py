"""`POST queuecall.php`: one form, one call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mirabelle.api import form, queuecall, xml
from mirabelle.api.admission import Admission
from mirabelle.api.body import Body
from mirabelle.api.reply import client_of, reply
from mirabelle.api.xml import Fault
from mirabelle.calls.account import Account
from mirabelle.calls.call import Call, NewCall
from mirabelle.calls.clock import Clock
from mirabelle.errors import MirabelleError
from mirabelle.settings import Settings

BODY_SECONDS: Final = 30.0
"""How long a client may take to send its form."""


class QueuesCalls(Protocol):
    """What the service asks of the store."""

    async def queue_call(self, new: NewCall, now: datetime) -> Call:
        """Store a call; it is durable when this returns."""
        ...


class QueuecallService:
    """The service."""

    def __init__(
        self,
        ledger: QueuesCalls,
        admission: Admission,
        clock: Clock,
        settings: Settings,
        on_queued: Callable[[], None],
    ) -> None:
        """Make the service.

        Args:
            ledger: where calls are stored.
            admission: who may queue them.
            clock: where the time comes from.
            settings: `http.allow_private` and `compat` are looked at.
            on_queued: called when a call was stored.
        """
        self._ledger = ledger
        self._admission = admission
        self._clock = clock
        self._settings = settings
        self._on_queued = on_queued
        self._log = structlog.get_logger("mirabelle.api")

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        body = Body(request)
        try:
            parts = await _parts(request, body)
        except form.FormError as error:
            return await body.refuse(queuecall.SERVICE, str(error))
        except ClientDisconnect:
            return Response(status_code=400)
        submission = queuecall.decode(parts, unknown=self._settings.compat.unknown_fields)
        try:
            return await self._answer(submission, client_of(request))
        except Exception:  # noqa: BLE001  the client reads XML, whatever broke here; the log has the rest
            self._log.exception("queuecall failed")
            fault = Fault("body", "The server met an error of its own; look for the call before sending it again.")
            return reply(self._failed(submission, [fault]), status=500)

    async def _answer(self, submission: queuecall.Submission, client: str) -> Response:
        faults = list(submission.faults)
        account: Account | Fault | None = None
        if not any(fault.field in {"login", "pin"} for fault in faults):
            account = await self._admission.account(submission.values, client)
            faults += [account] if isinstance(account, Fault) else []
        order = queuecall.check(
            submission.values,
            now=self._clock.now(),
            allow_private=self._settings.http.allow_private,
            bad_ani=self._settings.compat.bad_ani,
            country=account.settings.country if isinstance(account, Account) else "",
        )
        if not isinstance(order, queuecall.Order):
            faults += order
        warnings: tuple[Fault, ...] = ()
        if not faults and isinstance(account, Account) and isinstance(order, queuecall.Order):
            finding = await self._admission.addresses(account, order.start_url, order.result_url)
            faults += finding.faults
            warnings = finding.warnings
        if faults or not isinstance(account, Account) or not isinstance(order, queuecall.Order):
            self._log.info("call refused", client=client, fields=",".join(sorted({fault.field for fault in faults})))
            return reply(self._failed(submission, faults))
        return await self._queue(submission, account, order, warnings)

    async def _queue(
        self,
        submission: queuecall.Submission,
        account: Account,
        order: queuecall.Order,
        warnings: Sequence[Fault],
    ) -> Response:
        try:
            call = await self._ledger.queue_call(order.new_call(account), self._clock.now())
        except MirabelleError as error:
            self._log.warning("call not stored", reason=str(error))
            return reply(self._failed(submission, [Fault("body", str(error))]))
        self._on_queued()
        self._log.info("call queued", call_id=call.call_id, login=account.login, phone_number=call.phone_number)
        echo = submission.shown(echo_pin=self._settings.compat.echo_pin)
        return reply(xml.queued(queuecall.SERVICE, {"call_id": str(call.call_id)}, echo, warnings))

    def _failed(self, submission: queuecall.Submission, faults: Sequence[Fault]) -> bytes:
        echo = submission.shown(echo_pin=self._settings.compat.echo_pin)
        return xml.failed(queuecall.SERVICE, echo, queuecall.in_order(faults))


async def _parts(request: Request, body: Body) -> tuple[form.Part, ...]:
    """The form of a request.

    Raises:
        FormError: there is none, it is too large or too slow, or it cannot be read.
    """
    form.refuse_encoding(request.headers.get("content-encoding", ""))
    try:
        async with asyncio.timeout(BODY_SECONDS):
            data = await form.read_body(body.chunks())
    except TimeoutError as error:
        raise form.FormError(f"The form took longer than {BODY_SECONDS:.0f} seconds to arrive.") from error
    return form.parse(data, request.headers.get("content-type", ""))
