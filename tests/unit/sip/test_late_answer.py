"""An agent that was started anew hears an answer to an INVITE of the one before."""

from __future__ import annotations

import pytest

from mirabelle.sip.late_answer import MOST, LateAnswer, LateAnswers
from mirabelle.sip.message import Response
from mirabelle.sip.reply import reply
from tests.unit.sip.world import ANSWER, CALLEE, CALLER, Agent, Peer, World


class Scene:
    """The agent that sent the INVITE is gone, and another has its address."""

    def __init__(self) -> None:
        self.world = World()
        self.peer = Peer(self.world)
        Agent(self.world, CALLER).invite()
        self.world.run(0.01)
        self.agent = Agent(self.world, CALLER, seed=2)
        self.told: list[LateAnswer] = []
        self.late = LateAnswers(self.agent.core, self.told.append)
        self.agent.core.on_late_response = self.late.hear

    def answer(self, status: int = 200, *, tag: str = "far", headers: tuple[tuple[str, str], ...] = ()) -> Response:
        [invite, *_] = self.peer.requests("INVITE")
        response = self.peer.respond(invite, status, tag=tag, body=ANSWER, headers=headers)
        self.world.run(0.01)
        return response


def test_it_is_told_of_and_nothing_is_sent_before_somebody_decides() -> None:
    scene = Scene()
    scene.answer()
    assert [late.call_id for late in scene.told] == ["call@test"]
    assert scene.peer.requests("ACK") == []


def test_it_is_told_of_again_as_long_as_it_is_repeated() -> None:
    scene = Scene()
    scene.answer()
    scene.answer()
    assert len(scene.told) == 2
    assert scene.told[0] is scene.told[1]


def test_hanging_up_acknowledges_it_and_says_bye() -> None:
    scene = Scene()
    scene.answer()
    scene.told[0].hang_up()
    scene.world.run(0.01)
    [ack] = scene.peer.requests("ACK")
    [bye] = scene.peer.requests("BYE")
    assert (ack.cseq.number, bye.cseq.number) == (1, 2)
    assert (ack.to.tag, bye.to.tag) == ("far", "far")
    assert ack.uri == bye.uri == f"sip:far@{CALLEE[0]}:{CALLEE[1]}"
    assert ack.via.branch != bye.via.branch


def test_an_answer_whose_ack_was_lost_gets_it_again_and_no_second_bye() -> None:
    scene = Scene()
    scene.answer()
    scene.told[0].hang_up()
    scene.world.run(0.01)
    scene.peer.say(reply(scene.peer.requests("BYE")[0], 200))
    scene.answer()
    scene.world.run(40)
    assert len(scene.peer.requests("ACK")) == 2
    assert len(scene.peer.requests("BYE")) == 1
    assert len(scene.told) == 1


def test_it_goes_by_the_proxies_that_want_to_stay_in_between() -> None:
    scene = Scene()
    scene.answer(headers=(("Record-Route", "<sip:192.0.2.2:5070;lr>"),))
    scene.told[0].hang_up()
    scene.world.run(0.01)
    sent = [(address, message) for _, source, address, message in scene.world.sent if source == CALLER][1:]
    assert [address for address, _ in sent] == [("192.0.2.2", 5070)] * 2
    assert all(message.headers["route"] == "<sip:192.0.2.2:5070;lr>" for _, message in sent)


@pytest.mark.parametrize("status", [180, 302, 486, 603])
def test_what_is_no_answer_is_dropped(status: int) -> None:
    scene = Scene()
    scene.answer(status)
    assert scene.told == []


def test_an_answer_whose_contact_cannot_be_read_is_hung_up_on_where_the_call_went() -> None:
    scene = Scene()
    [invite] = scene.peer.requests("INVITE")
    response = reply(invite, 200, to_tag="far")
    response.headers.add("Contact", "<far>")
    scene.peer.say(response)
    scene.world.run(0.01)
    scene.told[0].hang_up()
    scene.world.run(0.01)
    assert [sent.uri for sent in scene.peer.requests("ACK") + scene.peer.requests("BYE")] == [invite.uri] * 2


def test_there_is_a_bound_to_what_is_remembered_and_it_is_free_again_after_32_seconds() -> None:
    scene = Scene()
    for number in range(MOST + 5):
        scene.answer(tag=f"far{number}")
    assert len(scene.told) == MOST
    scene.world.run(33)
    scene.answer(tag="late")
    assert len(scene.told) == MOST + 1
