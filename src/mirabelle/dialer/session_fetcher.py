"""What a session asks for, fetched: the form as the application's encoding wants it, cookies kept for the session."""

from __future__ import annotations

import secrets
from http.cookiejar import CookieJar
from typing import Protocol
from urllib.parse import urlencode

from mirabelle.fetch.request import FetchError, Request, Response
from mirabelle.vxml.platform import Fetch, Fetched, FetchFailed


class Reaches(Protocol):
    """Something that fetches: `mirabelle.fetch.Fetcher`, or one for the terminal."""

    async def fetch(self, request: Request) -> Response:
        """Ask, and bring the answer.

        Raises:
            FetchError: there is none.
        """
        ...


class SessionFetcher:
    """Fetches for one session.

    Args:
        fetcher: what reaches the web.
    """

    def __init__(self, fetcher: Reaches) -> None:
        self._fetcher = fetcher
        self._cookies = CookieJar()

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get what the request names; a failure is a reply."""
        body, content_type = content(request)
        try:
            response = await self._fetcher.fetch(
                Request(
                    url=request.url,
                    method=request.method.upper(),
                    body=body,
                    content_type=content_type,
                    headers=request.headers,
                    timeout=None if request.timeout_ms is None else request.timeout_ms / 1000,
                    cookies=self._cookies,
                )
            )
        except FetchError as error:
            return FetchFailed(str(error), timeout=error.reason == "timeout", unsupported=error.reason == "scheme")
        return Fetched(response.url, response.status, response.content_type, response.body)


def content(request: Fetch) -> tuple[bytes | None, str]:
    """The body of a request and its type; none for `get`, whose fields are in the URL already."""
    if request.body is not None:
        return request.body, request.enctype
    if request.method.lower() != "post":
        return None, ""
    if request.enctype == "multipart/form-data" or any(isinstance(value, bytes) for _, value in request.fields):
        return multipart(request.fields, boundary=secrets.token_hex(16))
    return urlencode(request.fields).encode("ascii"), "application/x-www-form-urlencoded"


def multipart(fields: tuple[tuple[str, str | bytes], ...], *, boundary: str) -> tuple[bytes, str]:
    """A form with recordings in it (RFC 7578): the body and its content type."""
    parts: list[bytes] = []
    for name, value in fields:
        quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'Content-Disposition: form-data; name="{quoted}"'
        if isinstance(value, bytes):
            head += f'; filename="{quoted}"\r\nContent-Type: application/octet-stream'
        data = value if isinstance(value, bytes) else value.encode()
        parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + data + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f'multipart/form-data; boundary="{boundary}"'
