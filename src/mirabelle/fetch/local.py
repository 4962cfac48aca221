"""A fetcher for a developer's own machine: loopback and files as well as the public Internet."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from mirabelle.fetch.address import Reach
from mirabelle.fetch.cache import ResponseCache
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.fetch.request import FetchError, Request, Response

CONTENT_TYPES: Final = {
    ".vxml": "application/voicexml+xml",
    ".xml": "application/xml",
    ".grxml": "application/srgs+xml",
    ".srgs": "application/srgs+xml",
    ".gram": "application/srgs",
    ".gsl": "application/x-nuance-gsl",
    ".jsgf": "application/x-jsgf",
    ".js": "text/javascript",
    ".json": "application/json",
    ".ssml": "application/ssml+xml",
    ".txt": "text/plain",
    ".wav": "audio/x-wav",
    ".ul": "audio/basic",
    ".al": "audio/x-alaw-basic",
    ".au": "audio/basic",
}
"""What a file is, by its ending, as a web server would say."""


class LocalFetcher(Fetcher):
    """Fetches `file:` URLs and from this machine too; private networks only where `allow_private` says so.

    A server's redirect never leads to a file. No copy of a file is kept: it is read anew each time.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout: float = 15.0,
        max_bytes: int = 2_000_000,
        user_agent: str = "Mirabelle",
        cache: ResponseCache | None = None,
    ) -> None:
        super().__init__(
            allow_private=allow_private, timeout=timeout, max_bytes=max_bytes, user_agent=user_agent, cache=cache
        )

    def _reach(self, allow_private: bool) -> Reach:
        return Reach.ANYWHERE if allow_private else Reach.LOOPBACK

    async def fetch(self, request: Request) -> Response:
        """Read the file, or ask the server.

        Raises:
            FetchError: no response; a missing file is a response of status 404.
        """
        if request.url[:5].lower() != "file:":
            return await super().fetch(request)
        if request.method.upper() != "GET":
            return _refused(request.url, 405)
        most = self._max_bytes if request.max_bytes is None else request.max_bytes
        return await asyncio.to_thread(_read_file, request.url, most)


def _read_file(url: str, most: int) -> Response:
    path = _path(url)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return _refused(url, 403)
        with path.open("rb") as file:
            body = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        return _refused(url, 404)
    except PermissionError:
        return _refused(url, 403)
    except (OSError, ValueError) as error:
        raise FetchError(url, "url", f"the file cannot be read ({error}).") from error
    if len(body) > most:
        raise FetchError(url, "too_large", f"the file is larger than the {most} bytes allowed.")
    kind = CONTENT_TYPES.get(path.suffix.lower(), "")
    return Response(url=url, status=200, content_type=kind, body=body, headers={"content-type": kind} if kind else {})


def _path(url: str) -> Path:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise FetchError(url, "url", f"this is not a URL ({error}).") from error
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise FetchError(url, "url", "a file URL has three slashes and the whole path: file:///home/me/start.vxml.")
    return Path(unquote(parts.path))


def _refused(url: str, status: int) -> Response:
    return Response(url=url, status=status, content_type="", body=b"", headers={})
