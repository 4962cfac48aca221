from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.sip import sdp
from mirabelle.sip.error import SipError

OFFER = sdp.offer("192.0.2.1", 40000)


def answer(*lines: str, connection: str = "c=IN IP4 192.0.2.9") -> bytes:
    return "\r\n".join(["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", connection, "t=0 0", *lines, ""]).encode()


def test_our_offer_is_pcmu_pcma_and_events_at_20_ms() -> None:
    assert OFFER.decode().splitlines() == [
        "v=0",
        "o=- 40000 0 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=audio 40000 RTP/AVP 0 8 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        "a=sendrecv",
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["m=audio 4000 RTP/AVP 0"], ("PCMU", 0, None, "sendrecv")),
        (["m=audio 4000 RTP/AVP 8 0"], ("PCMA", 8, None, "sendrecv")),
        (["m=audio 4000 RTP/AVP 18 8"], ("PCMA", 8, None, "sendrecv")),
        (["m=audio 4000 RTP/AVP 96", "a=rtpmap:96 pcmu/8000"], ("PCMU", 96, None, "sendrecv")),
        (["m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000"], ("PCMU", 0, 96, "sendrecv")),
        (["m=audio 4000 RTP/AVP 0 101", "a=rtpmap: 101  Telephone-Event / 8000 "], ("PCMU", 0, 101, "sendrecv")),
        (["m=audio 4000 RTP/AVP 0", "a=sendonly"], ("PCMU", 0, None, "recvonly")),
        (["m=audio 4000 RTP/AVP 0", "a=recvonly"], ("PCMU", 0, None, "sendonly")),
        (["m=audio 4000 RTP/AVP 0", "a=inactive"], ("PCMU", 0, None, "inactive")),
        (["a=inactive", "m=audio 4000 RTP/AVP 0", "a=sendrecv"], ("PCMU", 0, None, "sendrecv")),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"], ("PCMU", 0, None, "inactive")),
        (["m=video 5000 RTP/AVP 31", "m=audio 4000 RTP/AVP 0"], ("PCMU", 0, None, "sendrecv")),
        (["m=audio 0 RTP/AVP 0", "m=audio 4000/2 rtp/avp 8 junk"], ("PCMA", 8, None, "sendrecv")),
        (["m=audio 5000 RTP/SAVP 0", "m=audio 4000 RTP/AVP 8"], ("PCMA", 8, None, "sendrecv")),
    ],
)
def test_an_answer_is_understood(lines: list[str], expected: tuple[str, int, int | None, str]) -> None:
    found = sdp.negotiate(OFFER, answer(*lines))
    assert (found.codec, found.payload_type, found.dtmf_payload_type, found.direction) == expected
    assert found.remote_port == 4000


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("c=IN IP4 192.0.2.77", "192.0.2.77"),
        ("c=IN IP6 2001:db8::5", "2001:db8::5"),
        ("c=IN IP4 192.0.2.77/127", "192.0.2.77"),
        ("c = IN IP4  192.0.2.77 ", "192.0.2.77"),
    ],
)
def test_the_address_of_the_media_wins_over_that_of_the_session(line: str, address: str) -> None:
    assert sdp.negotiate(OFFER, answer("m=audio 4000 RTP/AVP 0", line)).remote_address == address


@pytest.mark.parametrize(("line", "ptime"), [("a=ptime:30", 30), ("a=ptime: 20.0", 20), ("a=ptime:0", 20), ("a=x", 20)])
def test_the_packet_time_is_the_peers_if_it_makes_sense(line: str, ptime: int) -> None:
    assert sdp.negotiate(OFFER, answer("m=audio 4000 RTP/AVP 0", line)).ptime == ptime


@pytest.mark.parametrize(
    "description",
    [
        answer("m=audio 0 RTP/AVP 0"),
        answer("m=audio 4000 RTP/AVP 18"),
        answer("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 GSM/8000"),
        answer("m=audio 4000 RTP/SAVP 0"),
        answer("m=video 4000 RTP/AVP 0"),
        answer("m=audio 4000 RTP/AVP 0", connection="b=AS:64"),
        answer(),
        answer("m=audio"),
        answer("m=audio 70000 RTP/AVP 0"),
        answer("m=audio -1 RTP/AVP 0"),
        b"",
        b"\x00\xff",
    ],
)
def test_what_cannot_be_agreed_on_is_an_error(description: bytes) -> None:
    with pytest.raises(SipError):
        sdp.negotiate(OFFER, description)


def test_bare_line_feeds_and_strange_lines_are_passed_over() -> None:
    text = b"v=0\nnonsense\n=\nc=IN IP4 192.0.2.9\nm=audio 4000 RTP/AVP 0\na=\xff\xfe\n\n"
    assert sdp.negotiate(OFFER, text).remote_port == 4000


def test_a_payload_type_of_any_length_is_a_payload_type_or_passed_over() -> None:
    description = sdp.parse(b"v=0\r\nc=IN IP4 192.0.2.2\r\nm=audio 4000 RTP/AVP " + b"9" * 5000 + b" 128 x 000 8\r\n")
    assert description.audio is not None
    assert [number for number, _, _ in description.audio.payload_types()] == [0, 8]


def test_our_answer_takes_the_peers_numbers_and_refuses_the_rest() -> None:
    offered = answer(
        "m=video 5000 RTP/AVP 31",
        "m=audio 4000 RTP/AVP 96 97",
        "a=rtpmap:96 PCMA/8000",
        "a=rtpmap:97 telephone-event/8000",
        "a=sendonly",
        "m=audio 4002 RTP/AVP 0",
    )
    ours = sdp.parse(sdp.answer(offered, "192.0.2.1", 40000))
    assert [media.port for media in ours.media] == [0, 40000, 0]
    assert ours.media[1].formats == ("96", "97")
    assert ours.media[1].direction == "recvonly"
    agreed = sdp.negotiate(ours, offered)
    assert (agreed.codec, agreed.payload_type, agreed.dtmf_payload_type) == ("PCMA", 96, 97)


def test_an_offer_without_events_gets_none_back() -> None:
    ours = sdp.answer(answer("m=audio 4000 RTP/AVP 0"), "192.0.2.1", 40000)
    assert b"telephone-event" not in ours


def test_an_offer_with_nothing_in_common_is_488() -> None:
    with pytest.raises(SipError) as caught:
        sdp.answer(answer("m=audio 4000 RTP/AVP 18"), "192.0.2.1", 40000)
    assert caught.value.status == 488


def test_ipv6_is_written_as_such() -> None:
    assert b"c=IN IP6 2001:db8::1\r\n" in sdp.offer("2001:db8::1", 40000)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_description_or_an_error(data: bytes) -> None:
    with suppress(SipError):
        sdp.negotiate(OFFER, data)


@given(
    st.lists(st.sampled_from(answer("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 x/8000").split(b"\r\n")), max_size=30)
)
def test_lines_in_any_order_are_a_description_or_an_error(lines: list[bytes]) -> None:
    try:
        found = sdp.negotiate(OFFER, b"\r\n".join(lines))
    except SipError:
        return
    assert found.remote_port == 4000


@given(st.permutations(["PCMU", "PCMA"]), st.integers(1, 65_535))
def test_offer_and_answer_agree_on_both_sides(codecs: list[sdp.Codec], port: int) -> None:
    offer = sdp.offer("192.0.2.1", 40000, codecs)
    back = sdp.answer(offer, "192.0.2.2", port)
    assert sdp.negotiate(offer, back).codec == sdp.negotiate(back, offer).codec == codecs[0]
    assert sdp.negotiate(offer, back).remote_port == port
