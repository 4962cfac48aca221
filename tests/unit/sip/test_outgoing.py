from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.outcome import Outcome
from mirabelle.sip import sdp
from mirabelle.sip.digest import Credentials
from mirabelle.sip.events import Answered, Ended, Failed, MediaChanged, Ringing
from mirabelle.sip.message import Request
from mirabelle.sip.outgoing import OutgoingCall
from mirabelle.sip.reply import reply
from tests.unit.sip.world import ANSWER, CALLEE, CALLER, OFFER, Agent, Peer, World, drain

SECRET = Credentials("alice", "secret")


class Scene:
    """Our agent calls a scripted peer."""

    def __init__(
        self,
        *,
        ring_timeout: float = 60.0,
        credentials: Credentials | None = None,
        acknowledge_later: bool = False,
        fields: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.world = World()
        self.agent = Agent(self.world, CALLER)
        self.peer = Peer(self.world)
        self.call = self.agent.invite(
            ring_timeout=ring_timeout,
            credentials=credentials,
            acknowledge_later=acknowledge_later,
            fields=fields,
        )
        self.world.run(0.01)

    @property
    def invite(self) -> Request:
        return self.peer.requests("INVITE")[-1]

    def respond(
        self, status: int, *, tag: str = "far", body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.peer.respond(self.invite, status, tag=tag, body=body, headers=(headers or {}).items())
        self.world.run(0.01)

    def request(
        self,
        method: str,
        cseq: int,
        body: bytes = b"",
        tag: str = "far",
        headers: Mapping[str, str] | None = None,
    ) -> int:
        """Send a request inside the dialog; the status of its answer."""
        invite = self.invite
        request = Request(method=method, uri=f"sip:{CALLER[0]}", body=body)
        request.headers.add("Via", f"SIP/2.0/UDP {CALLEE[0]};branch=z9hG4bK{method}{cseq}")
        request.headers.add("From", f"<sip:x@example.com>;tag={tag}")
        request.headers.add("To", str(invite.from_))
        request.headers.add("Call-ID", invite.call_id)
        request.headers.add("CSeq", f"{cseq} {method}")
        for name, value in (headers or {}).items():
            request.headers.add(name, value)
        if body:
            request.headers.add("Content-Type", "application/sdp")
        self.peer.say(request)
        self.world.run(0.01)
        answers = self.peer.responses(method)
        return answers[-1] if answers else 0


def failed(call: OutgoingCall) -> Failed:
    *_, last = drain(call)
    assert isinstance(last, Failed)
    return last


def ended(call: OutgoingCall) -> Ended:
    *_, last = drain(call)
    assert isinstance(last, Ended)
    return last


def answered(credentials: Credentials | None = None) -> Scene:
    scene = Scene(credentials=credentials)
    scene.respond(200, body=ANSWER)
    assert isinstance(drain(scene.call)[-1], Answered)
    return scene


def test_an_invite_carries_what_the_rfc_wants() -> None:
    invite = Scene().invite
    assert invite.uri == "sip:+16175550123@192.0.2.2:5060"
    assert invite.body == OFFER
    assert invite.content_type == "application/sdp"
    assert str(invite.from_).startswith("<sip:8005551212@192.0.2.2>;tag=")
    assert invite.contact is not None
    assert invite.contact.uri == "sip:192.0.2.1:5060"
    assert "rport" in invite.via.parameters
    assert invite.headers["max-forwards"] == "70"


def test_an_unanswered_invite_is_repeated_and_given_up_after_32_s() -> None:
    scene = Scene()
    scene.world.run(40)
    assert scene.world.times("INVITE") == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    found = failed(scene.call)
    assert found.verdict.outcome is Outcome.FAILED
    assert found.verdict.detail == "no answer from trunk 192.0.2.2:5060 within 32 s"


def test_a_network_that_refuses_the_invite_fails_the_call() -> None:
    world = World()
    world.error = "Network is unreachable"
    call = Agent(world, CALLER).invite()
    world.run(1)
    assert failed(call).verdict.detail == "cannot reach trunk 192.0.2.2:5060: Network is unreachable"


def test_a_provisional_answer_ends_the_repetition() -> None:
    scene = Scene()
    scene.respond(100)
    scene.world.run(50)
    assert len(scene.world.times("INVITE")) == 1


def test_trying_is_not_ringing() -> None:
    scene = Scene()
    scene.respond(100)
    assert drain(scene.call) == []


def test_ringing_is_told_once_and_early_media_too() -> None:
    scene = Scene()
    for _ in range(3):
        scene.respond(180)
    scene.respond(183, body=ANSWER)
    events = drain(scene.call)
    assert [(event.status, event.sdp is not None) for event in events if isinstance(event, Ringing)] == [
        (180, False),
        (183, True),
    ]


def test_an_answer_is_acknowledged_where_its_contact_says() -> None:
    scene = Scene()
    scene.respond(200, body=ANSWER)
    ack = scene.peer.requests("ACK")[0]
    assert ack.uri == "sip:far@192.0.2.2:5060"
    assert ack.to.tag == "far"
    assert str(ack.cseq) == "1 ACK"
    assert ack.via.branch != scene.invite.via.branch


def test_an_answer_without_a_description_takes_that_of_the_early_media() -> None:
    scene = Scene()
    scene.respond(183, body=ANSWER)
    scene.respond(200)
    last = drain(scene.call)[-1]
    assert isinstance(last, Answered)
    assert last.sdp == sdp.parse(ANSWER)


def test_an_answer_without_any_description_is_still_an_answer() -> None:
    scene = Scene()
    scene.respond(200)
    last = drain(scene.call)[-1]
    assert isinstance(last, Answered)
    assert last.sdp is None


def test_a_repeated_answer_gets_the_same_ack_again() -> None:
    scene = Scene()
    for _ in range(3):
        scene.respond(200, body=ANSWER)
    acks = scene.peer.requests("ACK")
    assert len(acks) == 3
    assert len({ack.via.branch for ack in acks}) == 1


def test_an_answer_repeated_when_the_transaction_is_over_is_acknowledged_too() -> None:
    scene = answered()
    scene.world.run(33)
    scene.respond(200, body=ANSWER)
    assert len(scene.peer.requests("ACK")) == 2


def test_a_second_answer_of_a_fork_is_acknowledged_and_hung_up() -> None:
    scene = answered()
    scene.respond(200, tag="other", body=ANSWER)
    assert [ack.to.tag for ack in scene.peer.requests("ACK")] == ["far", "other"]
    assert [bye.to.tag for bye in scene.peer.requests("BYE")] == ["other"]
    assert drain(scene.call) == []


def test_a_record_route_is_kept_in_reverse() -> None:
    scene = Scene()
    scene.respond(200, body=ANSWER, headers={"Record-Route": "<sip:192.0.2.2;lr>, <sip:192.0.2.50;lr>"})
    scene.call.hang_up()
    ack = next(
        message for _, _, to, message in scene.world.sent if isinstance(message, Request) and message.method == "ACK"
    )
    assert ack.headers.values("route") == ["<sip:192.0.2.50;lr>", "<sip:192.0.2.2;lr>"]
    assert ack.uri == "sip:far@192.0.2.2:5060"
    assert [to for _, _, to, message in scene.world.sent if isinstance(message, Request)][-1] == ("192.0.2.50", 5060)


def test_a_strict_router_becomes_the_request_uri() -> None:
    scene = Scene()
    scene.respond(200, body=ANSWER, headers={"Record-Route": "<sip:192.0.2.2>"})
    ack = scene.peer.requests("ACK")[0]
    assert ack.uri == "sip:192.0.2.2"
    assert ack.headers.values("route") == ["<sip:far@192.0.2.2:5060>"]


@pytest.mark.parametrize(
    "contact",
    ["<far>", "<sip:>", "<sip:a b@c>", "<sip:far@192.0.2.2:99999>", "<tel:+16175550123>", "far", "*", '<sip:a>, "b'],
)
def test_an_answer_whose_contact_cannot_be_used_is_an_answer_and_can_be_hung_up_on(contact: str) -> None:
    scene = Scene()
    response = reply(scene.invite, 200, to_tag="far")
    response.headers.add("Contact", contact)
    scene.peer.say(response)
    scene.world.run(0.01)
    scene.call.hang_up()
    scene.world.run(0.01)
    assert isinstance(drain(scene.call)[0], Answered)
    assert [sent.uri for sent in scene.peer.requests("ACK") + scene.peer.requests("BYE")] == [scene.invite.uri] * 2


@given(
    st.sampled_from(["Contact", "Record-Route"]),
    st.lists(st.sampled_from([*'<>";,:?=@*[]\\ a1.%é', "sip:", "<sip:a@b;lr>"]), max_size=12).map("".join),
)
def test_an_answer_is_an_answer_whatever_its_addresses_look_like(field: str, value: str) -> None:
    scene = Scene()
    response = reply(scene.invite, 200, to_tag="far")
    response.headers.add(field, value)
    scene.peer.say(response)
    scene.world.run(0.01)
    scene.call.hang_up()
    scene.world.run(100)
    assert [type(event) for event in drain(scene.call)] == [Answered, Ended]
    assert scene.world.timers == 0


@pytest.mark.parametrize("route", ["garbage", "<tel:+1617>", "<sip:>", '"x <sip:192.0.2.9>', "<sip:192.0.2.9"])
def test_a_record_route_that_cannot_be_read_is_passed_over(route: str) -> None:
    scene = Scene()
    scene.peer.respond(
        scene.invite, 200, headers=[("Record-Route", "<sip:192.0.2.2;lr>"), ("Record-Route", route)], body=ANSWER
    )
    scene.world.run(0.01)
    assert isinstance(drain(scene.call)[-1], Answered)
    assert scene.peer.requests("ACK")[0].headers.values("route") == ["<sip:192.0.2.2;lr>"]


@pytest.mark.parametrize("route", ['"<sip:192.0.2.9>" <sip:192.0.2.2;lr>', "sip:192.0.2.2;lr"])
def test_a_record_route_may_have_a_name_or_no_brackets(route: str) -> None:
    scene = Scene()
    scene.respond(200, body=ANSWER, headers={"Record-Route": route})
    ack = scene.peer.requests("ACK")[0]
    assert ack.uri == "sip:far@192.0.2.2:5060"
    assert ack.addresses("route")[0].uri == "sip:192.0.2.2;lr"


def test_the_header_fields_of_a_contact_stay_out_of_the_request_uri() -> None:
    scene = Scene()
    response = reply(scene.invite, 200, to_tag="far")
    response.headers.add("Contact", "<sip:far@192.0.2.2;x=1?Subject=hello>")
    scene.peer.say(response)
    scene.world.run(0.01)
    assert scene.peer.requests("ACK")[0].uri == "sip:far@192.0.2.2;x=1"


def test_a_redirection_whose_contact_cannot_be_read_still_ends_the_call() -> None:
    scene = Scene()
    scene.respond(302, headers={"Contact": "elsewhere <"})
    assert failed(scene.call).verdict.outcome is Outcome.FAILED
    assert len(scene.peer.requests("ACK")) == 1


def test_nothing_is_left_of_an_invite_that_was_answered_on_a_branch_not_its_own() -> None:
    scene = Scene()
    scene.respond(180)
    response = reply(scene.invite, 200, to_tag="far")
    response.headers.set("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKother")
    scene.peer.say(response)
    scene.world.run(0.01)
    assert isinstance(drain(scene.call)[-1], Answered)
    assert scene.call._client is not None
    assert scene.call._client.is_over()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(486, Outcome.BUSY), (603, Outcome.REJECTED), (404, Outcome.UNALLOCATED), (480, Outcome.NO_ANSWER)],
)
def test_a_refusal_is_acknowledged_and_judged(status: int, outcome: Outcome) -> None:
    scene = Scene()
    scene.respond(180)
    scene.respond(status)
    found = failed(scene.call)
    assert (found.status, found.verdict.outcome) == (status, outcome)
    ack = scene.peer.requests("ACK")[0]
    assert ack.via.branch == scene.invite.via.branch
    scene.respond(status)
    assert len(scene.peer.requests("ACK")) == 2


