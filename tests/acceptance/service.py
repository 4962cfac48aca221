"""`mirabelle serve` as a process, and a client of it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from mirabelle.api.login import hash_pin, new_pin
from mirabelle.store.open import open_ledger
from tests.acceptance.customer import Customer
from tests.acceptance.program import Program, mirabelle

CONFIG = """
[server]
listen = "127.0.0.1:0"
[store]
url = "{store}"
[sip]
bind = "127.0.0.1:0"
ring_timeout = 5
[media]
ports = "{ports}"
processes = 1
[http]
allow_private = true
preflight = {preflight}
[dialer]
drain_seconds = {drain}
lease_seconds = 5
"""

TRUNK = """
[[trunk]]
name = "main"
host = "127.0.0.1:{trunk}"
username = "mirabelle"
password = "secret"
caller_id = "8005551212"
"""


@dataclass
class Service:
    """A server that can be stopped and started again on the same ledger."""

    folder: Path
    store: str
    trunk_port: int
    media_ports: str
    drain: int = 10
    trunks: bool = True
    preflight: bool = False
    more: str = ""
    pin: str = ""
    program: Program | None = None
    http: str = ""

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "mirabelle.toml"

    def prepare(self) -> None:
        """Write the settings and add the account."""
        self.prepare_again()
        self.pin = new_pin()
        asyncio.run(self._add_account())

    async def _add_account(self) -> None:
        ledger = await open_ledger(self.store)
        await ledger.add_account("acme", hash_pin(self.pin), datetime.now(UTC))
        await ledger.aclose()

    def prepare_again(self) -> None:
        """Write the settings; for the next start."""
        preflight = "true" if self.preflight else "false"
        text = CONFIG.format(store=self.store, ports=self.media_ports, drain=self.drain, preflight=preflight)
        self.config.write_text(text + (TRUNK.format(trunk=self.trunk_port) if self.trunks else "") + self.more)

    def start(self) -> Program:
        """Start it, again if need be, and wait until it takes requests."""
        self.stop()
        command = mirabelle("serve", "--config", self.config, "--log-format", "json")
        self.program = Program(command, stream="stderr")
        self.http = self.program.wait_for("ready")["http"]
        return self.program

    def stop(self) -> None:
        """End it."""
        if self.program is not None:
            self.program.stop()

    def post(self, **fields: str) -> str:
        """Post a form to queuecall.php; returns the XML."""
        form = urlencode({"login": "acme", "pin": self.pin, **fields}).encode()
        with urlopen(Request(f"http://{self.http}/webservice/queuecall.php", data=form), timeout=20) as reply:
            text: str = reply.read().decode()
            return text

    def queue(self, customer: Customer, **fields: str) -> int:
        """Queue a call to the customer's application; returns its call_id."""
        reply = self.post(
            **{
                "phone_number": "+16175550123",
                "start_url": customer.url("start"),
                "result_url": customer.url("result"),
                "message_reference": "appointment-7",
                "call_parameters": "room 4",
                **fields,
            }
        )
        match = re.search(r'<queuecall status="queued" call_id="([0-9]+)">', reply)
        assert match, reply
        return int(match[1])

    def story(self, call_id: int) -> list[str]:
        """The names of a call's events so far, in order."""
        assert self.program is not None
        return [each["event"] for each in self.program.events if each.get("call_id") == call_id]

    def decisions(self, call_id: int) -> list[str]:
        """What the audit holds about a call, in order."""
        command = mirabelle("audit", "list", "--call", str(call_id), "--config", self.config, "--json")
        found = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
        return [entry["decision"] for entry in json.loads(found)]

    def ended(self, call_id: int) -> dict[str, Any]:
        """The event that ended an attempt of the call, waiting for it."""
        assert self.program is not None
        return dict(self.program.wait_for("ended", call_id=call_id))
