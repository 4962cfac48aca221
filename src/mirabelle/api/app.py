"""The HTTP application: the outbound services and the health of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import structlog
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

import mirabelle
from mirabelle.api import form, queuecall, xml
from mirabelle.api.login import Accounts, LoginBusy, LoginCheck
from mirabelle.api.xml import Fault
from mirabelle.calls.account import Account
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.clock import Clock
from mirabelle.errors import MirabelleError
from mirabelle.settings import Settings

QUEUECALL_PATHS: Final = ("/webservice/queuecall.php", "/outbound/webservice/queuecall.php")
"""Where queuecall is served: as the hosted service did, and as its installations on premises did."""
BODY_SECONDS: Final = 30.0
"""How long a client may take to send its form."""

_LOG: Final = "mirabelle.api"
_OTHER_METHODS: Final = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Ledger(Accounts, Protocol):
    """What the services ask of the store."""

    async def queue_call(self, new: NewCall, now: datetime) -> Call:
        """Store a call; it is durable when this returns."""
        ...

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
    routes: Sequence[BaseRoute] = (),
    hasher: PasswordHasher | None = None,
) -> FastAPI:
    """Build the application.

    Args:
        ledger: the store.
        clock: where the time comes from.
        settings: `http.allow_private` and `compat` are looked at.
        on_queued: called when a call was stored, so that the dialer need not wait for its next look.
        health: what the rest of the server says about itself, as JSON values; `ok` false makes the whole unhealthy.
        routes: more routes, such as the pages for people.
        hasher: the argon2 parameters, where they are not the usual ones.
    """
    app = FastAPI(title="Mirabelle", version=mirabelle.__version__, docs_url=None, redoc_url=None)
    service = _Queuecall(ledger, LoginCheck(ledger, clock, hasher=hasher), clock, settings, on_queued)
    for path in QUEUECALL_PATHS:
        app.add_api_route(
            path,
            service.handle,
            methods=["POST"],
            response_class=Response,
            summary="Queue one call",
            operation_id=path.strip("/").replace("/", "_").removesuffix(".php"),
            openapi_extra=_form_schema(),
            responses={200: {"description": "Queued or failed; `status` tells.", "content": {"text/xml": {}}}},
        )
        app.router.routes.append(Route(path, _only_post, methods=_OTHER_METHODS))
    app.add_api_route("/health", _Health(ledger, health).handle, methods=["GET"], summary="How the server is")
    app.router.routes.extend(routes)
    return app


def _form_schema() -> dict[str, Any]:
    """The request body of queuecall, for the OpenAPI document."""
    schema = {
        "type": "object",
        "required": [field.name for field in queuecall.FIELDS if field.required],
        "properties": {
            field.name: {"type": "string", "maxLength": field.most, "description": field.meaning}
            for field in queuecall.FIELDS
        },
    }
    types = ("application/x-www-form-urlencoded", "multipart/form-data")
    return {"requestBody": {"required": True, "content": {each: {"schema": schema} for each in types}}}


async def _only_post(request: Request) -> Response:
    fault = Fault("body", "Send the call with POST, as a form.")
    return _reply(xml.failed(queuecall.SERVICE, (), [fault]), status=405, headers={"Allow": "POST"})


class _Queuecall:
    """`POST queuecall.php`: one form, one call."""

    def __init__(
        self,
        ledger: Ledger,
        login: LoginCheck,
        clock: Clock,
        settings: Settings,
        on_queued: Callable[[], None],
    ) -> None:
        self._ledger = ledger
        self._login = login
        self._clock = clock
        self._settings = settings
        self._on_queued = on_queued
        self._log = structlog.get_logger(_LOG)

    async def handle(self, request: Request) -> Response:
        try:
            parts = await _parts(request)
        except form.FormError as error:
            return _reply(xml.failed(queuecall.SERVICE, (), [Fault("body", str(error))]))
        except ClientDisconnect:
            return Response(status_code=400)
        submission = queuecall.decode(parts, unknown=self._settings.compat.unknown_fields)
        try:
            return await self._answer(submission, "" if request.client is None else request.client.host)
        except Exception:  # noqa: BLE001  the client reads XML, whatever broke here; the log has the rest
            self._log.exception("queuecall failed")
            fault = Fault("body", "The server met an error of its own; look for the call before sending it again.")
            return _reply(self._failed(submission, [fault]), status=500)

    async def _answer(self, submission: queuecall.Submission, client: str) -> Response:
        now = self._clock.now()
        values = submission.values
        order = queuecall.check(
            values,
            now=now,
            allow_private=self._settings.http.allow_private,
            bad_ani=self._settings.compat.bad_ani,
        )
        faults = list(submission.faults)
        if not isinstance(order, queuecall.Order):
            faults += order
        account = None
        if not _named(faults, "login", "pin"):
            account, fault = await self._account(values)
            faults += fault
        if faults or account is None or not isinstance(order, queuecall.Order):
            self._log.info("call refused", client=client, fields=",".join(sorted({fault.field for fault in faults})))
            return _reply(self._failed(submission, faults))
        try:
            call = await self._ledger.queue_call(order.new_call(account), now)
        except MirabelleError as error:
            self._log.warning("call not stored", reason=str(error))
            return _reply(self._failed(submission, [Fault("body", str(error))]))
        self._on_queued()
        self._log.info("call queued", call_id=call.call_id, login=account.login, phone_number=call.phone_number)
        echo = submission.shown(echo_pin=self._settings.compat.echo_pin)
        return _reply(xml.queued(queuecall.SERVICE, {"call_id": str(call.call_id)}, echo))

    async def _account(self, values: Mapping[str, str]) -> tuple[Account | None, tuple[Fault, ...]]:
        """The account of a request, or why there is none."""
        try:
            account = await self._login.account(values["login"], values["pin"])
        except LoginBusy as error:
            return None, (Fault("body", str(error)),)
        return account, () if account else (Fault("login", "The login or the PIN is not right."),)

    def _failed(self, submission: queuecall.Submission, faults: Sequence[Fault]) -> bytes:
        echo = submission.shown(echo_pin=self._settings.compat.echo_pin)
        return xml.failed(queuecall.SERVICE, echo, queuecall.in_order(faults))


def _named(faults: Sequence[Fault], *names: str) -> bool:
    return any(fault.field in names for fault in faults)


async def _parts(request: Request) -> tuple[form.Part, ...]:
    """The form of a request.

    Raises:
        FormError: there is none, it is too large or too slow, or it cannot be read.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise form.FormError("The request has a Content-Encoding; send the form uncompressed.")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await form.read_body(request.stream())
    except TimeoutError as error:
        raise form.FormError(f"The form took longer than {BODY_SECONDS:.0f} seconds to arrive.") from error
    return form.parse(body, request.headers.get("content-type", ""))


def _reply(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    own = {"Content-Type": xml.MEDIA_TYPE, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(body, status_code=status, headers={**own, **(headers or {})})


class _Health:
    """`GET /health`: for a watchdog or a load balancer."""

    def __init__(self, ledger: Ledger, health: Callable[[], Mapping[str, Any]]) -> None:
        self._ledger = ledger
        self._health = health

    async def handle(self) -> JSONResponse:
        rest = dict(self._health())
        ok = bool(rest.pop("ok", True))
        content: dict[str, Any] = {"ok": ok, "version": mirabelle.__version__}
        try:
            counts = await self._ledger.counts()
            content["calls"] = {state.value: counts.get(state, 0) for state in CallState}
        except Exception:  # noqa: BLE001  a watchdog wants an answer above all; the log has the rest
            structlog.get_logger(_LOG).exception("counts failed")
            content |= {"ok": False, "store": "The store does not answer; see the log."}
        return JSONResponse(
            content | rest, status_code=200 if content["ok"] else 503, headers={"Cache-Control": "no-store"}
        )