def test_ringing_too_long_is_canceled_and_no_answer() -> None:
    scene = Scene(ring_timeout=30)
    scene.respond(180)
    scene.world.run(30)
    cancel = scene.peer.requests("CANCEL")[0]
    assert cancel.via == scene.invite.via
    assert str(cancel.cseq) == "1 CANCEL"
    scene.peer.respond(cancel, 200)
    scene.respond(487)
    found = failed(scene.call)
    assert (found.status, found.verdict.outcome) == (487, Outcome.NO_ANSWER)


def test_a_cancel_waits_for_the_first_provisional_answer() -> None:
    scene = Scene()
    scene.call.cancel()
    scene.world.run(1)
    assert scene.peer.requests("CANCEL") == []
    scene.respond(100)
    assert len(scene.peer.requests("CANCEL")) == 1
    scene.respond(487)
    assert failed(scene.call).verdict.outcome is Outcome.CANCELED


def test_a_cancel_that_never_finds_anybody_ends_with_the_invite() -> None:
    scene = Scene()
    scene.call.cancel()
    scene.world.run(33)
    assert failed(scene.call).verdict.outcome is Outcome.CANCELED


def test_a_cancel_without_a_final_answer_ends_the_call_after_32_s() -> None:
    scene = Scene(ring_timeout=10)
    scene.respond(180)
    scene.world.run(45)
    found = failed(scene.call)
    assert found.verdict.outcome is Outcome.NO_ANSWER
    scene.respond(200, body=ANSWER)
    assert len(scene.peer.requests("ACK")) == 1
    assert len(scene.peer.requests("BYE")) == 1


