"""The application of the calls: two pages and a place for results, on a web server in threads."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

DOCUMENT = '<?xml version="1.0"?><vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form>{}</form></vxml>'

PAGES = {
    "/start": DOCUMENT.format(
        '<field name="choice" type="digits?length=1"><prompt>Hello. Your appointment is tomorrow at nine. '
        "Press one to confirm, or two to be called again.</prompt>"
        '<filled><submit next="choice" method="post" namelist="choice"/></filled></field>'
    ),
    "/choice": DOCUMENT.format("<block><prompt>Thank you. Goodbye.</prompt><exit/></block>"),
    "/result": "thanks",
}


class _Web(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


class Customer:
    """The web server.

    Attributes:
        results: how many results arrived.
    """

    def __init__(self) -> None:
        self.results = 0
        self._changed = threading.Lock()

    def __enter__(self) -> Self:
        customer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body leave in one write and without Nagle's algorithm: else 40 ms of waiting for an
            # acknowledgement would be counted as the server's.
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                body = PAGES[self.path].encode()
                if self.command == "POST" and self.path == "/result":
                    with customer._changed:
                        customer.results += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/voicexml+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = _Web(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str) -> str:
        """The address of a page."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{path}"
