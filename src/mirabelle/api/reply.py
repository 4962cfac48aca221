"""The HTTP around the XML that the services answer with."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mirabelle.api import xml
from mirabelle.api.xml import Fault


def reply(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A reply that no cache keeps.

    Args:
        body: the XML.
        status: of HTTP.
        headers: more headers.
    """
    own = {"Content-Type": xml.MEDIA_TYPE, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(body, status_code=status, headers={**own, **(headers or {})})


class OnlyPost:
    """What a service answers to any other method."""

    def __init__(self, service: str) -> None:
        """Make it.

        Args:
            service: the root element of the reply.
        """
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, as ASGI has it: so it takes any method there is."""
        fault = Fault("body", "Send the call with POST, as a form.")
        refused = reply(xml.failed(self._service, (), [fault]), status=405, headers={"Allow": "POST"})
        await refused(scope, receive, send)


def client_of(request: Request) -> str:
    """The address a request came from, for the log."""
    return "" if request.client is None else request.client.host
