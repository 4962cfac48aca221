from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mirabelle.cli.preflight import AddressUnfit
from mirabelle.store.ledger import Ledger
from tests.unit.cli.conftest import Asked, Mirabelle

PAGES = {"/start": b'<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><form/></vxml>', "/page": b"<html/>"}


class Pages(BaseHTTPRequestHandler):
    """An application, a page that is none, and nothing else."""

    def do_GET(self) -> None:
        page = PAGES.get(self.path)
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Length", str(len(page or b"")))
        self.end_headers()
        self.wfile.write(page or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(config: Path) -> Iterator[str]:
    """Where the pages are, for commands that look at addresses."""
    config.write_text(config.read_text().replace("preflight = false", "allow_private = true"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(params=["call", "campaign upload"])
def command(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, ...]:
    if request.param == "call":
        return ("call", "+16175550123")
    listed = tmp_path / "one.csv"
    listed.write_text("+16175550123\n")
    return ("campaign", "upload", str(listed), "--name", "autumn")


async def queued(ledger: Ledger) -> int:
    return sum((await ledger.counts()).values())


def test_a_start_url_that_does_not_answer_queues_nothing(
    mirabelle: Mirabelle, asked: Asked, site: str, command: tuple[str, ...]
) -> None:
    with pytest.raises(AddressUnfit, match=r"start_url: GET \S+/strat was answered with HTTP status 404") as refused:
        mirabelle(*command, "--start-url", f"{site}/strat")
    assert "--unchecked" in str(refused.value)
    assert asked(queued) == 0


def test_a_result_url_that_does_not_answer_queues_nothing(
    mirabelle: Mirabelle, asked: Asked, site: str, command: tuple[str, ...]
) -> None:
    with pytest.raises(AddressUnfit, match="result_url"):
        mirabelle(*command, "--start-url", f"{site}/start", "--result-url", f"{site}/nowhere")
    assert asked(queued) == 0


def test_it_is_queued_all_the_same_where_nobody_is_to_look(
    mirabelle: Mirabelle, asked: Asked, site: str, command: tuple[str, ...]
) -> None:
    mirabelle(*command, "--start-url", f"{site}/strat", "--unchecked")
    assert asked(queued) == 1


def test_a_page_that_is_no_application_is_told_and_queued(
    mirabelle: Mirabelle, asked: Asked, site: str, command: tuple[str, ...]
) -> None:
    done = mirabelle(*command, "--start-url", f"{site}/page")
    assert "start_url: This is no valid VoiceXML" in done.stderr
    assert asked(queued) == 1


def test_an_application_is_queued_without_a_word(
    mirabelle: Mirabelle, asked: Asked, site: str, command: tuple[str, ...]
) -> None:
    assert mirabelle(*command, "--start-url", f"{site}/start").stderr == ""
    assert asked(queued) == 1
