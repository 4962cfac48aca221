"""A part of W3C's VoiceXML 2.0 Implementation Report, run where its documents are at hand."""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.platform import (
    Collect,
    Fetch,
    Fetched,
    FetchFailed,
    HungUp,
    Input,
    NoInput,
    NoMatch,
    Prompt,
    Record,
    Recorded,
    Speech,
    Transfer,
    Transferred,
)
from mirabelle.vxml.session import Session, SessionEnd
from mirabelle.vxml.text import TextPlatform, parse_far_end, session_variables

FOLDER = Path(__file__).parents[4] / "shared" / "conformance" / "vxml-ir"
CONF = "{http://www.w3.org/2002/vxml-conformance}"
VXML = "{http://www.w3.org/2001/vxml}"
BASE = "http://ir.test/"
WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")
KEYS = {word: str(number) for number, word in enumerate(WORDS, 1)}
ENDED = f'<vxml version="2.0" xmlns="{VXML[1:-1]}"><form><block><exit/></block></form></vxml>'

INPUTS = {"300": ["hangup"], "523": ["noinput", "noinput", "4"], "219": ["noinput", "noinput"]}
FAR_ENDS = {"296": "answer:10", "298": "answer:10", "300": "answer:10", "302": "network_busy"}


@dataclass(frozen=True)
class Case:
    number: str
    entry: str
    needs: str


def cases() -> Iterator[Case]:
    if not FOLDER.is_dir():
        return
    with (FOLDER / "cases.tsv").open(encoding="utf-8") as lines:
        for row in csv.reader(lines, delimiter="\t"):
            if not row[0].startswith("#"):
                yield Case(row[0], row[1], row[3])


def translated(data: bytes) -> bytes:
    """Replace what belongs to the conformance namespace by VoiceXML."""
    root = ET.fromstring(data)
    for parent in root.iter():
        for child in list(parent):
            if child.tag.startswith(CONF):
                ours = replacement(child)
                ours.tail = child.tail
                parent.insert(list(parent).index(child), ours)
                parent.remove(child)
    return ET.tostring(root)


def replacement(element: ET.Element) -> ET.Element:
    match element.tag.removeprefix(CONF):
        case "pass":
            return ET.Element(f"{VXML}submit", next=f"{BASE}pass", namelist="")
        case "fail":
            reason = element.get("expr") or repr(element.get("reason") or "no reason given")
            return ET.Element(f"{VXML}submit", expr=f"'{BASE}fail?' + encodeURIComponent({reason})", namelist="")
        case "speech" | "dtmf":
            prompt = ET.Element(f"{VXML}prompt")
            word = element.get("value") or ""
            prompt.text = f"press {KEYS.get(word, word)}"
            return prompt
        case "noinput":
            prompt = ET.Element(f"{VXML}prompt")
            prompt.text = "stay silent"
            return prompt
        case "comment":
            log = ET.Element(f"{VXML}log")
            log.text = element.text
            log.extend(list(element))
            return log
        case "grammar":
            return grammar(element)
        case other:
            pytest.fail(f"conf:{other} is not known to the harness")


def grammar(element: ET.Element) -> ET.Element:
    keys = list(element.iter(f"{CONF}key"))
    utterance = element.get("utterance") or ""
    meaning = "".join(f"out.{k.get('name')} = {k.get('value')!r};" for k in keys)
    if not keys:
        meaning = f"out = {element.get('interp') or utterance!r};"
    source = (
        '<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" mode="dtmf" root="r"'
        ' type="application/srgs+xml" tag-format="semantics/1.0">'
        f'<rule id="r" scope="public">{KEYS[utterance]}<tag>{meaning}</tag></rule></grammar>'
    )
    return ET.fromstring(source)


@dataclass
class Server:
    verdicts: list[str] = field(default_factory=list)

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        name = request.url.removeprefix(BASE)
        if name == "pass" or name.startswith("fail"):
            self.verdicts.append(name)
            return Fetched(request.url, 200, "application/voicexml+xml", ENDED.encode())
        if name.endswith(".wav") and name == "369.wav":
            return Fetched(request.url, 200, "audio/x-wav", b"RIFF....WAVE")
        path = FOLDER / re.sub(r"\.vxml$", ".txml", name)
        if not path.is_file():
            return Fetched(request.url, 404, "text/plain", b"")
        return Fetched(request.url, 200, "application/voicexml+xml", translated(path.read_bytes()))

    def prefetch(self, request: Fetch) -> None:
        pass


class Driver(TextPlatform):
    """Presses what a prompt asks for; where none does, what the case's own list has."""

    async def collect(self, request: Collect) -> Input | NoInput | NoMatch | HungUp:
        self._obey(request.prompts)
        return await super().collect(request)

    async def record(self, request: Record) -> Recorded | NoInput | HungUp:
        self._obey(request.prompts)
        return await super().record(request)

    async def transfer(self, request: Transfer) -> Transferred | HungUp:
        self._obey(request.prompts)
        return await super().transfer(request)

    def _obey(self, prompts: Sequence[Prompt]) -> None:
        spoken = [i.text for p in prompts for i in p.items if isinstance(i, Speech)]
        wanted = re.search(r"press (\d)|stay silent", " ".join(spoken))
        if wanted and not self._waiting:
            self._waiting.append(wanted[1] or "noinput")


async def play(case: Case) -> tuple[SessionEnd, Server, list[str]]:
    lines: list[str] = []
    server = Server()
    platform = Driver(server, lines.append, INPUTS.get(case.number, []), parse_far_end(FAR_ENDS.get(case.number, "")))
    dialect = Dialect(messages=False)
    end = await Session(Fetch(BASE + case.entry), platform, session_variables(), dialect=dialect).run()
    return end, server, lines


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the conformance documents are not beside this checkout")
def test_the_documents_are_there() -> None:
    assert len(list(cases())) == 46


@pytest.mark.parametrize("case", [c for c in cases() if c.needs != "observe"], ids=lambda c: c.number)
def test_an_assertion_passes(case: Case) -> None:
    end, server, lines = asyncio.run(play(case))
    assert server.verdicts == ["pass"], (end, lines)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the conformance documents are not beside this checkout")
class TestWhatIsObserved:
    def test_113_exit_ends_the_session(self) -> None:
        end, server, _ = asyncio.run(play(Case("113", "assert113.txml", "observe")))
        assert (end.kind, server.verdicts) == ("exit", [])

    def test_219_enumerate_in_a_handler_names_the_choices_in_order(self) -> None:
        _, _, lines = asyncio.run(play(Case("219", "219.txml", "observe")))
        assert [w for w in WORDS[:4] if any(w in line for line in lines)] == list(WORDS[:4])

    def test_369_audio_is_played(self) -> None:
        _, _, lines = asyncio.run(play(Case("369", "369.txml", "observe")))
        assert [line for line in lines if line.startswith("prompt")] == [
            f"prompt: [audio {BASE}369.wav]",
            "prompt: pass",
        ]