@pytest.mark.parametrize("withdrawn", [True, False])
def test_an_answer_that_crosses_the_cancel_is_taken_and_hung_up(withdrawn: bool) -> None:
    scene = Scene(ring_timeout=10)
    scene.respond(180)
    if withdrawn:
        scene.call.cancel()
    else:
        scene.world.run(10)
    scene.respond(200, body=ANSWER)
    assert len(scene.peer.requests("ACK")) == 1
    assert len(scene.peer.requests("BYE")) == 1
    found = failed(scene.call)
    assert (found.verdict.outcome, found.status) == (Outcome.ANSWERED, 200)


def test_an_answer_before_any_provisional_still_ends_a_withdrawn_call() -> None:
    scene = Scene()
    scene.call.cancel()
    scene.respond(200, body=ANSWER)
    assert len(scene.peer.requests("BYE")) == 1
    assert scene.peer.requests("CANCEL") == []
    assert failed(scene.call).verdict.outcome is Outcome.ANSWERED


def test_an_answer_waits_for_its_ack_where_that_is_asked_for() -> None:
    scene = Scene(acknowledge_later=True)
    scene.respond(200, body=ANSWER)
    scene.respond(200, body=ANSWER)
    assert isinstance(drain(scene.call)[-1], Answered)
    assert (scene.peer.requests("ACK"), scene.call.unacknowledged) == ([], True)
    scene.call.acknowledge()
    scene.call.acknowledge()
    scene.world.run(0.01)
    assert (len(scene.peer.requests("ACK")), scene.call.unacknowledged) == (1, False)
    scene.respond(200, body=ANSWER)
    assert len(scene.peer.requests("ACK")) == 2


