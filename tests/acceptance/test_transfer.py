"""Callees who are transferred: `mirabelle serve` between two far ends that are not ours."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.baresip import Baresip
from tests.acceptance.customer import DOCUMENT, Customer
from tests.acceptance.service import Service
from tests.acceptance.sipp import Sipp
from tests.acceptance.test_calls_with_baresip import PLACES
from tests.acceptance.tones import seconds_of, tone
from tests.ports import free_udp_port

CALLEE = "+16175550123"
AGENT = "+16175550188"

AGENTS = """
[[trunk]]
name = "agents"
host = "127.0.0.1:{port}"
caller_id = "8005551212"
prefixes = ["+1617555018"]
"""

TRANSFER = DOCUMENT.format(
    '<form><catch event="error connection"><var name="event" expr="_event"/><var name="why" expr="_message"/>'
    '<submit next="caught" method="post" namelist="event why"/></catch>'
    "{}"
    '<transfer name="moved" dest="tel:{}" {}>{}<filled><var name="seconds" expr="moved$.duration"/>'
    '<submit next="moved" method="post" namelist="moved seconds"/></filled></transfer></form>'
)


def transfer(attributes: str, *, inside: str = "", before: str = "", dest: str = AGENT) -> tuple[int, str]:
    """A page that transfers whoever is on the line, and posts what came of it."""
    return 200, TRANSFER.format(before, dest, attributes, inside)


@pytest.fixture
def agents(prepared: Service) -> int:
    """The port of a second trunk, where calls to agents go."""
    port = free_udp_port()
    prepared.more = AGENTS.format(port=port)
    prepared.prepare_again()
    return port


@pytest.fixture
def telephone(
    require_peer: Callable[[str, Path | str | None], Path], tmp_path: Path
) -> Iterator[Callable[..., Baresip]]:
    """Starts a telephone that says a tone, in one codec."""
    binary = require_peer("baresip", shutil.which("baresip"))
    modules = require_peer("baresip's modules", next((each for each in PLACES if Path(each).is_dir()), None))
    with ExitStack() as running:

        def start(number: str, port: int, hertz: int, *, codec: str = "PCMU") -> Baresip:
            folder = tmp_path / number.removeprefix("+")
            folder.mkdir()
            (folder / "says.wav").write_bytes(tone(hertz, 60))
            return running.enter_context(Baresip(binary, modules, port, number, folder, codec=codec))

        yield start


def test_two_telephones_of_different_codecs_hear_each_other_and_each_others_keys(
    agents: int, prepared: Service, customer: Customer, telephone: Callable[..., Baresip]
) -> None:
    customer.pages["start"] = transfer('bridge="true" maxtime="5s"')
    callee = telephone(CALLEE, prepared.trunk_port, 440)
    agent = telephone(AGENT, agents, 700, codec="PCMA")
    prepared.start()
    prepared.queue(customer)
    assert prepared.program is not None
    prepared.program.wait_for("second leg answered")
    callee.command("sndcode", "5")
    assert agent.keys(1) == "5"
    agent.command("sndcode", "7")
    assert callee.keys(1) == "7"
    moved = customer.wait_for("moved")
    assert moved["moved"] == "maxtime_disconnect"
    assert float(moved["seconds"]) >= 5.0
    callee.stop()
    agent.stop()
    assert seconds_of(700, callee.recording()) >= 1.5
    assert seconds_of(440, agent.recording()) >= 1.5


def test_a_blind_transfer_asks_the_callees_end_and_leaves(
    service: Service, customer: Customer, sipp: Callable[..., Sipp]
) -> None:
    customer.pages["start"] = transfer('type="blind" aai="case 7"')
    callee = sipp("refers")
    call_id = service.queue(customer)
    assert customer.wait_for("caught")["event"] == "connection.disconnect.transfer"
    assert service.ended(call_id)["outcome"] == "answered"
    assert callee.succeeded()
    assert service.decisions(call_id) == ["dial", "transfer", "transfer_ended", "ended"]


def test_a_blind_transfer_that_comes_to_nothing_gives_the_callee_back(
    service: Service, customer: Customer, sipp: Callable[..., Sipp]
) -> None:
    customer.pages["start"] = transfer('type="blind"')
    callee = sipp("refers_in_vain")
    service.queue(customer)
    assert customer.wait_for("moved")["moved"] == "busy"
    assert callee.succeeded()


def test_a_trunk_whose_channels_are_taken_has_no_second_leg(
    prepared: Service, customer: Customer, sipp: Callable[..., Sipp]
) -> None:
    customer.pages["start"] = transfer('bridge="true"')
    prepared.more = "channels = 1\n"
    prepared.prepare_again()
    callee = sipp("answer")
    prepared.start()
    call_id = prepared.queue(customer)
    assert customer.wait_for("caught")["event"] == "error.connection.noresource"
    assert callee.succeeded()
    assert prepared.ended(call_id)["outcome"] == "answered"
    assert prepared.decisions(call_id) == ["dial", "transfer_refused", "ended"]


def test_sipp_at_both_ends_of_a_bridge_that_the_far_end_ends(
    agents: int, prepared: Service, customer: Customer, sipp: Callable[..., Sipp]
) -> None:
    customer.pages["start"] = transfer('bridge="true"')
    callee, agent = sipp("answer"), sipp("hangs_up", port=agents)
    prepared.start()
    call_id = prepared.queue(customer)
    assert customer.wait_for("moved")["moved"] == "far_end_disconnect"
    assert callee.succeeded()
    assert agent.succeeded()
    assert prepared.ended(call_id)["outcome"] == "answered"
    assert prepared.decisions(call_id) == ["dial", "transfer", "transfer_ended", "ended"]
