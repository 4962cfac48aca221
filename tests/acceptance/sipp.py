"""sipp as the far end: a scripted callee that is not ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.acceptance.program import Program
from tests.acceptance.service import free_udp_port

SCENARIOS = Path(__file__).parent / "scenarios"


class Sipp(Program):
    """One run of a scenario.

    Args:
        binary: the program.
        scenario: the name of a file in `scenarios/`, without its ending.
        port: where it listens for SIP.
        folder: where it may write.
        calls: after so many calls it ends.
    """

    def __init__(self, binary: Path, scenario: str, port: int, folder: Path, *, calls: int = 1) -> None:
        super().__init__(
            [
                *(binary, "-sf", SCENARIOS / f"{scenario}.xml", "-i", "127.0.0.1", "-p", str(port)),
                *("-mi", "127.0.0.1", "-mp", str(free_udp_port()), "-m", str(calls)),
                *("-nostdin", "-timeout", "60s", "-timeout_error", "-trace_err", "-rtp_echo"),
            ],
            cwd=folder,
        )

    def succeeded(self) -> bool:
        """Whether every call went as the scenario says, waiting for the end."""
        try:
            return self.exit_status() == 0
        except subprocess.TimeoutExpired:
            return False
