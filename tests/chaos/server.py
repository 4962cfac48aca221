"""`mirabelle serve` as a process that may be told where to die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

READY = b'"event": "ready"'

CONFIG = """
[server]
listen = "127.0.0.1:0"
[store]
url = "{store}"
[sip]
bind = "127.0.0.1:{sip}"
ring_timeout = 5
[media]
ports = "{ports}"
processes = 1
realtime = false
[http]
allow_private = true
timeout = 1.0
[dialer]
drain_seconds = 10
lease_seconds = {lease}
[[trunk]]
name = "main"
host = "127.0.0.1:{trunk}"
caller_id = "8005551212"
calls_per_second = 100
"""


@dataclass
class Server:
    """A server on one ledger, started and ended many times.

    Attributes:
        folder: where its settings and its log are.
        store: the URL of its ledger.
        sip: the port that it sends SIP from, always the same, as in service.
        trunk: the port where the callee is.
        ports: its RTP ports.
        lease: of its calls, in seconds.
        command: what is run; the rest of the command line follows.
    """

    folder: Path
    store: str
    sip: int
    trunk: int
    ports: str
    lease: int = 1
    command: Sequence[str] = (sys.executable, "-m", "mirabelle.cli.main", "serve")
    _before: int = field(default=0, init=False)
    _program: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """What it said, all starts together."""
        return self.folder / "server.log"

    def start(self, *, crash_at: str = "", environ: Mapping[str, str] | None = None) -> None:
        """Start it.

        Args:
            crash_at: `point:n`; empty: it lives until it is ended.
            environ: more environment.
        """
        config = self.folder / "mirabelle.toml"
        config.write_text(
            CONFIG.format(store=self.store, sip=self.sip, ports=self.ports, lease=self.lease, trunk=self.trunk)
        )
        more = {**({"MIRABELLE_CRASH_AT": crash_at} if crash_at else {}), **(environ or {})}
        self._before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._program = subprocess.Popen(
                [*self.command, "--config", str(config), "--log-format", "json"],
                env={**os.environ, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._program is not None
        return self._program.pid

    def wait_until_ready(self, within: float) -> None:
        """Wait until it takes calls, or has died of what the one before left."""
        assert self._program is not None
        until = time.monotonic() + within
        while self._program.poll() is None and time.monotonic() < until:
            if self.log.read_bytes()[self._before :].count(READY):
                return
            time.sleep(0.02)

    def died(self, within: float) -> bool:
        """Whether it killed itself, waiting for it."""
        assert self._program is not None
        try:
            return self._program.wait(within) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def kill(self) -> None:
        """End it as a crash would, wherever it is."""
        if self._program is not None:
            self._program.kill()
            self._program.wait(10)

    def stop(self) -> int:
        """End it in order; returns its exit status."""
        if self._program is None:
            return 0
        if self._program.poll() is None:
            self._program.terminate()
        try:
            return self._program.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
