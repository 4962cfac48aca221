"""Audio for the time of a fetch: when it starts and when it stops (VoiceXML 2.0, 6.1.1 and 6.3.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from mirabelle.vxml.platform import Audio, Fetch, Fetched, FetchFailed, MeanwhileAudio


class Fetches(Protocol):
    """Gets what a session asks for."""

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get it; every failure is a reply."""
        ...


PlayMeanwhile = Callable[[Audio, Callable[[], None]], Awaitable[None]]
"""Plays a recording over and over until it is cancelled, or there is nobody to hear it any more; calls its second
argument when the caller begins to hear it. Who never calls that is not held to the minimum."""


async def fetch_meanwhile(
    fetcher: Fetches, request: Fetch, meanwhile: MeanwhileAudio, play: PlayMeanwhile
) -> Fetched | FetchFailed:
    """Fetch, and play meanwhile if it takes longer than the delay.

    The recording is fetched beside the document, so that it costs the caller no time. What is at hand at once, as a
    copy in a cache is, is no fetch (4.1.8): then the recording is not asked for at all.

    Args:
        fetcher: gets both.
        request: what the session waits for.
        meanwhile: what the caller hears until then.
        play: plays it.
    """
    fetching = asyncio.create_task(_fetched(fetcher, request))
    tasks: list[asyncio.Task[object]] = [fetching]
    try:
        await asyncio.sleep(0)
        if fetching.done():
            return fetching.result()
        music = _Music(fetcher, meanwhile, play)
        playing: asyncio.Task[object] = asyncio.create_task(music.run())
        tasks.append(playing)
        reply = await fetching
        await asyncio.wait({playing}, timeout=music.left())
        if playing.done():
            playing.result()
        return reply
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _fetched(fetcher: Fetches, request: Fetch) -> Fetched | FetchFailed:
    return await fetcher.fetch(request)


class _Music:
    def __init__(self, fetcher: Fetches, meanwhile: MeanwhileAudio, play: PlayMeanwhile) -> None:
        self._fetcher, self._meanwhile, self._play = fetcher, meanwhile, play
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + meanwhile.delay_ms / 1000
        self._until: float | None = None

    async def run(self) -> object:
        """Get the recording, wait for the delay to pass, and play."""
        found = await self._fetcher.fetch(self._meanwhile.recording)
        await asyncio.sleep(max(0.0, self._due - self._loop.time()))
        # Music that is missing is no reason not to go on (6.1.1).
        if isinstance(found, Fetched) and found.status in range(200, 300) and found.body:
            await self._play(Audio(found.url, found.content_type, found.body), self._heard)
        return None

    def _heard(self) -> None:
        self._until = self._loop.time() + self._meanwhile.minimum_ms / 1000

    def left(self) -> float:
        """Seconds for which it has to go on although the document is there."""
        return 0.0 if self._until is None else max(0.0, self._until - self._loop.time())
