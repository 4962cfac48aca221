"""A customer's web server: VoiceXML at some addresses, and a place where results arrive."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

PATIENCE = 30.0

DOCUMENT = '<?xml version="1.0"?><vxml version="2.1" xmlns="http://www.w3.org/2001/vxml">{}</vxml>'

GREETING = DOCUMENT.format("<form><block><prompt>Hello. Your appointment is at nine.</prompt></block></form>")

MENU = DOCUMENT.format(
    '<form><field name="choice" type="digits?length=1">'
    "<prompt>Press one to confirm, or two to be called again.</prompt>"
    '<filled><submit next="choice" method="post" namelist="choice"/></filled></field></form>'
)

THANKS = DOCUMENT.format("<form><block><prompt>Thank you.</prompt><exit/></block></form>")

WAITING = DOCUMENT.format(
    '<form><field name="key" type="digits?length=1"><property name="timeout" value="60s"/>'
    "<prompt>Please wait.</prompt></field></form>"
)


@dataclass
class Customer:
    """The server. `pages` may be changed while it runs."""

    pages: dict[str, tuple[int, str]] = field(default_factory=dict)
    requests: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)

    def __enter__(self) -> Self:
        customer = self
        self._news = threading.Condition()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                customer._serve(self, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                kind = self.headers.get("Content-Type", "")
                if kind.startswith("multipart/"):
                    customer._keep(kind, body)
                    customer._serve(self, {})
                else:
                    customer._serve(self, dict(parse_qsl(body.decode(), keep_blank_values=True)))

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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

    def _serve(self, handler: BaseHTTPRequestHandler, form: Mapping[str, str]) -> None:
        path = handler.path.lstrip("/").partition("?")[0]
        status, text = self.answer(path, handler.headers.get("Content-Type", ""), form)
        with self._news:
            self.requests.append((handler.command, path, form))
            self._news.notify_all()
        if path in self.files:
            status, body, kind = 200, self.files[path], "audio/x-wav"
        else:
            body, kind = text.encode(), "application/voicexml+xml"
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def answer(self, path: str, _kind: str, _form: Mapping[str, str]) -> tuple[int, str]:
        """The status and the text of a page, for a form of this Content-Type."""
        return self.pages.get(path, (404, "no such page"))

    def wait_for(self, path: str, count: int = 1) -> Mapping[str, str]:
        """The form of the last of `count` requests for a page, waiting for it."""
        until = time.monotonic() + PATIENCE
        with self._news:
            while len(found := [form for _, each, form in self.requests if each == path]) < count:
                left = until - time.monotonic()
                assert left > 0, f"{path} was asked {len(found)} times, not {count}; all requests: {self.requests}"
                self._news.wait(left)
            return found[count - 1]

    def _keep(self, kind: str, body: bytes) -> None:
        """Keep the parts of a form with files in it."""
        message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts = message.get_payload()
        assert isinstance(parts, list)
        with self._news:
            for part in parts:
                assert isinstance(part, Message)
                name = str(part.get_param("name", header="Content-Disposition"))
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                self.uploads[name] = content
            self._news.notify_all()

    def upload(self, name: str) -> bytes:
        """A file that was sent in a form, waiting for it."""
        until = time.monotonic() + PATIENCE
        with self._news:
            while name not in self.uploads:
                left = until - time.monotonic()
                assert left > 0, f"{name} was never sent; all requests: {self.requests}"
                self._news.wait(left)
            return self.uploads[name]

    def asked(self, path: str) -> int:
        """How often a page was asked for."""
        with self._news:
            return sum(each == path for _, each, _ in self.requests)
