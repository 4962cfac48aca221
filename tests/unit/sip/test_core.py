from __future__ import annotations

import pytest

from mirabelle.sip.message import Response, parse
from tests.unit.sip.world import CALLEE, CALLER, OFFER, Agent, Peer, World


class Scene:
    """A peer sends raw text to our agent."""

    def __init__(self, *, takes_calls: bool = False) -> None:
        self.world = World()
        self.agent = Agent(self.world, CALLER)
        self.peer = Peer(self.world)
        if takes_calls:
            self.agent.take_calls(lambda call: call.ring())

    def ask(
        self,
        method: str,
        *extra: str,
        to: str = "<sip:us@192.0.2.1>",
        uri: str = "sip:us@192.0.2.1",
        branch: str = "z9hG4bKx",
    ) -> Response | None:
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP 192.0.2.2;branch={branch}",
            "From: <sip:them@192.0.2.2>;tag=them",
            f"To: {to}",
            "Call-ID: call@192.0.2.2",
            f"CSeq: 1 {method}",
            *extra,
        ]
        before = len(self.peer.heard)
        self.agent.core.layer.receive("\r\n".join([*lines, "", ""]).encode(), CALLEE)
        self.world.run(0.01)
        heard = self.peer.heard[before:]
        if not heard:
            return None
        last = heard[-1]
        assert isinstance(last, Response)
        return last


def status(response: Response | None) -> int:
    return 0 if response is None else response.status


def test_options_tell_what_we_can() -> None:
    response = Scene().ask("OPTIONS")
    assert response is not None
    assert response.status == 200
    assert "INVITE" in response.headers["allow"]
    assert response.headers["accept"] == "application/sdp"
    assert response.to.tag


@pytest.mark.parametrize(
    ("method", "extra", "to", "uri", "expected"),
    [
        ("REGISTER", (), "<sip:a@b>", "sip:us@x", 405),
        ("NOVELTY", (), "<sip:a@b>", "sip:us@x", 405),
        ("BYE", (), "<sip:a@b>;tag=none", "sip:us@x", 481),
        ("BYE", (), "<sip:a@b>", "sip:us@x", 481),
        ("INVITE", (), "<sip:a@b>;tag=none", "sip:us@x", 481),
        ("CANCEL", (), "<sip:a@b>", "sip:us@x", 481),
        ("OPTIONS", ("Require: novelty",), "<sip:a@b>", "sip:us@x", 420),
        ("OPTIONS", (), "<sip:a@b>", "tel:+1617", 416),
        ("INVITE", (), "<sip:a@b>", "sip:us@x", 480),
        ("OPTIONS", ("Max-Forwards: 0",), "<sip:a@b>", "sip:us@x", 200),
        ("OPTIONS", ("Max-Forwards: 999",), "<sip:a@b>", "sip:us@x", 400),
        ("ACK", (), "<sip:a@b>;tag=none", "sip:us@x", 0),
        ("ACK", ("CSeq: 7 INVITE",), "<sip:a@b>", "sip:us@x", 0),
    ],
)
def test_what_belongs_to_no_call_is_answered_as_the_rfc_says(
    method: str, extra: tuple[str, ...], to: str, uri: str, expected: int
) -> None:
    assert status(Scene().ask(method, *extra, to=to, uri=uri)) == expected


def test_a_405_names_the_methods_that_would_do() -> None:
    response = Scene().ask("REGISTER")
    assert response is not None
    assert response.headers.values("allow") == ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "INFO", "NOTIFY"]


def test_a_420_names_what_is_not_supported() -> None:
    response = Scene().ask("INVITE", "Require: a, b")
    assert response is not None
    assert response.headers["unsupported"] == "a, b"


def test_a_body_that_is_no_session_description_is_415() -> None:
    scene = Scene(takes_calls=True)
    data = "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
    assert status(scene.ask("INVITE", data)) == 415


def test_a_body_that_is_packed_is_415_and_told_so() -> None:
    scene = Scene(takes_calls=True)
    data = "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi"
    response = scene.ask("INVITE", data)
    assert response is not None
    assert (response.status, response.headers["accept-encoding"]) == (415, "identity")


def test_a_description_that_cannot_be_read_is_not_taken_for_none() -> None:
    scene = Scene(takes_calls=True)
    assert status(scene.ask("INVITE", "Content-Type: application/sdp\r\nContent-Length: 2\r\n\r\nhi")) == 488
    assert scene.agent.incoming == []


@pytest.mark.parametrize("field", ["Contact: <them>", "Contact: <tel:+1>", "Record-Route: <tel:+1>"])
def test_an_invite_that_could_never_be_hung_up_on_is_malformed(field: str) -> None:
    assert status(Scene(takes_calls=True).ask("INVITE", field)) == 400


def test_a_repeated_request_gets_the_same_answer() -> None:
    scene = Scene()
    first, second = scene.ask("OPTIONS"), scene.ask("OPTIONS")
    assert first is not None
    assert second is not None
    assert first.to.tag == second.to.tag


def test_a_request_that_came_two_ways_is_merged() -> None:
    scene = Scene(takes_calls=True)
    assert status(scene.ask("INVITE")) == 180
    assert status(scene.ask("INVITE", branch="z9hG4bKother")) == 482


def test_keep_alives_are_passed_over() -> None:
    scene = Scene()
    for data in (b"\r\n\r\n", b"\r\n", b"\x00\x00", b"", b"   "):
        scene.agent.core.layer.receive(data, CALLEE)
    assert scene.agent.core.layer.discarded == 0


def test_an_answer_goes_back_where_the_request_really_came_from() -> None:
    world = World()
    agent = Agent(world, CALLER)
    heard: list[bytes] = []
    world.place(("198.51.100.7", 6000), lambda data, _source: heard.append(data))
    lines = [
        "OPTIONS sip:us@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;rport, SIP/2.0/UDP 10.0.0.2",
        "From: <sip:a@b>;tag=1",
        "To: <sip:a@b>",
        "Call-ID: x",
        "CSeq: 1 OPTIONS",
    ]
    agent.core.layer.receive("\r\n".join([*lines, "", ""]).encode(), ("198.51.100.7", 6000))
    world.run(1)
    response = parse(heard[0])
    assert response.via.parameters["rport"] == "6000"
    assert response.via.parameters["received"] == "198.51.100.7"
    assert response.vias[1].host == "10.0.0.2"


def test_without_rport_the_answer_goes_to_the_port_of_the_via() -> None:
    scene = Scene()
    lines = [
        "OPTIONS sip:us@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.2",
        "From: <sip:a@b>;tag=1",
        "To: <sip:a@b>",
        "Call-ID: x",
        "CSeq: 1 OPTIONS",
    ]
    scene.agent.core.layer.receive("\r\n".join([*lines, "", ""]).encode(), (CALLEE[0], 61234))
    scene.world.run(1)
    assert scene.peer.responses("OPTIONS") == [200]


def test_an_invite_of_the_old_rfc_is_known_again_without_a_branch() -> None:
    scene = Scene(takes_calls=True)
    scene.ask("INVITE", branch="1")
    scene.ask("INVITE", branch="1")
    assert len(scene.agent.incoming) == 1
    assert scene.agent.incoming[0].caller == "them"


def test_a_response_to_nothing_is_dropped() -> None:
    scene = Scene()
    scene.agent.core.layer.receive(
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKno\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n"
        b"Call-ID: x\r\nCSeq: 1 INVITE\r\n\r\n" + OFFER,
        CALLEE,
    )
    assert scene.peer.heard == []
