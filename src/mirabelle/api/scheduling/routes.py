"""The addresses of the scheduling service."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from mirabelle.api.scheduling import models
from mirabelle.api.scheduling.campaigns import CampaignRoutes
from mirabelle.api.scheduling.rules import RuleRoutes
from mirabelle.api.v1.guard import Guard
from mirabelle.api.v1.operation import add, guarded
from mirabelle.api.v1.services import Services

PREFIX: Final = "/api"
"""Where the service is."""

_TAG: Final = "Scheduling"


def router(services: Services, guard: Guard) -> APIRouter:
    """The service.

    Args:
        services: the rest of the server.
        guard: what all requests pass.
    """
    made = guarded(PREFIX, guard)
    _rules(made, RuleRoutes(services))
    _campaigns(made, CampaignRoutes(services))
    return made


def _rules(made: APIRouter, rules: RuleRoutes) -> None:
    created = HTTPStatus.CREATED
    gone: dict[str, Any] = {"status_code": HTTPStatus.NO_CONTENT, "response_class": Response}
    schedule, profile = "/schedules/{schedule_id:int}", "/profiles/{profile_id:int}"
    add(made, "POST", "/schedules", rules.add_schedule, "make a schedule", _TAG, status_code=created)
    add(made, "GET", "/schedules", rules.schedules, "list the schedules", _TAG)
    add(made, "GET", schedule, rules.schedule, "show a schedule", _TAG)
    add(made, "DELETE", schedule, rules.delete_schedule, "delete a schedule that is not in use", _TAG, **gone)
    add(made, "POST", "/profiles", rules.add_profile, "make a profile", _TAG, status_code=created)
    add(made, "GET", "/profiles", rules.profiles, "list the profiles", _TAG)
    add(made, "GET", profile, rules.profile, "show a profile", _TAG)
    add(made, "DELETE", profile, rules.delete_profile, "delete a profile that is not in use", _TAG, **gone)


def _campaigns(made: APIRouter, campaigns: CampaignRoutes) -> None:
    # A whole number, so that `start` and the others are no campaigns, whatever the method.
    one, created = "/campaigns/{campaign_id:int}", HTTPStatus.CREATED
    named: dict[str, Any] = {"responses": {HTTPStatus.NOT_FOUND: {"description": "The body names a campaign."}}}
    add(made, "POST", "/campaigns", campaigns.add, "make a campaign; it is stopped", _TAG, status_code=created)
    add(made, "GET", "/campaigns", campaigns.campaigns, "list the campaigns", _TAG)
    add(made, "GET", one, campaigns.campaign, "show a campaign", _TAG)
    add(made, "PUT", f"{one}/rules", campaigns.set_rules, "change what a campaign keeps", _TAG)
    add(made, "POST", "/campaigns/start", campaigns.start, "start a campaign", _TAG, **named)
    add(made, "POST", "/campaigns/stop", campaigns.stop, "stop a campaign", _TAG, **named)
    add(
        made,
        "POST",
        "/campaigns/add-calls",
        campaigns.add_calls,
        "add calls to a campaign",
        _TAG,
        status_code=created,
        response_model=models.Added,
        **named,
    )
