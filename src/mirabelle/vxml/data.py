"""`<data>`: data fetched without leaving the dialog (VoiceXML 2.1, 5; JSON by extension)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from mirabelle.vxml.dom import constructor, tree
from mirabelle.vxml.ecmascript import JsObject
from mirabelle.vxml.errors import DocumentError, SemanticError
from mirabelle.vxml.fetching import absolute, fetch, meanwhile_audio, one_of, plain_request
from mirabelle.vxml.machine import Machine, Steps
from mirabelle.vxml.signals import Thrown
from mirabelle.vxml.submit import submission_of, with_query
from mirabelle.vxml.xml import MOST_BYTES, Element

_JSON: Final = ("application/json", "text/json")
_UNREADABLE: Final = ("SyntaxError", "RangeError")


def fetch_data(machine: Machine, element: Element) -> Steps[None]:
    """Fetch, and bind the result to the variable that `name` declares.

    Raises:
        Thrown: `error.badfetch`, when it cannot be had or is not well-formed.
        SemanticError: an expression fails.
    """
    given = one_of(element, "src", "srcexpr")
    scopes = machine.scopes
    reference = element.get("src") if given == "src" else scopes.text(element.get("srcexpr"))
    submission = submission_of(machine, element, element.get("namelist").split())
    _, address = with_query(reference.strip(), submission)
    document = machine.here.document
    meanwhile = yield from meanwhile_audio(machine, element, document)
    fetched = yield from fetch(
        machine,
        replace(
            plain_request(machine, element, absolute(document.base, address), "data"),
            method=submission.method,
            fields=submission.fields if submission.method == "post" else (),
            enctype=submission.enctype,
            body=submission.body,
            headers=_headers(element),
            meanwhile=meanwhile,
        ),
    )
    name = machine.declarable(element.get("name"))
    if not name:
        return
    kind = fetched.content_type.partition(";")[0].strip().lower()
    wanted = element.get("accept").partition(";")[0].strip().lower()
    if kind in _JSON or kind.endswith("+json") or (wanted in _JSON and "xml" not in kind):
        _bind_json(machine, name, fetched.body, fetched.url)
        return
    try:
        parsed = tree(fetched.body, fetched.url)
    except DocumentError as error:
        raise Thrown("error.badfetch", str(error)) from error
    scopes.declare_value(name, parsed)
    scopes.declare(name, f"{constructor()}({name})")


def _headers(element: Element) -> dict[str, str]:
    headers = {"Accept": element.get("accept")} if element.get("accept") else {}
    text = element.get("headers")
    if not text:
        return headers
    try:
        given = json.loads(text)
    except ValueError as error:
        raise SemanticError(f"<data>: headers is not JSON: {error}.") from error
    if not isinstance(given, dict):
        raise SemanticError("<data>: headers must be a JSON object of names and values.")
    return headers | {str(name): str(value) for name, value in given.items()}


def _bind_json(machine: Machine, name: str, body: bytes, url: str) -> None:
    """Let the engine read JSON: within its limits, and without holding all other sessions up."""
    if len(body) > MOST_BYTES:
        raise Thrown("error.badfetch", f"{url} is larger than {MOST_BYTES} bytes.")
    try:
        text = body.decode(json.detect_encoding(body))
    except UnicodeDecodeError as error:
        raise Thrown("error.badfetch", f"{url} is not JSON: {error}") from error
    try:
        machine.scopes.declare_value(name, JsObject(text))
    except SemanticError as error:
        if error.reason.startswith(_UNREADABLE):
            raise Thrown("error.badfetch", f"{url} is not JSON: {error.reason}") from error
        raise
