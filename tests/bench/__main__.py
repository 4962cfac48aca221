"""`make bench`: calls per core, processor time per call, time to first audio, pages per second, in one table.

    python -m tests.bench [--quick] [--json]

Everything runs on this machine, over loopback. No figure fails anything; docs/benchmarks.md says what each means.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from functools import partial

from tests.bench import calls, density, pages
from tests.bench.figure import Figure, show


def main() -> None:
    """Measure all, telling on the standard error what is measured now."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less of everything: half a minute, rougher figures")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    quick: bool = options.quick
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception ends the processes we started
    parts: list[tuple[str, Callable[[], list[Figure]]]] = [
        ("calls on one core, C loop", lambda: [density.measure(force_python=False, quick=quick)]),
        ("calls on one core, Python loop", lambda: [density.measure(force_python=True, quick=quick)]),
        ("whole calls", partial(calls.measure, quick=quick)),
        ("VoiceXML pages", partial(pages.measure, quick=quick)),
    ]
    figures: list[Figure] = []
    for number, (name, measure) in enumerate(parts, 1):
        print(f"[{number}/{len(parts)}] {name} ...", file=sys.stderr, flush=True)
        figures += measure()
    show(figures, as_json=options.json)


if __name__ == "__main__":
    main()
