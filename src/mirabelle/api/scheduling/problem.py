"""What is wrong with a request, as RFC 9457 has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.responses import JSONResponse

from mirabelle.errors import MirabelleError

MEDIA_TYPE: Final = "application/problem+json"
"""RFC 9457 section 3."""

LONGEST_STEP: Final = 100
"""The most characters of a field's name that are told."""

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
    return invalid(faults(error.errors()))


def invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of a request with faults in it."""
    return Problem(422, "Invalid request", "The request was not done; errors has what to correct.", errors)


def faults(errors: Iterable[Mapping[str, Any]], at: Sequence[int | str] = ()) -> list[dict[str, Any]]:
    """The faults that pydantic found, as a problem tells them.

    Args:
        errors: as pydantic tells them.
        at: where the value that it looked at stands in the request, `body` first; empty: they begin there.
    """
    return [_fault(error, *at, *error["loc"]) for error in errors]


def _fault(error: Mapping[str, Any], where: int | str, *path: int | str) -> dict[str, Any]:
    message = error["msg"].removeprefix("Value error, ")
    if where != _IN_THE_BODY:
        return {"detail": f"{'.'.join(map(str, path))}: {message}."}
    # An error in the JSON itself has its position there.
    steps = () if error["type"] == "json_invalid" else path
    fault = {"detail": f"{message}.", "pointer": "#" + "".join(f"/{_step(step)}" for step in steps)}
    return fault | ({"index": path[1]} if len(path) > 1 and isinstance(path[1], int) else {})


def _step(step: int | str) -> str:
    """One step of a JSON pointer (RFC 6901 section 3), shortened where a field that is not ours has an endless name."""
    text = str(step)[:LONGEST_STEP].replace("~", "~0").replace("/", "~1")
    return text.encode("utf-8", "replace").decode("utf-8")
