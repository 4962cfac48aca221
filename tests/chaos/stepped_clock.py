"""`mirabelle serve` on a clock that a test steps: `python -m tests.chaos.stepped_clock OFFSET_FILE --config FILE ...`.

The file holds the seconds by which the clock is off. The monotonic side is left as it is, as on a machine whose clock
is set.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mirabelle.cli import logging
from mirabelle.cli.serve import serve
from mirabelle.settings import load


class SteppedClock:
    """The machine's clock and an offset.

    Args:
        offset: the file that holds it.
    """

    def __init__(self, offset: Path) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """The present instant by the stepped clock."""
        return datetime.now(UTC) + timedelta(seconds=float(self._offset.read_text()))

    def monotonic(self) -> float:
        """Seconds on the system's monotonic scale."""
        return time.monotonic()


def main() -> int:
    """Serve until a signal."""
    offset, config = Path(sys.argv[1]), Path(sys.argv[sys.argv.index("--config") + 1])
    logging.configure(
        sys.stderr, log_format=logging.LogFormat("json"), log_numbers=False, log_content=False, level="INFO"
    )
    return serve(load(config, {}), announce=print, clock=SteppedClock(offset))


if __name__ == "__main__":
    sys.exit(main())
