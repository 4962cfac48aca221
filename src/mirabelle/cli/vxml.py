"""`mirabelle vxml run`: an application in the terminal."""

from __future__ import annotations

import asyncio
import sys
from http.cookiejar import CookieJar
from pathlib import Path
from uuid import uuid4

from mirabelle.fetch.fetcher import Fetcher
from mirabelle.fetch.local import LocalFetcher
from mirabelle.fetch.request import FetchError, Request
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed
from mirabelle.vxml.text import parse_far_end, parse_inputs, run_text


class SessionFetcher:
    """Fetches for one session: its cookies, and the shape that the interpreter asks in.

    Args:
        fetcher: does the fetching.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._cookies = CookieJar()

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get what the request names."""
        try:
            response = await self._fetcher.fetch(self._asked(request))
        except FetchError as error:
            return FetchFailed(
                str(error), timeout=error.reason == "timeout", unsupported=error.reason in ("scheme", "url")
            )
        return Fetched(response.url, response.status, response.content_type, response.body)

    def _asked(self, request: Fetch) -> Request:
        form: list[tuple[str, str]] | None = None
        body, content_type = request.body, request.enctype if request.body is not None else ""
        if request.method == "post" and body is None:
            if request.enctype == "multipart/form-data":
                body, content_type = multipart(request.fields)
            else:
                form = [(name, value if isinstance(value, str) else value.hex()) for name, value in request.fields]
        return Request(
            url=request.url,
            method=request.method.upper(),
            form=form,
            body=body,
            content_type=content_type,
            headers=request.headers,
            timeout=None if request.timeout_ms is None else request.timeout_ms / 1000,
            cookies=self._cookies,
        )


def multipart(fields: tuple[tuple[str, str | bytes], ...]) -> tuple[bytes, str]:
    """Write fields as `multipart/form-data` (RFC 7578); bytes become files.

    Returns:
        The body and its content type.
    """
    boundary = uuid4().hex
    parts = []
    for name, value in fields:
        plain = name.replace('"', "%22")
        if isinstance(value, str):
            head = f'Content-Disposition: form-data; name="{plain}"\r\n\r\n'
            data = value.encode()
        else:
            named = f'Content-Disposition: form-data; name="{plain}"; filename="{plain}.wav"\r\n'
            head = f"{named}Content-Type: application/octet-stream\r\n\r\n"
            data = value
        parts.append(b"--" + boundary.encode() + b"\r\n" + head.encode() + data + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def run(url: str, inputs: str | None, far_end: str | None) -> int:
    """Run an application as text, and print what happens.

    Args:
        url: where it is; a path is a file.
        inputs: comma-separated; None asks at the terminal.
        far_end: who is at the other end of a transfer; None for somebody who talks for a while.

    Returns:
        The exit status.

    Raises:
        InputError: the inputs or the far end cannot be understood.
    """
    address = url if "://" in url or url.startswith("file:") else Path(url).absolute().as_uri()
    given = None if inputs is None else parse_inputs(inputs)
    other = parse_far_end(far_end or "")
    return asyncio.run(
        run_text(
            address, inputs=given, far_end=other, fetcher=SessionFetcher(LocalFetcher()), out=_print, ask=_ask_terminal
        )
    )


def _print(line: str) -> None:
    print(line, flush=True)


def _ask_terminal() -> str | None:
    if sys.stdin.isatty():
        print("> ", end="", flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else None
