from __future__ import annotations

import asyncio
import functools
import io
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import numpy as np
import pytest
import pytest_asyncio

from mirabelle.calls.outcome import Outcome
from mirabelle.calls.second_leg import Declined, Want
from mirabelle.calls.transfer_rule import TransferRule
from mirabelle.calls.trunk import Trunk
from mirabelle.dialer.phone import Cut
from mirabelle.media.stream import MediaStream
from mirabelle.sip import sdp
from mirabelle.sip.agent import IncomingCall
from mirabelle.sip.events import Canceled, Ended
from tests.integration.dialer.switch import AGENT, FarEnd, Switch, a_plane, a_switch, key_of, over, sdp_of

HOT_WORD = (
    '<grammar mode="dtmf" version="1.0" root="r" xmlns="http://www.w3.org/2001/06/grammar">'
    '<rule id="r">* 9</rule></grammar>'
)
Switching = Callable[..., AbstractAsyncContextManager[Switch]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

BRIDGE = f'dest="tel:{AGENT}" bridge="true"'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switching() -> AsyncIterator[Switching]:
    """Makes calls that are transferred, all on one media process."""
    async with a_plane() as plane:
        yield functools.partial(a_switch, plane)


def tone(hertz: int, seconds: float) -> bytes:
    return (8000 * np.sin(2 * np.pi * hertz * np.arange(round(8000 * seconds)) / 8000)).astype("<i2").tobytes()


def pitch(pcm: bytes) -> int:
    """The strongest tone in the loudest tenth of a second; 0 in silence."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    blocks = samples[: len(samples) // 800 * 800].reshape(-1, 800)
    energy = np.abs(np.fft.rfft(blocks * np.hanning(800), axis=1)) ** 2
    loudest = energy[energy.sum(axis=1).argmax()]
    return int(loudest.argmax()) * 10 if loudest.sum() > 1e6 else 0


async def heard(stream: MediaStream) -> int:
    """The tone that a far end hears, waiting until it hears any."""
    async with asyncio.timeout(20):
        while True:
            await stream.record(10)
            await asyncio.sleep(0.3)
            if found := pitch(await stream.stop_record()):
                return found


async def bridged(switch: Switch) -> tuple[IncomingCall, IncomingCall]:
    """Both far ends, once a key of the agent reaches the callee."""
    first, second = await switch.callee.rung(), await switch.agent.rung()
    callee, agent = await switch.callee.sound(), await switch.agent.sound()
    await agent.send_digits("1")
    assert await key_of(callee) == "1"
    return first, second


async def test_a_far_end_that_hangs_up_gives_the_callee_back_to_the_application(switching: Switching) -> None:
    async with switching() as switch:
        first, second = await bridged(switch)
        second.hang_up()
        told = await switch.result()
        assert (told["moved"], told["keys"]) == ("far_end_disconnect", "undefined")
        assert 0 <= float(told["seconds"]) < 20
        assert isinstance(await over(first), Ended)
        assert (await switch.ended()).cut is Cut.NO
        [(leg, ending)] = switch.books.ended
        assert (leg.kind, leg.e164, leg.call_id, leg.attempt_id) == ("bridge", AGENT, 1, 5)
        assert (ending.outcome, ending.sip_status) == (Outcome.ANSWERED, 200)
        assert await switch.ports_in_use() == 0


async def test_a_second_leg_calls_from_the_number_of_its_trunk_with_a_call_id_of_its_own(switching: Switching) -> None:
    async with switching(BRIDGE + ' aai="case 7"') as switch:
        call = await switch.agent.rung()
        assert (call.called, call.caller) == (AGENT, "8005551213")
        assert call.call_id == switch.books.begun[0].sip_call_id
        assert call.request.headers["user-to-user"] == "636173652037;encoding=hex"


async def test_a_callee_that_hangs_up_ends_the_second_leg(switching: Switching) -> None:
    async with switching() as switch:
        first, second = await bridged(switch)
        first.hang_up()
        event = await over(second)
        assert isinstance(event, Ended)
        assert event.by == "remote"
        assert (await switch.result())["event"] == "connection.disconnect.hangup"
        await switch.ended()
        assert await switch.ports_in_use() == 0


async def test_a_callee_that_hangs_up_while_it_rings_cancels_the_second_leg(switching: Switching) -> None:
    async with switching(on_call=lambda call: call.ring()) as switch:
        first, second = await switch.callee.rung(), await switch.agent.rung()
        first.hang_up()
        assert isinstance(await over(second), Canceled)
        await switch.ended()
        assert switch.books.ended[0][1].outcome is Outcome.CANCELED
        assert await switch.ports_in_use() == 0


async def test_a_far_end_that_vanishes_gives_the_callee_back_to_the_application(switching: Switching) -> None:
    async with switching(rtp_timeout=0.5) as switch:
        first, second = await bridged(switch)
        await switch.agent.streams[0].close()
        assert (await switch.result())["moved"] == "far_end_disconnect"
        event = await over(second)
        assert isinstance(event, Ended)
        assert event.by == "remote"
        assert isinstance(await over(first), Ended)
        assert (await switch.ended()).cut is Cut.NO


async def test_a_far_end_that_holds_the_callee_may_be_silent(switching: Switching) -> None:
    async with switching(BRIDGE + ' maxtime="2s"', on_call=lambda call: call.ring(), rtp_timeout=0.2) as switch:
        call = await switch.agent.rung()
        stream = await switch.agent.media(call)
        answer = sdp.answer(sdp_of(call), *stream.local)
        await stream.close()
        call.answer(answer.replace(b"a=sendrecv\r\n", b"") + b"a=sendonly\r\n")
        assert (await switch.result())["moved"] == "maxtime_disconnect"


async def test_a_hot_word_ends_the_bridge_and_nothing_else_does(switching: Switching) -> None:
    async with switching(inside=HOT_WORD) as switch:
        _, second = await bridged(switch)
        await switch.callee.streams[0].send_digits("5**9")
        told = await switch.result()
        assert (told["moved"], told["keys"]) == ("near_end_disconnect", "*9")
        assert isinstance(await over(second), Ended)
        assert [await key_of(switch.agent.streams[0]) for _ in range(3)] == ["5", "*", "*"]


async def test_a_hot_word_ends_what_still_rings(switching: Switching) -> None:
    async with switching(inside=HOT_WORD, on_call=lambda call: call.ring()) as switch:
        second = await switch.agent.rung()
        await switch.callee.streams[0].send_digits("*9")
        told = await switch.result()
        assert (told["moved"], float(told["seconds"])) == ("near_end_disconnect", 0)
        assert isinstance(await over(second), Canceled)


async def test_a_bridge_that_lasts_as_long_as_it_may_is_ended(switching: Switching) -> None:
    async with switching(BRIDGE + ' maxtime="200ms"') as switch:
        told = await switch.result()
        assert told["moved"] == "maxtime_disconnect"
        assert float(told["seconds"]) >= 0.2
        assert isinstance(await over(await switch.agent.rung()), Ended)


async def test_a_far_end_that_never_answers_is_given_up_in_time(switching: Switching) -> None:
    async with switching(BRIDGE + ' connecttimeout="300ms"', on_call=lambda call: call.ring()) as switch:
        assert (await switch.result())["moved"] == "noanswer"
        assert isinstance(await over(await switch.agent.rung()), Canceled)
        await switch.ended()
        assert switch.books.ended[0][1].outcome is Outcome.NO_ANSWER


@pytest.mark.parametrize(
    ("status", "name", "value"),
    [(486, "moved", "busy"), (500, "moved", "network_busy"), (404, "event", "error.connection.baddestination")],
)
async def test_a_far_end_that_refuses_is_told_in_the_words_of_the_standard(
    switching: Switching, status: int, name: str, value: str
) -> None:
    async with switching(on_call=lambda call: call.reject(status)) as switch:
        assert (await switch.result())[name] == value
        await switch.ended()
        assert switch.books.ended[0][1].sip_status == status
        assert await switch.ports_in_use() == 0


async def test_where_one_trunk_fails_the_next_is_taken(switching: Switching) -> None:
    answered: list[IncomingCall] = []

    def second_time(call: IncomingCall) -> None:
        answered.append(call)
        if len(answered) == 1:
            call.reject(503)
        else:
            call.reject(486)

    def another(agent: FarEnd) -> tuple[Trunk, ...]:
        return (Trunk(name="first", host=agent.host),)

    async with switching(on_call=second_time, spare=another) as switch:
        assert (await switch.result())["moved"] == "busy"
        await switch.ended()
        assert [ending.sip_status for _, ending in switch.books.ended] == [503, 486]
        assert len({leg.sip_call_id for leg in switch.books.begun}) == 2


@pytest.mark.parametrize(
    ("want", "event"),
    [
        (Want.ROOM, "error.connection.noresource"),
        (Want.ROUTE, "error.connection.noroute"),
        (Want.LEAVE, "error.connection.noauthorization"),
    ],
)
async def test_without_room_a_route_or_leave_nobody_is_rung(switching: Switching, want: Want, event: str) -> None:
    async with switching(declined=Declined(want, "so it is")) as switch:
        assert (await switch.result())["event"] == event
        await switch.ended()
        assert switch.agent.calls == []
        assert await switch.ports_in_use() == 0


@pytest.mark.parametrize(
    ("dest", "kind", "event"),
    [
        ("tel:+19005551234", "bridge", "error.connection.noauthorization"),
        ("tel:+19005551234", "blind", "error.connection.noauthorization"),
        ("sip:agent@127.0.0.1", "consultation", "error.connection.noauthorization"),
        ("sips:agent@example.com", "bridge", "error.unsupported.uri"),
    ],
)
async def test_what_is_not_allowed_is_never_dialled_and_is_written_down(
    switching: Switching, dest: str, kind: str, event: str
) -> None:
    async with switching(f'dest="{dest}" type="{kind}"') as switch:
        assert (await switch.result())["event"] == event
        await switch.ended()
        assert (switch.agent.calls, switch.books.begun) == ([], [])
        assert len(switch.books.refused) == 1
        assert dest.partition(":")[2] not in switch.books.refused[0]


async def test_a_sip_address_is_called_directly_where_its_host_is_allowed(switching: Switching) -> None:
    rule = TransferRule(sip_hosts=("127.0.0.1",))
    async with switching('dest="sip:agent@{agent}" bridge="true"', rule=rule, sip_dest=True) as switch:
        assert (await switch.agent.rung()).called == "agent"
        await bridged(switch)
        assert switch.books.begun[0].e164 == ""


async def test_keys_that_belong_to_the_number_are_pressed_after_the_answer(switching: Switching) -> None:
    async with switching(f'dest="tel:{AGENT};postd=42" bridge="true"') as switch:
        await switch.agent.rung()
        agent = await switch.agent.sound()
        assert [await key_of(agent) for _ in range(2)] == ["4", "2"]


async def test_a_consultation_lets_them_talk_when_the_application_is_gone(switching: Switching) -> None:
    async with switching(f'dest="tel:{AGENT}" type="consultation"') as switch:
        assert (await switch.result())["event"] == "connection.disconnect.transfer"
        first, second = await bridged(switch)
        assert not first.over
        second.hang_up()
        assert isinstance(await over(first), Ended)
        assert (await switch.ended()).outcome is Outcome.ANSWERED
        assert await switch.ports_in_use() == 0


async def test_a_consultation_that_nobody_answers_gives_the_callee_back(switching: Switching) -> None:
    async with switching(f'dest="tel:{AGENT}" type="consultation"', on_call=lambda call: call.reject(486)) as switch:
        assert (await switch.result())["moved"] == "busy"


async def test_a_callee_that_hangs_up_ends_a_consultation(switching: Switching) -> None:
    async with switching(f'dest="tel:{AGENT}" type="consultation"') as switch:
        first, second = await bridged(switch)
        first.hang_up()
        assert isinstance(await over(second), Ended)
        await switch.ended()


@pytest.mark.parametrize("kind", ["bridge", "consultation"])
async def test_a_server_that_stops_hangs_up_on_both(switching: Switching, kind: str) -> None:
    async with switching(f'dest="tel:{AGENT}" type="{kind}"') as switch:
        first, second = await bridged(switch)
        switch.placed.cancel()
        assert isinstance(await over(first), Ended)
        assert isinstance(await over(second), Ended)
        await asyncio.gather(switch.placed, return_exceptions=True)
        assert len(switch.books.ended) == 1
        assert await switch.ports_in_use() == 0


async def test_a_server_that_stops_cancels_what_rings(switching: Switching) -> None:
    async with switching(on_call=lambda call: call.ring()) as switch:
        first, second = await switch.callee.rung(), await switch.agent.rung()
        switch.placed.cancel()
        assert isinstance(await over(second), Canceled)
        assert isinstance(await over(first), Ended)
        await asyncio.gather(switch.placed, return_exceptions=True)
        assert len(switch.books.ended) == 1


async def test_a_media_process_that_dies_ends_both_legs() -> None:
    async with a_plane() as plane, a_switch(plane) as switch:
        first, second = await bridged(switch)
        link = switch.plane._links[0]
        assert link is not None
        link.kill()
        assert isinstance(await over(first), Ended)
        assert isinstance(await over(second), Ended)
        assert (await switch.ended()).cut is Cut.MEDIA


async def test_early_media_is_heard_before_anybody_answers(switching: Switching) -> None:
    async with switching(on_call=lambda call: None) as switch:
        call = await switch.agent.rung()
        stream = await switch.agent.media(call)
        call.ring(183, sdp.answer(sdp_of(call), *stream.local))
        await stream.play([tone(700, 2)])
        assert await heard(switch.callee.streams[0]) == 700


async def test_a_far_end_that_only_rings_is_heard_as_a_ringing_tone(switching: Switching) -> None:
    async with switching(on_call=lambda call: call.ring()) as switch:
        await switch.agent.rung()
        assert await heard(switch.callee.streams[0]) in (440, 480)


async def test_the_audio_of_the_application_is_heard_until_somebody_answers(switching: Switching) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(tone(1000, 0.2))
    async with switching(
        BRIDGE + ' transferaudio="http://app/music"', files={"music": file.getvalue()}, on_call=lambda call: call.ring()
    ) as switch:
        call = await switch.agent.rung()
        callee = switch.callee.streams[0]
        assert [await heard(callee) for _ in range(2)] == [1000, 1000]
        stream = await switch.agent.pick_up(call)
        await stream.send_digits("1")
        assert await key_of(callee) == "1"
        await stream.play([tone(700, 2)])
        assert await heard(callee) == 700


async def test_a_peer_that_knows_no_refer_is_no_blind_transfer(switching: Switching) -> None:
    async with switching(f'dest="tel:{AGENT}" type="blind"') as switch:
        assert (await switch.result())["event"] == "error.unsupported.transfer.blind"
        await switch.ended()
        assert switch.books.ended[0][1].outcome is Outcome.FAILED


async def test_a_fault_of_ours_ends_the_transfer_and_is_not_hidden(switching: Switching) -> None:
    async with switching() as switch:
        switch.books.fault = RuntimeError("a fault")
        assert (await switch.result())["event"] == "error.connection.noresource"
        with pytest.raises(RuntimeError, match="a fault"):
            await switch.placed
