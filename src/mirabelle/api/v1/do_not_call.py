"""`/v1/do-not-call`: numbers that are not called, by the whole account or by one campaign."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api import do_not_call_list
from mirabelle.api.body import Body
from mirabelle.api.do_not_call_list import MOST_REASON, LineError, ListKind, NumberLines
from mirabelle.api.upload import paced
from mirabelle.api.v1 import page, problem
from mirabelle.api.v1.guard import MOST_BODY_BYTES
from mirabelle.api.v1.identity import Identity, Manager, Reader
from mirabelle.api.v1.page import After, Limit, Page
from mirabelle.api.v1.problem import FieldError, ProblemError
from mirabelle.api.v1.services import Services
from mirabelle.api.v1.views import Instant
from mirabelle.api.xml import Fault
from mirabelle.calls import number
from mirabelle.calls.do_not_call import DoNotCallEntry, ListedNumber
from mirabelle.calls.number import NumberError
from mirabelle.store.do_not_call_steps import MOST_AT_ONCE

EntryId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The id of an entry.")]
"""The entry that a path names."""
ListQuery = Annotated[
    int | None,
    Query(ge=0, le=2**31 - 1, description="The list of this campaign; 0: that of the whole account; else all of them."),
]
"""Whose list is shown."""
KeeperQuery = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="The campaign that keeps them; else the whole account does.")
]
"""Whose list is added to."""

_KINDS: Final = {"text/csv": ListKind.CSV, "application/x-ndjson": ListKind.NDJSON}
_PIECE: Final = 64 * 1024


class NumberOrder(BaseModel):
    """A number that is not to be called."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": {"number": "+16175550123"}})

    number: str = Field(
        max_length=number.MOST_CHARACTERS, description="A number, or all that begin alike, such as `+1900*`."
    )
    reason: str = Field(default="", max_length=MOST_REASON, description="Why; told where a call is held back.")


