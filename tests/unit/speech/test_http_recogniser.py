from __future__ import annotations

import asyncio
import contextlib
import email
import io
import json
import re
import socket
import sys
import threading
import wave
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle import grammar
from mirabelle.speech.http_recogniser import HttpRecogniser, ReplyError, hypotheses
from mirabelle.speech.recogniser import Hypothesis, Listening, Question, RecogniserGone, Understanding, Verdict

DOCS = Path(__file__).parents[3] / "docs" / "speech.md"
DRINKS = grammar.load(
    b"#ABNF 1.0; language en-US; mode voice; root $drink; $drink = coffee | green tea;",
    uri="http://app/drinks",
    media_type="application/srgs",
)
QUESTION = Question([DRINKS], Listening(incomplete_ms=200), "en-US", "17@mirabelle")
QUIET = bytes(6400)
LOUD = (6000 * np.sin(np.arange(8000) / 3)).astype("<i2").tobytes()
"""A second."""


@dataclass
class Desk:
    """A recogniser that answers what it is told, and remembers what it was asked."""

    reply: bytes = b'{"alternatives": [{"transcript": "Coffee.", "confidence": 0.8}]}'
    status: int = 200
    patience: threading.Event = field(default_factory=threading.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)
    audio: list[tuple[tuple[int, ...], bytes]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/recognise"

    def take(self, headers: Any, body: bytes) -> None:
        form = email.message_from_bytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body)
        parts: list[Any] = list(form.walk())[1:]
        assert [part.get_content_type() for part in parts] == ["application/json", "audio/wav"]
        self.asked.append(json.loads(parts[0].get_payload(decode=True)))
        with wave.open(io.BytesIO(parts[1].get_payload(decode=True))) as audio:
            self.audio.append((audio.getparams()[:3], audio.readframes(audio.getnframes())))
        self.tokens.append(headers["Authorization"])
        self.arrived.set()


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    desk.patience.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            desk.take(self.headers, self.rfile.read(int(self.headers["Content-Length"])))
            desk.patience.wait(20)
            self.send_response(desk.status)
            self.end_headers()
            self.wfile.write(desk.reply)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # closing it waits for whoever is still answering
    desk.port = server.server_port
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    yield desk
    desk.patience.set()
    server.shutdown()
    thread.join()
    server.server_close()


async def pieces(*sounds: bytes) -> AsyncIterator[bytes]:
    for sound in sounds:
        for start in range(0, len(sound), 1600):
            yield sound[start : start + 1600]


async def understood(
    url: str, *sounds: bytes, question: Question = QUESTION, token: str = "", timeout: float = 20
) -> Understanding:
    recogniser = HttpRecogniser(url, token=token, timeout=timeout, most=2)
    try:
        return await recogniser.recognise(question, pieces(*(sounds or (QUIET, LOUD, QUIET))), lambda: None)
    finally:
        await recogniser.aclose()


async def test_an_utterance_becomes_one_request_and_its_transcript_the_words(desk: Desk) -> None:
    found = await understood(desk.url, token="secret")
    assert (found.verdict, found.hypotheses) == (Verdict.UNDERSTOOD, (Hypothesis(("Coffee",), 0.8),))
    assert desk.tokens == ["Bearer secret"]
    assert desk.asked == [
        {"session": "17@mirabelle", "language": "en-US", "alternatives": 1, "hints": ["coffee", "green", "tea"]}
    ]
    assert desk.audio == [((1, 2, 8000), found.pcm)]
    assert found.pcm == QUIET[-3200:] + LOUD + QUIET[:3200]


async def test_the_beginning_of_speech_is_told_once_and_before_its_end(desk: Desk) -> None:
    began: list[int] = []
    given = 0

    async def sound() -> AsyncIterator[bytes]:
        nonlocal given
        async for piece in pieces(QUIET, LOUD, QUIET):
            given += len(piece)
            yield piece

    recogniser = HttpRecogniser(desk.url, timeout=20, most=1)
    await recogniser.recognise(QUESTION, sound(), lambda: began.append(given))
    await recogniser.aclose()
    assert began == [8000]


async def test_silence_to_the_end_of_the_sound_asks_nobody(desk: Desk) -> None:
    assert await understood(desk.url, QUIET) == Understanding(Verdict.NOTHING_SAID)
    assert desk.asked == []


