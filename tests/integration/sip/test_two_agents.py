from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest

from mirabelle.calls.clock import SystemClock
from mirabelle.calls.outcome import Outcome
from mirabelle.sip import sdp
from mirabelle.sip.agent import IncomingCall, InviteTarget, OutgoingCall, UserAgent
from mirabelle.sip.error import SipError
from mirabelle.sip.events import Answered, Canceled, Confirmed, Ended, Failed, Ringing
from mirabelle.sip.transaction import Timers

OFFER = sdp.offer("127.0.0.1", 40000)
QUICK = Timers(t1=0.05, t2=0.4, t4=0.5)


class Pair:
    """A caller and a callee on loopback."""

    def __init__(self, timers: Timers) -> None:
        self.caller = UserAgent(bind=("127.0.0.1", 0), clock=SystemClock(), rng=Random(1), timers=timers)
        self.callee = UserAgent(bind=("127.0.0.1", 0), clock=SystemClock(), rng=Random(2), timers=timers)
        self.incoming: asyncio.Queue[IncomingCall] = asyncio.Queue()
        self.callee.on_invite = self.incoming.put_nowait
        self._calls = 0

    async def invite(self, ring_timeout: float = 20.0) -> tuple[OutgoingCall, IncomingCall]:
        host, port = self.callee.address
        target = InviteTarget.number("+16175550123", f"{host}:{port}")
        self._calls += 1
        outgoing = await self.caller.invite(
            target, OFFER, call_id=f"call-{self._calls}@test", caller_id="8005551212", ring_timeout=ring_timeout
        )
        return outgoing, await self.incoming.get()


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    both = Pair(QUICK)
    await both.caller.start()
    await both.callee.start()
    yield both
    await both.caller.aclose()
    await both.callee.aclose()


async def answered(pair: Pair) -> tuple[OutgoingCall, IncomingCall]:
    outgoing, incoming = await pair.invite()
    assert incoming.sdp is not None
    incoming.answer(sdp.answer(incoming.sdp, "127.0.0.1", 40002))
    assert isinstance(await outgoing.next_event(), Answered)
    assert isinstance(await incoming.next_event(), Confirmed)
    return outgoing, incoming


async def test_a_call_rings_is_answered_and_hung_up_by_the_caller(pair: Pair) -> None:
    outgoing, incoming = await pair.invite()
    assert incoming.called == "+16175550123"
    assert incoming.caller == "8005551212"
    incoming.ring()
    ringing = await outgoing.next_event()
    assert isinstance(ringing, Ringing)
    assert ringing.status == 180
    assert incoming.sdp is not None
    incoming.answer(sdp.answer(incoming.sdp, "127.0.0.1", 40002))
    event = await outgoing.next_event()
    assert isinstance(event, Answered)
    assert event.sdp is not None
    agreed = sdp.negotiate(OFFER, event.sdp)
    assert (agreed.remote_port, agreed.codec, agreed.dtmf_payload_type) == (40002, "PCMU", 101)
    assert isinstance(await incoming.next_event(), Confirmed)
    await outgoing.bye()
    ended = await outgoing.next_event()
    assert isinstance(ended, Ended)
    assert ended.by == "local"
    other = await incoming.next_event()
    assert isinstance(other, Ended)
    assert other.by == "remote"


async def test_the_callee_may_hang_up_first(pair: Pair) -> None:
    outgoing, incoming = await answered(pair)
    await incoming.bye()
    ended = await outgoing.next_event()
    assert isinstance(ended, Ended)
    assert ended.by == "remote"


async def test_after_the_end_the_end_is_told_again(pair: Pair) -> None:
    outgoing, incoming = await answered(pair)
    await incoming.bye()
    assert await outgoing.next_event() is await outgoing.next_event()


async def test_a_busy_line_is_busy(pair: Pair) -> None:
    outgoing, incoming = await pair.invite()
    incoming.reject(486)
    failed = await outgoing.next_event()
    assert isinstance(failed, Failed)
    assert (failed.status, failed.verdict.outcome) == (486, Outcome.BUSY)


async def test_a_line_that_rings_too_long_is_given_up(pair: Pair) -> None:
    outgoing, incoming = await pair.invite(ring_timeout=0.1)
    incoming.ring()
    assert isinstance(await outgoing.next_event(), Ringing)
    failed = await outgoing.next_event()
    assert isinstance(failed, Failed)
    assert (failed.status, failed.verdict.outcome) == (487, Outcome.NO_ANSWER)
    assert isinstance(await incoming.next_event(), Canceled)


