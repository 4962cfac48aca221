"""Runs small applications on the text platform, with documents out of a dictionary."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed
from mirabelle.vxml.text import parse_far_end, parse_inputs, run_text

BASE = "http://test/"
HEAD = '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US">'


def vxml(body: str, attributes: str = "") -> str:
    """A whole document around a body."""
    return f"{HEAD[:-1]} {attributes}>{body}</vxml>"


def block(body: str) -> str:
    """A document of one form with one block."""
    return vxml(f"<form><block>{body}</block></form>")


def key(digit: str, meaning: str = "") -> str:
    """A grammar of one key."""
    tag = f"<tag>{meaning}</tag>" if meaning else ""
    return (
        '<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" mode="dtmf" root="r"'
        f' tag-format="semantics/1.0"><rule id="r" scope="public">{digit}{tag}</rule></grammar>'
    )


@dataclass
class Shelf:
    """Serves documents, and remembers what was asked for."""

    documents: Mapping[str, str | bytes]
    types: Mapping[str, str] = field(default_factory=dict)
    asked: list[Fetch] = field(default_factory=list)
    ahead: list[Fetch] = field(default_factory=list)

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        self.asked.append(request)
        name = urlsplit(request.url).path.lstrip("/")
        found = self.documents.get(name)
        if found is None:
            return Fetched(request.url, 404, "text/html", b"not here")
        data = found if isinstance(found, bytes) else found.encode()
        return Fetched(request.url, 200, self.types.get(name, "application/voicexml+xml"), data)

    def prefetch(self, request: Fetch) -> None:
        self.ahead.append(request)

    def submitted(self) -> list[Fetch]:
        """What was asked for after the first document."""
        return self.asked[1:]


@dataclass
class Run:
    """What a run printed, its exit status, and what it fetched."""

    lines: list[str]
    status: int
    shelf: Shelf

    def of(self, kind: str) -> list[str]:
        """The lines of one kind, without the word in front."""
        return [line[len(kind) + 2 :] for line in self.lines if line.startswith(f"{kind}: ")]

    @property
    def prompts(self) -> list[str]:
        return self.of("prompt")

    @property
    def logs(self) -> list[str]:
        return self.of("log")


def run(
    documents: str | Mapping[str, str | bytes],
    inputs: str = "",
    *,
    far_end: str = "",
    types: Mapping[str, str] | None = None,
    dialect: Dialect | None = None,
    start: str = "start.vxml",
    shelf: type[Shelf] = Shelf,
) -> Run:
    """Run `start.vxml`."""
    served = shelf({"start.vxml": documents} if isinstance(documents, str) else documents, types or {})
    lines: list[str] = []
    given: Sequence[str] = parse_inputs(inputs)
    status = asyncio.run(
        run_text(
            BASE + start,
            inputs=given,
            far_end=parse_far_end(far_end),
            fetcher=served,
            out=lines.append,
            dialect=dialect or Dialect(messages=False),
        )
    )
    return Run(lines, status, served)
