"""What the OpenAPI document says beyond what the handlers' signatures tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mirabelle.api.v1.additions import CallBatch
from mirabelle.api.v1.idempotency import HEADER, MOST_CHARACTERS, REPLAYED
from mirabelle.api.v1.problem import MEDIA_TYPE, Problem

ROLE: Final = "x-role"
"""Where an operation of the document says which role it needs."""

_TEMPLATE: Final = "#/components/schemas/{model}"
_ABOUT: Final = (
    "Queues outbound calls and tells what became of them. Requests below `/v1` carry a key, as `Authorization: Bearer "
    "KEY`, or login and PIN by HTTP Basic; what is refused is answered with a problem (RFC 9457). The two `.php` "
    "services take login and PIN as fields of their form."
)
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
    "500": "An error of the server's own; look whether it was done before sending it again.",
    "503": "The store does not answer, or the server is busy.",
}
_WITH_BODY: Final = frozenset({"408", "409", "413", "415"})


def _header(description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": {"type": "string", **schema}}


_HEADERS: Final[Mapping[str, dict[str, Any]]] = {
    "401": {"WWW-Authenticate": _header("The kinds of credentials that are taken.", required=True)},
    "429": {"Retry-After": _header("Seconds to wait.", required=True, pattern="^[1-9][0-9]*$")},
    "503": {"Retry-After": _header("Seconds to wait, where the server is busy.", pattern="^[1-9][0-9]*$")},
}
_LINK: Final = _header('Where the next page is (RFC 8288), as `<address>; rel="next"`.')
_LOCATION: Final = _header("Where what was made is.")
_REPLAY: Final = _header("`true` where the reply was given before.", enum=["true"])
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
    document["info"]["description"] = _ABOUT
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
    # What it is about is named in the address, or the operation says that its body names it.
    named = "{" in path or "404" in responses
    for status, response in responses.items():
        if status.startswith("2"):
            _complete_success(status, response, method, operation)
    for status, description in _PROBLEMS.items():
        if (status in _WITH_BODY and method == "get") or (status == "404" and not named):
            continue
        if MEDIA_TYPE in responses.get(status, {}).get("content", {}):
            # The operation describes problems of its own.
            continue
        responses[status] = {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": {"$ref": _TEMPLATE.format(model="Problem")}}},
        }
        if status in _HEADERS:
            responses[status]["headers"] = _HEADERS[status]
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", []):
        _without_null(parameter)
    if method == "post":
        operation.setdefault("parameters", []).append(_KEY)
    if (role := operation.get(ROLE)) is not None:
        operation["description"] = f"{operation.get('description', '')}\n\nNeeds the role `{role}`.".strip()


def _complete_success(status: str, response: dict[str, Any], method: str, operation: dict[str, Any]) -> None:
    if response["description"] == "Successful Response":
        response["description"] = {"201": "Made.", "204": "Done."}.get(status, "Done, or found.")
    headers = {}
    if method == "post":
        headers[REPLAYED] = _REPLAY
    if status == "201":
        headers["Location"] = _LOCATION
    if any(each["name"] == "after" for each in operation.get("parameters", [])):
        headers["Link"] = _LINK
    if headers:
        response["headers"] = {**response.get("headers", {}), **headers}


def _without_null(parameter: dict[str, Any]) -> None:
    """A parameter that is left out is not null: nothing in an address is."""
    schema = parameter["schema"]
    kinds = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema |= kinds[0]
