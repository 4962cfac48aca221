from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace

import pytest

from mirabelle.calls.outcome import Outcome
from mirabelle.dialer.destination import NO_AUTHORIZATION, TransferFailed
from mirabelle.dialer.second_call import SecondEvent, SoundLost, Vanished
from mirabelle.dialer.transferring import Bridging, refer
from mirabelle.media.ports import MediaError
from mirabelle.sip import sdp
from mirabelle.sip.error import SipError
from mirabelle.sip.events import Answered, Ended, ReferralAnswered, ReferralTold, Ringing
from mirabelle.vxml.platform import Audio, HungUp, Input, Transfer, Transferred, TransferResult

BRIDGE = Transfer(prompts=(), dest="tel:+16175550188", type="bridge", connecttimeout_ms=30_000, maxtime_ms=0)
BLIND = replace(BRIDGE, type="blind")
THERE = sdp.parse(sdp.offer("192.0.2.9", 4000))


class Caller:
    """A caller whose time passes when somebody waits, and to whom things happen in between."""

    def __init__(self, *happenings: object) -> None:
        self.happenings = deque(happenings)
        self.is_gone = False
        self.now = 1_000
        self.keys: deque[str] = deque()
        self.words: Input | None = None
        self.referrals: deque[ReferralAnswered | ReferralTold] = deque()
        self.call: Call | None = None
        self.did: list[str] = []

    def milliseconds(self) -> int:
        return self.now

    def look(self) -> None:
        return

    def wake(self) -> None:
        return

    async def wait(self, deadline: int | None) -> None:
        await asyncio.sleep(0)
        if not self.happenings:
            assert deadline is not None, "nothing will ever happen"
            self.now = max(self.now, deadline)
            return
        match self.happenings.popleft():
            case "hangs up":
                self.is_gone = True
            case str() as keys:
                self.keys.extend(keys)
            case Input() as words:
                self.words = words
            case ReferralAnswered() | ReferralTold() as told:
                self.referrals.append(told)
            case event:
                assert self.call is not None
                self.call.told.append(event)

    def take_key(self) -> str:
        return self.keys.popleft() if self.keys else ""

    def take_words(self) -> Input | None:
        return self.words

    def take_referral(self) -> ReferralAnswered | ReferralTold | None:
        return self.referrals.popleft() if self.referrals else None

    async def samples(self, audio: Audio) -> bytes:
        return audio.data

    def ringing(self) -> bytes:
        return b"ring"

    async def repeat(self, pcm: bytes) -> None:
        self.did.append(f"plays {pcm.decode()}")

    async def hush(self) -> None:
        self.did.append("hushes")

    def joined(self) -> None:
        self.did.append("talks")

    async def part(self) -> None:
        self.did.append("parts")

    async def leave(self) -> None:
        self.did.append("leaves")
        self.is_gone = True


class Call:
    """A second leg to which the caller's happenings come."""

    def __init__(self, caller: Caller, error: Exception | None = None) -> None:
        self.told: deque[object] = deque()
        self.error = error
        self.heard = 0
        self.closing = False
        caller.call = self

    def take(self) -> SecondEvent | None:
        return self.told.popleft() if self.told else None  # type: ignore[return-value]

    async def hear(self, description: sdp.SessionDescription | None) -> None:
        self.heard += 1
        if self.error is not None:
            raise self.error

    def begin_to_close(self) -> None:
        self.closing = True


class Asked:
    """A switchboard that takes a REFER, and the REFER."""

    def __init__(self, error: TransferFailed | None = None) -> None:
        self.error = error
        self.came: list[tuple[Outcome | None, int]] = []

    async def refer(self, request: Transfer) -> Asked:
        if self.error is not None:
            raise self.error
        return self

    async def ended(self, outcome: Outcome | None, sip_status: int = 0) -> None:
        self.came.append((outcome, sip_status))


async def bridged(
    *happenings: object, request: Transfer = BRIDGE, error: Exception | None = None
) -> tuple[Transferred | HungUp, Caller, Call]:
    caller = Caller(*happenings)
    call = Call(caller, error)
    ended = await Bridging(caller, call, request).run()  # type: ignore[arg-type]
    return ended, caller, call


async def test_it_rings_until_somebody_answers_and_then_they_hear_each_other() -> None:
    ended, caller, call = await bridged(Ringing(180, None, 1.0), "", Answered(THERE, 2.0), Ended("remote", "", 3.0))
    assert isinstance(ended, Transferred)
    assert ended.result is TransferResult.FAR_END_DISCONNECT
    assert caller.did == ["plays ring", "plays ring", "hushes", "talks", "hushes", "parts"]
    assert (call.heard, call.closing) == (1, True)