async def test_a_call_that_is_withdrawn_is_canceled(pair: Pair) -> None:
    outgoing, incoming = await pair.invite()
    incoming.ring()
    assert isinstance(await outgoing.next_event(), Ringing)
    outgoing.cancel()
    failed = await outgoing.next_event()
    assert isinstance(failed, Failed)
    assert failed.verdict.outcome is Outcome.CANCELED
    assert isinstance(await incoming.next_event(), Canceled)


async def test_bye_before_the_answer_cancels(pair: Pair) -> None:
    outgoing, incoming = await pair.invite()
    await outgoing.bye()
    assert isinstance(await outgoing.next_event(), Failed)
    assert isinstance(await incoming.next_event(), Canceled)


async def test_an_agent_that_takes_no_calls_is_unavailable(pair: Pair) -> None:
    host, port = pair.caller.address
    call = await pair.caller.invite(InviteTarget.number("+1617", f"{host}:{port}"), OFFER, call_id="to-self")
    failed = await call.next_event()
    assert isinstance(failed, Failed)
    assert failed.status == 480


async def test_a_trunk_that_is_not_there_fails_the_call(pair: Pair) -> None:
    host, port = pair.callee.address
    await pair.callee.aclose()
    call = await pair.caller.invite(InviteTarget.number("+1617", f"{host}:{port}"), OFFER, call_id="to-nobody")
    failed = await call.next_event()
    assert isinstance(failed, Failed)
    assert failed.verdict.outcome is Outcome.FAILED
    assert failed.verdict.detail.startswith("no answer from trunk 127.0.0.1:")


async def test_closing_the_agent_ends_its_calls(pair: Pair) -> None:
    outgoing, _ = await answered(pair)
    waiting, _ = await pair.invite()
    await pair.caller.aclose()
    ended = await outgoing.next_event()
    assert isinstance(ended, Ended)
    assert ended.by == "transport"
    assert isinstance(await waiting.next_event(), Failed)
    await outgoing.bye()


async def test_a_trunk_may_be_a_name(pair: Pair) -> None:
    target = InviteTarget.number("+1617", f"localhost:{pair.callee.address[1]}")
    outgoing = await pair.caller.invite(target, OFFER, call_id="by-name")
    incoming = await pair.incoming.get()
    incoming.reject(486)
    failed = await outgoing.next_event()
    assert isinstance(failed, Failed)
    assert failed.status == 486


async def test_a_trunk_whose_name_nobody_knows_is_an_error(pair: Pair) -> None:
    with pytest.raises(SipError, match="cannot be found"):
        await pair.caller.invite(InviteTarget.number("+1617", "nowhere.invalid"), OFFER, call_id="nowhere")


async def test_an_address_that_is_taken_is_an_error_that_says_what_to_do(pair: Pair) -> None:
    second = UserAgent(bind=pair.caller.address)
    with pytest.raises(SipError, match="Choose another"):
        await second.start()


async def test_an_address_of_another_machine_is_an_error_that_says_so() -> None:
    agent = UserAgent(bind=("203.0.113.10", 0))
    with pytest.raises(SipError, match="no such address"):
        await agent.start()


async def test_an_agent_that_was_not_started_says_so() -> None:
    agent = UserAgent(bind=("127.0.0.1", 0))
    with pytest.raises(SipError, match="call start first"):
        await agent.invite(InviteTarget.number("+1617", "127.0.0.1"), OFFER, call_id="x")
    with pytest.raises(SipError, match="call start first"):
        _ = agent.address
    await agent.aclose()


async def test_an_agent_on_every_address_names_the_one_that_leads_to_the_peer() -> None:
    caller = UserAgent(bind=("0.0.0.0", 0))
    callee = UserAgent(bind=("127.0.0.1", 0))
    taken: asyncio.Queue[IncomingCall] = asyncio.Queue()
    callee.on_invite = taken.put_nowait
    await caller.start()
    await callee.start()
    host, port = callee.address
    call = await caller.invite(InviteTarget.number("+1617", f"{host}:{port}"), OFFER, call_id="any")
    incoming = await taken.get()
    assert incoming.request.contact is not None
    assert incoming.request.contact.uri == f"sip:127.0.0.1:{caller.address[1]}"
    incoming.reject(486)
    assert isinstance(await call.next_event(), Failed)
    await caller.aclose()
    await callee.aclose()
