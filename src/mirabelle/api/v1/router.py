"""The addresses of the JSON API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from mirabelle.api.quotas import Quotas
from mirabelle.api.v1.accounts import Accounts
from mirabelle.api.v1.additions import BODY, CallsQueued
from mirabelle.api.v1.calls import Calls, QueuedCall
from mirabelle.api.v1.campaigns import Campaigns
from mirabelle.api.v1.do_not_call import LIST_BODY, DoNotCall, NumbersAdded
from mirabelle.api.v1.export import Export
from mirabelle.api.v1.guard import Guard
from mirabelle.api.v1.identity import Door
from mirabelle.api.v1.operation import PREFIX, add, guarded
from mirabelle.api.v1.results import Results
from mirabelle.api.v1.services import Services
from mirabelle.api.v1.times import Times

_CREATED: Final = {"status_code": HTTPStatus.CREATED}


def guard(services: Services) -> Guard:
    """What all requests pass; the services below `/api/` share it."""
    api = services.settings.api
    return Guard(
        services.ledger,
        Door(services.ledger, services.admission.login),
        services.clock,
        Quotas(services.clock, per_second=api.requests_per_second, burst=api.burst),
        most_streamed=services.settings.server.max_upload_mb * 1_000_000,
    )


def router(services: Services, guard: Guard) -> APIRouter:
    """The API.

    Args:
        services: the rest of the server.
        guard: what all requests pass.
    """
    made = guarded(PREFIX, guard)
    _calls(made, services)
    _campaigns(made, services)
    _do_not_call(made, services)
    _results(made, services)
    _accounts(made, services)
    add(made, "GET", "/when", Times(services).explain, "what a time in words means", "Times")
    return made


def _calls(made: APIRouter, services: Services) -> None:
    calls, tag = Calls(services), "Calls"
    add(made, "POST", "/calls", calls.queue, "queue a call", tag, response_model=QueuedCall, **_CREATED)
    add(made, "GET", "/calls", calls.listed, "list calls", tag)
    export = {HTTPStatus.OK: {"content": {"text/csv": {}, "application/x-ndjson": {}}, "description": "The file."}}
    add(
        made,
        "GET",
        "/calls/export",
        Export(services).calls,
        "export calls",
        tag,
        response_class=Response,
        responses=export,
    )
    add(made, "GET", "/calls/{call_id}", calls.one, "a call and its history", tag)
    add(made, "GET", "/calls/{call_id}/attempts", calls.attempts, "the attempts of a call", tag)
    add(made, "GET", "/calls/{call_id}/results", calls.results, "the results of a call", tag)
    add(made, "GET", "/calls/{call_id}/events", calls.events, "the log of a call", tag)
    add(made, "GET", "/calls/{call_id}/explain", calls.explain, "why a call does not leave", tag)
    add(made, "POST", "/calls/{call_id}/cancel", calls.cancel, "withdraw a call", tag)


def _campaigns(made: APIRouter, services: Services) -> None:
    campaigns, tag = Campaigns(services), "Campaigns"
    one = "/campaigns/{campaign_id}"
    add(made, "POST", "/campaigns", campaigns.make, "make a campaign", tag, **_CREATED)
    add(made, "GET", "/campaigns", campaigns.listed, "list campaigns", tag)
    add(made, "GET", one, campaigns.one, "a campaign and its counts", tag)
    add(
        made,
        "POST",
        f"{one}/calls",
        campaigns.add,
        "add calls to a campaign",
        tag,
        response_model=CallsQueued,
        openapi_extra=BODY,
        **_CREATED,
    )
    add(made, "PUT", f"{one}/rules", campaigns.set_rules, "set the schedules and profiles of a campaign", tag)
    add(made, "PUT", f"{one}/dialing", campaigns.set_dialing, "set how the calls of a campaign are dialled", tag)
    add(made, "GET", f"{one}/explain", campaigns.explain, "why the calls of a campaign do not leave", tag)
    add(made, "POST", f"{one}/pause", campaigns.pause, "pause a campaign", tag)
    add(made, "POST", f"{one}/resume", campaigns.resume, "resume a campaign", tag)
    add(made, "POST", f"{one}/cancel", campaigns.cancel, "withdraw the calls of a campaign", tag)
    add(made, "POST", f"{one}/retry", campaigns.retry, "try failed calls again", tag)


def _do_not_call(made: APIRouter, services: Services) -> None:
    lists, tag = DoNotCall(services), "Do not call"
    add(made, "GET", "/do-not-call", lists.listed, "list numbers that are not called", tag)
    add(
        made,
        "POST",
        "/do-not-call",
        lists.add,
        "add numbers that are not called",
        tag,
        response_model=NumbersAdded,
        openapi_extra=LIST_BODY,
        **_CREATED,
    )
    add(made, "POST", "/do-not-call/find", lists.find, "find what keeps a number from being called", tag)
    add(
        made,
        "DELETE",
        "/do-not-call/entries/{entry_id}",
        lists.remove,
        "let a number be called again",
        tag,
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
    )


def _results(made: APIRouter, services: Services) -> None:
    results, tag = Results(services), "Results"
    add(made, "GET", "/results", results.listed, "list results", tag)
    add(made, "GET", "/results/{result_id}", results.one, "a result", tag)
    add(made, "POST", "/results/{result_id}/replay", results.replay, "post a result again", tag)


def _accounts(made: APIRouter, services: Services) -> None:
    accounts, tag = Accounts(services), "Accounts"
    one = "/accounts/{account_id}"
    add(made, "GET", "/accounts", accounts.listed, "list accounts", tag)
    add(made, "POST", "/accounts", accounts.make, "make an account", tag, **_CREATED)
    add(made, "GET", one, accounts.one, "an account", tag)
    add(made, "PATCH", one, accounts.change, "change settings", tag)
    add(made, "POST", f"{one}/pin", accounts.change_pin, "give a new PIN", tag)
    add(made, "POST", f"{one}/secret", accounts.change_secret, "make a signing secret", tag)
    add(made, "GET", f"{one}/keys", accounts.keys, "list keys", tag)
    add(made, "POST", f"{one}/keys", accounts.add_key, "make a key", tag, **_CREATED)
    add(
        made,
        "DELETE",
        f"{one}/keys/{{key_id}}",
        accounts.revoke_key,
        "revoke a key",
        tag,
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
    )
