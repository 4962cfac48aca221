"""Page turns: a VoiceXML application of ten pages, with nobody on the line."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from mirabelle.vxml.cache import ParseCache
from mirabelle.vxml.platform import (
    Collect,
    Disconnect,
    Fetch,
    Fetched,
    FetchFailed,
    HungUp,
    Input,
    NoInput,
    NoMatch,
    Note,
    Play,
    Played,
    Record,
    Recorded,
    Result,
    Transfer,
    Transferred,
    TransferResult,
)
from mirabelle.vxml.session import Session
from mirabelle.vxml.turns import Turns
from tests.bench.figure import Figure

PAGES = 10
BASE = "http://pages.invalid/"

TURN = """<?xml version="1.0"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">
 <var name="seen" expr="{number}"/>
 <form id="ask">
  <field name="choice" type="digits?length=1">
   <prompt>Page <value expr="seen"/>. Press one to go on, or two to hear this again.</prompt>
   <noinput>Please press a key. <reprompt/></noinput>
   <filled>
    <if cond="choice == '1'"><submit next="{after}" method="post" namelist="choice seen"/>
    <else/><clear namelist="choice"/></if>
   </filled>
  </field>
 </form>
</vxml>"""

LAST = """<?xml version="1.0"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form><block>Goodbye.<exit/></block></form></vxml>"""


class InstantLine:
    """A platform whose callee presses 1 at once and whose documents are at hand.

    Attributes:
        turns: documents that were fetched.
    """

    def __init__(self) -> None:
        self._pages = {
            f"{BASE}{number}": TURN.format(number=number, after=number + 1).encode() for number in range(PAGES - 1)
        }
        self._pages[f"{BASE}{PAGES - 1}"] = LAST.encode()
        self.turns = 0

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Bring a page."""
        self.turns += 1
        page = self._pages.get(request.url)
        if page is None:
            return FetchFailed("no such page", status=404)
        return Fetched(request.url, 200, "application/voicexml+xml", page)

    def prefetch(self, request: Fetch) -> None:
        """Everything is at hand."""

    async def play(self, request: Play) -> Played | HungUp:
        """Play in no time."""
        return Played()

    async def collect(self, request: Collect) -> Input | NoInput | NoMatch | HungUp:
        """Press 1."""
        for index, grammar in enumerate(request.grammars):
            found = grammar.match(("1",)) if grammar.mode == "dtmf" else None
            if found is not None:
                return Input("dtmf", "1", (Result(index, found, "1"),))
        return NoMatch("1")

    async def record(self, request: Record) -> Recorded | NoInput | HungUp:
        """Hear nothing."""
        return NoInput()

    async def transfer(self, request: Transfer) -> Transferred | HungUp:
        """Reach nobody."""
        return Transferred(TransferResult.UNKNOWN)

    async def disconnect(self, request: Disconnect) -> None:
        """Nobody is there to hang up on."""

    def note(self, note: Note) -> None:
        """Hear nothing."""


def measure(*, quick: bool) -> list[Figure]:
    """Run applications one after the other, in one thread beside the loop as the server does."""
    return asyncio.run(_measure(3.0 if quick else 8.0))


async def _measure(seconds: float) -> list[Figure]:
    line, cache = InstantLine(), ParseCache()
    with ThreadPoolExecutor(1) as executor:
        await _application(line, executor, cache)
        if line.turns != PAGES:
            raise RuntimeError(f"The application of the benchmark turned {line.turns} pages, not {PAGES}.")
        line.turns, began, used = 0, time.monotonic(), time.process_time()
        while time.monotonic() - began < seconds:
            await _application(line, executor, cache)
        took, used = time.monotonic() - began, time.process_time() - used
    how = f"{PAGES} pages a session, prompt, field, submit each; documents parsed once; its session's start counted in"
    return [
        Figure("VoiceXML page turns, one core", f"{line.turns / took:.0f} a second", "", how),
        Figure("CPU of a VoiceXML page turn", f"{1000 * used / line.turns:.2f} ms", "", "user and system"),
    ]


async def _application(line: InstantLine, executor: ThreadPoolExecutor, cache: ParseCache) -> None:
    end = await Session(
        start=Fetch(url=f"{BASE}0", method="get"), platform=line, turns=Turns(executor), cache=cache
    ).run()
    if end.kind != "exit":
        raise RuntimeError(f"The application of the benchmark ended with {end.kind}: {end.error} {end.detail}")
