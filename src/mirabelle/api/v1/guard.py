"""What every request of the JSON API passes: who is it, how many, how large, and was it sent before?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final, Protocol

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Message, Scope

from mirabelle.api.body import Body
from mirabelle.api.form import FormError
from mirabelle.api.quotas import Quotas
from mirabelle.api.reply import client_of
from mirabelle.api.upload import TooLarge, paced
from mirabelle.api.v1 import problem, rate
from mirabelle.api.v1.idempotency import Idempotency, Remembers, again, key_of
from mirabelle.api.v1.identity import Door, Identity
from mirabelle.api.v1.problem import ProblemError
from mirabelle.api.xml import Fault
from mirabelle.calls.clock import Clock
from mirabelle.store.ledger import AlreadyAnswered, StoreError

MOST_BODY_BYTES: Final = 4_000_000
"""The largest body, where it is not a stream."""
BODY_SECONDS: Final = 30.0
"""How long a client may take to send it."""

STREAMS: Final = "x-streamed-body"
"""What a route has in `openapi_extra` that reads its body itself, as it comes."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class RemembersReplies(Remembers, Protocol):
    """Where replies are kept."""

    async def remember(self, account_id: int, key: str, body_hash: str, status: int, reply: str, now: Any, /) -> bool:
        """Keep the reply to a request."""
        ...


class Guard:
    """Stands around the handlers of the API."""

    def __init__(
        self, ledger: RemembersReplies, door: Door, clock: Clock, quotas: Quotas, *, most_streamed: int
    ) -> None:
        """Make it.

        Args:
            ledger: where replies to requests with an `Idempotency-Key` are kept.
            door: tells who is asking.
            clock: where the time comes from.
            quotas: how many requests an account may send.
            most_streamed: bytes of the largest body that is streamed.
        """
        self._ledger = ledger
        self._door = door
        self._clock = clock
        self._quotas = quotas
        self._most_streamed = most_streamed
        self._log = structlog.get_logger("mirabelle.api")

    def routes(self) -> type[APIRoute]:
        """The class of routes that pass here; `APIRouter(route_class=...)` takes it."""
        guard = self

        class GuardedRoute(APIRoute):
            def matches(self, scope: Scope) -> tuple[Match, Scope]:
                try:
                    return super().matches(scope)
                except ValueError:
                    # Digits without end, where the path takes a whole number.
                    return Match.NONE, {}

            def get_route_handler(self) -> Handler:
                return guard.around(
                    super().get_route_handler(),
                    streams=bool((self.openapi_extra or {}).get(STREAMS)),
                    parameters=frozenset(each.alias for each in self.dependant.query_params),
                )

        return GuardedRoute

    def around(self, handle: Handler, *, streams: bool, parameters: frozenset[str]) -> Handler:
        """A handler that lets through what may pass, and answers everything else with a problem.

        Args:
            handle: does what is asked.
            streams: whether it reads the body itself, as it comes.
            parameters: what it takes behind the question mark.
        """

        async def whole(request: Request) -> Response:
            _refuse_other_parameters(request, parameters)
            return await handle(request)

        async def guarded(request: Request) -> Response:
            body = Body(request)
            try:
                return await self._let_in(request, body, whole, streams=streams)
            except ClientDisconnect:
                return Response(status_code=HTTPStatus.BAD_REQUEST)
            except _TooMuch as error:
                await body.let_go()
                return problem.response(ProblemError(error.status, str(error), headers={"Connection": "close"}))
            except FormError as error:
                await body.let_go()
                large = isinstance(error, TooLarge)
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if large else HTTPStatus.REQUEST_TIMEOUT
                return problem.response(ProblemError(status, str(error), headers={"Connection": "close"}))
            except (RequestValidationError, HTTPException, ProblemError) as error:
                return await problem.answer(request, error)
            except StoreError as error:
                self._log.warning("request not done", reason=str(error))
                return problem.response(ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error)))
            except Exception:  # noqa: BLE001  the client reads a problem, whatever broke here; the log has the rest
                self._log.exception("request failed", path=request.url.path)
                detail = "The server met an error of its own; look whether it was done before sending it again."
                return problem.response(ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail))

        return guarded

    async def _let_in(self, request: Request, body: Body, handle: Handler, *, streams: bool) -> Response:
        identity = await self._door.identify(request.headers.get("authorization", ""), client_of(request))
        request.state.identity = identity
        rate.take(self._quotas, str(identity.account.account_id))
        if request.method in {"GET", "HEAD"}:
            return await handle(request)
        key = key_of(request) if request.method == "POST" else None
        once = None if key is None else Idempotency(key, request)
        request.state.idempotency = once
        if streams:
            receive = _fed(request, once)
        else:
            data = await _whole(request, body)
            _refuse_other_kinds(request, data)
            if once is not None:
                once.feed(data)
            receive = _replayed(request, data)
        heard = Request(request.scope, receive)
        return await (handle(heard) if once is None else self._once(heard, identity, once, handle, streams=streams))

    async def _once(
        self, request: Request, identity: Identity, once: Idempotency, handle: Handler, *, streams: bool
    ) -> Response:
        account_id = identity.account.account_id
        known = await self._ledger.remembered(account_id, once.key)
        if known is not None:
            if streams:
                # Its hash tells whether it is the same list.
                async for _ in paced(Body(request).chunks(), self._most_streamed, self._clock):
                    pass
            return again(known, request.url.path, once.body_hash)
        try:
            response = await handle(request)
        except AlreadyAnswered:
            known = await self._ledger.remembered(account_id, once.key)
            if known is None:
                raise
            return again(known, request.url.path, once.body_hash)
        if 200 <= response.status_code <= 299 and not once.is_kept:
            text = bytes(response.body).decode() if once.text_to_keep is None else once.text_to_keep
            await self._ledger.remember(
                account_id, once.key, once.body_hash, response.status_code, text, self._clock.now()
            )
        return response


