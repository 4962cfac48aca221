"""`POST /v1/campaigns/ID/calls`: many calls for a campaign, all or none of them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api.body import Body
from mirabelle.api.queuecalls import CALLS_OF, Duplicates, DuplicateScope, OnBadLine
from mirabelle.api.seen_numbers import learn
from mirabelle.api.upload import paced
from mirabelle.api.v1 import problem
from mirabelle.api.v1.asked import UNREAD, Asked
from mirabelle.api.v1.guard import MOST_BODY_BYTES
from mirabelle.api.v1.idempotency import idempotency_of
from mirabelle.api.v1.identity import Identity, Manager
from mirabelle.api.v1.lines import MOST_ADDRESSES, CallLines, LinesRefused
from mirabelle.api.v1.order import Callee, CallFields
from mirabelle.api.v1.problem import FieldError, ProblemError, error_of
from mirabelle.api.v1.services import Services
from mirabelle.api.xml import Fault
from mirabelle.calls.call import NewCall
from mirabelle.calls.campaign import Campaign, CampaignDefaults
from mirabelle.store.records import KeptReply, Uploaded

NDJSON: Final = "application/x-ndjson"
"""A call in each line."""
MOST_CALLS: Final = 10_000
"""The most calls of a JSON list; more come as lines."""

MOST_LISTED: Final = 1_000
"""The most ids of calls in a reply."""

_PIECE: Final = 256 * 1024


class CallBatch(Asked):
    """Several calls. A field that a call leaves out is that of the campaign's defaults."""

    # Each is looked at as a line is, so that what is wrong with it is told with the rest.
    calls: list[Annotated[CallFields, UNREAD]] = Field(min_length=1, max_length=MOST_CALLS)


class CallsQueued(BaseModel):
    """What became of the calls."""

    campaign_id: int
    queued: int
    skipped: int = Field(description="Calls that were passed over: wrong, or a number that was there already.")
    call_ids: list[int] = Field(description="The ids of the first calls, in the order in which they came.")
    calls_url: str = Field(description="Where all calls of the campaign are.")
    errors: list[FieldError] = Field(description="What is wrong with those that were passed over.")
    warnings: list[FieldError] = Field(description="What was accepted and looks wrong.")


BODY: Final[dict[str, Any]] = {
    "x-streamed-body": True,
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/CallBatch"}},
            NDJSON: {"schema": {"type": "string", "description": "A call in each line, as in `CallBatch`."}},
        },
    },
}
"""The body for the OpenAPI document: it is read as it comes, so no signature shows it."""


