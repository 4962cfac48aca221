"""The clips a media process knows: sent to it once, encoded once for each codec, forgotten when room is needed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from mirabelle import g711
from mirabelle.media.arena import Arena, ArenaFull


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Audio to be played. Who holds it can play it, whether or not it has been forgotten meanwhile.

    Attributes:
        pcm: 16-bit little-endian samples.
    """

    pcm: bytes = field(repr=False)


@dataclass(slots=True)
class Run:
    """An encoded clip in the arena: the rows from `start` up to `end`, and how many streams are playing it."""

    start: int
    end: int
    users: int = 0


class Clips:
    """Clips by the hash of their content, and what has been encoded of them."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._clips: dict[str, Clip] = {}
        self._runs: OrderedDict[tuple[Clip, g711.Codec], Run] = OrderedDict()

    def add(self, name: str, pcm: bytes) -> None:
        """Remember a clip."""
        self._clips[name] = Clip(pcm)

    def find(self, name: str) -> Clip:
        """The clip of that name.

        Raises:
            KeyError: there is none.
        """
        return self._clips[name]

    def forget(self, name: str) -> None:
        """Drop a clip; those who hold it keep it."""
        self._clips.pop(name, None)

    def take(self, clip: Clip, codec: g711.Codec) -> Run:
        """Borrow the encoded form, made now if it is not there; `give_back` it after use.

        Raises:
            ArenaFull: everything that is in memory is in use, and there is no room beside it.
        """
        run = self._runs.get((clip, codec))
        if run is None:
            run = self._encode(clip, codec)
        self._runs.move_to_end((clip, codec))
        run.users += 1
        return run

    def give_back(self, run: Run) -> None:
        """The borrower is done with it."""
        run.users -= 1

    def _encode(self, clip: Clip, codec: g711.Codec) -> Run:
        codes = g711.encode(clip.pcm, codec)
        while True:
            try:
                run = Run(*self._arena.store(codes, g711.silence(codec)))
            except ArenaFull:
                if not self._drop_oldest():
                    raise
            else:
                self._runs[clip, codec] = run
                return run

    def _drop_oldest(self) -> bool:
        for key, run in self._runs.items():
            if run.users == 0:
                del self._runs[key]
                self._arena.release(run.start, run.end)
                return True
        return False
