"""`/v1/results`: results on their way, dead letters, and posting them again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api.v1 import page, problem
from mirabelle.api.v1.identity import Identity, Manager, Reader
from mirabelle.api.v1.page import After, Limit
from mirabelle.api.v1.services import Services
from mirabelle.api.v1.views import ResultList, ResultView
from mirabelle.store.records import ResultState, StoredResult

ResultId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The id of a result.")]
"""The result that a path names."""


class Results:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger
        self._clock = services.clock

    async def listed(
        self,
        request: Request,
        response: Response,
        caller: Reader,
        state: Annotated[
            ResultState | None, Query(description="Results in this state only; `dead` gives the dead letters.")
        ] = None,
        after: After = 0,
        limit: Limit = page.USUAL,
    ) -> ResultList:
        """Results of the account's calls, the oldest first."""
        found = await self._ledger.results(caller.account.account_id, state=state, after=after, limit=limit + 1)
        results, following = page.cut(request, response, found, limit, lambda each: each.delivery_id)
        return ResultList(results=[ResultView.of(each) for each in results], next=following)

    async def one(self, caller: Reader, result_id: ResultId) -> ResultView:
        """A result."""
        return ResultView.of(await self._own(caller, result_id))

    async def replay(self, caller: Manager, result_id: ResultId) -> ResultView:
        """Post a result again, at once and as long as a new one. One that is pending is left as it is."""
        await self._own(caller, result_id)
        await self._ledger.replay(result_id, self._clock.now())
        return ResultView.of(await self._own(caller, result_id))

    async def _own(self, caller: Identity, result_id: int) -> StoredResult:
        result = await self._ledger.result(result_id)
        if result is None or result.account_id != caller.account.account_id:
            raise problem.not_found(f"result {result_id}")
        return result