def test_who_hangs_up_without_an_ack_sends_it_first() -> None:
    scene = Scene(acknowledge_later=True)
    scene.respond(200, body=ANSWER)
    scene.call.hang_up()
    scene.world.run(0.01)
    assert [request.method for request in scene.peer.heard if isinstance(request, Request)][-2:] == ["ACK", "BYE"]


def test_an_answer_that_crosses_the_cancel_waits_for_its_ack_too() -> None:
    scene = Scene(acknowledge_later=True)
    scene.respond(180)
    scene.call.cancel()
    scene.respond(200, body=ANSWER)
    assert failed(scene.call).verdict.outcome is Outcome.ANSWERED
    assert (scene.peer.requests("ACK"), scene.peer.requests("BYE")) == ([], [])
    scene.call.acknowledge()
    scene.world.run(0.01)
    assert (len(scene.peer.requests("ACK")), len(scene.peer.requests("BYE"))) == (1, 1)


def test_busy_is_busy_even_if_we_gave_up_first() -> None:
    scene = Scene(ring_timeout=10)
    scene.respond(180)
    scene.world.run(10)
    scene.respond(486)
    assert failed(scene.call).verdict.outcome is Outcome.BUSY


@pytest.mark.parametrize(
    ("status", "asked", "told"),
    [(401, "WWW-Authenticate", "authorization"), (407, "Proxy-Authenticate", "proxy-authorization")],
)
def test_a_challenge_is_answered_in_a_new_invite_of_the_same_call(status: int, asked: str, told: str) -> None:
    scene = Scene(credentials=SECRET)
    first = scene.invite
    scene.respond(status, headers={asked: 'Digest realm="r", nonce="n", qop="auth"'})
    second = scene.invite
    assert second.headers[told].startswith('Digest username="alice", realm="r", nonce="n"')
    assert (second.call_id, second.from_.tag, str(second.cseq)) == (first.call_id, first.from_.tag, "2 INVITE")
    assert second.via.branch != first.via.branch
    assert second.to.tag == ""
    scene.respond(200, body=ANSWER)
    ack = scene.peer.requests("ACK")[-1]
    assert str(ack.cseq) == "2 ACK"
    assert ack.headers[told] == second.headers[told]
    scene.call.hang_up()
    scene.world.run(0.01)
    assert str(scene.peer.requests("BYE")[0].cseq) == "3 BYE"


