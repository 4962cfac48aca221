"""A piece of a benchmark in a process of its own, which ends with its input."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def running(module: str) -> Iterator[str]:
    """Start a module; yields the first line that it prints, its address, and ends it.

    Args:
        module: such as `tests.bench.far_end`; it lives until its input is closed.
    """
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
