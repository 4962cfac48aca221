"""A test file, read: cases of what the caller does and what must happen."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mirabelle.errors import MirabelleError
from mirabelle.vxml.text import FarEnd, InputError, parse_far_end, parse_inputs

MOST_BYTES: Final = 1_000_000
"""The largest test file that is read."""

Kind = Literal["prompt", "log", "event", "submit", "transfer", "record", "disconnect", "end"]
"""What can be expected; also the word in front of it in a report."""

KINDS: Final[tuple[Kind, ...]] = ("prompt", "log", "event", "submit", "transfer", "record", "disconnect", "end")


class CaseError(MirabelleError):
    """A test file that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something the caller does: `12#`, `text:words`, `noinput` or `hangup`."""

    input: str

    def __str__(self) -> str:
        return f"input: {self.input}"


@dataclass(frozen=True, slots=True)
class Expect:
    """Something that must happen.

    Attributes:
        kind: what.
        text: as it must be; `*` stands for any text.
        fields: of a submit, by name: what must be sent.
        values: of an end, by name: what `<exit>` must give.
    """

    kind: Kind
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        more = "".join(f" {name}={value}" for name, value in {**self.fields, **self.values}.items())
        return f"{self.kind}: {self.text}{more}"


Step: TypeAlias = Act | Expect


@dataclass(frozen=True, slots=True)
class Reply:
    """What an address answers in a test, so that no server is needed.

    Attributes:
        url: the address without a query; `*` stands for any text.
        status: of the answer.
        file: what it holds; None where `text` does.
        text: the same as text.
        content_type: empty for what the file's ending says.
    """

    url: str
    status: int = 200
    file: Path | None = None
    text: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One run of an application, and what must come of it.

    Attributes:
        name: a sentence.
        start: the address of the first document.
        steps: in their order.
        session: variables of the session's scope, in place of those of `mirabelle vxml run`.
        far_end: who is at the other end of a transfer.
        replies: addresses that the case answers itself.
    """

    name: str
    start: str
    steps: tuple[Step, ...]
    session: Mapping[str, Any] = field(default_factory=dict)
    far_end: FarEnd = field(default_factory=FarEnd)
    replies: tuple[Reply, ...] = ()


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Answer(_Written):
    text: str
    type: str = "application/voicexml+xml"
    status: int = Field(default=200, ge=100, le=599)


class _Step(_Written):
    input: str | None = None
    prompt: str | None = None
    log: str | None = None
    event: str | None = None
    submit: str | None = None
    transfer: str | None = None
    record: str | None = None
    disconnect: str | None = None
    end: str | None = None
    fields: dict[str, str] = {}
    values: dict[str, Any] = {}


_Replies: TypeAlias = dict[str, str | int | _Answer]


class _Case(_Written):
    name: str = Field(min_length=1)
    start: str = ""
    steps: list[_Step]
    session: dict[str, Any] = {}
    far_end: str = ""
    replies: _Replies = {}


class _File(_Written):
    start: str = ""
    session: dict[str, Any] = {}
    replies: _Replies = {}
    case: list[_Case] = Field(min_length=1)


def read_cases(path: Path) -> tuple[Case, ...]:
    """Read a test file.

    Raises:
        CaseError: it cannot be read, or says something that means nothing; with the place in the file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise CaseError(f"{path}: the file is larger than {MOST_BYTES} bytes; is it the right one?")
        written = _File.model_validate(tomllib.loads(data.decode()))
    except OSError as error:
        raise CaseError(f"{path}: the file cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaseError(f"{path}: the file is not TOML: {error}.") from error
    except ValidationError as error:
        raise CaseError("\n".join(f"{path}: {fault}" for fault in dict.fromkeys(_faults(error)))) from error
    return tuple(_case(path, written, number, each) for number, each in enumerate(written.case, start=1))


def _faults(error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False):
        *around, name = each["loc"]
        if "replies" in each["loc"] and each["type"] not in ("extra_forbidden", "missing"):
            url = each["loc"][: each["loc"].index("replies") + 2]
            yield f"{_place(url)}write a file, a status such as 404, or {{ text = '...', type = '...' }}."
            continue
        place = _place(around)
        match each["type"]:
            case "extra_forbidden":
                yield f"{place}'{name}' is not known; there are {', '.join(_known(around))}."
            case "missing":
                yield f"{place}'{name}' is missing; write it."
            case _:
                yield f"{_place(each['loc'])}{each['msg'][:1].lower()}{each['msg'][1:]}."


def _place(location: Sequence[int | str]) -> str:
    """Where something stands, as a person counts it: `case 2, step 3: `."""
    words: list[str] = []
    for part in location:
        if isinstance(part, int) and words:
            words[-1] = f"{words[-1].removesuffix('s')} {part + 1}"
        elif part not in ("_Answer", "str", "int"):
            words.append(str(part))
    return f"{', '.join(words)}: " if words else ""


def _known(location: Sequence[int | str]) -> Iterator[str]:
    """The names that may stand there."""
    models: dict[str, type[BaseModel]] = {"case": _Case, "steps": _Step, "replies": _Answer}
    found: type[BaseModel] = _File
    for part in location:
        found = models.get(str(part), found)
    yield from found.model_fields


def _case(path: Path, written: _File, number: int, each: _Case) -> Case:
    place = f"{path}: case {number} ('{each.name}')"
    start = each.start or written.start
    if not start:
        raise CaseError(f"{place}: it has no start; write start = 'start.vxml' in it, or at the top of the file.")
    base = path.absolute().as_uri()
    try:
        far_end = parse_far_end(each.far_end)
        steps = tuple(step for at, raw in enumerate(each.steps, start=1) for step in _steps(f"{place}, step {at}", raw))
    except InputError as error:
        raise CaseError(f"{place}: {error}") from error
    return Case(
        each.name,
        urljoin(base, start),
        steps,
        {**written.session, **each.session},
        far_end,
        tuple(_replies(path, urljoin(base, start), {**written.replies, **each.replies})),
    )


def _steps(place: str, raw: _Step) -> Iterator[Step]:
    given = [name for name in ("input", *KINDS) if getattr(raw, name) is not None]
    if len(given) != 1:
        raise CaseError(f"{place}: it needs exactly one of input, {', '.join(KINDS)}.")
    if (raw.fields and raw.submit is None) or (raw.values and raw.end is None):
        raise CaseError(f"{place}: 'fields' belongs to a submit, 'values' to an end.")
    if raw.input is not None:
        inputs = parse_inputs(raw.input)
        if not inputs:
            raise CaseError(f"{place}: the input is empty; write keys (12#), text:words, noinput or hangup.")
        yield from map(Act, inputs)
    for kind in KINDS:
        text: str | None = getattr(raw, kind)
        if text is not None:
            yield Expect(kind, text, raw.fields, raw.values)


def _replies(path: Path, start: str, written: _Replies) -> Iterator[Reply]:
    for url, answer in written.items():
        address = url if url.startswith("*") else urljoin(start, url)
        match answer:
            case int():
                yield Reply(address, answer)
            case str():
                yield Reply(address, file=path.parent / answer)
            case _Answer():
                yield Reply(address, answer.status, text=answer.text, content_type=answer.type)
