"""What a telephone line plays: prompts item by item, recordings over and over, and where in them the callee is."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Sequence
from typing import Final

from mirabelle.calls.clock import Clock
from mirabelle.dialer.mark_trail import MarkTrail
from mirabelle.dialer.sound import PCM_BYTES_PER_MS, Sound
from mirabelle.dialer.voice_input import Tell
from mirabelle.errors import MirabelleError
from mirabelle.media import events as media
from mirabelle.media.ports import MediaError
from mirabelle.media.stream import MediaStream
from mirabelle.speech.synthesizer import LanguageError
from mirabelle.vxml.platform import Audio, Item, Mark, Prompt, Speech

SHORTEST_ROUND_MS: Final = 1000
"""What is played over and over is at least so long until it begins again."""


class Playback:
    """Plays on one stream, in order, until it is told to stop or the callee is gone.

    Args:
        stream: where.
        sound: turns items into samples.
        clock: the time.
        tell: hears prompts, and those that failed.
        happened: set when something was played, or the callee is gone.
        gone: whether the callee is.

    Attributes:
        trail: the marks that were passed.
        unspoken: why a prompt, and what follows it, is not played: no voice speaks its language. Empty otherwise.
    """

    def __init__(
        self,
        stream: MediaStream,
        sound: Sound,
        clock: Clock,
        tell: Tell,
        happened: asyncio.Event,
        gone: Callable[[], bool],
    ) -> None:
        self._stream = stream
        self._sound = sound
        self._clock = clock
        self._tell = tell
        self._happened = happened
        self._gone = gone
        self._speaking: asyncio.Task[None] | None = None
        self._playing: set[int] = set()
        self.trail = MarkTrail()
        self.unspoken = ""

    @property
    def silent(self) -> bool:
        """Whether nothing is played, and nothing is about to be."""
        return not self._playing and (self._speaking is None or self._speaking.done())

    def started(self, event: media.PlayStarted) -> None:
        """The stream began to play something."""
        self.trail.started(event.play_id, event.at)

    def finished(self, event: media.PlayFinished) -> None:
        """The stream is done with something."""
        if event.reason:
            self._tell("prompt failed", reason=event.reason)
        self.trail.finished(event.play_id, completed=event.completed, played_ms=event.played_ms)
        self._playing.discard(event.play_id)
        self._happened.set()

    async def speak(self, prompts: Sequence[Prompt]) -> None:
        """Begin to play; each item leaves as soon as its samples are there."""
        self.unspoken = ""
        if prompts and not self._gone():
            self._speaking = asyncio.create_task(self._play_items(prompts))

    async def queue(self, pcm: bytes) -> int | None:
        """Play samples after what is playing; without any, or with nobody to hear them, nothing."""
        if not pcm or self._gone():
            return None
        play_id = await self._stream.play([pcm])
        self._playing.add(play_id)
        return play_id

    async def over_and_over(self, audio: Audio, heard: Callable[[], None]) -> None:
        """Play a recording for the time of a fetch, until this is cancelled or the callee is gone.

        Args:
            audio: the recording.
            heard: called when it begins.
        """
        pcm = await self.samples(audio)
        if not pcm:
            return
        pcm = strung(pcm)
        self._tell("fetch audio", url=audio.url)
        with contextlib.suppress(MediaError):  # the stream is gone, which the line is about to hear
            try:
                while not self._gone():
                    await self.queue(pcm)
                    heard()
                    heard = _unheard
                    await self.silence()
            finally:
                # Asked to play it may have been although its number never came.
                self._playing.clear()
                if not self._gone():
                    await self._stream.stop()

    async def samples(self, audio: Audio) -> bytes:
        """The samples of a recording; none where it cannot be played."""
        try:
            return (await self._sound.of(audio)).pcm
        except MirabelleError as error:
            self._tell("prompt failed", reason=str(error))
            return b""

    async def silence(self) -> None:
        """Wait until all was played, or the callee is gone."""
        while not self.silent and not self._gone():
            self._happened.clear()
            await self._happened.wait()
        if self._gone():
            await self.stop()

    async def stop(self) -> None:
        """Play nothing from now on."""
        if not self.silent:
            self.trail.stop(self._clock.monotonic())
        if self._speaking is not None:
            self._speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._speaking
            self._speaking = None
        if self._playing:
            self._playing.clear()
            if not self._gone():
                with contextlib.suppress(MediaError):  # it is gone, which the line is about to hear
                    await self._stream.stop()

    async def _play_items(self, prompts: Sequence[Prompt]) -> None:
        try:
            for prompt in prompts:
                words = " ".join(item.text for item in prompt.items if isinstance(item, Speech))
                self._tell("prompt", text=words, items=len(prompt.items))
                for item in prompt.items:
                    await self._play_item(item)
        except LanguageError as error:
            self.unspoken = str(error)
            self._tell("prompt failed", reason=self.unspoken)
        finally:
            self._happened.set()

    async def _play_item(self, item: Item) -> None:
        if isinstance(item, Mark):
            self.trail.place(item.name)
            return
        try:
            spoken = await self._sound.of(item)
        except LanguageError:
            raise
        except MirabelleError as error:
            self._tell("prompt failed", reason=str(error))
            return
        play_id = await self.queue(spoken.pcm)
        if play_id is not None:
            self.trail.queue(play_id, spoken.marks)
        else:
            for mark in spoken.marks:
                self.trail.place(mark.name)


def strung(pcm: bytes) -> bytes:
    """Samples that are played over and over, so often in a row that the media process is not asked all the time."""
    return pcm * math.ceil(SHORTEST_ROUND_MS * PCM_BYTES_PER_MS / len(pcm))


def _unheard() -> None:
    """A recording is heard for the first time but once."""
