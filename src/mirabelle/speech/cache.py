"""Spoken prompts kept by their content: the same text is spoken once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from mirabelle.settings.speech import SpeechSettings
from mirabelle.speech.espeak import EspeakSynthesizer
from mirabelle.speech.synthesizer import Engine, Spoken


@dataclass(slots=True)
class CacheCounts:
    """What the cache has done.

    Attributes:
        hits: texts that were there.
        shared: texts that were just being spoken for somebody else.
        misses: texts that had to be spoken.
    """

    hits: int = 0
    shared: int = 0
    misses: int = 0


class CachedSynthesizer:
    """An engine with a memory.

    The least recently used speech goes when there is no room. Two callers who want the same text at the same time
    share one synthesis, and it goes on when one of them hangs up.

    Args:
        engine: who speaks.
        most_bytes: of speech kept; 0 keeps none.
    """

    def __init__(self, engine: Engine, *, most_bytes: int) -> None:
        self._engine, self._most = engine, most_bytes
        self._kept: OrderedDict[bytes, Spoken] = OrderedDict()
        self._size = 0
        self._speaking: dict[bytes, asyncio.Task[Spoken]] = {}
        self.counts = CacheCounts()

    @property
    def size(self) -> int:
        """Bytes of speech that are kept."""
        return self._size

    async def synthesize(self, ssml: str, *, language: str = "", voice: str = "") -> Spoken:
        """Speak a text, or remember it; see `Synthesizer`.

        Raises:
            SpeechError: the engine could not; failures are not remembered.
        """
        key = _key(ssml, language, voice)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            self.counts.hits += 1
            return kept
        task = self._speaking.get(key)
        if task is None:
            self.counts.misses += 1
            task = asyncio.create_task(self._engine.synthesize(ssml, language=language, voice=voice))
            self._speaking[key] = task
            task.add_done_callback(lambda done: self._spoken(key, done))
        else:
            self.counts.shared += 1
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Close the engine; what is being spoken ends with it."""
        speaking = tuple(self._speaking.values())
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)
        await self._engine.aclose()

    def _spoken(self, key: bytes, task: asyncio.Task[Spoken]) -> None:
        del self._speaking[key]
        if task.cancelled() or task.exception() is not None:
            return
        speech = task.result()
        if len(speech.pcm) > self._most:
            return
        self._kept[key] = speech
        self._size += len(speech.pcm)
        while self._size > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest.pcm)


async def open_synthesizer(settings: SpeechSettings) -> CachedSynthesizer:
    """The synthesiser that the settings ask for, started and with a memory.

    Args:
        settings: the section `[speech]`.

    Raises:
        SpeechError: the engine does not start, or does not have the voice.
    """
    match settings.engine:
        case "espeak":
            engine = EspeakSynthesizer(voice=settings.voice)
    try:
        await engine.start()
    except BaseException:
        await engine.aclose()
        raise
    return CachedSynthesizer(engine, most_bytes=settings.cache_mb * 1_000_000)


def _key(*parts: str) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(4, "big") + data)
    return digest.digest()
