"""An operation of the JSON API: an address, a method, and what the OpenAPI document says of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Security
from fastapi.security import HTTPBasic, HTTPBearer

from mirabelle.api.v1.guard import Guard
from mirabelle.api.v1.identity import role_of
from mirabelle.api.v1.openapi import ROLE

PREFIX: Final = "/v1"
"""What addresses begin with that are not told apart from others in the names of operations."""


def guarded(prefix: str, guard: Guard) -> APIRouter:
    """A router whose requests all pass the guard.

    Args:
        prefix: what its addresses begin with.
        guard: lets them in.
    """
    return APIRouter(
        prefix=prefix,
        route_class=guard.routes(),
        # For the OpenAPI document; the guard lets in.
        dependencies=[
            Security(
                HTTPBearer(auto_error=False, description="A key; `POST /v1/accounts/{account_id}/keys` makes one.")
            ),
            Security(HTTPBasic(auto_error=False, description="The account's login and PIN; they are an admin.")),
        ],
    )


def add(
    made: APIRouter, method: str, path: str, handle: Callable[..., Any], summary: str, tag: str, **more: Any
) -> None:
    """Add an operation; its name in the document is the method and the path, as generated clients like it.

    Args:
        made: a router that `guarded` made.
        method: in capitals.
        path: behind the prefix.
        handle: does it.
        summary: what it does, without a full stop.
        tag: the chapter of the document.
        more: what `APIRouter.add_api_route` takes besides.
    """
    extra = {**more.pop("openapi_extra", {}), ROLE: role_of(handle)}
    words = re.findall(r"(?<![:\w])\w+", made.prefix.removeprefix(PREFIX) + path)
    made.add_api_route(
        path,
        handle,
        methods=[method],
        summary=f"{summary[0].upper()}{summary[1:]}",
        operation_id="_".join([method.lower(), *words]),
        tags=[tag],
        openapi_extra=extra,
        **more,
    )
