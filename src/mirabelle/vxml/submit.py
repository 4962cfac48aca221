"""What a submit, a subdialog or a data element sends (VoiceXML 2.0, 5.3.8; raw, JSON and XML by extension)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit
from xml.sax.saxutils import escape

from mirabelle.vxml.ecmascript import JsObject
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.expressions import base_of, is_name
from mirabelle.vxml.fetching import URL_ENCODED, Submission, absolute, acquire, one_of
from mirabelle.vxml.machine import Machine, Steps
from mirabelle.vxml.platform import Note, NoteKind
from mirabelle.vxml.signals import Thrown
from mirabelle.vxml.xml import Element

MULTIPART: Final = "multipart/form-data"
_JSON: Final = "application/json"
_XML: Final = ("application/xml", "text/xml")

Fields = tuple[tuple[str, str | bytes], ...]


def submit(machine: Machine, element: Element) -> Steps[None]:
    """`<submit>`: always fetches, even where the address is a bare fragment."""
    given = one_of(element, "next", "expr")
    reference = element.get("next") if given == "next" else machine.scopes.text(element.get("expr"))
    names = element.get("namelist").split()
    if "namelist" not in element.attributes and machine.dialect.submit_all:
        names = _named_inputs(machine, element.get("method", "get"))
    submission = submission_of(machine, element, names)
    address, query = with_query(reference, submission)
    yield Note(NoteKind.SUBMIT, _line(machine, address, query, submission))
    transition = yield from acquire(machine, element, query, submission)
    raise transition


def submission_of(machine: Machine, element: Element, names: Sequence[str]) -> Submission:
    """What goes along, by the element's method, enctype and namelist.

    Raises:
        Thrown: `error.badfetch` for a method that does not exist, `error.unsupported.format` for an enctype.
        SemanticError: a name in the list is not declared.
    """
    method = element.get("method", "get").lower()
    enctype = element.get("enctype").strip().lower()
    if method == "raw":
        one_of(element, "rawexpr")
        body = machine.scopes.text(element.get("rawexpr")).encode()
        return Submission("post", enctype=enctype or "text/plain; charset=utf-8", body=body)
    if method not in ("get", "post"):
        raise Thrown("error.badfetch", f"<{element.name}> (line {element.line}): the method '{method}' does not exist.")
    if enctype == _JSON:
        pairs = ",".join(f"{json.dumps(name)}:{machine.scopes.json(name)}" for name in names)
        return Submission("post", enctype=_JSON, body=f"{{{pairs}}}".encode())
    fields = fields_of(machine, names)
    if enctype in _XML:
        return Submission("post", enctype=enctype, body=_as_xml(fields))
    if enctype not in ("", URL_ENCODED, MULTIPART):
        raise Thrown("error.unsupported.format", f"<{element.name}>: the enctype '{enctype[:60]}' is not known.")
    if any(isinstance(value, bytes) for _, value in fields) and method == "post":
        enctype = MULTIPART
    return Submission(method, fields, enctype or URL_ENCODED)


def fields_of(machine: Machine, names: Sequence[str]) -> Fields:
    """Names and their values as a form has them; a recording becomes its bytes, an object its JSON."""
    fields: list[tuple[str, str | bytes]] = []
    scopes = machine.scopes
    for name in names:
        if not is_name(base_of(name)):
            raise SemanticError(f"'{name[:60]}' in a namelist is no variable.")
        found = scopes.field(name)
        if isinstance(found, JsObject):
            fields.append((name, found.json))
            continue
        recording = machine.recordings.get(found)
        fields.append((name, recording.data if recording else found))
    return tuple(fields)


def with_query(reference: str, submission: Submission) -> tuple[str, str]:
    """An address, and the same with the fields of a `get` in its query.

    Raises:
        Thrown: `error.badfetch`, when it is no URI reference.
    """
    if submission.method != "get" or not submission.fields:
        return reference, reference
    try:
        parts = urlsplit(reference)
    except ValueError as error:
        raise Thrown("error.badfetch", f"'{reference[:100]}' is not a URI: {error}.") from error
    texts = [(n, v if isinstance(v, str) else v.decode("latin-1")) for n, v in submission.fields]
    query = "&".join(part for part in (parts.query, urlencode(texts)) if part)
    return reference, urlunsplit(parts._replace(query=query))


def _named_inputs(machine: Machine, method: str) -> list[str]:
    """By default all named input items are submitted (5.3.8); recordings only where there is a body for them."""
    form = machine.here.form
    items = [item for item in form.items if item.takes_input and item.name] if form else []
    return [
        item.name
        for item in items
        if machine.scopes.declared(item.name) and (method == "post" or item.kind != "record")
    ]


def _as_xml(fields: Fields) -> bytes:
    body = "".join(
        f"<{name}>{escape(value if isinstance(value, str) else value.hex())}</{name}>" for name, value in fields
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><submit>{body}</submit>'.encode()


def _line(machine: Machine, address: str, query: str, submission: Submission) -> str:
    """The line about a submit: method, address, fields."""
    method = submission.method.upper()
    url = absolute(machine.here.document.base, address)
    if submission.body is not None:
        return f"{method} {url} {submission.body[:200].decode('utf-8', 'replace')}"
    shown = "&".join(
        f"{quote(name)}={quote(value) if isinstance(value, str) else f'[{len(value)} bytes]'}"
        for name, value in submission.fields
    )
    return f"{method} {url} {shown}".rstrip()
