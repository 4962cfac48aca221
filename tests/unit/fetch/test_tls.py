"""Certificates are verified, against the name that was asked for."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import pytest
import trustme

from mirabelle.fetch.address import Reach
from mirabelle.fetch.connections import Connections, Origin
from mirabelle.fetch.fetcher import Fetcher
from mirabelle.fetch.network import CheckedNetwork
from mirabelle.fetch.request import FetchError, Request
from tests.unit.fetch.conftest import Site, served


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def secure_site(authority: trustme.CA) -> AsyncIterator[Site]:
    """A server with a certificate for `localhost`."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    async with served(tls) as site:
        site.page("/", b"page")
        yield site


@pytest.fixture
async def trusting(authority: trustme.CA) -> AsyncIterator[Connections]:
    """Connections that trust the authority of the test."""
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    connections = Connections(CheckedNetwork(Reach.ANYWHERE), tls)
    yield connections
    await connections.aclose()


async def asked(connections: Connections, host: str, port: int) -> bytes:
    async with connections.exchange(Origin(host, port, True), "GET", b"/", [("host", host)], None) as answer:
        return b"".join([piece async for piece in answer])


async def test_a_certificate_of_somebody_unknown_is_refused(secure_site: Site, fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="check the server's certificate") as refused:
        await fetcher.fetch(Request(url=f"https://localhost:{secure_site.port}/"))
    assert refused.value.reason == "tls"
    assert secure_site.asked == []


async def test_a_certificate_for_the_name_is_taken(secure_site: Site, trusting: Connections) -> None:
    assert await asked(trusting, "localhost", secure_site.port) == b"page"


async def test_a_certificate_for_another_name_is_refused(secure_site: Site, trusting: Connections) -> None:
    with pytest.raises(FetchError, match="certificate") as refused:
        await asked(trusting, "127.0.0.1", secure_site.port)
    assert refused.value.reason == "tls"
    assert secure_site.asked == []


async def test_one_secure_connection_carries_request_after_request(secure_site: Site, trusting: Connections) -> None:
    for _ in range(3):
        await asked(trusting, "localhost", secure_site.port)
    assert len(secure_site.tasks) == 1
