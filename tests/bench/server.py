"""`mirabelle serve` on SQLite with one trunk, and the far end it leads to: processes that end with the benchmark."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from tests.acceptance.program import Program, mirabelle
from tests.bench import child
from tests.ports import free_rtp_ports

CONFIG = """
[server]
listen = "127.0.0.1:0"
[store]
url = "sqlite:///{folder}/ledger.db"
[sip]
bind = "127.0.0.1:0"
[media]
ports = "{first}-{last}"
processes = 1
[http]
allow_private = true
[dialer]
drain_seconds = 5
[[trunk]]
name = "main"
host = "{far_end}"
caller_id = "8005551212"
calls_per_second = 200
channels = 900
"""


class Server:
    """A running server, and a client of it.

    Args:
        program: the process; its events are its log.
        pin: of the account `acme`.
    """

    def __init__(self, program: Program, pin: str) -> None:
        self.program = program
        self._pin = pin
        host, _, port = str(program.wait_for("ready")["http"]).rpartition(":")
        self._http = http.client.HTTPConnection(host, int(port), timeout=20)

    @property
    def pid(self) -> int:
        """Of the server itself."""
        return self.program.process.pid

    def queue(self, start_url: str, result_url: str) -> None:
        """Queue a call now, over a connection of its own as most customers do."""
        form = {
            "login": "acme",
            "pin": self._pin,
            "phone_number": "+16175550123",
            "start_url": start_url,
            "result_url": result_url,
        }
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self._http.request("POST", "/webservice/queuecall.php", urlencode(form), kind)
        reply = self._http.getresponse().read().decode()
        self._http.close()
        if 'status="queued"' not in reply:
            raise RuntimeError(f"The server did not queue the call of a benchmark: {reply}")

    def first_audio_ms(self) -> list[float]:
        """From each answer to the first RTP packet, in the order of the log."""
        return [float(each["ms"]) for each in tuple(self.program.events) if each.get("event") == "first audio"]

    def outcomes(self) -> list[str]:
        """How each attempt ended."""
        return [str(each["outcome"]) for each in tuple(self.program.events) if each.get("event") == "ended"]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Start the far end and the server, and end both.

    Args:
        folder: where the settings and the ledger go.
    """
    with far_end() as address:
        first, last = free_rtp_ports(2000)
        config = folder / "mirabelle.toml"
        config.write_text(CONFIG.format(folder=folder, first=first, last=last, far_end=address))
        add = mirabelle("account", "add", "acme", "--config", config)
        pin = subprocess.run(add, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
        command = mirabelle("serve", "--config", config, "--log-format", "json")
        with Program(command, stream="stderr") as program:
            yield Server(program, pin)


@contextlib.contextmanager
def far_end() -> Iterator[str]:
    """A process that answers every call; yields its SIP address."""
    with child.running("tests.bench.far_end") as address:
        yield address
