"""How soon the INVITE of a due call is on the wire: a whole server, and a callee who is always busy."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from mirabelle.dialer.dialer import LONGEST_SLEEP
from mirabelle.store.rows import micros
from tests.acceptance.program import Program, mirabelle
from tests.bench import queue_load
from tests.bench.queue_load import Store, Waiting
from tests.ports import free_rtp_ports

CONFIG: Final = """
[server]
listen = "127.0.0.1:0"
[store]
url = "{url}"
[sip]
bind = "127.0.0.1:0"
[media]
ports = "{first}-{last}"
processes = 1
[dialer]
drain_seconds = 1
[[trunk]]
name = "main"
host = "{callee}"
caller_id = "8005551212"
calls_per_second = 250
channels = 900
"""
READY: Final = timedelta(seconds=LONGEST_SLEEP + 2)
"""From the last preparations to the first due time. Nobody tells the dialer of calls that come past the ledger."""
PATIENCE: Final = 30.0
"""Seconds after the last due time in which every INVITE must have come."""


class Busy:
    """A callee on a UDP port of its own, who notes when each call came and refuses it.

    Attributes:
        came: by Call-ID, microseconds since 1970 of the first INVITE.
    """

    def __init__(self) -> None:
        self.came: dict[str, int] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._socket.getsockname())
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        while True:
            data, sender = self._socket.recvfrom(65_535)
            at = time.time_ns() // 1000
            if not data:
                return
            if data.startswith(b"INVITE"):
                text = data.decode(errors="replace")
                self.came.setdefault(_header(text, "Call-ID").partition(": ")[2], at)
                self._socket.sendto(_refusal(text).encode(), sender)

    def close(self) -> None:
        """Stop listening."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self._socket.getsockname())
        self._thread.join(timeout=5)
        self._socket.close()


def invite(store: Store, folder: Path, *, calls: int, rate: float) -> list[float]:
    """Seconds from due to INVITE, of calls that become due at a steady rate beside all that waits."""
    with _busy() as callee:
        first, last = free_rtp_ports(1000)
        config = folder / "mirabelle.toml"
        config.write_text(CONFIG.format(url=store.url, callee=callee.address, first=first, last=last))
        command = mirabelle("serve", "--config", config, "--log-format", "json")
        with Program(command, stream="stderr") as program:
            program.wait_for("ready")
            due = datetime.now(UTC) + READY
            before = store.count("SELECT max(call_id) FROM calls")
            gap = round(1_000_000 / rate)
            queue_load.add(store, Waiting(count=calls, due_at=due, gap=gap, result_url=""))
            until = time.monotonic() + READY.total_seconds() + calls / rate + PATIENCE
            while len(callee.came) < calls and time.monotonic() < until:
                time.sleep(0.1)
            came = dict(callee.came)
            dialled = store.pairs(
                f"SELECT a.sip_call_id, c.call_id FROM attempts AS a JOIN calls AS c ON c.call_id = a.call_id"
                f" WHERE c.call_id > {before}"
            )
    if len(came) < calls:
        raise RuntimeError(f"{len(came)} INVITEs came of {calls}.")
    return [(came[sip] - micros(due) - (call - before - 1) * gap) / 1e6 for sip, call in dialled if sip in came]


@contextmanager
def _busy() -> Iterator[Busy]:
    callee = Busy()
    try:
        yield callee
    finally:
        callee.close()


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}:[^\r\n]*", text, re.MULTILINE | re.IGNORECASE)
    return "" if found is None else found[0]


def _refusal(request: str) -> str:
    vias = re.findall(r"^Via:[^\r\n]*", request, re.MULTILINE | re.IGNORECASE)
    same = [_header(request, name) for name in ("From", "Call-ID", "CSeq")]
    lines = ["SIP/2.0 486 Busy Here", *vias, f"{_header(request, 'To')};tag=busy", *same, "Content-Length: 0", "", ""]
    return "\r\n".join(lines)