async def test_early_media_takes_the_place_of_the_ringing() -> None:
    _, caller, call = await bridged(Ringing(180, None, 1.0), Ringing(183, THERE, 1.5), "hangs up")
    assert caller.did == ["plays ring", "hushes", "hushes", "parts"]
    assert call.heard == 1


async def test_the_audio_of_the_application_hides_ringing_and_early_media() -> None:
    request = replace(BRIDGE, audio=Audio("http://app/music", "audio/x-wav", b"music"))
    _, caller, call = await bridged(Ringing(180, None, 1.0), Ringing(183, THERE, 1.5), "hangs up", request=request)
    assert set(caller.did[:-2]) == {"plays music"}
    assert call.heard == 0


@pytest.mark.parametrize("kind", ["bridge", "consultation"])
async def test_an_answer_that_names_no_sound_is_no_route(kind: str) -> None:
    request = replace(BRIDGE, type=kind)
    ended, _, call = await bridged(Answered(None, 2.0), request=request, error=SipError("nowhere"))
    assert isinstance(ended, Transferred)
    assert (ended.error, call.closing) == ("error.connection.noroute", True)


async def test_early_media_that_cannot_be_used_is_waited_out() -> None:
    ended, _, _ = await bridged(Ringing(183, THERE, 1.0), "hangs up", error=SipError("nowhere"))
    assert ended == HungUp()


@pytest.mark.parametrize("before", [(), (Answered(THERE, 2.0),)])
async def test_words_that_a_grammar_accepts_end_a_bridge(before: tuple[object, ...]) -> None:
    said = Input("voice", "come back", ())
    ended, _, call = await bridged(*before, said)
    assert isinstance(ended, Transferred)
    assert (ended.result, ended.input, call.closing) == (TransferResult.NEAR_END_DISCONNECT, said, True)


async def test_a_far_end_that_vanishes_has_hung_up() -> None:
    ended, _, call = await bridged(Answered(THERE, 2.0), Vanished())
    assert isinstance(ended, Transferred)
    assert (ended.result, call.closing) == (TransferResult.FAR_END_DISCONNECT, True)


@pytest.mark.parametrize("lost", [Answered(THERE, 2.0), SoundLost()])
async def test_a_second_leg_that_loses_its_sound_ends_nobody_knows_how(lost: SecondEvent) -> None:
    ended, _, call = await bridged(lost, error=MediaError("gone"))
    assert isinstance(ended, Transferred)
    assert (ended.result, ended.error, call.closing) == (TransferResult.UNKNOWN, "", True)


async def test_an_answered_consultation_stays_when_the_application_goes() -> None:
    caller = Caller(Answered(THERE, 2.0))
    call = Call(caller)
    consultation = Bridging(caller, call, replace(BRIDGE, type="consultation"))  # type: ignore[arg-type]
    assert await consultation.run() == Transferred(TransferResult.TRANSFERRED)
    assert (call.closing, caller.did) == (False, ["hushes", "talks"])
    caller.happenings.append(Ended("remote", "", 9.0))
    await consultation.talk_on()
    assert (call.closing, caller.did[-1]) == (True, "leaves")


async def referred(*happenings: object) -> tuple[Transferred | HungUp, Caller, Asked]:
    caller, asked = Caller(*happenings), Asked()
    return await refer(caller, asked, BLIND), caller, asked  # type: ignore[arg-type]


async def test_a_peer_that_took_a_refer_and_hangs_up_has_transferred() -> None:
    ended, caller, asked = await referred(ReferralAnswered(202, "Accepted"), "hangs up")
    assert ended == Transferred(TransferResult.TRANSFERRED)
    assert (asked.came, caller.did) == ([(None, 202)], [])


async def test_a_peer_that_tells_nothing_more_is_left() -> None:
    ended, caller, _ = await referred(ReferralAnswered(202, "Accepted"))
    assert ended == Transferred(TransferResult.TRANSFERRED)
    assert caller.did == ["leaves"]


async def test_a_peer_that_tells_before_it_answers_is_believed() -> None:
    ended, _, asked = await referred(ReferralTold(180, "Ringing", over=False), ReferralTold(486, "Busy", over=True))
    assert ended == Transferred(TransferResult.BUSY)
    assert asked.came == [(Outcome.FAILED, 486)]


async def test_a_caller_that_hangs_up_before_the_peer_took_it_is_only_gone() -> None:
    ended, _, asked = await referred("hangs up")
    assert ended == HungUp()
    assert asked.came == [(Outcome.CANCELED, 0)]


async def test_nobody_is_asked_who_may_not_be() -> None:
    asked = Asked(TransferFailed(NO_AUTHORIZATION, "not there"))
    with pytest.raises(TransferFailed):
        await refer(Caller(), asked, BLIND)  # type: ignore[arg-type]
    assert asked.came == []
