"""What all kills together came to, as a table."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from mirabelle.calls.crash_point import CrashPoint
from tests.chaos.books import Broken

STORES = ("sqlite", "postgresql")


class Tally:
    """Counts kills and what they broke. Many threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kills: Counter[tuple[str, CrashPoint]] = Counter()
        self._missed: Counter[tuple[str, CrashPoint]] = Counter()
        self._figures: Counter[tuple[str, str]] = Counter()
        self._broken: list[str] = []
        self._folders: list[Path] = []
        self.done = 0

    def killed(self) -> None:
        """One more is done."""
        with self._lock:
            self.done += 1

    def keep(self, folder: Path) -> None:
        """A folder with what somebody will want to look at."""
        with self._lock:
            self._folders.append(folder)

    def add(
        self, store: str, kills: Mapping[CrashPoint, int], missed: Mapping[CrashPoint, int], broken: Broken
    ) -> None:
        """A stage came to its end."""
        with self._lock:
            for point in CrashPoint:
                self._kills[store, point] += kills.get(point, 0)
                self._missed[store, point] += missed.get(point, 0)
            for name in ("rang_again", "unheard", "calls_lost", "results_lost", "stuck_leases"):
                found: list[str] = getattr(broken, name)
                self._figures[store, name] += len(found)
                self._broken += [f"{store}: {name}: {each}" for each in found]
            for name in ("rings", "answered", "missed", "repeats", "calls"):
                self._figures[store, name] += getattr(broken, name)

    @property
    def sound(self) -> bool:
        """Whether nothing is broken, and something was killed."""
        return not self._broken and sum(self._kills.values()) > 0

    def table(self, seconds: float, seed: int) -> str:
        """All of it, for a person."""
        names = {
            "calls": "calls queued",
            "rings": "INVITEs that rang",
            "answered": "numbers that answered, and were heard",
            "repeats": "results posted again, same webhook-id",
            "rang_again": "numbers that rang again after an answer we knew",
            "unheard": "numbers that rang again after a 200 we missed",
            "missed": "the same, of servers that died at once",
            "calls_lost": "calls lost",
            "results_lost": "results lost",
            "stuck_leases": "stuck leases",
        }
        rows = [f"{'killed at':<52}{'sqlite':>12}{'postgresql':>12}"]
        rows += [_row(f"  {point}", [self._kills[store, point] for store in STORES]) for point in CrashPoint]
        rows.append(_row("all kills", [self._sum(self._kills, store) for store in STORES]))
        rows.append(_row("killed elsewhere (point not passed)", [self._sum(self._missed, store) for store in STORES]))
        rows += [_row(title, [self._figures[store, name] for store in STORES]) for name, title in names.items()]
        rows.append(f"in {seconds:.0f} s, seed {seed}")
        return "\n".join([*rows, *self._broken[:50], *(f"kept: {folder}" for folder in self._folders)])

    @staticmethod
    def _sum(counted: Mapping[tuple[str, CrashPoint], int], store: str) -> int:
        return sum(counted[store, point] for point in CrashPoint)


def _row(title: str, figures: Iterable[int]) -> str:
    return f"{title:<52}" + "".join(f"{figure:>12}" for figure in figures)
