"""The page that a person opens to see how the server is. Nothing on it comes from elsewhere, and nothing runs in it."""

from __future__ import annotations

from datetime import timedelta
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from mirabelle.calls.call import CallState
from mirabelle.web.status import StatusSource

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What every page of ours is sent with."""
STYLE_PATH: Final = "/style.css"
"""Where the style sheet is served."""

_FOLDER: Final = "pages"


def routes(source: StatusSource) -> list[Route]:
    """The pages for people, to be mounted beside the services.

    Args:
        source: asked anew for each request.
    """
    pages = _Pages(source)
    return [Route("/", pages.status, methods=["GET"]), Route(STYLE_PATH, pages.style, methods=["GET"])]


def age(span: timedelta) -> str:
    """A span of time in its two greatest units: `3 d 4 h`, `12 s`."""
    left = max(int(span.total_seconds()), 0)
    parts: list[str] = []
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count or parts or unit == "s":
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


class _Pages:
    def __init__(self, source: StatusSource) -> None:
        self._source = source
        environment = Environment(
            loader=PackageLoader("mirabelle.web", _FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["age"] = age
        self._template = environment.get_template("status.html")
        self._style = resources.files("mirabelle.web").joinpath(_FOLDER, "style.css").read_bytes()

    async def status(self, _request: Request) -> Response:
        status = await self._source.status()
        text = self._template.render(status=status, states=tuple(CallState), style=STYLE_PATH)
        return HTMLResponse(text, headers={**HEADERS, "Cache-Control": "no-store"})

    async def style(self, _request: Request) -> Response:
        return Response(self._style, media_type="text/css", headers={**HEADERS, "Cache-Control": "max-age=300"})
