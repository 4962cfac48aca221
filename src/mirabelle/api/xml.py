"""The XML that the outbound services answer with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MEDIA_TYPE: Final = "text/xml; charset=utf-8"
"""The Content-Type of every reply."""
MASK: Final = "********"
"""What stands in a reply for a PIN."""

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})
_ATTRIBUTE_ESCAPES: Final = _ESCAPES | str.maketrans({"\n": "&#10;", "\t": "&#9;"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request, or to be warned of.

    Attributes:
        field: the field's name; `body` where it is the request as a whole.
        reason: what is wrong and what to do, for a person.
        line: which line of a file or a document is meant, counted from 1; 0 for none.
    """

    field: str
    reason: str
    line: int = 0


def holds(text: str) -> bool:
    """Whether XML 1.0 can hold every character of text (production 2, Char)."""
    return _NOT_XML.search(text) is None


def escape(text: str) -> str:
    """Text as the content of an element; what XML cannot hold becomes U+FFFD."""
    return _NOT_XML.sub("\ufffd", text).translate(_ESCAPES)


def queued(
    service: str,
    attributes: Mapping[str, str],
    echo: Iterable[tuple[str, str]],
    warnings: Iterable[Fault] = (),
    *,
    calls: Iterable[Mapping[str, str]] = (),
    passed_over: Iterable[Fault] = (),
) -> bytes:
    """The reply to a request that was accepted.

    Args:
        service: the root element: `queuecall`.
        attributes: what follows `status="queued"`, in order.
        echo: the submitted fields, in order; their names are XML names.
        warnings: what was accepted and looks wrong.
        calls: the attributes of each `<call/>`, where there are several calls.
        passed_over: what was not accepted, while the rest was.
    """
    children = [_element(name, text) for name, text in echo]
    children += [_fault("warning", warning) for warning in warnings]
    children += [_fault("error", fault) for fault in passed_over]
    children += [f"<call{_attributes(call)}/>" for call in calls]
    return _document(service, {"status": "queued", **attributes}, children)


def failed(service: str, echo: Iterable[tuple[str, str]], faults: Sequence[Fault]) -> bytes:
    """The reply to a request that was not accepted: what was submitted, then an `<error>` for each fault."""
    children = [_element(name, text) for name, text in echo]
    children += [_fault("error", fault) for fault in faults]
    return _document(service, {"status": "failed"}, children)


def _fault(name: str, fault: Fault) -> str:
    line = f' line="{fault.line}"' if fault.line else ""
    return f'<{name} field="{_attribute(fault.field)}"{line}>{escape(fault.reason)}</{name}>'


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f' {name}="{_attribute(value)}"' for name, value in values.items())


def _attribute(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text).translate(_ATTRIBUTE_ESCAPES)


def _document(root: str, attributes: Mapping[str, str], children: Sequence[str]) -> bytes:
    body = "".join(f"    {child}\n" for child in children)
    return f'<?xml version="1.0"?>\n<{root}{_attributes(attributes)}>\n{body}</{root}>\n'.encode()
