"""What the JSON API answers when it does not do what was asked: the problem details of RFC 9457."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route

from mirabelle.api.xml import Fault
from mirabelle.errors import MirabelleError

MEDIA_TYPE: Final = "application/problem+json"
"""The Content-Type of a problem (RFC 9457 section 3)."""
MOST_ERRORS: Final = 100
"""The most faults that one problem names."""


WHOLE: Final = "body"
"""What is told as the field where it is the whole body that is wrong."""


class FieldError(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(
        description="The field's name, or `body`; where it is nested, a path such as `calls.3.start_url`."
    )
    detail: str = Field(description="What is wrong with it, and what to do.")
    line: int | None = Field(default=None, description="The line of a list, counted from 1.")


class Problem(BaseModel):
    """Why a request was not done (RFC 9457)."""

    type: str = Field(default="about:blank", description="Says nothing beyond the status.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="What happened, and what to do.")
    errors: list[FieldError] = Field(
        default_factory=list, description=f"Every fault of the request, up to {MOST_ERRORS}; empty for other problems."
    )


class ProblemError(MirabelleError):
    """A request that is not done.

    Attributes:
        status: the HTTP status.
        errors: what is wrong with which field.
        headers: more headers of the reply.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def not_found(what: str) -> ProblemError:
    """There is no such thing, or it is another account's, which is not told apart.

    Args:
        what: the thing in words, such as `call 7`.
    """
    return ProblemError(HTTPStatus.NOT_FOUND, f"There is no {what} in this account.")


def conflict(detail: str) -> ProblemError:
    """The thing is not in a state for what was asked."""
    return ProblemError(HTTPStatus.CONFLICT, detail)


def error_of(fault: Fault) -> FieldError:
    """What is wrong with a field, as the API tells it."""
    return FieldError(field=fault.field, detail=fault.reason, line=fault.line or None)


def refused(faults: Iterable[Fault], *, prefix: str = "") -> ProblemError:
    """The request holds values that cannot be used.

    Args:
        faults: what is wrong with which field.
        prefix: in front of the names of the fields.
    """
    errors = [error_of(replace(fault, field=f"{prefix}{fault.field}")) for fault in faults]
    detail = "Nothing was done: put right what `errors` names, and send the request again."
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors[:MOST_ERRORS])


def response(error: ProblemError) -> Response:
    """The reply to a request that is not done."""
    problem = Problem(
        title=error.status.phrase, status=error.status.value, detail=str(error), errors=list(error.errors)
    )
    headers = {"Cache-Control": "no-store", **error.headers}
    return JSONResponse(
        problem.model_dump(exclude_none=True), status_code=error.status.value, headers=headers, media_type=MEDIA_TYPE
    )


def of_validation(error: RequestValidationError | ValidationError) -> ProblemError:
    """The problem of a request that does not have the shape that the API describes."""
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Nothing was done: the request does not have the shape that this address takes; see `errors`.",
        errors=[_field_error(each) for each in error.errors()[:MOST_ERRORS]],
    )


def of_http(error: HTTPException) -> ProblemError:
    """The problem of what the framework itself refuses: an unknown address, a method, a body that is no JSON."""
    try:
        status = HTTPStatus(error.status_code)
    except ValueError:
        status = HTTPStatus.BAD_REQUEST
    if status is HTTPStatus.BAD_REQUEST:
        # The framework tells bad syntax with 422, but bad UTF-8, or a number without end, with 400.
        return refused([Fault("body", "The body is no JSON in UTF-8.")])
    detail = error.detail if error.detail != status.phrase else _SENTENCES.get(status, status.description)
    return ProblemError(status, detail or status.phrase, headers=error.headers)


_SENTENCES: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address; /openapi.json lists what there is.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method; /openapi.json lists what it takes.",
}


_REASONS: Final[Mapping[str, str]] = {
    "missing": "This is missing; it is required.",
    "extra_forbidden": "There is no such field here.",
    "bool_type": "Give true or false.",
    "dict_type": "Give a JSON object.",
    "int_from_float": "Give a whole number.",
    "int_parsing": "Give a whole number.",
    "int_type": "Give a whole number.",
    "list_type": "Give a JSON list.",
    "model_type": "Give a JSON object.",
    "model_attributes_type": "Give a JSON object.",
    "string_type": "Give a text, in quotation marks.",
}
"""Sentences for what the framework says in terms of its own."""


def reason_of(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, as a sentence.

    Args:
        error: one of those of a `ValidationError`.
    """
    reason = str(error["msg"]).removeprefix("Value error, ").replace("Input should ", "The value must ")
    return _REASONS.get(error["type"], f"{reason[:500]}.")


def place_of(error: Mapping[str, Any]) -> str:
    """The field that is wrong, as a path such as `calls.3.start_url`; `body` where it is no field.

    Args:
        error: one of those of a `ValidationError`.
    """
    place = ".".join(map(str, error["loc"]))[:200]
    # A name can hold half a character, which nothing can be written with.
    return place.encode("utf-8", "replace").decode("utf-8") or WHOLE


def _field_error(error: Mapping[str, Any]) -> FieldError:
    place = [str(each) for each in error["loc"]]
    if error["type"] == "json_invalid":
        at = f" at character {place[-1]}" if place else ""
        return FieldError(field="body", detail=f"The body is no JSON: {error.get('ctx', {}).get('error', '')}{at}.")
    if len(place) > 1 and place[0] in {"body", "query", "path", "header"}:
        error = {**error, "loc": place[1:]}
    return FieldError(field=place_of(error), detail=reason_of(error))


async def answer(_request: Request, error: Exception) -> Response:
    """Answer an exception of this API's handlers."""
    if isinstance(error, RequestValidationError):
        return response(of_validation(error))
    if isinstance(error, HTTPException):
        return response(of_http(error))
    assert isinstance(error, ProblemError)
    return response(error)


def answering(routes: Sequence[BaseRoute]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """The same for `FastAPI.add_exception_handler`, which knows what an address takes.

    Args:
        routes: all of them; `Allow` names the methods of each that has the address (RFC 9110 section 10.2.1), where the
            framework names those of the first.
    """

    async def answer_all(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            methods = {
                method
                for route in routes
                if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
                for method in route.methods or ()
            }
            error.headers = {**(error.headers or {}), **({"Allow": ", ".join(sorted(methods))} if methods else {})}
        return await answer(request, error)

    return answer_all
