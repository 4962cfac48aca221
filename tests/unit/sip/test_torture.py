"""Messages of RFC 4475, read where they lie; a clone without them skips."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirabelle.sip.error import SipError
from mirabelle.sip.message import Request, Response, parse
from tests.unit.sip.world import CALLEE, Agent, World

SAMPLES = Path(__file__).parents[4] / "shared" / "conformance" / "sip-torture"
FILES = sorted(SAMPLES.glob("*.dat"))


def sample(name: str) -> bytes:
    path = SAMPLES / f"{name}.dat"
    if not path.exists():
        pytest.skip(f"the sample {name} of RFC 4475 is not here: {SAMPLES} is missing")
    return path.read_bytes()


def read(name: str) -> Request | Response:
    return parse(sample(name))


@pytest.mark.parametrize("name", ["badinv01", "bigcode", "clerr", "scalarlg"])
def test_an_invalid_message_is_refused(name: str) -> None:
    with pytest.raises(SipError):
        read(name)


def test_white_space_everywhere_changes_nothing() -> None:
    message = read("wsinv")
    assert isinstance(message, Request)
    assert message.to.tag == "1918181833n"
    assert (message.from_.display, message.from_.tag) == ('J Rosenberg \\"', "98asjd8")
    assert [hop.transport for hop in message.vias] == ["UDP", "TCP", "UDP"]
    assert [hop.branch for hop in message.vias] == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]
    assert str(message.cseq) == "9 INVITE"
    assert message.contact is not None
    assert message.contact.display == 'Quoted string ""'
    assert message.contact.parameters == {"newparam": "newvalue", "secondparam": None, "q": "0.33"}
    assert message.headers["newfangledheader"] == "newfangled value continued newfangled value"
    assert message.headers["subject"] == ""
    assert len(message.body) == 150


def test_escapes_are_kept_and_can_be_resolved() -> None:
    message = read("esc01")
    assert isinstance(message, Request)
    assert message.target().unescaped_user == "sips:user@example.com"
    assert message.to.address().unescaped_user == "user"
    assert message.contact is not None
    assert message.contact.address().parameter("lr") == ""
    assert message.contact.address().parameter("name") == "value%41"


def test_a_name_may_touch_its_bracket() -> None:
    message = read("lwsdisp")
    assert (message.from_.display, message.from_.uri) == ("caller", "sip:caller@example.com")


def test_what_follows_a_complete_message_is_dropped() -> None:
    message = read("dblreq")
    assert isinstance(message, Request)
    assert (message.method, message.body) == ("REGISTER", b"")


def test_a_phrase_may_be_in_any_language() -> None:
    message = read("unreason")
    assert isinstance(message, Response)
    assert message.status == 200
    assert message.reason.startswith("= 2**3 * 5**2 но сто")


@pytest.mark.parametrize("name", ["badbranch", "zeromf"])
def test_odd_but_valid_options_are_answered(name: str) -> None:
    world = World()
    heard: list[bytes] = []
    agent = Agent(world, CALLEE)
    source = ("192.0.2.200", 5060)
    world.place(source, lambda data, _source: heard.append(data))
    agent.core.layer.receive(sample(name), source)
    world.run(1)
    assert [parse(data).headers["call-id"] for data in heard] == [read(name).call_id]
    assert heard[0].startswith(b"SIP/2.0 200 ")


def test_a_response_with_the_via_of_another_is_dropped() -> None:
    agent = Agent(World(), CALLEE)
    agent.core.layer.receive(sample("bcast"), ("192.0.2.200", 5060))
    assert agent.core.layer.discarded == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_agent_lives_through_every_message_and_every_beginning_of_it(path: Path) -> None:
    world = World()
    agent = Agent(world, CALLEE)
    agent.take_calls(lambda call: call.ring())
    data = path.read_bytes()
    for length in range(0, len(data) + 1, 7):
        agent.core.layer.receive(data[:length], ("192.0.2.200", 5060))
    agent.core.layer.receive(data, ("192.0.2.200", 5060))
    agent.core.layer.receive(data, ("192.0.2.200", 5060))
    world.run(400)
    assert world.timers == 0


def test_the_samples_are_here() -> None:
    if not FILES:
        pytest.skip(f"the messages of RFC 4475 are not here: {SAMPLES} is missing")
