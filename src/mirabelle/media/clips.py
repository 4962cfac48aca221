"""The clips a media process knows: sent to it once, encoded once for each codec, forgotten when room is needed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from mirabelle import g711
from mirabelle.media.arena import Arena, ArenaFull


@dataclass(slots=True)
class Run:
    """An encoded clip in the arena: the rows from `start` up to `end`, and how many streams play or wait to play it."""

    start: int
    end: int
    users: int = 0


class Clips:
    """PCM by the hash of its content, and what has been encoded of it."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._pcm: dict[str, bytes] = {}
        self._runs: OrderedDict[tuple[str, g711.Codec], Run] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        return name in self._pcm

    def add(self, name: str, pcm: bytes) -> None:
        """Remember a clip."""
        self._pcm[name] = pcm

    def forget(self, name: str) -> None:
        """Drop a clip. Who plays it keeps what is encoded until the end."""
        self._pcm.pop(name, None)

    def take(self, name: str, codec: g711.Codec) -> Run:
        """Borrow a clip, encoded now if it has not been; `give_back` it after use.

        Raises:
            KeyError: there is no such clip.
            ArenaFull: everything that is in memory is in use, and there is no room beside it.
        """
        run = self._runs.get((name, codec))
        if run is None:
            run = self._encode(name, codec)
        self._runs.move_to_end((name, codec))
        run.users += 1
        return run

    def give_back(self, run: Run) -> None:
        """The borrower is done with it."""
        run.users -= 1

    def _encode(self, name: str, codec: g711.Codec) -> Run:
        codes = g711.encode(self._pcm[name], codec)
        while True:
            try:
                run = Run(*self._arena.store(codes, g711.silence(codec)))
            except ArenaFull:
                if not self._drop_oldest():
                    raise
            else:
                self._runs[name, codec] = run
                return run

    def _drop_oldest(self) -> bool:
        for key, run in self._runs.items():
            if run.users == 0:
                del self._runs[key]
                self._arena.release(run.start, run.end)
                return True
        return False
