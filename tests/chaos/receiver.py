"""The customer's server: an application that says one word, and a book of the results that came."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

APPLICATION = (
    '<?xml version="1.0"?><vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">'
    "<form><block><prompt>Hi.</prompt></block></form></vxml>"
)


@dataclass
class Receiver:
    """The server. `results` has the `webhook-id` of every post, by call."""

    results: dict[int, list[str]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                receiver._reply(self)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                if self.path == "/result":
                    receiver._take(parse_qs(body), self.headers.get("webhook-id", ""))
                receiver._reply(self)

            def log_message(self, *_: Any) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                return  # who asked was killed

        self._lock = threading.Lock()
        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        """The address of a page."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{path}"

    def taken(self) -> dict[int, list[str]]:
        """The results that came until now."""
        with self._lock:
            return {call_id: list(names) for call_id, names in self.results.items()}

    def _take(self, form: dict[str, list[str]], name: str) -> None:
        with self._lock:
            self.results.setdefault(int(form["call_id"][0]), []).append(name)

    def _reply(self, handler: BaseHTTPRequestHandler) -> None:
        body = APPLICATION.encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/voicexml+xml")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
