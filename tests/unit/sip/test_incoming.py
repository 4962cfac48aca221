from __future__ import annotations

from random import Random

import pytest

from mirabelle.calls.outcome import Outcome
from mirabelle.sip.error import SipError
from mirabelle.sip.events import Answered, Canceled, Confirmed, Ended, Failed
from mirabelle.sip.incoming import IncomingCall
from mirabelle.sip.message import Request
from mirabelle.sip.outgoing import OutgoingCall
from tests.unit.sip.world import ANSWER, CALLEE, CALLER, Agent, Peer, World, drain, name


class Scene:
    """Two agents of ours."""

    def __init__(self) -> None:
        self.world = World()
        self.caller = Agent(self.world, CALLER, 1)
        self.callee = Agent(self.world, CALLEE, 2)
        self.callee.take_calls(lambda _call: None)
        self.outgoing: OutgoingCall = self.caller.invite()
        self.world.run(0.1)
        self.incoming: IncomingCall = self.callee.incoming[0]


def test_trying_comes_at_once_and_by_itself() -> None:
    assert Scene().world.names() == ["INVITE", "100"]


def test_our_answer_is_repeated_until_it_is_acknowledged() -> None:
    scene = Scene()
    scene.world.lose = lambda number: name(scene.world.sent[number][3]) == "ACK"
    scene.incoming.answer(ANSWER)
    start = scene.world.time
    scene.world.run(5)
    assert [round(at - start, 1) for at in scene.world.times("200", CALLEE)] == [0.0, 0.5, 1.5, 3.5]
    scene.world.lose = lambda _number: False
    scene.world.run(10)
    assert isinstance(drain(scene.incoming)[-1], Confirmed)
    assert len(scene.world.times("200", CALLEE)) == 5


def test_an_answer_that_nobody_acknowledges_ends_the_call() -> None:
    scene = Scene()
    scene.world.lose = lambda number: name(scene.world.sent[number][3]) == "ACK"
    scene.incoming.answer(ANSWER)
    scene.world.run(33)
    last = drain(scene.incoming)[-1]
    assert isinstance(last, Ended)
    assert last.by == "timeout"
    assert isinstance(drain(scene.outgoing)[-1], Ended)


def test_a_bye_waits_for_the_ack() -> None:
    scene = Scene()
    scene.world.lose = lambda number: name(scene.world.sent[number][3]) == "ACK"
    scene.incoming.answer(ANSWER)
    scene.incoming.hang_up()
    scene.world.run(2)
    assert "BYE" not in scene.world.names()
    scene.world.lose = lambda _number: False
    scene.world.run(4)
    assert [type(event) for event in drain(scene.outgoing)] == [Answered, Ended]


def test_a_canceled_call_is_over_with_487() -> None:
    scene = Scene()
    scene.outgoing.cancel()
    scene.world.run(1)
    assert scene.world.names() == ["INVITE", "100", "CANCEL", "200", "487", "ACK"]
    assert isinstance(drain(scene.incoming)[-1], Canceled)


def test_a_cancel_after_the_answer_changes_nothing() -> None:
    scene = Scene()
    scene.incoming.answer(ANSWER)
    scene.outgoing._send_cancel()
    scene.world.run(1)
    assert [type(event) for event in drain(scene.incoming)] == [Confirmed]


def test_a_refusal_is_repeated_until_it_is_acknowledged() -> None:
    scene = Scene()
    scene.world.lose = lambda number: name(scene.world.sent[number][3]) == "ACK" and number < 8
    scene.incoming.reject(486, headers=[("Retry-After", "5")])
    scene.world.run(20)
    names = scene.world.names()
    assert names.count("486") == names.count("ACK")
    assert 3 <= names.count("486") <= 5
    last = drain(scene.outgoing)[-1]
    assert isinstance(last, Failed)
    assert last.verdict.retry_after == 5


def test_hanging_up_before_the_answer_rejects() -> None:
    scene = Scene()
    scene.incoming.hang_up()
    scene.world.run(1)
    last = drain(scene.outgoing)[-1]
    assert isinstance(last, Failed)
    assert last.status == 480


