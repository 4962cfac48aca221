"""When audio for the time of a fetch is heard, on virtual time (VoiceXML 2.0, 6.1.1, 6.3.5 and 4.1.8)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from mirabelle.sandbox import virtual_time
from mirabelle.vxml.fetch_audio import fetch_meanwhile
from mirabelle.vxml.platform import Audio, Fetch, Fetched, FetchFailed, MeanwhileAudio
from tests.unit.vxml.running import BASE, Shelf, run, vxml

DOCUMENT, MUSIC = Fetch(BASE + "next.vxml"), Fetch(BASE + "music.wav", purpose="audio")
START = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Slow:
    """Takes its time with everything, in seconds; None is at hand at once."""

    document: float | None
    music: float | None
    status: int = 200
    asked: list[str] = field(default_factory=list)

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        self.asked.append(request.purpose)
        takes, status = (self.music, self.status) if request.purpose == "audio" else (self.document, 200)
        if takes is not None:
            await asyncio.sleep(takes)
        return Fetched(request.url, status, "", b"some")


def heard(web: Slow, *, delay: float = 0, minimum: float = 0) -> tuple[list[float], float]:
    """From when to when the caller hears music, and when the document is given to the session; in seconds."""
    times: list[float] = []

    async def main(clock: virtual_time.VirtualClock) -> float:
        async def play(_audio: Audio, began: Callable[[], None]) -> None:
            times.append(clock.monotonic())
            began()
            try:
                await asyncio.Event().wait()
            finally:
                times.append(clock.monotonic())

        meanwhile = MeanwhileAudio(MUSIC, round(delay * 1000), round(minimum * 1000))
        reply = await fetch_meanwhile(web, DOCUMENT, meanwhile, play)
        assert isinstance(reply, Fetched)
        assert reply.url == DOCUMENT.url
        return clock.monotonic()

    return times, virtual_time.run(main, START)


@pytest.mark.parametrize(
    ("document", "music", "delay", "minimum", "times", "over"),
    [
        (10, 0, 2, 0, [2, 10], 10),
        (10, 0, 0, 0, [0, 10], 10),
        (1, 0, 2, 5, [], 1),
        (3, 0, 2, 5, [2, 7], 7),
        (30, 0, 2, 5, [2, 30], 30),
        (10, 4, 2, 0, [4, 10], 10),
        (10, 20, 2, 5, [], 10),
        (10, 1, 2, 0, [2, 10], 10),
    ],
    ids=[
        "until the document is there",
        "without a delay",
        "a fetch within the delay is silent",
        "not for less than the minimum",
        "the minimum is over already",
        "as soon as the recording is there",
        "a recording that never comes in time",
        "the recording is fetched within the delay",
    ],
)
def test_when_it_is_heard(
    document: float, music: float, delay: float, minimum: float, times: list[float], over: float
) -> None:
    assert heard(Slow(document, music), delay=delay, minimum=minimum) == (times, over)


def test_a_copy_that_is_at_hand_is_no_fetch() -> None:
    web = Slow(document=None, music=None)
    assert heard(web, minimum=5) == ([], 0)
    assert web.asked == ["document"]


def test_music_that_is_missing_is_silence_and_no_error() -> None:
    assert heard(Slow(10, 0, status=404), minimum=20) == ([], 10)


def test_a_session_that_ends_takes_both_fetches_with_it() -> None:
    async def main(_clock: virtual_time.VirtualClock) -> int:
        async def play(_audio: Audio, _began: Callable[[], None]) -> None:
            raise AssertionError("nothing is played")

        waiting = asyncio.create_task(fetch_meanwhile(Slow(10, 10), DOCUMENT, MeanwhileAudio(MUSIC), play))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return len(asyncio.all_tasks())

    assert virtual_time.run(main, START) == 1


class Late(Shelf):
    """A shelf whose documents, after the first, are not at hand at once."""

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        if self.asked and request.purpose != "audio":
            await asyncio.sleep(0.01)
        return await super().fetch(request)


HERE = vxml("<form><block><log>there</log><exit/></block></form>")
MUSICAL = "fetchaudio='music.wav'"


@pytest.mark.parametrize(
    "element",
    [
        f"<form><block>wait<goto next='next.vxml' {MUSICAL}/></block></form>",
        f"<form><block>wait<submit next='next.vxml' {MUSICAL}/></block></form>",
        f"<form><block>wait</block><subdialog src='next.vxml' {MUSICAL}/></form>",
        f"<form><block>wait<data src='next.vxml' {MUSICAL}/><log>there</log></block></form>",
        f"<menu><prompt>wait</prompt><choice dtmf='1' next='next.vxml' {MUSICAL}>one</choice></menu>",
        f"<link dtmf='1' next='next.vxml' {MUSICAL}/><form><field><prompt>wait</prompt></field></form>",
        "<property name='fetchaudio' value='music.wav'/><form><block>wait<goto next='next.vxml'/></block></form>",
    ],
    ids=["goto", "submit", "subdialog", "data", "choice", "link", "the property"],
)
def test_everything_that_fetches_a_document_plays_it_after_what_is_queued(element: str) -> None:
    documents: dict[str, str | bytes] = {"start.vxml": vxml(element), "next.vxml": HERE, "music.wav": b"RIFF"}
    lines = run(documents, "1", types={"music.wav": "audio/x-wav"}, shelf=Late).lines
    assert [line for line in lines if not line.startswith(("input", "submit"))] == [
        "prompt: wait",
        "prompt: [audio http://test/music.wav]",
        "log: there",
        "exit",
    ]


def test_nobody_hears_it_where_the_document_is_at_hand() -> None:
    documents = {
        "start.vxml": vxml(f"<form><block><goto next='next.vxml' {MUSICAL}/></block></form>"),
        "next.vxml": HERE,
    }
    ended = run(documents)
    assert ended.lines == ["log: there", "exit"]
    assert [request.purpose for request in ended.shelf.asked] == ["document", "document"]


def test_a_property_of_the_root_is_relative_to_the_root() -> None:
    documents: dict[str, str | bytes] = {
        "start.vxml": vxml("<form><block><goto next='next.vxml'/></block></form>", "application='/app/root.vxml'"),
        "app/root.vxml": vxml("<property name='fetchaudio' value='music.wav'/>"),
        "app/music.wav": b"RIFF",
        "next.vxml": HERE,
    }
    lines = run(documents, types={"app/music.wav": "audio/x-wav"}, shelf=Late).lines
    assert "prompt: [audio http://test/app/music.wav]" in lines


def test_how_it_is_fetched_and_played_the_properties_say() -> None:
    properties = {
        "fetchaudiodelay": "2s",
        "fetchaudiominimum": "5s",
        "audiomaxage": "7",
        "audiomaxstale": "8",
        "fetchtimeout": "9s",
    }
    written = "".join(f"<property name='{name}' value='{value}'/>" for name, value in properties.items())
    element = f"{written}<form><block><goto next='next.vxml' {MUSICAL}/></block></form>"
    asked = run({"start.vxml": vxml(element), "next.vxml": HERE}).shelf.asked[1]
    music = Fetch(f"{BASE}music.wav", purpose="audio", timeout_ms=9000, maxage=7, maxstale=8)
    assert asked.meanwhile == MeanwhileAudio(music, 2000, 5000)
