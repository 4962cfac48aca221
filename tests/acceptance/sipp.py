"""sipp as the far end: a scripted callee that is not ours."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.acceptance.program import PATIENCE, Program
from tests.ports import free_udp_port, listens

SCENARIOS = Path(__file__).parent / "scenarios"


class Sipp(Program):
    """One run of a scenario.

    Args:
        binary: the program.
        scenario: the name of a file in `scenarios/`, without its ending.
        port: where it listens for SIP.
        folder: where it may write.
        calls: after so many calls it ends.
        more: further arguments.
    """

    def __init__(
        self, binary: Path, scenario: str, port: int, folder: Path, *, calls: int = 1, more: Sequence[str | Path] = ()
    ) -> None:
        super().__init__(
            [
                *(binary, "-sf", SCENARIOS / f"{scenario}.xml", "-i", "127.0.0.1", "-p", str(port)),
                *("-mi", "127.0.0.1", "-mp", str(free_udp_port()), "-m", str(calls)),
                *("-nostdin", "-timeout", "60s", "-timeout_error", "-trace_err", "-rtp_echo"),
                *more,
            ],
            cwd=folder,
        )
        try:
            self._wait_until_it_listens(port)
        except AssertionError:
            self.stop()
            raise

    def _wait_until_it_listens(self, port: int) -> None:
        """sipp does not say when it is ready."""
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < until:
            if listens(port):
                return
            time.sleep(0.01)
        raise AssertionError("sipp does not listen:\n" + "\n".join(self.lines))

    def succeeded(self) -> bool:
        """Whether every call went as the scenario says, waiting for the end."""
        try:
            return self.exit_status() == 0
        except subprocess.TimeoutExpired:
            return False
