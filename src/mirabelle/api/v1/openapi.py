"""What the OpenAPI document says beyond what the handlers' signatures tell."""

from __future__ import annotations

from typing import Any, Final

from mirabelle.api.v1.additions import CallBatch
from mirabelle.api.v1.idempotency import HEADER, MOST_CHARACTERS
from mirabelle.api.v1.problem import MEDIA_TYPE, Problem

_TEMPLATE: Final = "#/components/schemas/{model}"
_PROBLEMS: Final = {
    "401": "Nobody is known by these credentials.",
    "403": "The role of the key does not reach.",
    "404": "There is no such thing in this account.",
    "408": "The body came too slowly.",
    "409": "The thing is not in a state for it.",
    "413": "The body is too large.",
    "415": "The body is of another kind than is taken.",
    "422": "Something in the request is wrong; `errors` names it.",
    "429": "Too many requests; `Retry-After` says when to come again.",
    "503": "The store does not answer, or the server is busy.",
}
_WITH_BODY: Final = frozenset({"408", "413", "415"})
_KEY: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A request that is sent again with the same key is done once, and answered as at the first time.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS, "pattern": "^[\\x21-\\x7e]+$"},
}


def completed(document: dict[str, Any], prefixes: tuple[str, ...]) -> dict[str, Any]:
    """The document, with the problems of every operation and the header of every POST.

    Args:
        document: as the framework makes it; changed in place.
        prefixes: what the addresses of the API begin with.
    """
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, CallBatch):
        own = model.model_json_schema(ref_template=_TEMPLATE)
        schemas |= own.pop("$defs", {})
        schemas[model.__name__] = own
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in document.get("paths", {}).items():
        if path.startswith(prefixes):
            for method, operation in operations.items():
                _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status, description in _PROBLEMS.items():
        if (status in _WITH_BODY and method == "get") or (status == "404" and "{" not in path):
            continue
        responses[status] = {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": {"$ref": _TEMPLATE.format(model="Problem")}}},
        }
    if method == "post":
        operation.setdefault("parameters", []).append(_KEY)
