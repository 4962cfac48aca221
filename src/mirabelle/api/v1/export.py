"""`GET /v1/calls/export`: all calls of an account or a campaign, as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Query
from starlette.responses import StreamingResponse

from mirabelle.api.export import MEDIA_TYPES, ExportFormat, flat, head, lines
from mirabelle.api.v1.calls import CampaignFilter, StateFilter
from mirabelle.api.v1.identity import Reader
from mirabelle.api.v1.services import Services
from mirabelle.calls.call import CallState

_AT_ONCE: Final = 500


class Export:
    """The handler."""

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger

    async def calls(
        self,
        caller: Reader,
        format: Annotated[ExportFormat, Query(description="CSV for a spreadsheet, NDJSON for a program.")] = (  # noqa: A002
            ExportFormat.CSV
        ),
        campaign_id: CampaignFilter = None,
        state: StateFilter = None,
    ) -> StreamingResponse:
        """All calls, in the order in which they were queued, as a file that is streamed."""
        return StreamingResponse(
            self._pieces(caller.account.account_id, format, campaign_id, state),
            media_type=MEDIA_TYPES[format],
            headers={
                "Content-Disposition": f'attachment; filename="calls.{format}"',
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def _pieces(
        self, account_id: int, form: ExportFormat, campaign_id: int | None, state: CallState | None
    ) -> AsyncIterator[bytes]:
        yield head(form)
        after = 0
        while calls := await self._ledger.calls(
            account_id, campaign_id=campaign_id, state=state, after=after, limit=_AT_ONCE
        ):
            yield lines((flat(call) for call in calls), form)
            after = calls[-1].call_id
