"""A list through queuecalls.php of a running server, and how long others wait meanwhile."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlencode

from tests.bench.ingest_list import RESULT_URL, START_URL

PATIENCE: Final = 1800.0
"""Seconds after which an upload is taken for stuck."""

_BOUNDARY: Final = "mirabelle-bench"
_PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever sends requests.

    Attributes:
        address: of the server, `host:port`.
        pin: of the account `acme`.
        duplicates: what is said of numbers that are there twice.
    """

    address: str
    pin: str
    duplicates: str

    def connection(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        host, _, port = self.address.rpartition(":")
        return http.client.HTTPConnection(host, int(port), timeout=PATIENCE)

    def fields(self) -> dict[str, str]:
        """What both services are told; nothing is dialled before a year has passed."""
        return {
            "login": "acme",
            "pin": self.pin,
            "start_url": START_URL,
            "result_url": RESULT_URL,
            "scheduled_timestamp": str(int(time.time()) + 365 * 86_400),
        }

    def upload(self, path: Path, told: Callable[[int], None]) -> tuple[int, float]:
        """Send a list; returns how many calls were queued, and the seconds from the first byte to the reply.

        Args:
            path: the list.
            told: called with the bytes that went.
        """
        fields = {**self.fields(), "campaign_name": "bench", "duplicates": self.duplicates}
        head = "".join(
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="phone_list"; filename="list.csv"\r\n\r\n'
        tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
        connection = self.connection()
        began = time.perf_counter()
        connection.putrequest("POST", "/webservice/queuecalls.php")
        connection.putheader("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
        connection.putheader("Content-Length", str(len(head) + path.stat().st_size + len(tail)))
        connection.endheaders(head.encode())
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                connection.send(piece)
                told(len(piece))
        connection.send(tail)
        reply = connection.getresponse().read().decode()
        seconds = time.perf_counter() - began
        connection.close()
        queued = re.search(r'<queuecalls status="queued" campaign_id="[0-9]+" queued="([0-9]+)"', reply)
        if queued is None:
            raise RuntimeError(f"The server did not take the list of a benchmark: {reply[:2000]}")
        return int(queued[1]), seconds


class Waits:
    """Asks the server something again and again, and remembers how long it waited.

    Args:
        ask: one question and its answer.
        pause: seconds between the answer and the next question.
    """

    def __init__(self, ask: Callable[[], None], pause: float) -> None:
        self.seconds: list[float] = []
        self._ask = ask
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._ask()  # connected, and the PIN verified
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._pause):
            began = time.perf_counter()
            self._ask()
            self.seconds.append(time.perf_counter() - began)


def pages(sender: Sender) -> Waits:
    """How long an answer takes for which the server needs its event loop only."""
    connection = sender.connection()

    def ask() -> None:
        connection.request("GET", "/nothing", headers={"Connection": "keep-alive"})
        connection.getresponse().read()

    return Waits(ask, 0.02)


def writes(sender: Sender) -> Waits:
    """How long it takes to queue a single call."""
    connection = sender.connection()
    body = urlencode({**sender.fields(), "phone_number": "+16175550123"})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    def ask() -> None:
        connection.request("POST", "/webservice/queuecall.php", body, kind)
        reply = connection.getresponse().read().decode()
        if 'status="queued"' not in reply:
            raise RuntimeError(f"The server did not queue the call of a benchmark: {reply}")

    return Waits(ask, 0.25)
