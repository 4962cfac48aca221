"""What a dialer asks of the ledger: what may leave now, and where each attempt stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mirabelle.calls.account import Account
from mirabelle.calls.attempt import Attempt
from mirabelle.calls.call import Call
from mirabelle.calls.campaign import Campaign
from mirabelle.calls.gate import VerdictMemory
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from mirabelle.calls.trunk import Trunk
from mirabelle.store.leases import Leases
from mirabelle.store.records import Admitted
from mirabelle.store.transfers import Transfers


class DialingLedger(Leases, Transfers, Protocol):
    """See `mirabelle.store.ledger.Ledger`, which has all of this."""

    async def account(self, account_id: int) -> Account | None:
        """The account with this key."""
        ...

    async def campaign(self, campaign_id: int) -> Campaign | None:
        """The campaign with this key."""
        ...

    async def attempts(self, call_id: int) -> tuple[Attempt, ...]:
        """The attempts of a call, oldest first."""
        ...

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
        """Take calls that may be dialled now, each over a trunk that has room: QUEUED becomes DIALING under a lease.

        Campaigns with due calls share the room by weight; within one the more urgent come first, then the longest due.
        Every gate is asked. No rate and no channel is given twice, whichever process of a fleet asks.

        Args:
            trunks: the ways out.
            now: the present instant.
            limit: the most calls to take.
            owner: who holds the leases.
            lease_until: when they run out unless they are renewed.
            memory: verdicts that cost much to find; the caller keeps it from one admission to the next.
        """
        ...

    async def expire_due(self, now: datetime, limit: int) -> tuple[Call, ...]:
        """End queued calls whose expiration has come, each with its result in the outbox."""
        ...

    async def next_expiry(self) -> datetime | None:
        """The next instant at which a queued call expires; in the past where one already has."""
        ...

    async def release(self, call_id: int, due_at: datetime, owner: str) -> None:
        """Put a claimed call back without an attempt. Does nothing where the lease is no longer `owner`'s.

        Raises:
            LifecycleError: an attempt was begun; only `end_attempt` may decide about the call now.
        """
        ...

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
        """Commit the intent to dial. Only when this has returned may the INVITE leave. Every gate is asked once more.

        Args:
            call_id: the call.
            sip_call_id: the Call-ID of the INVITE.
            trunk: the way out.
            now: the present instant.
            owner: who holds the lease.
            memory: as for `admit`.

        Raises:
            LeaseLost: `owner` holds no running lease on the call, or an attempt of it is still unfinished.
            CallHeld: a gate has closed: it has expired, its campaign is paused or closed, its callee's hours are, its
                number must not be called, or not so often; nothing is written.
        """
        ...

    async def attempt_ringing(self, attempt_id: int, now: datetime) -> None:
        """The far end rings. Said again, or after the answer, it changes nothing.

        Raises:
            LeaseLost: the attempt is already ended.
        """
        ...

    async def attempt_answered(self, attempt_id: int, now: datetime) -> None:
        """Commit the answer; the call becomes CONNECTED. Only when this has returned may the application start.

        Said again, it changes nothing.

        Raises:
            LeaseLost: another took the call over, or the attempt is already ended.
        """
        ...

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
        """End an attempt and take its call one step further, in one transaction.

        A call that becomes final and has a `result_url` gets its result into the outbox in the same transaction.

        Args:
            attempt_id: which attempt.
            outcome: what came of it.
            now: when it ended.
            sip_status: the final SIP status, 0 where none came.
            detail: the reason in words; what cannot be stored is cut off.
            step: what becomes of the call.
            duration: seconds of the answered call.
            callee_type: voice, answeringmachine, fax or unknown.
            full: the trunk said that it has no room; it is used more slowly from now on.
            retry_after: seconds that the trunk asked us to wait.

        Raises:
            LeaseLost: the attempt was already ended, by whoever took the call over.
            LifecycleError: the call may not change so, or goes back without a due time.
        """
        ...

    async def wait_for_work(self, timeout: float) -> bool:
        """Wait until a call was queued; True if one was since the last time, False after `timeout` seconds.

        One waiter at a time: the first that hears it, has it.
        """
        ...
