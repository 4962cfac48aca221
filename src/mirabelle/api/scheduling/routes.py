"""Which handler answers where."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter, Depends, Security
from fastapi.security import HTTPBearer
from starlette.requests import Request

from mirabelle.api.scheduling.access import BoundedRoute, Identify, LongRoute, admit
from mirabelle.api.scheduling.campaigns import CampaignRoutes, Look
from mirabelle.api.scheduling.problem import MEDIA_TYPE, ProblemBody
from mirabelle.api.scheduling.rules import RuleRoutes
from mirabelle.calls.clock import Clock
from mirabelle.settings import Settings
from mirabelle.store.ledger import Ledger

PREFIX: Final = "/api"
"""Where the service is."""

_PROBLEMS: Final = {
    400: "The client went away, or the body is no JSON.",
    401: "There is no bearer key, or nobody's.",
    403: "The key may not do this.",
    404: "There is no such object in the account.",
    408: "The body took too long.",
    409: "The name is taken, or the object is in use.",
    413: "The body is too large.",
    415: "The body came compressed.",
    422: "The request is not as it should be; `errors` tells each fault.",
    503: "The ledger does not answer; try again.",
}


def scheduling_routers(
    ledger: Ledger, clock: Clock, settings: Settings, identify: Identify, look: Look | None = None
) -> tuple[APIRouter, ...]:
    """The routes of the service, to be included in the application.

    Args:
        ledger: the store.
        clock: the time.
        settings: `http.allow_private` and `compat.bad_ani` are looked at.
        identify: tells who asks.
        look: asks addresses before a campaign is made; None: nobody does.
    """
    short = _router(BoundedRoute, identify)
    long = _router(LongRoute, identify)
    rules = RuleRoutes(ledger, clock)
    campaigns = CampaignRoutes(ledger, clock, settings, look)
    _add(short, "POST /schedules", rules.add_schedule, "Make a schedule", 201)
    _add(short, "GET /schedules", rules.schedules, "List the schedules")
    _add(short, "GET /schedules/{schedule_id}", rules.schedule, "Show a schedule")
    _add(short, "DELETE /schedules/{schedule_id}", rules.delete_schedule, "Delete a schedule that is not in use", 204)
    _add(short, "POST /profiles", rules.add_profile, "Make a profile", 201)
    _add(short, "GET /profiles", rules.profiles, "List the profiles")
    _add(short, "GET /profiles/{profile_id}", rules.profile, "Show a profile")
    _add(short, "DELETE /profiles/{profile_id}", rules.delete_profile, "Delete a profile that is not in use", 204)
    _add(short, "POST /campaigns", campaigns.add, "Make a campaign; it is stopped", 201)
    _add(short, "GET /campaigns", campaigns.campaigns, "List the campaigns")
    _add(short, "GET /campaigns/{campaign_id}", campaigns.campaign, "Show a campaign")
    _add(short, "PUT /campaigns/{campaign_id}/rules", campaigns.set_rules, "Change what a campaign keeps")
    _add(short, "POST /campaigns/start", campaigns.start, "Start a campaign")
    _add(short, "POST /campaigns/stop", campaigns.stop, "Stop a campaign")
    _add(long, "POST /campaigns/add-calls", campaigns.add_calls, "Add calls to a campaign", 201)
    return short, long


def _router(route_class: type[BoundedRoute], identify: Identify) -> APIRouter:
    """A router whose routes are all for bearers of a key, and tell problems alike."""
    schema = _problem_schema()

    async def admission(request: Request) -> None:
        await admit(identify, request)

    return APIRouter(
        prefix=PREFIX,
        route_class=route_class,
        tags=["scheduling"],
        dependencies=[
            # The first is for the OpenAPI document.
            Security(HTTPBearer(auto_error=False, description="A key of the account.")),
            Depends(admission),
        ],
        responses={
            status: {"description": meaning, "content": {MEDIA_TYPE: {"schema": schema}}}
            for status, meaning in _PROBLEMS.items()
        },
    )


def _add(
    router: APIRouter, route: str, handler: Callable[..., Awaitable[Any]], summary: str, status: int = 200
) -> None:
    method, _, path = route.partition(" ")
    operation = f"scheduling_{handler.__name__}"
    router.add_api_route(path, handler, methods=[method], status_code=status, summary=summary, operation_id=operation)


def _problem_schema() -> dict[str, Any]:
    """The schema of a problem in one piece, since it stands outside of the document's components."""
    schema = ProblemBody.model_json_schema()
    schema["properties"]["errors"]["items"] = schema.pop("$defs")["Fault"]
    return schema