class NumberAsked(BaseModel):
    """A number that is asked about."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: str = Field(max_length=number.MOST_CHARACTERS)


class EntryView(BaseModel):
    """An entry of a list."""

    entry_id: int
    number: str = Field(description="With `*` at its end: all numbers that begin so.")
    campaign_id: int | None = Field(description="The campaign that keeps it; null: the whole account.")
    reason: str
    created_at: Instant

    @classmethod
    def of(cls, listed: ListedNumber) -> EntryView:
        """The view of an entry."""
        return cls(
            entry_id=listed.entry_id,
            number=listed.entry.key,
            campaign_id=listed.entry.campaign_id,
            reason=listed.entry.reason,
            created_at=listed.created_at,
        )


class EntryList(Page):
    """A page of entries."""

    entries: list[EntryView]


class EntriesFound(BaseModel):
    """The entries that mean a number."""

    entries: list[EntryView]


class NumbersAdded(BaseModel):
    """What became of the numbers."""

    added: int = Field(description="Those that were not on the list before.")
    known: int = Field(description="Those that were.")
    skipped: int = Field(description="Lines that were passed over because they are wrong.")
    errors: list[FieldError] = Field(description="What is wrong with the first of those.")


LIST_BODY: Final[dict[str, Any]] = {
    "x-streamed-body": True,
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": NumberOrder.model_json_schema()},
            "application/x-ndjson": {"schema": {"type": "string", "description": "The same, one in each line."}},
            "text/csv": {"schema": {"type": "string", "description": "A number in each line, and perhaps a reason."}},
        },
    },
}
"""The body for the OpenAPI document: it is read as it comes, so no signature shows it."""


class DoNotCall:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger
        self._clock = services.clock
        self._most = services.settings.server.max_upload_mb * 1_000_000

    async def listed(
        self,
        request: Request,
        response: Response,
        caller: Reader,
        campaign_id: ListQuery = None,
        after: After = 0,
        limit: Limit = page.USUAL,
    ) -> EntryList:
        """The entries in the order in which they were added."""
        found = await self._ledger.do_not_call(
            caller.account.account_id, campaign_id=campaign_id, after=after, limit=limit + 1
        )
        entries, following = page.cut(request, response, found, limit, lambda each: each.entry_id)
        return EntryList(entries=[EntryView.of(each) for each in entries], next=following)

    async def add(self, request: Request, caller: Manager, campaign_id: KeeperQuery = None) -> Response:
        """Add one number, as JSON, or any number of them as lines. One that is there already changes nothing.

        What is wrong with a line is told, and the others are added. They are stored while they come: where the
        connection breaks, send the list again.
        """
        if campaign_id is not None:
            campaign = await self._ledger.campaign(campaign_id)
            if campaign is None or campaign.account_id != caller.account.account_id:
                raise problem.refused([Fault("campaign_id", "The account has no such campaign.")])
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            detail = "Send the body as it is, without Content-Encoding."
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        if kind == "application/json":
            told = await self._one(request, caller, campaign_id)
        elif kind in _KINDS:
            told = await self._many(request, caller, campaign_id, _KINDS[kind])
        else:
            detail = f"Send a number as application/json, or many as {' or '.join(_KINDS)}."
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        return Response(told.model_dump_json(), status_code=HTTPStatus.CREATED, media_type="application/json")

    async def find(self, caller: Reader, asked: NumberAsked) -> EntriesFound:
        """The entries that keep a number from being called: itself, and prefixes of it.

        It is a POST so that the number stands in no address.
        """
        country = caller.account.settings.country or None
        try:
            e164 = number.parse(asked.number, country=country, bad_ani="default").e164
        except NumberError as error:
            raise problem.refused([Fault("number", str(error))]) from error
        found = await self._ledger.do_not_call_of(caller.account.account_id, e164)
        return EntriesFound(entries=[EntryView.of(each) for each in found])

    async def remove(self, caller: Manager, entry_id: EntryId) -> Response:
        """Take an entry off its list. Calls that ended because of it stay as they are."""
        if not await self._ledger.remove_do_not_call_entry(caller.account.account_id, entry_id):
            raise problem.not_found(f"entry {entry_id}")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _one(self, request: Request, caller: Identity, campaign_id: int | None) -> NumbersAdded:
        data = b"".join([piece async for piece in self._pieces(request, MOST_BODY_BYTES)])
        try:
            asked = NumberOrder.model_validate_json(data)
        except ValidationError as error:
            raise problem.of_validation(error) from error
        try:
            entry = do_not_call_list.entry(asked.number, asked.reason, caller.account.settings.country, campaign_id)
        except LineError as error:
            raise problem.refused([Fault("number", str(error))]) from error
        added = await self._store(caller, [entry])
        return NumbersAdded(added=added, known=1 - added, skipped=0, errors=[])

    async def _many(self, request: Request, caller: Identity, campaign_id: int | None, kind: ListKind) -> NumbersAdded:
        lines = NumberLines(kind, country=caller.account.settings.country, campaign_id=campaign_id)
        added = 0
        async for piece in self._pieces(request, self._most):
            added += await self._store(caller, await asyncio.to_thread(lines.feed, piece))
        added += await self._store(caller, lines.finish())
        errors = [FieldError(field=each.field, detail=each.reason, line=each.line) for each in lines.faults]
        return NumbersAdded(added=added, known=lines.taken - added, skipped=lines.skipped, errors=errors)

    async def _store(self, caller: Identity, entries: list[DoNotCallEntry]) -> int:
        now, added = self._clock.now(), 0
        for start in range(0, len(entries), MOST_AT_ONCE):
            piece = entries[start : start + MOST_AT_ONCE]
            added += await self._ledger.add_do_not_call(caller.account.account_id, piece, now)
        return added

    async def _pieces(self, request: Request, most: int) -> AsyncIterator[bytes]:
        """The body in pieces that are worth the way to another thread."""
        piece = bytearray()
        async for chunk in paced(Body(request).chunks(), most, self._clock):
            piece += chunk
            if len(piece) >= _PIECE:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)
