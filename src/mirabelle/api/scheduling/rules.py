"""Schedules and profiles: made, listed, shown and deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api.scheduling import models
from mirabelle.api.scheduling.access import account_of
from mirabelle.api.scheduling.models import Id, NewProfile, NewSchedule
from mirabelle.api.scheduling.problem import Problem, invalid
from mirabelle.calls.clock import Clock
from mirabelle.calls.profile import ProfileError
from mirabelle.calls.schedule import ScheduleError, Window, parse_windows, parse_zone
from mirabelle.store.ledger import Ledger, RuleExists, RuleInUse, RuleMissing

After = Annotated[int, Query(ge=0, le=models.GREATEST, description="The `next` of the page before; 0: the first page.")]
Limit = Annotated[int, Query(ge=1, le=models.MOST_LISTED, description="The most objects of the page.")]


class RuleRoutes:
    """The handlers of `/api/schedules` and `/api/profiles`.

    Args:
        ledger: where they are kept.
        clock: the time.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def add_schedule(self, request: Request, body: NewSchedule) -> models.ScheduleReply:
        """Make a schedule."""
        account = account_of(request)
        zone, windows = self._zone(body), self._windows(body)
        try:
            made = await self._ledger.add_schedule(account.account_id, body.name, zone, windows, self._clock.now())
        except RuleExists as error:
            raise Problem(409, "Name taken", str(error)) from error
        return models.schedule_reply(made)

    async def schedules(self, request: Request, after: After = 0, limit: Limit = 100) -> models.Schedules:
        """The schedules of the account, in the order of their ids."""
        account = account_of(request)
        page = await self._ledger.schedules(account.account_id, after=after, limit=limit)
        following = page[-1].schedule_id if len(page) == limit else None
        return models.Schedules(schedules=[models.schedule_reply(each) for each in page], next=following)

    async def schedule(self, request: Request, schedule_id: Id) -> models.ScheduleReply:
        """One schedule."""
        account = account_of(request)
        found = await self._ledger.schedule(schedule_id)
        if found is None or found.account_id != account.account_id:
            raise missing("schedule", schedule_id)
        return models.schedule_reply(found)

    async def delete_schedule(self, request: Request, schedule_id: Id) -> Response:
        """Delete a schedule that no campaign keeps."""
        account = account_of(request)
        found = await self._ledger.schedule(schedule_id)
        if found is None or found.account_id != account.account_id:
            raise missing("schedule", schedule_id)
        try:
            await self._ledger.delete_schedule(schedule_id)
        except RuleMissing as error:
            raise missing("schedule", schedule_id) from error
        except RuleInUse as error:
            raise Problem(409, "In use", str(error)) from error
        return Response(status_code=204)

    async def add_profile(self, request: Request, body: NewProfile) -> models.ProfileReply:
        """Make a profile."""
        account = account_of(request)
        try:
            made = await self._ledger.add_profile(
                account.account_id, body.name, body.calls_per_second, body.channels, self._clock.now()
            )
        except ProfileError as error:
            raise invalid([{"detail": str(error), "pointer": "#"}]) from error
        except RuleExists as error:
            raise Problem(409, "Name taken", str(error)) from error
        return models.profile_reply(made)

    async def profiles(self, request: Request, after: After = 0, limit: Limit = 100) -> models.Profiles:
        """The profiles of the account, in the order of their ids."""
        account = account_of(request)
        page = await self._ledger.profiles(account.account_id, after=after, limit=limit)
        following = page[-1].profile_id if len(page) == limit else None
        return models.Profiles(profiles=[models.profile_reply(each) for each in page], next=following)

    async def profile(self, request: Request, profile_id: Id) -> models.ProfileReply:
        """One profile."""
        account = account_of(request)
        found = await self._ledger.profile(profile_id)
        if found is None or found.account_id != account.account_id:
            raise missing("profile", profile_id)
        return models.profile_reply(found)

    async def delete_profile(self, request: Request, profile_id: Id) -> Response:
        """Delete a profile that no campaign keeps."""
        account = account_of(request)
        found = await self._ledger.profile(profile_id)
        if found is None or found.account_id != account.account_id:
            raise missing("profile", profile_id)
        try:
            await self._ledger.delete_profile(profile_id)
        except RuleMissing as error:
            raise missing("profile", profile_id) from error
        except RuleInUse as error:
            raise Problem(409, "In use", str(error)) from error
        return Response(status_code=204)

    def _zone(self, body: NewSchedule) -> str:
        try:
            return parse_zone(body.zone)
        except ScheduleError as error:
            raise invalid([{"detail": str(error), "pointer": "#/zone"}]) from error

    def _windows(self, body: NewSchedule) -> tuple[Window, ...]:
        try:
            return parse_windows([window.model_dump() for window in body.windows])
        except ScheduleError as error:
            raise invalid([{"detail": str(error), "pointer": "#/windows"}]) from error


def missing(what: str, key: int) -> Problem:
    """The problem of an object that is not there, or is another account's."""
    return Problem(404, "Not found", f"There is no {what} {key}.")
