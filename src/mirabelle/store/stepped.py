"""The ledger's methods on top of two things a store can do: run steps that write, and run steps that read."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from mirabelle.calls.account import Account, AccountSettings
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.campaign import NO_DEFAULTS, USUAL_DIALING, Campaign, CampaignDefaults, CampaignState, Dialing
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.lifecycle import RETRIED
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.result import Delivery
from mirabelle.calls.retry import NextStep
from mirabelle.calls.trunk import Trunk
from mirabelle.store import access_steps, admission_steps, audit_steps, call_steps, campaign_steps, steps
from mirabelle.store.admission import Asked
from mirabelle.store.ledger import CallHeld, CampaignPaused, StoreError
from mirabelle.store.records import (
    Admitted,
    KeptReply,
    KeyHolder,
    KeyRecord,
    Remembered,
    ResultState,
    Role,
    StoredResult,
    Uploaded,
)
from mirabelle.store.rows import batches_of
from mirabelle.store.spool import Spool
from mirabelle.store.stepped_audit import SteppedAuditTrail
from mirabelle.store.stepped_gatehouse import SteppedGatehouse
from mirabelle.store.stepped_leases import SteppedLeases
from mirabelle.store.stepped_transfers import SteppedTransfers


class SteppedLedger(SteppedAuditTrail, SteppedGatehouse, SteppedLeases, SteppedTransfers):
    """What both stores share. `mirabelle.store.ledger.Ledger` says what each method means."""

    @abstractmethod
    def _spool(self) -> Spool:
        """Where an upload waits until it is whole."""

    async def add_account(self, login: str, pin_hash: str, now: datetime, *, signing_secret: str = "") -> Account:
        """See `Ledger.add_account`."""
        return await self._write(lambda: steps.add_account(login, pin_hash, now, signing_secret))

    async def account_by_login(self, login: str) -> Account | None:
        """See `Ledger.account_by_login`."""
        return await self._read(lambda: steps.account_by_login(login))

    async def account(self, account_id: int) -> Account | None:
        """See `Ledger.account`."""
        return await self._read(lambda: steps.account(account_id))

    async def accounts(self, *, after: int = 0, limit: int = 100) -> tuple[Account, ...]:
        """See `Ledger.accounts`."""
        return await self._read(lambda: steps.accounts(after, limit))

    async def change_pin(self, account_id: int, pin_hash: str) -> Account:
        """See `Ledger.change_pin`."""
        return await self._write(lambda: steps.change_pin(account_id, pin_hash))

    async def update_settings(self, account_id: int, settings: AccountSettings) -> Account:
        """See `Ledger.update_settings`."""
        return await self._write(lambda: steps.update_settings(account_id, settings))

    async def rotate_signing_secret(
        self, account_id: int, secret: str, now: datetime, keep_former_until: datetime | None
    ) -> None:
        """See `Ledger.rotate_signing_secret`."""
        await self._write(
            lambda: access_steps.rotate_signing_secret(account_id, secret, now, keep_former_until), alone=True
        )

    async def add_campaign(
        self,
        account_id: int,
        name: str,
        parameters: str,
        now: datetime,
        *,
        defaults: CampaignDefaults = NO_DEFAULTS,
        schedules: Collection[int] = (),
        profiles: Collection[int] = (),
        state: CampaignState = CampaignState.ACTIVE,
        dialing: Dialing = USUAL_DIALING,
    ) -> Campaign:
        """See `Ledger.add_campaign`."""
        return await self._write(
            lambda: campaign_steps.add_ruled_campaign(
                account_id, name, parameters, now, defaults, state, schedules, profiles, dialing
            )
        )

    async def campaign(self, campaign_id: int) -> Campaign | None:
        """See `Ledger.campaign`."""
        return await self._read(lambda: campaign_steps.campaign(campaign_id))

    async def campaign_by_name(self, account_id: int, name: str) -> Campaign | None:
        """See `Ledger.campaign_by_name`."""
        return await self._read(lambda: campaign_steps.campaign_by_name(account_id, name))

    async def campaigns(self, account_id: int, *, after: int = 0, limit: int = 100) -> tuple[Campaign, ...]:
        """See `Ledger.campaigns`."""
        return await self._read(lambda: campaign_steps.campaigns(account_id, after, limit))

    async def pause_campaign(self, campaign_id: int, now: datetime) -> Campaign:
        """See `Ledger.pause_campaign`."""
        return await self._write(lambda: campaign_steps.set_state(campaign_id, CampaignState.PAUSED, now))

    async def resume_campaign(self, campaign_id: int, now: datetime) -> Campaign:
        """See `Ledger.resume_campaign`."""
        resumed = await self._write(lambda: campaign_steps.set_state(campaign_id, CampaignState.ACTIVE, now))
        self._announce()
        return resumed

    async def upload(
        self,
        account_id: int,
        name: str,
        parameters: str,
        batches: AsyncIterator[Sequence[NewCall]],
        now: datetime,
        *,
        into: int | None = None,
        reply: Callable[[Uploaded], KeptReply] | None = None,
        listed: int = 0,
    ) -> Uploaded:
        """See `Ledger.upload`."""
        if into is not None:
            await self._read(lambda: campaign_steps.owned_campaign(into, account_id))
        elif await self.campaign_by_name(account_id, name) is not None:
            raise campaign_steps.name_taken(name)

        def keep(batch: Sequence[NewCall]) -> None:
            for each in batches_of(batch, now):
                spool.add(each)

        with self._spool() as spool:
            async for batch in batches:
                await asyncio.to_thread(keep, batch)
            uploaded = await self._write(
                lambda: access_steps.answered(
                    campaign_steps.upload(self.hot, account_id, name, parameters, into, spool, now, listed),
                    account_id,
                    reply,
                    now,
                )
            )
        self._announce()
        return uploaded

    async def calls(
        self,
        account_id: int,
        *,
        campaign_id: int | None = None,
        state: CallState | None = None,
        message_reference: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> tuple[Call, ...]:
        """See `Ledger.calls`."""
        if message_reference is not None:
            wanted = (campaign_id, state, message_reference)
            return await self._read(lambda: call_steps.calls_by_reference(account_id, *wanted, after, limit))
        return await self._read(lambda: call_steps.calls(account_id, campaign_id, state, after, limit))

    async def newest_calls(
        self,
        account_id: int,
        *,
        campaign_id: int | None = None,
        state: CallState | None = None,
        message_reference: str = "",
        limit: int = 100,
    ) -> tuple[Call, ...]:
        """See `Ledger.newest_calls`."""
        return await self._read(
            lambda: call_steps.newest_calls(account_id, campaign_id, state, message_reference, limit)
        )

    async def campaign_numbers(
        self, campaign_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        """See `Ledger.campaign_numbers`."""
        return await self._read(lambda: call_steps.campaign_numbers(campaign_id, after, limit))

    async def waiting_numbers(
        self, account_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        """See `Ledger.waiting_numbers`."""
        return await self._read(lambda: call_steps.waiting_numbers(account_id, after, limit))

    async def campaign_counts(self, campaign_id: int) -> Mapping[CallState, int]:
        """See `Ledger.campaign_counts`."""
        return await self._read(lambda: call_steps.campaign_counts(campaign_id))

    async def cancel_call(self, call_id: int, now: datetime) -> Call:
        """See `Ledger.cancel_call`."""
        return await self._write(lambda: call_steps.cancel_call(self.hot, call_id, now))

    async def cancel_campaign(self, campaign_id: int, now: datetime) -> int:
        """See `Ledger.cancel_campaign`."""
        await self._read(lambda: campaign_steps.known_campaign(campaign_id))
        cancelled = 0
        while some := await self._write(lambda: call_steps.cancel_some(self.hot, campaign_id, now)):
            cancelled += some
        return cancelled

    async def retry_failed(self, campaign_id: int, now: datetime, *, expires_at: datetime | None = None) -> int:
        """See `Ledger.retry_failed`."""
        if expires_at is not None and expires_at <= now:
            raise StoreError("The new expiration is past; give one that is to come.")
        await self._read(lambda: campaign_steps.known_campaign(campaign_id))
        retried = 0
        for state in RETRIED:
            after = 0
            while taken := await self._write(
                partial(call_steps.retry_some, campaign_id, state, after, now, expires_at)
            ):
                retried += len(taken)
                after = taken[-1]
        self._announce()
        return retried

    async def queue_call(
        self, new: NewCall, now: datetime, *, reply: Callable[[Call], KeptReply] | None = None
    ) -> Call:
        """See `Ledger.queue_call`."""
        call = await self._write(
            lambda: access_steps.answered(steps.queue_call(new, now), new.account_id, reply, now), alone=reply is None
        )
        self._announce()
        return call

    async def call(self, call_id: int) -> Call | None:
        """See `Ledger.call`."""
        return await self._read(lambda: steps.call(call_id))

    async def attempts(self, call_id: int) -> tuple[Attempt, ...]:
        """See `Ledger.attempts`."""
        return await self._read(lambda: steps.attempts(call_id))

    async def admit(
        self,
        trunks: Sequence[Trunk],
        now: datetime,
        limit: int,
        owner: str,
        lease_until: datetime,
        *,
        memory: VerdictMemory,
    ) -> Admitted:
        """See `Ledger.admit`."""
        asked = Asked(trunks, now, limit, owner, lease_until, memory)
        return await self._write(lambda: admission_steps.admit(self.hot, asked))

    async def expire_due(self, now: datetime, limit: int) -> tuple[Call, ...]:
        """See `Ledger.expire_due`."""
        return await self._write(lambda: steps.expire_due(self.hot, now, limit))

    async def next_expiry(self) -> datetime | None:
        """See `Ledger.next_expiry`."""
        return await self._read(steps.next_expiry)

    async def release(self, call_id: int, due_at: datetime, owner: str) -> None:
        """See `Ledger.release`."""
        await self._write(lambda: steps.release(call_id, due_at, owner))

    async def begin_attempt(
        self,
        call_id: int,
        sip_call_id: str,
        trunk: str,
        now: datetime,
        owner: str,
        *,
        memory: VerdictMemory | None = None,
    ) -> Attempt:
        """See `Ledger.begin_attempt`."""
        known = VerdictMemory() if memory is None else memory
        try:
            return await self._write(
                lambda: steps.begin_attempt(self.hot, call_id, sip_call_id, trunk, now, owner, known)
            )
        except CallHeld as held:
            reason = audit_steps.PAUSED if isinstance(held, CampaignPaused) else str(held)
            await self._write(lambda: audit_steps.held_at_dial(self.hot, call_id, reason, now, owner))
            raise

    async def attempt_ringing(self, attempt_id: int, now: datetime) -> None:
        """See `Ledger.attempt_ringing`."""
        await self._write(lambda: steps.attempt_ringing(attempt_id, now), alone=True)

    async def attempt_answered(self, attempt_id: int, now: datetime) -> None:
        """See `Ledger.attempt_answered`."""
        await self._write(lambda: steps.attempt_answered(attempt_id, now))

    async def end_attempt(
        self,
        attempt_id: int,
        *,
        outcome: Outcome,
        now: datetime,
        sip_status: int,
        detail: str,
        step: NextStep,
        duration: int = 0,
        callee_type: str = "unknown",
        full: bool = False,
        retry_after: int | None = None,
    ) -> Call:
        """See `Ledger.end_attempt`."""
        return await self._write(
            lambda: steps.end_attempt(
                self.hot,
                attempt_id,
                outcome=outcome,
                now=now,
                sip_status=sip_status,
                detail=detail,
                step=step,
                duration=duration,
                callee_type=callee_type,
                full=full,
                retry_after=retry_after,
            )
        )

    async def claim_deliveries(
        self,
        now: datetime,
        limit: int,
        owner: str,
        lease_until: datetime,
        *,
        per_host: int = 1_000_000,
        skip_hosts: Collection[str] = (),
    ) -> tuple[Delivery, ...]:
        """See `Ledger.claim_deliveries`."""
        return await self._write(
            lambda: steps.claim_deliveries(self.hot, now, limit, owner, lease_until, per_host, skip_hosts),
            alone=True,
        )

    async def delivery_done(self, delivery_id: int, now: datetime) -> None:
        """See `Ledger.delivery_done`."""
        await self._write(lambda: steps.delivery_done(delivery_id, now), alone=True)

    async def delivery_failed(self, delivery_id: int, *, now: datetime, next_at: datetime | None, reason: str) -> None:
        """See `Ledger.delivery_failed`."""
        await self._write(
            lambda: steps.delivery_failed(delivery_id, now=now, next_at=next_at, reason=reason), alone=True
        )

    async def next_delivery(self, now: datetime) -> datetime | None:
        """See `Ledger.next_delivery`."""
        return await self._read(steps.next_delivery)

    async def results(
        self, account_id: int, *, state: ResultState | None = None, after: int = 0, limit: int = 100
    ) -> tuple[StoredResult, ...]:
        """See `Ledger.results`."""
        return await self._read(lambda: access_steps.results(account_id, state, after, limit))

    async def results_of_call(self, call_id: int) -> tuple[StoredResult, ...]:
        """See `Ledger.results_of_call`."""
        return await self._read(lambda: access_steps.results_of_call(call_id))

    async def result(self, delivery_id: int) -> StoredResult | None:
        """See `Ledger.result`."""
        return await self._read(lambda: access_steps.result(delivery_id))

    async def replay(self, delivery_id: int, now: datetime) -> None:
        """See `Ledger.replay`."""
        await self._write(lambda: access_steps.replay(delivery_id, now))

    async def add_key(self, account_id: int, role: Role, key_hash: str, now: datetime, *, name: str = "") -> int:
        """See `Ledger.add_key`."""
        return await self._write(lambda: access_steps.add_key(account_id, role, key_hash, now, name), alone=True)

    async def keys(self, account_id: int) -> tuple[KeyRecord, ...]:
        """See `Ledger.keys`."""
        return await self._read(lambda: access_steps.keys(account_id))

    async def key(self, key_hash: str) -> KeyHolder | None:
        """See `Ledger.key`."""
        return await self._read(lambda: access_steps.key(key_hash))

    async def revoke_key(self, key_id: int, *, account_id: int | None = None) -> None:
        """See `Ledger.revoke_key`."""
        await self._write(lambda: access_steps.revoke_key(key_id, account_id), alone=True)

    async def remembered(self, account_id: int, key: str) -> Remembered | None:
        """See `Ledger.remembered`."""
        return await self._read(lambda: access_steps.remembered(account_id, key))

    async def remember(self, account_id: int, key: str, body_hash: str, status: int, reply: str, now: datetime) -> bool:
        """See `Ledger.remember`."""
        return await self._write(
            lambda: access_steps.remember(account_id, key, body_hash, status, reply, now), alone=True
        )

    async def forget_before(self, instant: datetime) -> int:
        """See `Ledger.forget_before`."""
        return await self._write(lambda: access_steps.forget_before(instant), alone=True)

    async def counts(self) -> Mapping[CallState, int]:
        """See `Ledger.counts`."""
        return await self._read(steps.counts)

    async def recent_calls(self, limit: int) -> tuple[Call, ...]:
        """See `Ledger.recent_calls`."""
        return await self._read(lambda: steps.recent_calls(limit))
