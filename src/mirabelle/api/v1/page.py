"""Lists in pages: a cursor is the key of the last thing that was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def cut(
    request: Request, response: Response, found: Sequence[T], limit: int, key: Callable[[T], int]
) -> tuple[Sequence[T], int | None]:
    """The things of a page and the cursor of the next one, which the headers get, too (RFC 8288); None on the last.

    Args:
        request: for the page.
        response: gets the header.
        found: up to `limit` + 1 things; whoever asks the store asks for one more than the page holds.
        limit: of the page.
        key: of a thing.
    """
    if len(found) <= limit:
        return found, None
    shown = found[:limit]
    following = key(shown[-1])
    query = {**dict(request.query_params), "after": str(following)}
    response.headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
    return shown, following
