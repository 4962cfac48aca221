from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.speech.cache import CachedSynthesizer
from mirabelle.speech.synthesizer import SpeechError, Spoken


class Engine:
    """Speaks a text as its own bytes, when it is let."""

    def __init__(self) -> None:
        self.spoken: list[str] = []
        self.may_speak = asyncio.Event()
        self.may_speak.set()
        self.closed = False

    async def synthesize(self, ssml: str, *, language: str = "", voice: str = "") -> Spoken:
        self.spoken.append(ssml + language + voice)
        await self.may_speak.wait()
        if ssml == "unspeakable":
            raise SpeechError("no")
        return Spoken(ssml.encode())

    async def aclose(self) -> None:
        self.closed = True


async def test_the_same_text_is_spoken_once() -> None:
    engine = Engine()
    cached = CachedSynthesizer(engine, most_bytes=1000)
    assert [await cached.synthesize("hello") for _ in range(3)] == [Spoken(b"hello")] * 3
    assert engine.spoken == ["hello"]
    assert (cached.counts.misses, cached.counts.hits) == (1, 2)


async def test_another_voice_or_language_is_another_speech() -> None:
    engine = Engine()
    cached = CachedSynthesizer(engine, most_bytes=1000)
    for language, voice in (("", ""), ("de", ""), ("", "de")):
        await cached.synthesize("x", language=language, voice=voice)
    assert len(engine.spoken) == 3


async def test_two_at_the_same_time_share_one_synthesis() -> None:
    engine = Engine()
    engine.may_speak.clear()
    cached = CachedSynthesizer(engine, most_bytes=0)
    both = [asyncio.create_task(cached.synthesize("hello")) for _ in range(2)]
    await asyncio.sleep(0)
    engine.may_speak.set()
    assert await asyncio.gather(*both) == [Spoken(b"hello")] * 2
    assert engine.spoken == ["hello"]
    assert cached.counts.shared == 1


async def test_one_who_hangs_up_does_not_take_the_speech_from_the_other() -> None:
    engine = Engine()
    engine.may_speak.clear()
    cached = CachedSynthesizer(engine, most_bytes=1000)
    first, second = (asyncio.create_task(cached.synthesize("hello")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    engine.may_speak.set()
    assert await second == Spoken(b"hello")
    assert first.cancelled()


async def test_a_failure_reaches_everybody_and_is_not_remembered() -> None:
    engine = Engine()
    cached = CachedSynthesizer(engine, most_bytes=1000)
    for _ in range(2):
        with pytest.raises(SpeechError):
            await cached.synthesize("unspeakable")
    assert len(engine.spoken) == 2


async def test_the_least_recently_used_goes_first() -> None:
    engine = Engine()
    cached = CachedSynthesizer(engine, most_bytes=10)
    for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        await cached.synthesize(text)
    assert engine.spoken == ["aaaa", "bbbb", "cccc", "bbbb"]


@given(st.lists(st.text("ab", max_size=12), max_size=40), st.integers(0, 30))
def test_the_cache_never_holds_more_than_it_may(texts: list[str], most: int) -> None:
    async def speak() -> None:
        cached = CachedSynthesizer(Engine(), most_bytes=most)
        for text in texts:
            assert await cached.synthesize(text) == Spoken(text.encode())
            assert cached.size <= most

    asyncio.run(speak())


async def test_closing_closes_the_engine_and_ends_what_is_spoken() -> None:
    engine = Engine()
    engine.may_speak.clear()
    cached = CachedSynthesizer(engine, most_bytes=1000)
    waiting = asyncio.create_task(cached.synthesize("hello"))
    await asyncio.sleep(0)
    await cached.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert engine.closed
