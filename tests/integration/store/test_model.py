"""The ledger beside a simple model of it: whatever is done in whatever order, both say the same."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mirabelle.calls.attempt import AttemptState
from mirabelle.calls.call import CallState, NewCall
from mirabelle.calls.lifecycle import CALL_CHANGES
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.store.audit_verification import verify
from mirabelle.store.ledger import CallBusy, CampaignPaused, LeaseLost, Ledger
from mirabelle.store.open import open_ledger
from tests.admission import claim, next_look
from tests.postgres import EMPTY

T = TypeVar("T")

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWNERS = st.sampled_from(["one", "two"])
SECONDS = st.integers(0, 40)
WHICH = st.integers(0, 1)
CHANNELS = 2
LEASED = {CallState.DIALING, CallState.CONNECTED}
STEPS = st.sampled_from([state for state in CallState if state is CallState.QUEUED or state.final])


@dataclass
class ModelAttempt:
    attempt_id: int
    call_id: int
    owner: str
    state: AttemptState = AttemptState.INTENDED


@dataclass
class ModelCall:
    call_id: int
    campaign_id: int
    due_at: datetime
    expires_at: datetime | None
    reports: bool
    state: CallState = CallState.QUEUED
    owner: str = ""

    lease_until: datetime = START
    counted: int = 0
    attempts: list[ModelAttempt] = field(default_factory=list)

    @property
    def order(self) -> tuple[datetime, int]:
        return self.due_at, self.call_id

    @property
    def unfinished(self) -> ModelAttempt | None:
        return next((each for each in self.attempts if each.state is not AttemptState.ENDED), None)

    def expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class Model(RuleBasedStateMachine):
    """Runs each rule on the ledger and on plain objects."""

    def __init__(self, opened: Callable[[], Coroutine[Any, Any, Ledger]]) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.ledger = self.runner.run(opened())
        self.now = START
        self.calls: dict[int, ModelCall] = {}
        self.results: dict[int, datetime] = {}

    def teardown(self) -> None:
        # Whatever was done, the audit tells of each attempt.
        while self.run(self.ledger.seal_audit(7)):
            pass
        audit = self.run(verify(self.ledger))
        assert (audit.breaks, audit.unsealed) == ((), 0)
        assert audit.attempts == sum(len(call.attempts) for call in self.calls.values())
        self.run(self.ledger.aclose())
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def lost(self, work: Coroutine[Any, Any, object]) -> bool:
        """Whether the ledger says that the lease is lost."""
        try:
            self.run(work)
        except LeaseLost:
            return True
        return False

    @initialize()
    def somebody(self) -> None:
        account = self.run(self.ledger.add_account("acme", "hashed", START))
        other = self.run(self.ledger.add_campaign(account.account_id, "other", "", START))
        self.account = account.account_id
        self.campaigns = (account.default_campaign_id, other.campaign_id)
        self.paused: set[int] = set()
        self.profile = self.run(self.ledger.add_profile(account.account_id, "slow", None, CHANNELS, START))
        self.ruled: set[int] = set()

    @rule(seconds=st.integers(1, 20))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(which=WHICH, pause=st.booleans())
    def pause_or_resume(self, which: int, pause: bool) -> None:
        campaign_id = self.campaigns[which]
        if pause:
            self.run(self.ledger.pause_campaign(campaign_id, self.now))
            self.paused.add(campaign_id)
        else:
            self.run(self.ledger.resume_campaign(campaign_id, self.now))
            self.paused.discard(campaign_id)

    @rule(which=WHICH, rules=st.booleans())
    def keep_rules_or_none(self, which: int, rules: bool) -> None:
        campaign_id = self.campaigns[which]
        kept = self.run(self.ledger.set_campaign_rules(campaign_id, (), [self.profile.profile_id] if rules else ()))
        assert kept.profiles == ((self.profile,) if rules else ())
        self.ruled = self.ruled | {campaign_id} if rules else self.ruled - {campaign_id}

    @rule(which=WHICH, due=SECONDS, expires=st.none() | SECONDS, reports=st.booleans())
    def queue(self, which: int, due: int, expires: int | None, reports: bool) -> None:
        due_at = self.now + timedelta(seconds=due)
        expires_at = None if expires is None else self.now + timedelta(seconds=expires)
        new = NewCall(
            account_id=self.account,
            campaign_id=self.campaigns[which],
            phone_number="+16175550123",
            start_url="http://example.com/s",
            result_url="http://example.com/r" if reports else "",
            scheduled_at=due_at,
            expires_at=expires_at,
        )
        call = self.run(self.ledger.queue_call(new, self.now))
        self.calls[call.call_id] = ModelCall(call.call_id, call.campaign_id, due_at, expires_at, reports)

    @rule(owner=OWNERS, limit=st.integers(1, 3), lease=st.integers(1, 30))
    def claim(self, owner: str, limit: int, lease: int) -> None:
        until = self.now + timedelta(seconds=lease)
        due = [
            call
            for call in self.calls.values()
            if call.state is CallState.QUEUED
            and call.due_at <= self.now
            and not call.expired(self.now)
            and call.campaign_id not in self.paused
        ]
        taken = self.run(claim(self.ledger, self.now, limit, owner, until))
        room = 0
        for campaign_id in self.campaigns:
            mine = sorted((call for call in due if call.campaign_id == campaign_id), key=lambda call: call.order)
            # Within a campaign the longest due come first.
            got = [call.call_id for call in taken if call.campaign_id == campaign_id]
            assert got == [call.call_id for call in mine[: len(got)]]
            room += min(len(mine), self.channels(campaign_id))
        assert len(taken) == min(limit, room)
        for call in taken:
            own = self.calls[call.call_id]
            own.state, own.owner, own.lease_until = CallState.DIALING, owner, until

    def channels(self, campaign_id: int) -> int:
        """How many more calls of a campaign may be under a lease."""
        if campaign_id not in self.ruled:
            return len(self.calls)
        here = [call for call in self.calls.values() if call.campaign_id == campaign_id]
        return max(0, CHANNELS - sum(call.state in LEASED for call in here))

    @rule()
    def expire(self) -> None:
        wanted = [call for call in self.calls.values() if call.state is CallState.QUEUED and call.expired(self.now)]
        expired = self.run(self.ledger.expire_due(self.now, 100))
        assert [call.call_id for call in expired] == [call.call_id for call in wanted]
        for call in wanted:
            self.end(call, CallState.EXPIRED)

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), owner=OWNERS)
    def begin(self, data: st.DataObject, owner: str) -> None:
        call = data.draw(st.sampled_from(list(self.calls.values())))
        may = (
            call.state is CallState.DIALING
            and call.owner == owner
            and call.lease_until > self.now
            and call.unfinished is None
        )
        try:
            begun = self.run(self.ledger.begin_attempt(call.call_id, f"{uuid.uuid4()}@test", "main", self.now, owner))
        except LeaseLost:
            assert not may
            return
        except CampaignPaused:
            assert may
            assert call.campaign_id in self.paused
            return
        assert may
        assert call.campaign_id not in self.paused
        assert begun.number == len(call.attempts) + 1
        call.attempts.append(ModelAttempt(begun.attempt_id, call.call_id, owner))

    @precondition(lambda self: any(call.attempts for call in self.calls.values()))
    @rule(data=st.data())
    def ring(self, data: st.DataObject) -> None:
        attempt = self.draw_attempt(data)
        lost = self.lost(self.ledger.attempt_ringing(attempt.attempt_id, self.now))
        assert lost == (attempt.state is AttemptState.ENDED)
        if attempt.state is AttemptState.INTENDED:
            attempt.state = AttemptState.RINGING

    @precondition(lambda self: any(call.attempts for call in self.calls.values()))
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        attempt = self.draw_attempt(data)
        call = self.calls[attempt.call_id]
        may = attempt.state is not AttemptState.ENDED and call.owner == attempt.owner
        assert self.lost(self.ledger.attempt_answered(attempt.attempt_id, self.now)) == (not may)
        if may:
            attempt.state, call.state = AttemptState.ANSWERED, CallState.CONNECTED

    @precondition(lambda self: any(call.unfinished for call in self.calls.values()))
    @rule(data=st.data(), state=STEPS, counted=st.booleans(), wait=SECONDS)
    def finish(self, data: st.DataObject, state: CallState, counted: bool, wait: int) -> None:
        attempt = data.draw(st.sampled_from([call.unfinished for call in self.calls.values() if call.unfinished]))
        call = self.calls[attempt.call_id]
        if state not in CALL_CHANGES[call.state]:
            return
        due_at = self.now + timedelta(seconds=wait) if state is CallState.QUEUED else None
        after = self.run(
            self.ledger.end_attempt(
                attempt.attempt_id,
                outcome=Outcome.FAILED,
                now=self.now,
                sip_status=500,
                detail="",
                step=NextStep(state, due_at, counted),
            )
        )
        attempt.state = AttemptState.ENDED
        call.counted += counted
        assert (after.state, after.attempts) == (state, call.counted)
        if due_at is None:
            self.end(call, state)
        else:
            call.state, call.due_at, call.owner = state, due_at, ""

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), owner=OWNERS)
    def release(self, data: st.DataObject, owner: str) -> None:
        call = data.draw(st.sampled_from(list(self.calls.values())))
        if call.unfinished is not None:
            return
        self.run(self.ledger.release(call.call_id, self.now, owner))
        if call.state is CallState.DIALING and call.owner == owner:
            call.state, call.due_at, call.owner = CallState.QUEUED, self.now, ""

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(list(self.calls.values())))
        try:
            after = self.run(self.ledger.cancel_call(call.call_id, self.now))
        except CallBusy:
            assert call.state in LEASED
            return
        if call.state is CallState.QUEUED:
            self.end(call, CallState.CANCELED)
        assert after.state is call.state
        assert call.state.final

    @rule(owner=OWNERS, lease=st.integers(1, 30))
    def renew(self, owner: str, lease: int) -> None:
        held = [call for call in self.calls.values() if call.state in LEASED and call.owner == owner]
        until = self.now + timedelta(seconds=lease)
        assert self.run(self.ledger.renew_leases(owner, until, self.calls)) == len(held)
        for call in held:
            call.lease_until = until

    @rule(owner=OWNERS)
    def recover(self, owner: str) -> None:
        until = self.now + timedelta(seconds=15)
        wanted = [call for call in self.calls.values() if call.state in LEASED and call.lease_until <= self.now]
        found = self.run(self.ledger.recover(self.now, owner, until))
        assert [(call.call_id, attempt and attempt.attempt_id) for call, attempt in found] == [
            (call.call_id, call.unfinished and call.unfinished.attempt_id) for call in wanted
        ]
        for call in wanted:
            call.owner, call.lease_until = owner, until

    @rule(lease=st.integers(1, 30), done=st.booleans())
    def deliver(self, lease: int, done: bool) -> None:
        until = self.now + timedelta(seconds=lease)
        wanted = {call_id for call_id, due_at in self.results.items() if due_at <= self.now}
        taken = self.run(self.ledger.claim_deliveries(self.now, 100, "one", until))
        assert {delivery.call_id for delivery in taken} == wanted
        for delivery in taken:
            self.results[delivery.call_id] = until
            if done:
                self.run(self.ledger.delivery_done(delivery.delivery_id, self.now))
                del self.results[delivery.call_id]

    @invariant()
    def counts_agree(self) -> None:
        counts = self.run(self.ledger.counts())
        states = [call.state for call in self.calls.values()]
        assert counts == {state: states.count(state) for state in CallState}

    @invariant()
    def the_next_instants_agree(self) -> None:
        queued = [call for call in self.calls.values() if call.state is CallState.QUEUED]
        expiries = [call.expires_at for call in queued if call.expires_at]
        assert self.run(self.ledger.next_expiry()) == min(expiries, default=None)
        look = self.run(next_look(self.ledger, self.now))
        # Nobody sleeps past the time at which a call is due.
        waiting = [
            call.due_at for call in queued if call.campaign_id not in self.paused and self.channels(call.campaign_id)
        ]
        later = [each for each in waiting if each > self.now]
        if later:
            assert look is not None
            assert look <= min(later)
        assert self.run(self.ledger.next_delivery(self.now)) == min(self.results.values(), default=None)

    def end(self, call: ModelCall, state: CallState) -> None:
        call.state, call.owner = state, ""
        if call.reports:
            self.results[call.call_id] = self.now

    def draw_attempt(self, data: st.DataObject) -> ModelAttempt:
        return data.draw(st.sampled_from([each for call in self.calls.values() for each in call.attempts]))


def test_the_ledger_agrees_with_a_simple_model(store_url: str) -> None:
    async def opened() -> Ledger:
        if store_url.startswith("sqlite"):
            return await open_ledger(f"{store_url}.{uuid.uuid4().hex}")
        server = await asyncpg.connect(store_url)
        await server.execute(EMPTY)
        await server.close()
        return await open_ledger(store_url)

    class OnThisStore(Model):
        def __init__(self) -> None:
            super().__init__(opened)

    run_state_machine_as_test(
        OnThisStore,
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