class Additions:
    """The handler."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._ledger = services.ledger

    async def add(
        self,
        request: Request,
        caller: Manager,
        campaign: Campaign,
        on_bad_line: OnBadLine,
        duplicates: Duplicates,
        duplicate_scope: DuplicateScope,
    ) -> Response:
        """Queue the calls of a body.

        Args:
            request: with the body.
            caller: who may.
            campaign: where they belong.
            on_bad_line: what becomes of a call that is wrong.
            duplicates: what becomes of a number that is there twice.
            duplicate_scope: where it is looked for.

        Raises:
            ProblemError: nothing was queued.
        """
        lines = self._lines(caller, campaign, on_bad_line=on_bad_line, duplicates=duplicates)
        warnings: list[FieldError] = []

        def text(uploaded: Uploaded) -> str:
            return CallsQueued(
                campaign_id=campaign.campaign_id,
                queued=uploaded.queued,
                skipped=lines.skipped,
                call_ids=list(uploaded.call_ids),
                calls_url=CALLS_OF.format(campaign.campaign_id),
                errors=[error_of(fault) for fault in lines.faults],
                warnings=warnings,
            ).model_dump_json()

        await learn(
            self._ledger,
            lines,
            account_id=campaign.account_id,
            campaign_id=campaign.campaign_id,
            scope=duplicate_scope,
        )
        batches = self._finished(caller, lines, self._batches(request, lines), warnings)
        return await self._store(request, campaign, lines, batches, text)

    async def add_listed(
        self,
        request: Request,
        caller: Manager,
        campaign: Campaign,
        calls: Sequence[Any],
        fields: type[Callee],
        text: Callable[[Uploaded, list[FieldError]], str],
    ) -> Response:
        """Queue the calls of a list that was read already.

        Args:
            request: without a body that is left to read.
            caller: who may.
            campaign: where they belong.
            calls: not looked at yet.
            fields: what may be said of each.
            text: the reply, from what was stored and the warnings.

        Raises:
            ProblemError: nothing was queued.
        """
        lines = self._lines(caller, campaign, fields=fields)
        warnings: list[FieldError] = []

        async def batches() -> AsyncIterator[Sequence[NewCall]]:
            yield await asyncio.to_thread(lines.take, calls)

        finished = self._finished(caller, lines, batches(), warnings)
        return await self._store(request, campaign, lines, finished, lambda uploaded: text(uploaded, warnings))

    def _lines(self, caller: Identity, campaign: Campaign, **more: Any) -> CallLines:
        """What takes the calls of a campaign in."""
        services = self._services
        defaults = _defaults(campaign.defaults)
        return CallLines(caller.account, services.settings, services.clock.now(), defaults=defaults, **more)

    async def _store(
        self,
        request: Request,
        campaign: Campaign,
        lines: CallLines,
        batches: AsyncIterator[Sequence[NewCall]],
        text: Callable[[Uploaded], str],
    ) -> Response:
        """Store calls and, where the request has a key, the reply together with them."""
        once = idempotency_of(request)

        def kept(uploaded: Uploaded) -> KeptReply:
            assert once is not None
            return once.kept(HTTPStatus.CREATED, text(uploaded))

        try:
            uploaded = await self._ledger.upload(
                campaign.account_id,
                "",
                "",
                batches,
                self._services.clock.now(),
                into=campaign.campaign_id,
                listed=MOST_LISTED,
                reply=None if once is None else kept,
            )
        except LinesRefused as error:
            raise problem.refused(lines.faults) from error
        self._services.on_queued()
        return Response(text(uploaded), status_code=HTTPStatus.CREATED, media_type="application/json")

    async def _finished(
        self,
        caller: Identity,
        lines: CallLines,
        batches: AsyncIterator[Sequence[NewCall]],
        warnings: list[FieldError],
    ) -> AsyncIterator[Sequence[NewCall]]:
        """All calls. When all are known to be good their addresses are looked at, before any is stored."""
        async for batch in batches:
            yield batch
        yield await asyncio.to_thread(lines.finish)
        await self._look_at(caller, lines, warnings)

    async def _batches(self, request: Request, lines: CallLines) -> AsyncIterator[Sequence[NewCall]]:
        """The calls of the body."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            detail = "Send the body as it is, without Content-Encoding."
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        if kind == "application/json":
            yield await asyncio.to_thread(lines.take, (await self._batch(request)).calls)
        elif kind == NDJSON:
            async for piece in self._pieces(request, self._services.settings.server.max_upload_mb * 1_000_000):
                if calls := await asyncio.to_thread(lines.feed, piece):
                    yield calls
        else:
            detail = f"Send the calls as application/json or as {NDJSON}."
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)

    async def _pieces(self, request: Request, most: int) -> AsyncIterator[bytes]:
        """The body in pieces that are worth the way to another thread."""
        piece = bytearray()
        async for chunk in paced(Body(request).chunks(), most, self._services.clock):
            piece += chunk
            if len(piece) >= _PIECE:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)

    async def _batch(self, request: Request) -> CallBatch:
        data = b"".join([piece async for piece in self._pieces(request, MOST_BODY_BYTES)])
        try:
            return await asyncio.to_thread(CallBatch.model_validate_json, data)
        except ValidationError as error:
            raise problem.of_validation(error) from error

    async def _look_at(self, caller: Identity, lines: CallLines, warnings: list[FieldError]) -> None:
        if not caller.account.settings.preflight:
            return
        if len(lines.addresses) > MOST_ADDRESSES:
            reason = (
                f"There are more than {MOST_ADDRESSES} different addresses, too many to look at; send fewer at once, "
                "or switch the account's preflight off."
            )
            raise problem.refused([Fault("start_url", reason)])
        for start_url, result_url in sorted(lines.addresses):
            finding = await self._services.admission.addresses(caller.account, start_url, result_url)
            if finding.faults:
                raise problem.refused(finding.faults)
            warnings += [error_of(each) for each in finding.warnings]


def _defaults(defaults: CampaignDefaults) -> dict[str, str]:
    """What calls have that do not say it, as a form has it."""
    return {name: str(value) for name, value in dataclasses.asdict(defaults).items() if value != ""}


OnBadLineQuery = Annotated[
    OnBadLine, Query(description="A call that is wrong refuses all (`refuse`), or is passed over (`skip`).")
]
"""What becomes of a call that is wrong."""
DuplicatesQuery = Annotated[
    Duplicates, Query(description="A number that is there twice is called twice, once, or refuses all.")
]
"""What becomes of a number that is there twice."""
DuplicateScopeQuery = Annotated[
    DuplicateScope,
    Query(description="Where a number is looked for: in the campaign, or also among the account's calls that wait."),
]
"""Where a number that is there twice is looked for."""
