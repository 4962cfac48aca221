"""Lists in pages: a cursor is the key of the last thing that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

MOST: Final = 1_000
"""The most things on a page."""
USUAL: Final = 100
"""The things on a page where nobody asks for more or less."""

After = Annotated[
    int,
    Query(ge=0, le=2**63 - 1, description="The `next` of the page before; 0, as when left out, begins at the first."),
]
"""Behind which key a page begins."""
Limit = Annotated[int, Query(ge=1, le=MOST, description="The most things on the page.")]
"""How many things a page holds."""

T = TypeVar("T")


class Page(BaseModel):
    """What all lists have beside their things."""

    next: int | None = Field(default=None, description="Give this as `after` for the next page; null on the last one.")


def cut(found: Sequence[T], limit: int) -> tuple[Sequence[T], bool]:
    """The things of a page, and whether more follow. Ask the store for one more than the page holds.

    Args:
        found: up to `limit` + 1 things.
        limit: of the page.
    """
    return found[:limit], len(found) > limit


def link(request: Request, response: Response, following: int | None) -> None:
    """Say in the headers, too, where the next page is (RFC 8288)."""
    if following is not None:
        query = {**dict(request.query_params), "after": str(following)}
        response.headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
