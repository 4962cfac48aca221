from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from mirabelle.api.health import Readiness


class Server:
    """What a server that only dials says."""

    def __init__(self) -> None:
        self.stopping = False
        self.media = True
        self.store: Exception | None = None

    async def touch(self) -> None:
        if self.store is not None:
            raise self.store

    def report(self) -> Mapping[str, Any]:
        return {"ok": self.media, "calls_in_progress": 3}

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        readiness = Readiness(self.touch, self.report, lambda: self.stopping)
        app = Starlette(routes=[readiness.figures(), *readiness.routes()])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
            response = await client.get(path)
        assert response.headers["cache-control"] == "no-store"
        return response.status_code, response.json()


@pytest.fixture
def server() -> Server:
    return Server()


async def test_a_server_that_works_is_ready_alive_and_well(server: Server) -> None:
    assert await server.get("/ready") == (200, {"ok": True})
    assert await server.get("/alive") == (200, {"ok": True})
    status, figures = await server.get("/health")
    assert (status, figures["ok"], figures["calls_in_progress"]) == (200, True, 3)


@pytest.mark.parametrize("broken", ["stopping", "media", "store"])
async def test_a_server_that_takes_no_work_is_alive_and_not_ready(
    server: Server, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if broken == "store":
        server.store = OSError("the password is secret")
    else:
        setattr(server, broken, broken == "stopping")
    assert (await server.get("/alive"))[0] == 200
    for path in ("/ready", "/health"):
        status, body = await server.get(path)
        assert (status, body["ok"]) == (503, False)
        assert body["reason"]
        assert "secret" not in str(body)
