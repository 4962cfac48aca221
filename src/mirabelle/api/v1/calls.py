"""`/v1/calls`: queue one, look at them, withdraw one."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api.queuecall import Order
from mirabelle.api.v1 import order, page, problem
from mirabelle.api.v1.asked import UNREAD
from mirabelle.api.v1.events import CallEvents, log
from mirabelle.api.v1.explanations import ExplanationView
from mirabelle.api.v1.idempotency import idempotency_of
from mirabelle.api.v1.identity import Identity, Manager, Reader
from mirabelle.api.v1.order import CallOrder
from mirabelle.api.v1.page import After, Limit
from mirabelle.api.v1.problem import FieldError, error_of
from mirabelle.api.v1.services import Services
from mirabelle.api.v1.times import TimeView
from mirabelle.api.v1.views import AttemptList, AttemptView, CallList, CallView, ResultList, ResultView
from mirabelle.api.xml import Fault
from mirabelle.calls.call import Call, CallState
from mirabelle.store.ledger import CallBusy
from mirabelle.store.records import KeptReply

CallId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The id of a call.")]
"""The call that a path names."""
CampaignFilter = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Calls of this campaign only.")]
"""Which campaign's calls are meant."""
AnyCall = Annotated[CallOrder, UNREAD]
"""JSON that describes a call; the handler looks at its shape, so as to tell what is wrong with its meaning as well."""
StateFilter = Annotated[CallState | None, Query(description="Calls in this state only.")]
"""Calls in which state are meant."""


class QueuedCall(CallView):
    """A call that was queued."""

    scheduled_time: TimeView | None = Field(description="How `scheduled_time` was understood.")
    expiration_time: TimeView | None = Field(description="How `expiration_time` was understood.")
    warnings: list[FieldError] = Field(description="What was accepted and looks wrong.")


class CallWithHistory(CallView):
    """A call with its attempts and results."""

    attempt_history: list[AttemptView]
    results: list[ResultView]


class CallsChanged(BaseModel):
    """How many calls were changed."""

    calls: int


class Calls:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._ledger = services.ledger
        self._clock = services.clock

    async def queue(self, request: Request, caller: Manager, asked: AnyCall) -> Response:
        """Queue one call. It is stored, and survives a restart, when the reply is sent.

        With an `Idempotency-Key` the call is queued once, however often the request comes.
        """
        now = self._clock.now()
        asked, found = await self._checked(caller, asked, now)
        new = found.new_call(caller.account, asked.campaign_id)
        finding = await self._services.admission.addresses(caller.account, found.start_url, found.result_url)
        if finding.faults:
            raise problem.refused(finding.faults)
        once = idempotency_of(request)

        def text(call: Call) -> str:
            return QueuedCall.model_construct(
                **dict(CallView.of(call)),
                scheduled_time=_understood(asked.scheduled_time, now),
                expiration_time=_understood(asked.expiration_time, now),
                warnings=[error_of(each) for each in finding.warnings],
            ).model_dump_json()

        def kept(call: Call) -> KeptReply:
            assert once is not None
            return once.kept(HTTPStatus.CREATED, text(call))

        call = await self._ledger.queue_call(new, self._clock.now(), reply=None if once is None else kept)
        self._services.on_queued()
        return Response(
            text(call),
            status_code=HTTPStatus.CREATED,
            media_type="application/json",
            headers={"Location": f"/v1/calls/{call.call_id}", "Cache-Control": "no-store"},
        )

    async def _checked(self, caller: Identity, value: Any, now: datetime) -> tuple[CallOrder, Order]:
        """What is asked for, and the call that it makes; what is wrong in shape and in meaning is told together."""
        asked, faults = order.read(CallOrder, value)
        if asked is None:
            raise problem.refused(faults)
        found = order.check(asked.form(), caller.account, self._services.settings, now)
        if not isinstance(found, Order):
            told = {fault.field for fault in faults}
            faults += tuple(fault for fault in found if fault.field not in told)
        if asked.campaign_id is not None:
            campaign = await self._ledger.campaign(asked.campaign_id)
            if campaign is None or campaign.account_id != caller.account.account_id:
                faults += (Fault("campaign_id", "The account has no such campaign."),)
        if faults or not isinstance(found, Order):
            raise problem.refused(faults)
        return asked, found

    async def listed(
        self,
        request: Request,
        response: Response,
        caller: Reader,
        campaign_id: CampaignFilter = None,
        state: StateFilter = None,
        message_reference: Annotated[
            str | None, Query(min_length=1, max_length=255, description="Calls with this reference only.")
        ] = None,
        after: After = 0,
        limit: Limit = page.USUAL,
    ) -> CallList:
        """Calls in the order in which they were queued."""
        found = await self._ledger.calls(
            caller.account.account_id,
            campaign_id=campaign_id,
            state=state,
            message_reference=message_reference,
            after=after,
            limit=limit + 1,
        )
        calls, following = page.cut(request, response, found, limit, lambda each: each.call_id)
        return CallList(calls=[CallView.of(call) for call in calls], next=following)

    async def one(self, caller: Reader, call_id: CallId) -> CallWithHistory:
        """A call, its attempts with SIP status and timings, and its results."""
        call = await self._own(caller, call_id)
        attempts = await self._ledger.attempts(call_id)
        results = await self._ledger.results_of_call(call_id)
        return CallWithHistory.model_construct(
            **dict(CallView.of(call)),
            attempt_history=[AttemptView.of(attempt) for attempt in attempts],
            results=[ResultView.of(result) for result in results],
        )

    async def attempts(self, caller: Reader, call_id: CallId) -> AttemptList:
        """The attempts of a call, the first one first."""
        await self._own(caller, call_id)
        attempts = await self._ledger.attempts(call_id)
        return AttemptList(attempts=[AttemptView.of(attempt) for attempt in attempts])

    async def results(self, caller: Reader, call_id: CallId) -> ResultList:
        """The results of a call, the first one first."""
        await self._own(caller, call_id)
        results = await self._ledger.results_of_call(call_id)
        return ResultList(results=[ResultView.of(result) for result in results])

    async def explain(self, caller: Reader, call_id: CallId) -> ExplanationView:
        """Why a call does not leave, or what became of it: each gate, and when it could change."""
        await self._own(caller, call_id)
        now = self._clock.now()
        found = await self._ledger.explain(call_id, self._services.settings.trunks, now)
        if found is None:
            raise problem.not_found(f"call {call_id}")
        return ExplanationView.of(found, now)

    async def events(self, caller: Reader, call_id: CallId) -> CallEvents:
        """The log of a call: what happened to it, in order."""
        call = await self._own(caller, call_id)
        return log(call, await self._ledger.attempts(call_id), await self._ledger.results_of_call(call_id))

    async def cancel(self, caller: Manager, call_id: CallId) -> CallView:
        """Withdraw a call that waits. One that is over already is left as it is; one that is dialled is refused."""
        await self._own(caller, call_id)
        try:
            return CallView.of(await self._ledger.cancel_call(call_id, self._clock.now()))
        except CallBusy as error:
            raise problem.conflict(str(error)) from error

    async def _own(self, caller: Identity, call_id: int) -> Call:
        call = await self._ledger.call(call_id)
        if call is None or call.account_id != caller.account.account_id:
            raise problem.not_found(f"call {call_id}")
        return call


def _understood(words: str | None, now: datetime) -> TimeView | None:
    return TimeView.of(words.strip(), now) if words and words.strip() else None