def test_only_a_refusal_can_refuse() -> None:
    with pytest.raises(SipError):
        Scene().incoming.reject(200)


def test_a_call_that_nobody_decides_about_is_refused_in_the_end() -> None:
    scene = Scene()
    drain(scene.outgoing)
    scene.outgoing._ring_timer.cancel()
    scene.world.run(301)
    last = drain(scene.outgoing)[-1]
    assert isinstance(last, Failed)
    assert last.status == 480


def test_a_caller_may_hang_up_on_an_early_dialog() -> None:
    world = World()
    callee = Agent(world, CALLEE)
    callee.take_calls(lambda call: call.ring())
    peer = Peer(world, CALLER)
    invite = Request(method="INVITE", uri="sip:x@192.0.2.2")
    invite.headers.add("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa")
    invite.headers.add("From", "<sip:y@192.0.2.1>;tag=1")
    invite.headers.add("To", "<sip:x@192.0.2.2>")
    invite.headers.add("Call-ID", "c")
    invite.headers.add("CSeq", "1 INVITE")
    peer.say(invite, CALLEE)
    world.run(0.1)
    bye = Request(method="BYE", uri="sip:x@192.0.2.2", headers=invite.headers.copy())
    bye.headers.set("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb")
    bye.headers.set("To", peer.heard[-1].headers["to"])
    bye.headers.set("CSeq", "2 BYE")
    peer.say(bye, CALLEE)
    world.run(0.1)
    assert peer.responses("BYE") == [200]
    assert peer.responses("INVITE") == [100, 180, 487]
    assert isinstance(drain(callee.incoming[0])[-1], Ended)


@pytest.mark.parametrize("seed", range(60))
def test_a_call_survives_the_loss_of_every_third_datagram(seed: int) -> None:
    world = World()
    rng = Random(seed)
    fate: dict[int, bool] = {}
    world.lose = lambda number: fate.setdefault(number, rng.random() < 0.33)
    caller, callee = Agent(world, CALLER, 1), Agent(world, CALLEE, 2)

    def take(call: IncomingCall) -> None:
        call.ring()
        world.call_later(2, call.answer, ANSWER)

    callee.take_calls(take)
    outgoing = caller.invite()
    world.run(40)
    events = drain(outgoing)
    assert isinstance(events[-1], Answered)
    outgoing.hang_up()
    world.run(100)
    ending = drain(outgoing)
    assert [type(event) for event in ending] == [Ended]
    assert len(callee.incoming) == 1
    assert isinstance(drain(callee.incoming[0])[-1], Ended)
    world.run(300)
    assert world.timers == 0
    assert caller.core.legs == callee.core.legs == 0


@pytest.mark.parametrize("seed", range(60))
def test_a_cancel_that_meets_the_answer_ends_both_sides_whatever_is_lost(seed: int) -> None:
    world = World()
    rng = Random(seed)
    fate: dict[int, bool] = {}
    world.lose = lambda number: fate.setdefault(number, rng.random() < 0.25)
    caller, callee = Agent(world, CALLER, 1), Agent(world, CALLEE, 2)

    def take(call: IncomingCall) -> None:
        call.ring()
        world.call_later(2, call.answer, ANSWER)

    callee.take_calls(take)
    outgoing = caller.invite()
    world.run(2 + rng.uniform(-0.6, 0.6))
    outgoing.cancel()
    world.run(200)
    last = drain(outgoing)[-1]
    assert isinstance(last, Failed | Ended)
    if isinstance(last, Failed):
        # Answered: their 200 came after our CANCEL had left. Whoever placed the call has to know.
        assert last.verdict.outcome in (Outcome.CANCELED, Outcome.ANSWERED)
    if callee.incoming:
        assert isinstance(drain(callee.incoming[0])[-1], Canceled | Ended)
    world.run(400)
    assert world.timers == 0
    assert caller.core.legs == callee.core.legs == 0
