"""Schedules and profiles: made, listed, shown and deleted."""

from __future__ import annotations

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Path
from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api.scheduling import models
from mirabelle.api.scheduling.models import GREATEST, NewProfile, NewSchedule
from mirabelle.api.v1 import page, problem
from mirabelle.api.v1.identity import Identity, Manager, Reader
from mirabelle.api.v1.page import After, Limit
from mirabelle.api.v1.services import Services
from mirabelle.api.xml import Fault
from mirabelle.calls.profile import Profile, ProfileError
from mirabelle.calls.schedule import Schedule, ScheduleError, Window, parse_windows, parse_zone
from mirabelle.store.ledger import RuleExists, RuleInUse, RuleMissing

ScheduleId = Annotated[int, Path(ge=1, le=GREATEST, description="The id of a schedule.")]
"""The schedule that a path names."""
ProfileId = Annotated[int, Path(ge=1, le=GREATEST, description="The id of a profile.")]
"""The profile that a path names."""

Rule = TypeVar("Rule", Schedule, Profile)


class RuleRoutes:
    """The handlers of `/api/schedules` and `/api/profiles`."""

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger
        self._clock = services.clock

    async def add_schedule(self, response: Response, caller: Manager, asked: NewSchedule) -> models.ScheduleReply:
        """Make a schedule."""
        zone, windows = _zone(asked), _windows(asked)
        if isinstance(zone, Fault) or isinstance(windows, Fault):
            raise problem.refused([each for each in (zone, windows) if isinstance(each, Fault)])
        account_id = caller.account.account_id
        try:
            made = await self._ledger.add_schedule(account_id, asked.name, zone, windows, self._clock.now())
        except RuleExists as error:
            raise problem.conflict(str(error)) from error
        response.headers["Location"] = f"/api/schedules/{made.schedule_id}"
        return models.schedule_reply(made)

    async def schedules(
        self, request: Request, response: Response, caller: Reader, after: After = 0, limit: Limit = page.USUAL
    ) -> models.Schedules:
        """The schedules of the account, in the order of their ids."""
        found = await self._ledger.schedules(caller.account.account_id, after=after, limit=limit + 1)
        shown, following = page.cut(request, response, found, limit, lambda each: each.schedule_id)
        return models.Schedules(schedules=[models.schedule_reply(each) for each in shown], next=following)

    async def schedule(self, caller: Reader, schedule_id: ScheduleId) -> models.ScheduleReply:
        """One schedule."""
        return models.schedule_reply(await self._schedule(caller, schedule_id))

    async def delete_schedule(self, caller: Manager, schedule_id: ScheduleId) -> Response:
        """Delete a schedule that no campaign keeps."""
        await self._schedule(caller, schedule_id)
        return await _deleted(self._ledger.delete_schedule(schedule_id), f"schedule {schedule_id}")

    async def add_profile(self, response: Response, caller: Manager, asked: NewProfile) -> models.ProfileReply:
        """Make a profile."""
        try:
            made = await self._ledger.add_profile(
                caller.account.account_id, asked.name, asked.calls_per_second, asked.channels, self._clock.now()
            )
        except ProfileError as error:
            raise problem.refused([Fault("body", str(error))]) from error
        except RuleExists as error:
            raise problem.conflict(str(error)) from error
        response.headers["Location"] = f"/api/profiles/{made.profile_id}"
        return models.profile_reply(made)

    async def profiles(
        self, request: Request, response: Response, caller: Reader, after: After = 0, limit: Limit = page.USUAL
    ) -> models.Profiles:
        """The profiles of the account, in the order of their ids."""
        found = await self._ledger.profiles(caller.account.account_id, after=after, limit=limit + 1)
        shown, following = page.cut(request, response, found, limit, lambda each: each.profile_id)
        return models.Profiles(profiles=[models.profile_reply(each) for each in shown], next=following)

    async def profile(self, caller: Reader, profile_id: ProfileId) -> models.ProfileReply:
        """One profile."""
        return models.profile_reply(await self._profile(caller, profile_id))

    async def delete_profile(self, caller: Manager, profile_id: ProfileId) -> Response:
        """Delete a profile that no campaign keeps."""
        await self._profile(caller, profile_id)
        return await _deleted(self._ledger.delete_profile(profile_id), f"profile {profile_id}")

    async def _schedule(self, caller: Identity, schedule_id: int) -> Schedule:
        return _own(caller, await self._ledger.schedule(schedule_id), f"schedule {schedule_id}")

    async def _profile(self, caller: Identity, profile_id: int) -> Profile:
        return _own(caller, await self._ledger.profile(profile_id), f"profile {profile_id}")


def _own(caller: Identity, found: Rule | None, what: str) -> Rule:
    if found is None or found.account_id != caller.account.account_id:
        raise problem.not_found(what)
    return found


async def _deleted(deletion: Awaitable[None], what: str) -> Response:
    try:
        await deletion
    except RuleMissing as error:
        raise problem.not_found(what) from error
    except RuleInUse as error:
        raise problem.conflict(str(error)) from error
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _zone(asked: NewSchedule) -> str | Fault:
    try:
        return parse_zone(asked.zone)
    except ScheduleError as error:
        return Fault("zone", str(error))


def _windows(asked: NewSchedule) -> tuple[Window, ...] | Fault:
    try:
        return parse_windows([window.model_dump() for window in asked.windows])
    except ScheduleError as error:
        return Fault("windows", str(error))
