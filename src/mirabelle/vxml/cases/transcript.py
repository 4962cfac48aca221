"""A case, run: all that happened, in its order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from mirabelle.vxml.cases.case import Act, Case, Reply
from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed, Note, NoteKind
from mirabelle.vxml.session import Session
from mirabelle.vxml.text import DocumentFetcher, TextPlatform, session_variables


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    Attributes:
        kind: as of `Expect`; `input` for what the caller did, `taken` for what the case made the caller do.
        text: about it.
        fields: of a submit, what was sent.
        values: of an end, what `<exit>` gave, as JSON.
    """

    kind: str
    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        more = "".join(f" {name}={value}" for name, value in {**self.fields, **self.values}.items())
        return f"{self.kind}: {self.text}{more}".rstrip()


def covers(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern wants it: `*` stands for any text, and white space counts once."""
    parts = " ".join(pattern.split()).split("*")
    return re.fullmatch(".*".join(map(re.escape, parts)), " ".join(text.split()), re.DOTALL) is not None


class Answering:
    """Answers some addresses as a case wants it; for the others asks on.

    Args:
        replies: the addresses.
        fetcher: gets everything else.
    """

    def __init__(self, replies: tuple[Reply, ...], fetcher: DocumentFetcher) -> None:
        self._replies = replies
        self._fetcher = fetcher

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get it; every failure is a reply."""
        reply = self._reply(request)
        if reply is None:
            return await self._fetcher.fetch(request)
        if reply.file is None:
            return Fetched(request.url, reply.status, reply.content_type, reply.text.encode())
        found = await self._fetcher.fetch(Fetch(reply.file.absolute().as_uri(), purpose=request.purpose))
        return (
            found
            if isinstance(found, FetchFailed)
            else Fetched(request.url, found.status, found.content_type, found.body)
        )

    def prefetch(self, request: Fetch) -> None:
        """Begin to get it, unless the case answers it."""
        if self._reply(request) is None:
            self._fetcher.prefetch(request)

    def _reply(self, request: Fetch) -> Reply | None:
        address = request.url.partition("?")[0]
        return next((each for each in self._replies if covers(each.url, address)), None)


class _Recording(TextPlatform):
    """Keeps what happens instead of printing it."""

    def __init__(self, case: Case, fetcher: DocumentFetcher) -> None:
        self.entries: list[Entry] = []
        acts = [step.input for step in case.steps if isinstance(step, Act)]
        super().__init__(fetcher, self._keep, acts, case.far_end)

    def _keep(self, line: str) -> None:
        kind, _, text = line.partition(" ")
        self.entries.append(Entry(kind.rstrip(":"), text))

    def took(self, given: str) -> None:
        """Keep where the caller did what the case said."""
        self.entries.append(Entry("taken", given))

    def note(self, note: Note) -> None:
        """Keep every note."""
        if note.kind is NoteKind.SUBMIT:
            method, _, rest = note.text.partition(" ")
            url, _, query = rest.partition(" ")
            self.entries.append(Entry("submit", f"{method} {url}", dict(parse_qsl(query, keep_blank_values=True))))
        else:
            self.entries.append(Entry(str(note.kind), note.text))


async def transcribe(case: Case, fetcher: DocumentFetcher, dialect: Dialect | None = None) -> tuple[Entry, ...]:
    """Run a case to its end.

    Args:
        case: what the caller does, and the rest that the run depends on.
        fetcher: gets what the case does not answer itself.
        dialect: what the Recommendation leaves open.
    """
    platform = _Recording(case, Answering(case.replies, fetcher))
    variables = _merged(session_variables(), case.session)
    end = await Session(Fetch(case.start), platform, variables, dialect=dialect).run()
    text = end.kind if end.kind != "error" else f"{end.error} {end.detail}".rstrip()
    platform.entries.append(Entry("end", text, values=end.exit_values))
    return tuple(platform.entries)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables laid over tables, however deep."""
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = _merged(under, value) if isinstance(value, Mapping) and isinstance(under, Mapping) else value
    return merged