async def test_an_utterance_that_is_too_long_asks_nobody(desk: Desk) -> None:
    short = replace(QUESTION, listening=Listening(longest_ms=500))
    assert (await understood(desk.url, question=short)).verdict is Verdict.TOO_LONG
    assert desk.asked == []


async def test_what_is_less_sure_than_wanted_is_not_understood(desk: Desk) -> None:
    choosy = replace(QUESTION, listening=Listening(confidence=0.81))
    assert (await understood(desk.url, question=choosy)).verdict is Verdict.NOT_UNDERSTOOD


@pytest.mark.parametrize(("status", "reply"), [(500, b""), (302, b""), (200, b"coffee"), (200, b" " * 70_000)])
async def test_an_answer_that_is_of_no_use_is_not_understood_and_says_why(
    desk: Desk, status: int, reply: bytes
) -> None:
    desk.status, desk.reply = status, reply
    found = await understood(desk.url)
    assert found.verdict is Verdict.NOT_UNDERSTOOD
    assert found.reason.startswith("The recogniser")


async def test_a_reply_that_does_not_come_is_not_waited_for(desk: Desk) -> None:
    desk.patience.clear()
    found = await understood(desk.url, timeout=0.1)
    assert (found.verdict, found.reason) == (
        Verdict.NOT_UNDERSTOOD,
        "The recogniser did not answer within 0.1 s.",
    )


async def test_a_reply_that_drips_is_held_to_its_time() -> None:
    over, left = asyncio.Event(), asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not over.is_set():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        left.set()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await understood(f"http://127.0.0.1:{port}/", timeout=0.3)
        over.set()
        await left.wait()
    assert found.reason == "The recogniser did not answer within 0.3 s."


@pytest.mark.parametrize("status", [401, 404, 503])
async def test_a_recogniser_that_is_not_there_for_us_is_gone(desk: Desk, status: int) -> None:
    desk.status = status
    with pytest.raises(RecogniserGone, match=str(status)):
        await understood(desk.url)


async def test_a_recogniser_that_nobody_runs_is_gone() -> None:
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(RecogniserGone, match="cannot be reached"):
            await understood(f"http://127.0.0.1:{taken.getsockname()[1]}/")


async def test_whoever_no_longer_wants_to_know_lets_go_of_the_request(desk: Desk) -> None:
    desk.patience.clear()
    asking = asyncio.create_task(understood(desk.url))
    assert await asyncio.to_thread(desk.arrived.wait, 20)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_the_server_of_the_documentation_understands_its_first_hint() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", source, "0", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert run.stdout is not None
        port = int((await run.stdout.readline()).split()[-1])
        found = await understood(f"http://127.0.0.1:{port}/recognise")
    finally:
        run.kill()
        await run.communicate()
    assert found.hypotheses == (Hypothesis(("coffee",), 0.9),)


def test_the_surest_alternative_comes_first_and_one_without_words_not_at_all() -> None:
    reply = {"alternatives": [{"transcript": "tea", "confidence": 0.2}, {"transcript": " ."}, {"transcript": "¿Té?"}]}
    assert hypotheses(json.dumps(reply).encode()) == (Hypothesis(("Té",), 1.0), Hypothesis(("tea",), 0.2))


@pytest.mark.parametrize(
    "reply",
    [
        "[]",
        "{}",
        '{"alternatives": {}}',
        '{"alternatives": ["tea"]}',
        '{"alternatives": [{"transcript": 1}]}',
        '{"alternatives": [{"transcript": "tea", "confidence": 2}]}',
        '{"alternatives": [{"transcript": "tea", "confidence": NaN}]}',
        '{"alternatives": [{"transcript": "tea", "confidence": true}]}',
        '{"alternatives": [{"transcript": "tea", "confidence": null}]}',
        "[" * 50_000,
    ],
)
def test_a_reply_of_another_shape_is_refused(reply: str) -> None:
    with pytest.raises(ReplyError):
        hypotheses(reply.encode())


@given(st.binary(max_size=200))
def test_no_reply_raises_anything_else(body: bytes) -> None:
    with contextlib.suppress(ReplyError):
        hypotheses(body)
