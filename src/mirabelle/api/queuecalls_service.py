"""`POST queuecalls.php`: one form with a list, one campaign with its calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from typing import IO, Final, Protocol

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mirabelle.api import form, queuecall, queuecalls, upload, xml
from mirabelle.api.admission import Admission
from mirabelle.api.batches import batches
from mirabelle.api.body import Body
from mirabelle.api.intake import Intake, ListRefused
from mirabelle.api.queuecalls import PHONE_LIST, SERVICE, CampaignOrder
from mirabelle.api.reply import client_of, reply
from mirabelle.api.seen_numbers import HasNumbers, learn
from mirabelle.api.upload import Upload
from mirabelle.api.xml import Fault
from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall
from mirabelle.calls.clock import Clock
from mirabelle.errors import MirabelleError
from mirabelle.settings import Settings
from mirabelle.store.ledger import CampaignExists
from mirabelle.store.records import Uploaded

MOST_AT_ONCE: Final = 16
"""The most lists that are received or stored at the same time."""


class StoresCampaigns(HasNumbers, Protocol):
    """What the service asks of the store."""

    async def upload(
        self,
        account_id: int,
        name: str,
        parameters: str,
        batches: AsyncIterator[Sequence[NewCall]],
        now: datetime,
        *,
        listed: int = 0,
    ) -> Uploaded:
        """Store a campaign and all its calls, or nothing; tells the keys of the first `listed` of them.

        Raises:
            CampaignExists: the account has a campaign of this name.
        """
        ...


class QueuecallsService:
    """The service."""

    def __init__(
        self,
        ledger: StoresCampaigns,
        admission: Admission,
        clock: Clock,
        settings: Settings,
        on_queued: Callable[[], None],
    ) -> None:
        """Make the service.

        Args:
            ledger: where campaigns are stored.
            admission: who may queue them.
            clock: where the time comes from.
            settings: `server`, `http.allow_private` and `compat` are looked at.
            on_queued: called when a campaign was stored.
        """
        self._ledger = ledger
        self._admission = admission
        self._clock = clock
        self._settings = settings
        self._on_queued = on_queued
        self._running = 0
        self._log = structlog.get_logger("mirabelle.api")

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        if self._running >= MOST_AT_ONCE:
            reason = "Too many lists are being taken in; send the request again in a moment."
            return await Body(request).refuse(SERVICE, reason)
        self._running += 1
        body = Body(request)
        try:
            received = await self._receive(request, body)
            try:
                return await self._answer(received, client_of(request))
            finally:
                if received.file is not None:
                    received.file.close()
        except form.FormError as error:
            return await body.refuse(SERVICE, str(error))
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception:  # noqa: BLE001  the client reads XML, whatever broke here; the log has the rest
            self._log.exception("queuecalls failed")
            fault = Fault("body", "The server met an error of its own; look for the campaign before sending it again.")
            return reply(xml.failed(SERVICE, (), [fault]), status=500)
        finally:
            self._running -= 1

    async def _receive(self, request: Request, body: Body) -> Upload:
        form.refuse_encoding(request.headers.get("content-encoding", ""))
        most = self._settings.server.max_upload_mb * 1_000_000
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise upload.too_large(most)
        content_type = request.headers.get("content-type", "")
        return await upload.receive(body.chunks(), content_type, most=most, clock=self._clock)

    async def _answer(self, received: Upload, client: str) -> Response:
        unknown = self._settings.compat.unknown_fields
        submission = queuecall.decode(received.parts, unknown=unknown, fields=queuecalls.FIELDS)
        faults = list(submission.faults)
        if unknown != "ignore":
            named = {fault.field for fault in faults}
            faults += [fault for fault in queuecalls.misplaced(received.parts) if fault.field not in named]
        order = queuecalls.check(
            submission.values, now=self._clock.now(), allow_private=self._settings.http.allow_private
        )
        if not isinstance(order, CampaignOrder):
            faults += order
        if received.file is None:
            faults.append(Fault(PHONE_LIST, "The field is required; send the list as a file."))
        account: Account | Fault | None = None
        if not any(fault.field in {"login", "pin"} for fault in faults):
            account = await self._admission.account(submission.values, client)
            faults += [account] if isinstance(account, Fault) else []
        warnings: tuple[Fault, ...] = ()
        if not faults and isinstance(account, Account) and isinstance(order, CampaignOrder):
            finding = await self._admission.addresses(account, order.call.start_url, order.call.result_url)
            faults += finding.faults
            warnings = finding.warnings
        if faults or received.file is None or not (isinstance(account, Account) and isinstance(order, CampaignOrder)):
            fields = ",".join(sorted({fault.field for fault in faults}))
            self._log.info("campaign refused", client=client, fields=fields)
            return self._failed(submission, faults)
        intake = Intake(
            order,
            account,
            bad_ani=self._settings.compat.bad_ani,
            most_listed=self._settings.server.listed_calls,
            form_text=received.form_text,
        )
        return await self._store(submission, account, order, intake, received.file, warnings)

    async def _store(
        self,
        submission: queuecall.Submission,
        account: Account,
        order: CampaignOrder,
        intake: Intake,
        file: IO[bytes],
        warnings: Sequence[Fault],
    ) -> Response:
        try:
            scope = order.duplicate_scope
            await learn(self._ledger, intake, account_id=account.account_id, campaign_id=None, scope=scope)
            stored = await self._ledger.upload(
                account.account_id,
                order.name,
                order.parameters,
                batches(intake, file),
                self._clock.now(),
                listed=self._settings.server.listed_calls,
            )
        except ListRefused:
            self._log.info("list refused", login=account.login, bad=len(intake.faults))
            return self._failed(submission, intake.faults)
        except CampaignExists:
            fault = Fault("campaign_name", "The account has a campaign of this name; give another.")
            return self._failed(submission, [fault])
        except MirabelleError as error:
            self._log.warning("campaign not stored", reason=str(error))
            return self._failed(submission, [Fault("body", str(error))])
        self._on_queued()
        counts = {"queued": str(stored.queued), "skipped": str(intake.skipped)}
        self._log.info("campaign queued", campaign_id=stored.campaign_id, login=account.login, **counts)
        body = xml.queued(
            SERVICE,
            {"campaign_id": str(stored.campaign_id), **counts, "calls": queuecalls.CALLS_OF.format(stored.campaign_id)},
            submission.shown(echo_pin=self._settings.compat.echo_pin),
            warnings,
            calls=_listed(intake, stored),
            passed_over=intake.faults,
        )
        return reply(body)

    def _failed(self, submission: queuecall.Submission, faults: Sequence[Fault]) -> Response:
        echo = submission.shown(echo_pin=self._settings.compat.echo_pin)
        return reply(xml.failed(SERVICE, echo, queuecalls.in_order(faults)))


def _listed(intake: Intake, stored: Uploaded) -> Iterator[dict[str, str]]:
    """The attributes of the first calls."""
    for (row, phone_number), call_id in zip(intake.listed, stored.call_ids, strict=True):
        call = {"call_id": str(call_id), "line": str(row.line), "phone_number": phone_number}
        if row.message_reference:
            call["message_reference"] = row.message_reference
        yield call
