from __future__ import annotations

import pytest

from mirabelle.sip import referral
from mirabelle.sip.error import SipError
from mirabelle.sip.events import Ended, ReferralAnswered, ReferralTold
from mirabelle.sip.message import Request
from mirabelle.sip.uri import parse, sip_uri
from mirabelle.sip.user_to_user import user_to_user
from tests.unit.sip.test_outgoing import SECRET, Scene, answered
from tests.unit.sip.world import CALLER, drain

TO = "<sip:+16175550188@192.0.2.2>"


def notify(scene: Scene, body: bytes, cseq: int, *, event: str = "refer", state: str = "active;expires=60") -> int:
    """Tell what comes of a REFER; the status of the answer."""
    invite = scene.invite
    request = Request(method="NOTIFY", uri=f"sip:{CALLER[0]}", body=body)
    for name, value in (
        ("Via", f"SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKnotify{cseq}"),
        ("From", "<sip:x@example.com>;tag=far"),
        ("To", str(invite.from_)),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{cseq} NOTIFY"),
        ("Event", event),
        ("Subscription-State", state),
        ("Content-Type", "message/sipfrag;version=2.0"),
    ):
        request.headers.add(name, value)
    scene.peer.say(request)
    scene.world.run(0.01)
    return scene.peer.responses("NOTIFY")[-1]


def referred(status: int = 202) -> Scene:
    scene = answered()
    scene.call.refer(TO)
    scene.world.run(0.01)
    scene.peer.respond(scene.peer.requests("REFER")[-1], status)
    scene.world.run(0.01)
    return scene


def test_a_refer_names_whom_to_call_who_asks_and_where_we_are() -> None:
    scene = answered()
    scene.call.refer(TO)
    scene.world.run(0.01)
    (request,) = scene.peer.requests("REFER")
    assert request.headers["refer-to"] == TO
    assert request.headers["referred-by"] == "<sip:8005551212@192.0.2.2>"
    assert request.contact is not None
    assert (request.to.tag, request.call_id) == ("far", scene.invite.call_id)


def test_what_comes_of_a_refer_is_told_until_it_is_over() -> None:
    scene = referred()
    assert notify(scene, b"SIP/2.0 100 Trying\r\n", 1) == 200
    assert notify(scene, b"SIP/2.0 200 OK", 2, event="refer;id=2", state="terminated;reason=noresource") == 200
    assert drain(scene.call) == [
        ReferralAnswered(202, "Status"),
        ReferralTold(100, "Trying", over=False),
        ReferralTold(200, "OK", over=True),
    ]


def test_a_notify_may_come_before_the_answer() -> None:
    scene = answered()
    scene.call.refer(TO)
    scene.world.run(0.01)
    notify(scene, b"SIP/2.0 180 Ringing\r\nContact: <sip:a@b>\r\n", 1)
    assert drain(scene.call) == [ReferralTold(180, "Ringing", over=False)]


@pytest.mark.parametrize("status", [403, 405, 603])
def test_a_refused_refer_is_told_and_leaves_the_call_as_it_is(status: int) -> None:
    scene = referred(status)
    (told,) = drain(scene.call)
    assert isinstance(told, ReferralAnswered)
    assert told.status == status
    assert not scene.call.over
    scene.call.refer(TO)


def test_a_refer_that_nobody_answers_is_told_after_32_s() -> None:
    scene = answered()
    scene.call.refer(TO)
    scene.world.run(33)
    assert drain(scene.call) == [ReferralAnswered(0, "the peer never answered our REFER")]


def test_a_peer_that_hangs_up_after_a_refer_ends_the_call() -> None:
    scene = referred()
    assert scene.request("BYE", 1) == 200
    assert isinstance(drain(scene.call)[-1], Ended)


def test_a_challenged_refer_is_sent_again_with_the_proof() -> None:
    scene = answered(SECRET)
    scene.call.refer(TO)
    scene.world.run(0.01)
    challenge = [("WWW-Authenticate", 'Digest realm="r", nonce="n", algorithm=MD5')]
    scene.peer.respond(scene.peer.requests("REFER")[0], 401, headers=challenge)
    scene.world.run(0.01)
    _, again = scene.peer.requests("REFER")
    assert again.headers["refer-to"] == TO
    assert "authorization" in again.headers


@pytest.mark.parametrize(("event", "body", "status"), [("presence", b"SIP/2.0 200 OK", 489), ("refer", b"hello", 400)])
def test_a_notify_that_tells_nothing_of_a_refer_is_refused(event: str, body: bytes, status: int) -> None:
    assert notify(referred(), body, 1, event=event) == status


def test_a_notify_that_nobody_asked_for_is_refused() -> None:
    assert notify(answered(), b"SIP/2.0 200 OK", 1) == 481


def test_what_is_told_of_an_earlier_refer_is_not_told_of_the_next() -> None:
    scene = referred(403)
    scene.call.refer(TO)
    scene.world.run(0.01)
    drain(scene.call)
    assert notify(scene, b"SIP/2.0 200 OK", 1, event="refer;id=2", state="terminated") == 200
    assert drain(scene.call) == []
    assert notify(scene, b"SIP/2.0 200 OK", 2, event="refer;id=3", state="terminated") == 200
    assert drain(scene.call) == [ReferralTold(200, "OK", over=True)]


def test_one_refer_at_a_time() -> None:
    with pytest.raises(SipError):
        referred().call.refer(TO)


def test_what_the_application_says_travels_in_the_address() -> None:
    address = sip_uri("+16175550188", "example.com")
    assert referral.refer_to(address) == "<sip:+16175550188@example.com>"
    written = referral.refer_to(address, "é1")
    assert written == "<sip:+16175550188@example.com?User-to-User=c3a931%3Bencoding%3Dhex>"
    assert parse(written[1:-1]).headers == "User-to-User=c3a931%3Bencoding%3Dhex"


def test_a_word_between_applications_is_hexadecimal_and_not_too_long() -> None:
    assert user_to_user("Hi") == "4869;encoding=hex"
    user_to_user("x" * 128)
    with pytest.raises(SipError, match="128"):
        user_to_user("x" * 129)


def test_an_invite_carries_more_fields_where_it_is_given_some() -> None:
    scene = Scene(fields=[("User-to-User", "4869;encoding=hex")])
    assert scene.invite.headers["user-to-user"] == "4869;encoding=hex"
