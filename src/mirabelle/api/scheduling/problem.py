"""What is wrong with a request, as RFC 9457 has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.responses import JSONResponse

from mirabelle.errors import MirabelleError

MEDIA_TYPE: Final = "application/problem+json"
"""RFC 9457 section 3."""

_IN_THE_BODY: Final = "body"


class Problem(MirabelleError):
    """A request is not done, and its sender is told why.

    Attributes:
        status: the HTTP status.
        title: the kind of problem, the same each time.
        detail: what it is this time, and what to do.
        errors: each fault of the request, with a `detail` and, where it is in the body, a `pointer` (RFC 6901).
    """

    def __init__(self, status: int, title: str, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)


class Fault(BaseModel):
    """One fault of a request."""

    detail: str
    pointer: str = ""
    """Where in the body, as a JSON pointer behind `#` (RFC 6901 section 6)."""
    index: int | None = None
    """Which of several, from 0."""


class ProblemBody(BaseModel):
    """The body of a reply to a request that is not done."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


def reply(problem: Problem) -> JSONResponse:
    """The reply that tells a problem."""
    content = {"type": "about:blank", "title": problem.title, "status": problem.status, "detail": problem.detail}
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else None
    more = {"errors": list(problem.errors)} if problem.errors else {}
    return JSONResponse(content | more, problem.status, headers, MEDIA_TYPE)


def of_validation(error: RequestValidationError) -> Problem:
    """The problem of a request that is not what the OpenAPI document says."""
    return invalid([_fault(each) for each in error.errors()])


def invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of a request with faults in it."""
    return Problem(422, "Invalid request", "The request was not done; errors has what to correct.", errors)


def _fault(error: Mapping[str, Any]) -> dict[str, Any]:
    where, *path = error["loc"]
    if where != _IN_THE_BODY:
        return {"detail": f"{'.'.join(map(str, path))}: {error['msg']}."}
    # An error in the JSON itself has its position there.
    steps = [] if error["type"] == "json_invalid" else path
    fault = {"detail": f"{error['msg']}.", "pointer": "#" + "".join(f"/{step}" for step in steps)}
    return fault | ({"index": path[1]} if len(path) > 1 and isinstance(path[1], int) else {})
