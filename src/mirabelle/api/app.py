"""The HTTP application: the outbound services and the health of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from argon2 import PasswordHasher
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

import mirabelle
from mirabelle.api import queuecall, queuecalls
from mirabelle.api.admission import Admission
from mirabelle.api.health import Health
from mirabelle.api.login import Accounts, LoginCheck
from mirabelle.api.preflight import Fetches, Preflight
from mirabelle.api.queuecall_service import QueuecallService, QueuesCalls
from mirabelle.api.queuecalls_service import QueuecallsService, StoresCampaigns
from mirabelle.api.reply import OnlyPost
from mirabelle.api.v1 import problem
from mirabelle.api.v1.openapi import completed
from mirabelle.api.v1.problem import ProblemError
from mirabelle.calls.call import CallState
from mirabelle.calls.clock import Clock
from mirabelle.settings import Settings

QUEUECALL_PATHS: Final = ("/webservice/queuecall.php", "/outbound/webservice/queuecall.php")
"""Where queuecall is served: as the hosted service did, and as its installations on premises did."""

QUEUECALLS_PATHS: Final = ("/webservice/queuecalls.php", "/outbound/webservice/queuecalls.php")
"""Where queuecalls is served."""

JSON_PREFIXES: Final = ("/v1/", "/api/")
"""What the addresses of the services begin with that speak JSON."""


class Ledger(Accounts, QueuesCalls, StoresCampaigns, Protocol):
    """What the services ask of the store."""

    async def counts(self) -> Mapping[CallState, int]:
        """How many calls there are in each state."""
        ...


def create_app(
    ledger: Ledger,
    clock: Clock,
    settings: Settings,
    *,
    on_queued: Callable[[], None],
    health: Callable[[], Mapping[str, Any]],
    fetcher: Fetches | None = None,
    routes: Sequence[BaseRoute] = (),
    json_api: Callable[[Admission], Sequence[APIRouter]] = lambda admission: (),
    hasher: PasswordHasher | None = None,
) -> FastAPI:
    """Build the application.

    Args:
        ledger: the store.
        clock: where the time comes from.
        settings: `http.allow_private`, `http.preflight` and `compat` are looked at.
        on_queued: called when a call was stored, so that the dialer need not wait for its next look.
        health: what the rest of the server says about itself, as JSON values; `ok` false makes the whole unhealthy.
        fetcher: asks start_url and result_url before a call is queued; None: nobody does.
        routes: more routes, such as the pages for people.
        json_api: makes the services that speak JSON.
        hasher: the argon2 parameters, where they are not the usual ones.
    """
    app = FastAPI(title="Mirabelle", version=mirabelle.__version__, docs_url=None, redoc_url=None)
    preflight = None
    if fetcher is not None and settings.http.preflight:
        preflight = Preflight(fetcher, clock, timeout=settings.http.preflight_timeout)
    admission = Admission(LoginCheck(ledger, clock, hasher=hasher), preflight)
    single = QueuecallService(ledger, admission, clock, settings, on_queued)
    several = QueuecallsService(ledger, admission, clock, settings, on_queued)
    for path in QUEUECALL_PATHS:
        _add(app, path, single.handle, queuecall.SERVICE, "Queue one call", _form_schema())
    for path in QUEUECALLS_PATHS:
        _add(app, path, several.handle, queuecalls.SERVICE, "Queue the calls of a list", _list_schema())
    routers = json_api(admission)
    for each in routers:
        app.include_router(each)
    _describe(app)
    app.add_api_route("/health", Health(ledger.counts, health).handle, methods=["GET"], **_HEALTH)
    app.router.routes.extend(routes)
    answer = problem.answering([*app.routes, *(route for each in routers for route in each.routes)])
    for kind in (HTTPException, RequestValidationError, ProblemError):
        app.add_exception_handler(kind, answer)
    return app


def _describe(app: FastAPI) -> None:
    """Have the OpenAPI document say what the signatures do not tell."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(plain(), JSON_PREFIXES)
        return app.openapi_schema

    # As the framework's documentation has it.
    app.openapi = openapi  # type: ignore[method-assign]


def _add(
    app: FastAPI,
    path: str,
    handle: Callable[[Request], Awaitable[Response]],
    service: str,
    summary: str,
    schema: dict[str, Any],
) -> None:
    """Serve a form at an address, and refuse other methods there."""
    types = ("application/x-www-form-urlencoded", "multipart/form-data")
    app.add_api_route(
        path,
        handle,
        methods=["POST"],
        response_class=Response,
        summary=summary,
        operation_id=path.strip("/").replace("/", "_").removesuffix(".php"),
        openapi_extra={"requestBody": {"required": True, "content": {each: {"schema": schema} for each in types}}},
        responses={
            200: {"description": "Queued or failed; `status` tells.", "content": {"text/xml": {}}},
            405: {"description": "Another method than POST.", "content": {"text/xml": {}}},
            500: {"description": "An error of the server's own; `status` is `failed`.", "content": {"text/xml": {}}},
        },
    )
    app.router.routes.append(Route(path, OnlyPost(service)))


def _form_schema(fields: Sequence[queuecall.Field] = queuecall.FIELDS) -> dict[str, Any]:
    """The fields of a form, for the OpenAPI document."""
    return {
        "type": "object",
        "required": [field.name for field in fields if field.required],
        "properties": {
            field.name: {"type": "string", "maxLength": field.most, "description": field.meaning} for field in fields
        },
    }


def _list_schema() -> dict[str, Any]:
    schema = _form_schema(queuecalls.FIELDS)
    schema["required"].append(queuecalls.PHONE_LIST)
    schema["properties"][queuecalls.PHONE_LIST] = {
        "type": "string",
        "format": "binary",
        "description": "The list: phone_number, message_reference and call_parameters, a call in each line.",
    }
    return schema


_HEALTH: Final[dict[str, Any]] = {
    "summary": "How the server is",
    "description": "For a watchdog or a load balancer. It needs no key: keep it away from the public.",
    "operation_id": "get_health",
    "responses": {
        status: {"description": text, "content": {"application/json": {"schema": {"type": "object"}}}}
        for status, text in ((200, "All is well."), (503, "Something is not; the fields say what."))
    },
}
"""What the OpenAPI document says of it."""