class _TooMuch(Exception):
    """A body that is not read to its end."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


async def _whole(request: Request, body: Body) -> bytes:
    """The body.

    Raises:
        _TooMuch: it is compressed, too large or too slow.
    """
    encoding = request.headers.get("content-encoding", "")
    if encoding.strip().lower() not in {"", "identity"}:
        raise _TooMuch(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, without Content-Encoding.")
    length = request.headers.get("content-length", "")
    too_large = _TooMuch(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {MOST_BODY_BYTES} bytes; send less at once."
    )
    if length.isdecimal() and int(length) > MOST_BODY_BYTES:
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in body.chunks():
                data += chunk
                if len(data) > MOST_BODY_BYTES:
                    raise too_large
    except TimeoutError as error:
        detail = f"The body took longer than {BODY_SECONDS:.0f} seconds to arrive."
        raise _TooMuch(HTTPStatus.REQUEST_TIMEOUT, detail) from error
    return bytes(data)


def _refuse_other_kinds(request: Request, data: bytes) -> None:
    """Let in JSON alone.

    Raises:
        ProblemError: 415.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if data and kind != "application/json":
        detail = "Send the body as JSON, with `Content-Type: application/json`."
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)


def _refuse_other_parameters(request: Request, known: frozenset[str]) -> None:
    """Refuse what would be passed over: a filter that is misspelt would let everything through.

    Raises:
        ProblemError: 422.
    """
    given = [name for name, _ in request.query_params.multi_items()]
    takes = f"this address takes {', '.join(sorted(known))}" if known else "this address takes none"
    faults = [
        Fault(name[:200] or "query", f"There is no such parameter; {takes}.") for name in given if name not in known
    ]
    faults += [Fault(name, "The parameter is there twice; give it once.") for name in known if given.count(name) > 1]
    if faults:
        raise problem.refused(faults)


def _replayed(request: Request, data: bytes) -> Callable[[], Coroutine[Any, Any, Message]]:
    """A body that was read already."""
    unread = [data]

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await request.receive()

    return receive


def _fed(request: Request, once: Idempotency | None) -> Callable[[], Coroutine[Any, Any, Message]]:
    """A body that is hashed as it is read."""

    async def receive() -> Message:
        message = await request.receive()
        if once is not None and message["type"] == "http.request":
            once.feed(message.get("body", b""))
        return message

    return receive
