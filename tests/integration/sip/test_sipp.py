"""Our user agent and sipp, an implementation that knows nothing of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from mirabelle.calls.outcome import Outcome
from mirabelle.sip import sdp
from mirabelle.sip.agent import Credentials, IncomingCall, InviteTarget, OutgoingCall, UserAgent
from mirabelle.sip.events import Answered, CallEvent, Canceled, Confirmed, Ended, Failed, MediaChanged, Ringing
from tests.integration.sip.conftest import Sipp, StartSipp

OFFER = sdp.offer("127.0.0.1", 40000)


@pytest.fixture
async def agent() -> AsyncIterator[UserAgent]:
    made = UserAgent(bind=("127.0.0.1", 0))
    await made.start()
    yield made
    await made.aclose()


async def call(
    agent: UserAgent, peer: Sipp, *, ring_timeout: float = 20.0, credentials: Credentials | None = None
) -> OutgoingCall:
    return await agent.invite(
        InviteTarget.number("+16175550123", peer.trunk),
        OFFER,
        call_id=f"{peer.port}@test",
        credentials=credentials,
        caller_id="8005551212",
        ring_timeout=ring_timeout,
    )


async def until(leg: OutgoingCall | IncomingCall, *kinds: type[CallEvent]) -> CallEvent:
    async with asyncio.timeout(10):
        while True:
            event = await leg.next_event()
            if isinstance(event, kinds):
                return event
            assert not isinstance(event, Failed | Ended | Canceled), event


async def test_a_call_is_answered_and_hung_up(agent: UserAgent, sipp: StartSipp) -> None:
    peer = await sipp("answer")
    outgoing = await call(agent, peer)
    assert isinstance(await outgoing.next_event(), Ringing)
    answered = await outgoing.next_event()
    assert isinstance(answered, Answered)
    assert answered.sdp is not None
    agreed = sdp.negotiate(OFFER, answered.sdp)
    assert (agreed.remote_address, agreed.remote_port, agreed.codec) == ("127.0.0.1", 40002, "PCMU")
    await outgoing.bye()
    await peer.finished()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("486 Busy Here", Outcome.BUSY),
        ("603 Decline", Outcome.REJECTED),
        ("404 Not Found", Outcome.UNALLOCATED),
        ("503 CPS limit exceeded", Outcome.CAPACITY),
        ("500 Oops", Outcome.FAILED),
        ("302 Moved Temporarily", Outcome.FAILED),
    ],
)
async def test_a_refusal_has_its_outcome(agent: UserAgent, sipp: StartSipp, answer: str, outcome: Outcome) -> None:
    peer = await sipp("refuse", answer=answer)
    failed = await until(await call(agent, peer), Failed)
    assert isinstance(failed, Failed)
    assert failed.verdict.outcome is outcome
    assert failed.verdict.detail.startswith(answer)
    await peer.finished()


async def test_ringing_too_long_is_no_answer(agent: UserAgent, sipp: StartSipp) -> None:
    peer = await sipp("no_answer")
    outgoing = await call(agent, peer, ring_timeout=1.5)
    failed = await until(outgoing, Failed)
    assert isinstance(failed, Failed)
    assert (failed.status, failed.verdict.outcome) == (487, Outcome.NO_ANSWER)
    await peer.finished()


async def test_the_callee_hangs_up_first(agent: UserAgent, sipp: StartSipp) -> None:
    peer = await sipp("callee_hangs_up")
    ended = await until(await call(agent, peer), Ended)
    assert isinstance(ended, Ended)
    assert ended.by == "remote"
    assert "cause=16" in ended.reason
    await peer.finished()


@pytest.mark.parametrize("scenario", ["auth", "proxy_auth"])
async def test_a_password_is_given_when_asked_for(agent: UserAgent, sipp: StartSipp, scenario: str) -> None:
    peer = await sipp(scenario)
    outgoing = await call(agent, peer, credentials=Credentials("alice", "secret"))
    await until(outgoing, Answered)
    await outgoing.bye()
    await peer.finished()


async def test_a_wrong_password_is_refused(agent: UserAgent, sipp: StartSipp) -> None:
    peer = await sipp("auth")
    outgoing = await call(agent, peer, credentials=Credentials("alice", "wrong"))
    failed = await until(outgoing, Failed)
    assert isinstance(failed, Failed)
    assert failed.status == 403
    await peer.finished()


async def test_a_call_is_put_on_hold_and_asked_for_an_offer(agent: UserAgent, sipp: StartSipp) -> None:
    peer = await sipp("reinvite")
    outgoing = await call(agent, peer)
    await until(outgoing, Answered)
    held = await until(outgoing, MediaChanged)
    assert isinstance(held, MediaChanged)
    assert sdp.negotiate(OFFER, held.sdp).direction == "recvonly"
    await until(outgoing, Confirmed)
    confirmed = await until(outgoing, Confirmed)
    assert isinstance(confirmed, Confirmed)
    assert confirmed.sdp is not None
    assert confirmed.sdp.audio is not None
    assert confirmed.sdp.audio.port == 40004
    await outgoing.bye()
    await peer.finished()


async def take(agent: UserAgent, sipp: StartSipp, scenario: str) -> tuple[IncomingCall, Sipp]:
    incoming: asyncio.Queue[IncomingCall] = asyncio.Queue()
    agent.on_invite = incoming.put_nowait
    host, port = agent.address
    peer = await sipp(scenario, f"{host}:{port}")
    async with asyncio.timeout(10):
        return await incoming.get(), peer


async def test_a_call_of_another_is_taken(agent: UserAgent, sipp: StartSipp) -> None:
    incoming, peer = await take(agent, sipp, "caller")
    assert (incoming.called, incoming.caller) == ("+16175550123", "8005551212")
    incoming.ring()
    assert incoming.sdp is not None
    incoming.answer(sdp.answer(incoming.sdp, "127.0.0.1", 40002))
    ended = await until(incoming, Ended)
    assert isinstance(ended, Ended)
    assert ended.by == "remote"
    await peer.finished()


async def test_a_caller_may_give_up(agent: UserAgent, sipp: StartSipp) -> None:
    incoming, peer = await take(agent, sipp, "caller_cancels")
    incoming.ring()
    assert isinstance(await until(incoming, Canceled), Canceled)
    await peer.finished()


async def test_a_caller_may_leave_the_offer_to_us(agent: UserAgent, sipp: StartSipp) -> None:
    incoming, peer = await take(agent, sipp, "caller_without_offer")
    assert incoming.sdp is None
    incoming.ring()
    ours = sdp.offer("127.0.0.1", 40002)
    incoming.answer(ours)
    confirmed = await until(incoming, Confirmed)
    assert isinstance(confirmed, Confirmed)
    assert confirmed.sdp is not None
    assert sdp.negotiate(ours, confirmed.sdp).codec == "PCMU"
    await incoming.bye()
    await peer.finished()
