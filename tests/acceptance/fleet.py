"""A fleet: one `mirabelle api` and several `mirabelle dial` on one PostgreSQL, and two trunks that lead to sipp."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mirabelle.api.login import hash_pin, new_pin
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call
from mirabelle.store.open import open_ledger
from tests.acceptance.program import Program, mirabelle
from tests.acceptance.sip_log import Rung, rung
from tests.acceptance.sipp import Sipp
from tests.ports import free_rtp_ports, free_udp_port

LEASE = 5
CONFIG = """
[server]
listen = "127.0.0.1:0"
[store]
url = "{store}"
[sip]
bind = "127.0.0.1:0"
[media]
processes = 1
realtime = false
[http]
allow_private = true
preflight = false
[dialer]
lease_seconds = {lease}
most_calls = {most}
health = "127.0.0.1:0"
"""
TRUNK = """
[[trunk]]
name = "{name}"
host = "127.0.0.1:{port}"
calls_per_second = {rate}
channels = {channels}
"""


@dataclass
class Fleet:
    """Its processes.

    Attributes:
        folder: where files may be.
        store: the ledger's URL.
        sipp: the program.
        rate: INVITEs a second of each trunk.
        channels: calls at once of each trunk.
        most: calls at once of each dialer.
        ports: for RTP, of each dialer.
        ringing: milliseconds until a callee answers.
    """

    folder: Path
    store: str
    sipp: Path
    rate: int = 10
    channels: int = 12
    most: int = 8
    ports: int = 100
    ringing: int = 300
    pin: str = ""
    callees: list[Sipp] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)
    dialers: list[Program] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)

    def start(self, dialers: int) -> str:
        """Start all of it; returns the address of the HTTP services."""
        text = CONFIG.format(store=self.store, lease=LEASE, most=self.most)
        for name in ("east", "west"):
            port = free_udp_port()
            self.logs.append(self.folder / f"{name}.log")
            more: list[str | Path] = ["-trace_msg", "-message_file", self.logs[-1]]
            more += ["-d", str(self.ringing)]
            self.callees.append(Sipp(self.sipp, "rings", port, self.folder, calls=100_000, more=more))
            text += TRUNK.format(name=name, port=port, rate=self.rate, channels=self.channels)
        (self.folder / "mirabelle.toml").write_text(text)
        self.pin = new_pin()
        asyncio.run(self._add_account())
        first, _ = free_rtp_ports(50 * dialers)
        api = self._run("api")
        for index in range(dialers):
            lowest = first + 100 * index
            ports = f"{lowest}-{lowest + self.ports - 1}"
            self.dialers.append(self._run("dial", MIRABELLE_MEDIA_PORTS=ports))
        for dialer in self.dialers:
            dialer.wait_for("ready")
        address: str = api.wait_for("ready")["http"]
        return address

    def stop(self) -> None:
        """End all of it."""
        for each in (*self.programs, *self.callees):
            each.process.terminate()
        for each in (*self.programs, *self.callees):
            each.stop()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of that name, of all dialers."""
        return [dict(each) for dialer in self.dialers for each in list(dialer.events) if each.get("event") == name]

    def rung(self) -> list[list[Rung]]:
        """What each far end saw."""
        return [rung(log) for log in self.logs]

    def calls(self) -> list[tuple[Call, Sequence[Attempt]]]:
        """The ledger's calls with their attempts."""
        return asyncio.run(self._calls())

    def _run(self, command: str, **environment: str) -> Program:
        arguments = (command, "--config", self.folder / "mirabelle.toml", "--log-format", "json")
        self.programs.append(Program(mirabelle(*arguments), stream="stderr", env=environment))
        return self.programs[-1]

    async def _add_account(self) -> None:
        ledger = await open_ledger(self.store)
        await ledger.add_account("acme", hash_pin(self.pin), datetime.now(UTC))
        await ledger.aclose()

    async def _calls(self) -> list[tuple[Call, Sequence[Attempt]]]:
        ledger = await open_ledger(self.store)
        try:
            calls = await ledger.recent_calls(10_000)
            return [(call, await ledger.attempts(call.call_id)) for call in calls]
        finally:
            await ledger.aclose()
