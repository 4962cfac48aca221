"""Documents, scripts and grammars: asked for, checked, and turned into transitions (VoiceXML 2.0, 1.5.2 and 6.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urldefrag, urljoin

from mirabelle.vxml.document import Document, parse_document
from mirabelle.vxml.duration import milliseconds
from mirabelle.vxml.errors import DocumentError, SemanticError
from mirabelle.vxml.machine import Context, Machine, Steps
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed, MeanwhileAudio, Reply
from mirabelle.vxml.properties import Properties, whole
from mirabelle.vxml.signals import GoToDialog, Thrown
from mirabelle.vxml.trace import FetchTold
from mirabelle.vxml.xml import Element

URL_ENCODED: Final = "application/x-www-form-urlencoded"

MOST_MOVED: Final = 256
"""Redirects of documents that one session remembers."""

SUCCESSES: Final = range(200, 300)
"""The statuses of an answer that may be used."""

BYTES_PER_TAG: Final = 250
"""What an element takes in memory, roughly."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What goes along with a request for a document.

    Attributes:
        method: `get` or `post`.
        fields: form fields.
        enctype: how they are written, or the type of the body.
        body: a body that is no form.
        headers: extra headers.
    """

    method: str = "get"
    fields: tuple[tuple[str, str | bytes], ...] = ()
    enctype: str = URL_ENCODED
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


NOTHING: Final = Submission()


def absolute(base: str, reference: str) -> str:
    """A URI reference as an absolute URI.

    Raises:
        Thrown: `error.badfetch`, when it is no URI reference.
    """
    try:
        return urljoin(base, reference.strip())
    except ValueError as error:
        raise Thrown("error.badfetch", f"'{reference.strip()[:100]}' is not a URI: {error}.") from error


def fetch(machine: Machine, request: Fetch) -> Steps[Fetched]:
    """Fetch, or throw `error.badfetch` (5.2.6).

    Raises:
        Thrown: `error.badfetch.http.` and the status, where a response is the reason; else, as when time runs out or
            nobody answers, `error.badfetch`. A redirect that was not followed, because it names no place or is one too
            many, is such a response.
    """
    machine.spend_fetch()
    reply = yield request
    if machine.tracer is not None:
        machine.tracer.tell(_told(request, reply))
    if isinstance(reply, Fetched) and reply.status in SUCCESSES:
        return reply
    status = reply.status if isinstance(reply, Fetched | FetchFailed) else 0
    reason = reply.reason if isinstance(reply, FetchFailed) else _refusal(request.url, status)
    suffix = f".http.{status}" if status else ""
    raise Thrown(f"error.badfetch{suffix}", f"{request.url}: {reason}")


def _refusal(url: str, status: int) -> str:
    # A missing file is a 404, too: an application behaves in the terminal as on the telephone.
    if url.startswith("file:") and status == HTTPStatus.NOT_FOUND:
        return "there is no such file, or it may not be read"
    return f"the server answered {status}"


def _told(request: Fetch, reply: Reply) -> FetchTold:
    method = request.method.upper()
    match reply:
        case Fetched():
            return FetchTold(method, request.url, request.purpose, reply.status, len(reply.body))
        case FetchFailed():
            return FetchTold(method, request.url, request.purpose, reply.status, reason=reply.reason)
        case _:
            return FetchTold(method, request.url, request.purpose, 0, reason="nothing answered.")


def plain_request(machine: Machine, element: Element, url: str, purpose: str, kind: str = "") -> Fetch:
    """A request with the fetch attributes of an element, or the properties that stand in for them (6.1.1).

    Args:
        machine: for the properties in effect.
        element: what holds `fetchtimeout`, `maxage` and `maxstale`.
        url: absolute.
        purpose: what it is fetched for.
        kind: the word in front of the properties' names; `purpose` where empty.
    """
    return request_for(machine.properties, element, url, purpose, kind)


def request_for(properties: Properties, element: Element, url: str, purpose: str, kind: str = "") -> Fetch:
    """As `plain_request`, with the properties that are in effect where the element stands.

    Raises:
        SemanticError: a property is not what it has to be.
    """
    kind = kind or purpose
    timeout = element.get("fetchtimeout")
    return Fetch(
        url=urldefrag(url).url,
        purpose=purpose,
        timeout_ms=milliseconds(timeout) if timeout else properties.time("fetchtimeout"),
        maxage=_seconds(element, "maxage", properties, kind),
        maxstale=_seconds(element, "maxstale", properties, kind),
    )


def _seconds(element: Element, name: str, properties: Properties, kind: str) -> int | None:
    text = element.get(name)
    return whole(text, name) if text else properties.seconds(f"{kind}{name}")


def one_of(element: Element, *names: str, required: bool = True) -> str:
    """The one attribute of several that is present.

    Returns:
        Its name; empty where none is and none is required.

    Raises:
        Thrown: `error.badfetch`, when there are several, or none.
    """
    present = [name for name in names if name in element.attributes]
    if len(present) > 1 or (required and not present):
        listed = ", ".join(names)
        reason = f"<{element.name}> (line {element.line}) must have exactly one of {listed}."
        raise Thrown("error.badfetch", reason)
    return present[0] if present else ""


def either(element: Element, *names: str) -> str:
    """Which one of several attributes is present; empty where the element has content instead.

    Raises:
        Thrown: `error.badfetch`, when there are several, or both attribute and content, or neither.
    """
    given = one_of(element, *names, required=False)
    content = any(not isinstance(child, str) or child.strip() for child in element.children)
    if bool(given) == content:
        listed = ", ".join(names)
        reason = f"<{element.name}> (line {element.line}) must have exactly one of {listed} and content."
        raise Thrown("error.badfetch", reason)
    return given


def load_document(machine: Machine, request: Fetch) -> Steps[Document]:
    """Fetch and parse a VoiceXML document.

    Raises:
        Thrown: `error.badfetch`; its message has line, column and reason where the document is none.
    """
    fetched = yield from fetch(machine, request)
    if fetched.url != request.url and len(machine.moved) < MOST_MOVED:
        machine.moved[request.url] = urldefrag(fetched.url).url
    return parse(machine, fetched)


def parse(machine: Machine, fetched: Fetched) -> Document:
    """Parse what was fetched, unless it was parsed before.

    What is wrong with a document is told to the one that asked for it. Nobody asked for the first one: as far as it
    can be executed it is, and its own handlers hear of the rest.

    Raises:
        Thrown: `error.badfetch`.
    """
    strict = machine.context is not None
    try:
        return machine.cache.get(
            fetched.body,
            ("document", fetched.url, "strict" if strict else "lenient"),
            lambda: parse_document(fetched.body, fetched.url, strict=strict),
            lambda _: 2 * len(fetched.body) + BYTES_PER_TAG * fetched.body.count(b"<"),
        )
    except DocumentError as error:
        raise Thrown("error.badfetch", str(error)) from error


def load_root(machine: Machine, document: Document, request: Fetch) -> Steps[Document | None]:
    """The application root that a document names.

    Raises:
        Thrown: `error.badfetch` where it cannot be had, `error.semantic` where it names a root of its own.
    """
    if not document.application:
        return None
    # How old a root may be, no markup says (6.1.2.1): the server does.
    asked = Fetch(urldefrag(document.application).url, timeout_ms=request.timeout_ms)
    root = yield from load_document(machine, asked)
    if root.application:
        raise Thrown("error.semantic", f"{root.uri} is an application root and must not name one itself.")
    return root


def acquire(
    machine: Machine,
    element: Element,
    reference: str,
    submission: Submission | None = None,
    document: Document | None = None,
) -> Steps[GoToDialog]:
    """Get all that a transition needs, so that it cannot fail once it has begun.

    Args:
        machine: the session.
        element: the goto, submit, choice, link or subdialog, for its fetch attributes.
        reference: a URI reference.
        submission: what goes along; None where a bare fragment stays in the document (everything but `<submit>`).
        document: what the reference is relative to: the active document, where None, or its root.

    Raises:
        Thrown: `error.badfetch` when the document, its root or the dialog cannot be had.
    """
    here = machine.here
    reference = reference.strip()
    address, _, fragment = reference.partition("#")
    if document is not None and document is not here.document:
        reference = absolute(document.base if address else document.uri, reference)
        address, _, fragment = reference.partition("#")
    if submission is None and not address:
        return GoToDialog(here.document, here.root, dialog_of(here.document, fragment), fresh=False, fresh_root=False)
    url = absolute(here.document.base, address or urldefrag(here.document.uri).url)
    root_uri = here.root.uri if here.root else here.document.uri
    if submission is None and here.root is not None and machine.moved.get(url, url) == root_uri:
        # Leaf to root within the application keeps the root's context (1.5.2).
        return GoToDialog(here.root, None, dialog_of(here.root, fragment), fresh=False, fresh_root=False)
    request = yield from document_request(machine, element, url, submission or NOTHING, document or here.document)
    found = yield from load_document(machine, request)
    return (yield from entrance(machine, found, request, fragment))


def entrance(machine: Machine, document: Document, request: Fetch, fragment: str) -> Steps[GoToDialog]:
    """How a document that was just fetched is entered.

    Raises:
        Thrown: `error.badfetch` when its root or the dialog cannot be had.
    """
    here: Context | None = machine.context
    current = (here.root or here.document) if here else None
    application = urldefrag(document.application).url
    if application and current and machine.moved.get(application, application) == current.uri:
        root: Document | None = current
        fresh_root = False
    else:
        root = yield from load_root(machine, document, request)
        fresh_root = True
    dialog = dialog_of(document, fragment)
    return GoToDialog(document, root, dialog, fresh=True, fresh_root=fresh_root)


def document_request(
    machine: Machine, element: Element, url: str, submission: Submission, document: Document
) -> Steps[Fetch]:
    """The request for a document; plays what is queued where there is audio for the time of fetching (4.1.8)."""
    return replace(
        plain_request(machine, element, url, "document"),
        method=submission.method,
        fields=submission.fields,
        enctype=submission.enctype,
        body=submission.body,
        headers=dict(submission.headers),
        meanwhile=(yield from meanwhile_audio(machine, element, document)),
    )


def meanwhile_audio(machine: Machine, element: Element, document: Document) -> Steps[MeanwhileAudio | None]:
    """What the caller hears while an element fetches (6.1.1); the prompts that are queued are played before (4.1.8).

    Args:
        machine: the session.
        element: what fetches; its `fetchaudio`, or the property of that name.
        document: where the element stands.

    Raises:
        Thrown: the caller hung up meanwhile.
    """
    url = _fetchaudio(machine, element, document)
    if not url or machine.gone:
        return None
    yield from machine.flush()
    properties = machine.properties
    recording = Fetch(
        url,
        purpose="audio",
        timeout_ms=properties.time("fetchtimeout"),
        maxage=properties.seconds("audiomaxage"),
        maxstale=properties.seconds("audiomaxstale"),
    )
    return MeanwhileAudio(recording, properties.time("fetchaudiodelay"), properties.time("fetchaudiominimum"))


def _fetchaudio(machine: Machine, element: Element, document: Document) -> str:
    """The address of the recording, absolute; empty for silence. A property is relative to where it stands."""
    here = machine.here
    written, base = element.get("fetchaudio"), document.base
    if not written:
        written, base = machine.properties.text("fetchaudio"), here.document.base
        inner = tuple(holder for holder in here.holders() if here.root is None or holder is not here.root.root)
        if here.root is not None and not Properties(inner, {}).text("fetchaudio"):
            base = here.root.base
    return urldefrag(absolute(base, written)).url if written.strip() else ""


def dialog_of(document: Document, fragment: str) -> Element | None:
    """The dialog that a fragment names; None for the first.

    Raises:
        Thrown: `error.badfetch` when there is no such dialog.
    """
    if not fragment:
        return None
    dialog = document.dialog(fragment)
    if dialog is None:
        raise Thrown("error.badfetch", f"{document.uri} has no dialog '{fragment}'.")
    return dialog


def charset_text(fetched: Fetched, charset: str) -> str:
    """The text of a script, in the encoding its element names, or the server, or UTF-8.

    Raises:
        Thrown: `error.badfetch`, when the bytes are not of that encoding.
    """
    named = charset
    if not named:
        _, _, parameters = fetched.content_type.partition("charset=")
        named = parameters.split(";")[0].strip(" \"'") or "utf-8-sig"
    try:
        return fetched.body.decode(named)
    except (LookupError, ValueError) as error:
        raise Thrown("error.badfetch", f"{fetched.url} is not {named}: {error}") from error


def check_semantics(condition: object, reason: str) -> None:
    """Raise `error.semantic` unless the condition holds.

    Raises:
        SemanticError: it does not.
    """
    if not condition:
        raise SemanticError(reason)
