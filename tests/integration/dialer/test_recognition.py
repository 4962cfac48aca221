"""Words on the telephone, over real media: a callee who speaks, and a recogniser behind HTTP."""

from __future__ import annotations

import asyncio
import email
import io
import json
import threading
import wave
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from mirabelle.calls.outcome import Outcome
from mirabelle.settings.speech import SpeechSettings
from mirabelle.speech.cache import open_synthesizer
from mirabelle.speech.http_recogniser import HttpRecogniser
from mirabelle.speech.recogniser import Question, Understanding
from tests.integration.dialer.switch import Switch, a_plane, a_switch

DOCUMENT = """<?xml version="1.0"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US">
 <property name="recordutterance" value="true"/>
 <property name="maxnbest" value="3"/>
 <property name="timeout" value="30s"/>
 <var name="event"/>
 <form>
  <field name="drink">
   <grammar type="application/srgs">#ABNF 1.0; language en-US; mode voice; root $d;
    tag-format &lt;semantics/1.0&gt;;
    $d = coffee with milk {out = "latte";} | tea;</grammar>
   <grammar type="application/srgs">#ABNF 1.0; mode dtmf; root $k; $k = 1;</grammar>
   <catch event="nomatch noinput error"><assign name="event" expr="_event"/>
    <submit next="http://app/caught" method="post" namelist="event"/></catch>
   <filled>
    <var name="mode" expr="application.lastresult$.inputmode"/>
    <var name="count" expr="application.lastresult$.length"/>
    <var name="confidence" expr="drink$.confidence"/>
    <var name="utterance" expr="drink$.utterance"/>
    <var name="duration" expr="drink$.recordingduration"/>
    <var name="size" expr="drink$.recordingsize"/>
    <submit next="http://app/moved" method="post" namelist="drink mode count confidence utterance duration size"/>
   </filled>
  </field>
 </form>
</vxml>"""


@dataclass
class Stub:
    """A recogniser that answers what it is told, and keeps what it heard."""

    alternatives: list[dict[str, Any]]
    asked: list[dict[str, Any]] = field(default_factory=list)
    heard: list[np.ndarray[Any, np.dtype[np.float64]]] = field(default_factory=list)
    url: str = ""

    def take(self, content_type: str, body: bytes) -> bytes:
        form = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
        parts: list[Any] = list(form.walk())[1:]
        self.asked.append(json.loads(parts[0].get_payload(decode=True)))
        with wave.open(io.BytesIO(parts[1].get_payload(decode=True))) as audio:
            self.heard.append(np.frombuffer(audio.readframes(audio.getnframes()), "<i2").astype(float))
        return json.dumps({"alternatives": self.alternatives}).encode()


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub([])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = stub.take(self.headers["Content-Type"], body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False  # closing it waits for whoever is still answering
        stub.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        yield stub
        server.shutdown()
        thread.join()


class Announced(HttpRecogniser):
    """Says when it begins to listen."""

    def __init__(self, url: str) -> None:
        super().__init__(url, timeout=20, most=5)
        self.listening = asyncio.Event()

    async def recognise(
        self, question: Question, sound: AsyncIterable[bytes], on_speech: Callable[[], None]
    ) -> Understanding:
        self.listening.set()
        return await super().recognise(question, sound, on_speech)


@asynccontextmanager
async def a_speaking_callee(url: str, said: bytes) -> AsyncIterator[Switch]:
    """A callee who picks up, and half a second after the application listens says something."""
    recogniser = Announced(url)
    try:
        async with a_plane() as plane, a_switch(plane, recogniser=recogniser, document=DOCUMENT) as switch:
            callee = await switch.callee.sound()
            async with asyncio.timeout(20):
                await recogniser.listening.wait()
            await callee.play([bytes(8000), said])
            yield switch
    finally:
        await recogniser.aclose()


async def spoken(text: str) -> bytes:
    synthesizer = await open_synthesizer(SpeechSettings())
    try:
        return (await synthesizer.synthesize(f"<speak>{text}</speak>")).pcm
    finally:
        await synthesizer.aclose()


def loud_part(samples: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """From the first to the last 20 ms that are no silence."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    loud = np.nonzero(np.sqrt((frames**2).mean(axis=1)) > 300)[0]
    return frames[loud[0] : loud[-1] + 1].reshape(-1)


async def test_what_the_callee_says_is_heard_whole_and_fills_the_field(stub: Stub) -> None:
    stub.alternatives = [
        {"transcript": "Coffee with milk.", "confidence": 0.75},
        {"transcript": "coffee with silk", "confidence": 0.7},
        {"transcript": "tea", "confidence": 0.6},
    ]
    said = await spoken("coffee with milk")
    async with a_speaking_callee(stub.url, said) as switch:
        told = await switch.result()
        assert (await switch.ended()).outcome is Outcome.ANSWERED
    assert (told["drink"], told["mode"], told["count"]) == ("latte", "voice", "2")
    assert (told["confidence"], told["utterance"]) == ("0.75", "Coffee with milk")
    assert stub.asked == [
        {
            "session": "1-first@mirabelle",
            "language": "en-US",
            "alternatives": 3,
            "hints": ["coffee", "with", "milk", "tea"],
        }
    ]
    (heard,) = stub.heard
    assert int(told["duration"]) == len(heard) // 8
    assert int(told["size"]) == 44 + 2 * len(heard)
    there, here = loud_part(np.frombuffer(said, "<i2").astype(float)), loud_part(heard)
    assert abs(len(here) - len(there)) <= 3 * 160
    assert np.sum(here**2) == pytest.approx(np.sum(there**2), rel=0.05)
    # It is the same sound, and not only as much of it: at its best place it is almost what was said.
    likeness = np.correlate(here, there, "full").max() / np.sqrt(np.sum(here**2) * np.sum(there**2))
    assert likeness > 0.95


async def test_words_that_fit_no_grammar_are_no_match(stub: Stub) -> None:
    stub.alternatives = [{"transcript": "water"}]
    async with a_speaking_callee(stub.url, await spoken("water")) as switch:
        assert (await switch.result()) == {"event": "nomatch"}


async def test_a_recogniser_that_is_not_there_is_no_resource() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
    async with a_speaking_callee(url, await spoken("coffee")) as switch:
        assert (await switch.result()) == {"event": "error.noresource"}


async def test_a_hot_word_of_the_callee_ends_a_bridge(stub: Stub) -> None:
    stub.alternatives = [{"transcript": "come back"}]
    hot_word = '<grammar version="1.0" root="r" xml:lang="en-US"><rule id="r">come back</rule></grammar>'
    recogniser = Announced(stub.url)
    try:
        async with a_plane() as plane, a_switch(plane, inside=hot_word, recogniser=recogniser) as switch:
            await switch.agent.sound()
            async with asyncio.timeout(20):
                await recogniser.listening.wait()
            callee = await switch.callee.sound()
            await callee.play([bytes(8000), await spoken("come back")])
            told = await switch.result()
    finally:
        await recogniser.aclose()
    assert (told["moved"], told["keys"]) == ("near_end_disconnect", "come back")