def test_a_wrong_password_fails_at_the_second_challenge() -> None:
    scene = Scene(credentials=SECRET)
    for _ in range(2):
        scene.respond(401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n"'})
    found = failed(scene.call)
    assert (found.status, found.verdict.outcome) == (401, Outcome.FAILED)
    assert "did not accept our user name and password" in found.verdict.detail
    assert len(scene.peer.requests("INVITE")) == 2


def test_a_server_that_calls_every_nonce_stale_is_not_asked_for_ever() -> None:
    scene = Scene(credentials=SECRET)
    for number in range(6):
        scene.respond(401, headers={"WWW-Authenticate": f'Digest realm="r", nonce="{number}", stale=true'})
    assert failed(scene.call).status == 401
    assert len(scene.peer.requests("INVITE")) == 4


def test_a_challenge_without_credentials_fails() -> None:
    scene = Scene()
    scene.respond(401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n"'})
    assert failed(scene.call).verdict.outcome is Outcome.FAILED


def test_a_bye_is_answered_by_the_peer() -> None:
    scene = answered()
    scene.call.hang_up()
    scene.world.run(0.01)
    scene.peer.respond(scene.peer.requests("BYE")[0], 200)
    scene.world.run(0.01)
    assert ended(scene.call).by == "local"


def test_a_bye_is_challenged_and_sent_again() -> None:
    scene = answered(SECRET)
    scene.call.hang_up()
    for number in range(2):
        scene.world.run(0.01)
        fields = [("WWW-Authenticate", 'Digest realm="r", nonce="n"')]
        scene.peer.respond(scene.peer.requests("BYE")[-1], 200 if number else 401, headers=fields)
    scene.world.run(0.01)
    assert "authorization" in scene.peer.requests("BYE")[-1].headers
    assert ended(scene.call).by == "local"


def test_an_unanswered_bye_is_repeated_and_given_up_after_32_s() -> None:
    scene = answered()
    start = scene.world.time
    scene.call.hang_up()
    scene.world.run(33)
    waits = [round(at - start, 1) for at in scene.world.times("BYE")]
    assert waits == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    found = ended(scene.call)
    assert found.by == "timeout"


def test_the_peer_hangs_up_and_says_why() -> None:
    scene = answered()
    assert scene.request("BYE", 1) == 200
    assert ended(scene.call).by == "remote"


def test_after_the_end_the_peer_is_told_that_there_is_no_call() -> None:
    scene = answered()
    scene.request("BYE", 1)
    assert scene.request("INFO", 2) == 481


@pytest.mark.parametrize(
    ("method", "status"), [("INFO", 200), ("OPTIONS", 200), ("UPDATE", 200), ("MESSAGE", 405), ("REFER", 405)]
)
def test_other_requests_inside_the_dialog_are_answered(method: str, status: int) -> None:
    scene = answered()
    assert scene.request(method, 1) == status


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [("UPDATE", b"", 200), ("UPDATE", ANSWER, 491), ("INVITE", b"", 491), ("OPTIONS", b"", 200), ("NOTIFY", b"", 481)],
)
def test_requests_of_an_early_dialog_are_answered_and_do_not_end_it(method: str, body: bytes, status: int) -> None:
    scene = Scene()
    scene.respond(183, body=ANSWER)
    assert scene.request(method, 1, body) == status
    scene.respond(200, body=ANSWER)
    assert isinstance(drain(scene.call)[-1], Answered)


@pytest.mark.parametrize("method", ["BYE", "INFO", "INVITE"])
def test_a_request_of_another_dialog_that_a_fork_made_is_refused_and_changes_nothing(method: str) -> None:
    scene = answered()
    assert scene.request(method, 1, tag="other") == 481
    assert not scene.call.over


@pytest.mark.parametrize(("method", "status"), [("INVITE", 420), ("UPDATE", 420), ("INFO", 420), ("BYE", 200)])
def test_what_a_request_inside_the_dialog_requires_is_refused_but_nobody_is_kept_from_hanging_up(
    method: str, status: int
) -> None:
    scene = answered()
    assert scene.request(method, 1, headers={"Require": "timer, novelty"}) == status
    if status == 420:
        assert scene.peer.heard[-1].headers["unsupported"] == "timer, novelty"


@pytest.mark.parametrize("contact", ["<far>", "<tel:+16175550123>"])
def test_a_re_invite_whose_contact_cannot_be_used_leaves_the_target_as_it_was(contact: str) -> None:
    scene = answered()
    assert scene.request("INVITE", 1, headers={"Contact": contact}) == 200
    assert scene.call.remote_target == "sip:far@192.0.2.2:5060"


def test_a_request_out_of_order_is_refused() -> None:
    scene = answered()
    scene.request("INFO", 7)
    assert scene.request("OPTIONS", 6) == 500


def test_a_re_invite_is_answered_with_our_address_and_told() -> None:
    scene = answered()
    hold = ANSWER.replace(b"a=sendrecv", b"a=sendonly").replace(b"40002", b"40010")
    assert scene.request("INVITE", 1, hold) == 200
    response = scene.peer.heard[-1]
    agreed = sdp.parse(response.body)
    assert agreed.audio is not None
    assert (agreed.audio.port, agreed.audio.direction) == (40000, "recvonly")
    event = drain(scene.call)[-1]
    assert isinstance(event, MediaChanged)
    assert event.sdp.audio is not None
    assert event.sdp.audio.port == 40010


def test_a_re_invite_without_an_offer_gets_ours() -> None:
    scene = answered()
    assert scene.request("INVITE", 1) == 200
    assert sdp.parse(scene.peer.heard[-1].body).media == sdp.parse(OFFER).media


def test_a_hold_is_lifted_by_a_re_invite_without_an_offer() -> None:
    scene = answered()
    hold = ANSWER.replace(b"a=sendrecv", b"a=sendonly") + b"m=video 4000 RTP/AVP 31\r\n"
    scene.request("INVITE", 1, hold)
    scene.request("ACK", 1)
    assert scene.request("INVITE", 2) == 200
    audio, video = sdp.parse(scene.peer.heard[-1].body).media
    assert (audio.direction, audio.formats, audio.port) == ("sendrecv", ("0", "8", "101"), 40000)
    assert (video.kind, video.port) == ("video", 0)


def test_the_answer_to_our_offer_in_a_re_invite_comes_with_the_ack() -> None:
    scene = answered()
    scene.request("INVITE", 1)
    scene.request("ACK", 1, ANSWER.replace(b"40002", b"40010"))
    event = drain(scene.call)[-1]
    assert isinstance(event, MediaChanged)
    assert event.sdp.audio is not None
    assert event.sdp.audio.port == 40010


def test_a_re_invite_with_nothing_in_common_is_488_and_changes_nothing() -> None:
    scene = answered()
    assert scene.request("INVITE", 1, ANSWER.replace(b"m=audio", b"m=video")) == 488
    assert drain(scene.call) == []


def test_a_re_invite_whose_description_cannot_be_read_is_488() -> None:
    assert answered().request("INVITE", 1, b"nonsense") == 488


def test_a_re_invite_while_another_is_unfinished_has_to_wait() -> None:
    scene = answered()
    scene.request("INVITE", 1, ANSWER)
    assert scene.request("INVITE", 2, ANSWER) == 491


def test_our_answer_to_a_re_invite_is_repeated_until_it_is_acknowledged() -> None:
    scene = answered()
    scene.request("INVITE", 1, ANSWER)
    scene.world.run(2)
    scene.request("ACK", 1)
    count = scene.peer.responses("INVITE")
    scene.world.run(20)
    assert scene.peer.responses("INVITE") == count == [200, 200, 200]


def test_a_peer_that_never_acknowledges_is_hung_up_on() -> None:
    scene = answered()
    scene.request("INVITE", 1, ANSWER)
    scene.world.run(33)
    assert ended(scene.call).by == "timeout"
    assert scene.peer.requests("BYE")


def test_a_peer_that_floods_is_hung_up_on() -> None:
    scene = answered()
    for number in range(1, 300):
        scene.request("UPDATE", number, ANSWER)
    assert scene.peer.requests("BYE")


def test_nothing_is_left_when_a_call_is_over() -> None:
    scene = answered()
    scene.request("BYE", 1)
    scene.world.run(100)
    assert scene.agent.core.legs == 0
    assert scene.world.timers == 0
