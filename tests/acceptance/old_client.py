"""A client as they were written for the hosted service: a program on .NET, with the pages that it serves."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from tests.acceptance.customer import GREETING, PATIENCE, Customer

BOUNDARY = "---------------------------8d2f4a1b3c5e6f7"
"""As `"---------------------------" + DateTime.Now.Ticks.ToString("x")` gives it."""


class NotQueuedError(Exception):
    """The text of the reply holds `failed`."""


@dataclass(frozen=True)
class Outcome:
    """What the client reads from a post to its result page."""

    phone_number: str
    message_reference: str
    call_id: int
    result: str
    callee_type: str
    attempts: int
    last_attempt_timestamp: str
    duration: int

    @classmethod
    def read(cls, form: Mapping[str, str]) -> Outcome:
        """Read it as `Request.Form` and `int.Parse` do: a variable that is missing, or no number, throws."""
        return cls(
            phone_number=form["phone_number"],
            message_reference=form["message_reference"],
            call_id=int(form["call_id"]),
            result=form["result"],
            callee_type=form["callee_type"],
            attempts=int(form["attempts"]),
            last_attempt_timestamp=form["last_attempt_timestamp"],
            duration=int(form["duration"]),
        )


@dataclass
class OldApplication(Customer):
    """Its web server: `start` is VoiceXML, `result` reads results."""

    knows_heartbeats: bool = True
    results: list[Outcome] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    def answer(self, path: str, kind: str, form: Mapping[str, str]) -> tuple[int, str]:
        """The status and the text of a page, for a form of this Content-Type."""
        if path == "start":
            return 200, GREETING
        if path != "result":
            return 404, "The resource cannot be found."
        if not form.get("phone_number") and self.knows_heartbeats:
            return 200, ""
        self.kinds.add(kind)
        try:
            self.results.append(Outcome.read(form))
        except (KeyError, ValueError):
            return 500, "Server Error in '/' Application."
        return 200, ""


class OldClient:
    """Queues calls as `HttpWebRequest` sends them.

    Args:
        address: the server's, as `host:port`.
        pin: of the account `acme`.
    """

    def __init__(self, address: str, pin: str) -> None:
        self._address = address
        self._credentials = {"login": "acme", "pin": pin}

    def queue_call(self, **fields: str) -> int:
        """Post to queuecall.php; returns the call_id.

        Raises:
            NotQueuedError: the call was not queued.
        """
        form = {**self._credentials, **fields}
        body = "&".join(f"{name}={_url_encode(value)}" for name, value in form.items()).encode("ascii")
        return _number(self._text("/webservice/queuecall.php", "application/x-www-form-urlencoded", body), "call_id")

    def queue_calls(self, numbers: Sequence[str], **fields: str) -> int:
        """Upload a list to queuecalls.php; returns the campaign_id.

        Raises:
            NotQueuedError: the list was not queued.
        """
        parts = [
            f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'
            for name, value in {**self._credentials, **fields}.items()
        ]
        parts.append(
            f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="phone_list"; filename="numbers.txt"\r\n'
            "Content-Type: text/plain\r\n\r\n" + "".join(f"{line}\r\n" for line in numbers)
        )
        body = "".join([*parts, f"\r\n--{BOUNDARY}--\r\n"]).encode("utf-8")
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return _number(self._text("/webservice/queuecalls.php", kind, body), "campaign_id")

    def _text(self, path: str, kind: str, body: bytes) -> str:
        """Send the head, wait to be told to go on, send the body, and read the reply."""
        head = (
            f"POST {path} HTTP/1.1\r\nContent-Type: {kind}\r\nHost: {self._address}\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: Close\r\n\r\n"
        )
        host, _, port = self._address.rpartition(":")
        with (
            socket.create_connection((host, int(port)), timeout=PATIENCE) as connection,
            connection.makefile("rb") as sent,
        ):
            connection.sendall(head.encode("ascii"))
            told = sent.readline()
            assert told.startswith(b"HTTP/1.1 100 "), told
            assert sent.readline() == b"\r\n"
            connection.sendall(body)
            status, _, rest = sent.read().partition(b"\r\n")
        # `GetResponse` throws at any other.
        assert status == b"HTTP/1.1 200 OK", status
        text = rest.partition(b"\r\n\r\n")[2].decode("utf-8")
        if "failed" in text:
            raise NotQueuedError(text)
        return text


def _url_encode(value: str) -> str:
    """As `HttpUtility.UrlEncode`: a space is `+`, and the hexadecimal digits are small."""
    text = quote_plus(value, safe="!*()")
    return "".join(f"%{piece[:2].lower()}{piece[2:]}" if at else piece for at, piece in enumerate(text.split("%")))


def _number(text: str, attribute: str) -> int:
    """An attribute of the reply, as `Int32.Parse` reads it."""
    found = int(text.partition(f'{attribute}="')[2].partition('"')[0])
    assert -(2**31) <= found < 2**31
    return found
