from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.ports import free_udp_port

SCENARIOS = Path(__file__).parent / "scenarios"


class Sipp:
    """One run of sipp on loopback."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self._folder = folder

    @property
    def trunk(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def finished(self) -> None:
        """Wait for the scenario; what it did not expect is shown."""
        output, _ = await asyncio.wait_for(self.process.communicate(), 30)
        errors = "".join(path.read_text(errors="replace") for path in self._folder.glob("*_errors.log"))
        assert self.process.returncode == 0, errors or output.decode(errors="replace")[-3000:]


StartSipp = Callable[..., Awaitable[Sipp]]


@pytest.fixture
async def sipp(tmp_path: Path) -> AsyncIterator[StartSipp]:
    """Starts sipp with a scenario; further arguments go to it. Skips where sipp is not installed."""
    program = shutil.which("sipp")
    if program is None:
        pytest.skip("sipp is not installed (Debian: sip-tester)")
    running: list[Sipp] = []

    async def start(scenario: str, *arguments: str, answer: str = "") -> Sipp:
        port = free_udp_port()
        text = (SCENARIOS / f"{scenario}.xml").read_text().replace("{answer}", answer)
        script = tmp_path / f"{scenario}.xml"
        script.write_text(text)  # sipp takes no status from a keyword
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            *("-sf", str(script), "-i", "127.0.0.1", "-p", str(port), "-mp", str(free_udp_port())),
            *("-m", "1", "-nostdin", "-trace_err", "-timeout", "25s", "-timeout_error"),
            cwd=tmp_path,
            env={**os.environ, "TERM": "dumb"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        running.append(Sipp(process, port, tmp_path))
        return running[-1]

    yield start
    for one in running:
        if one.process.returncode is None:
            one.process.send_signal(signal.SIGKILL)
        await one.process.communicate()
