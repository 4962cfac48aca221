"""The ledger: what is known about accounts, calls, attempts and results, on one interface for every store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from mirabelle.calls.account import Account, AccountSettings
from mirabelle.calls.call import Call, CallState, NewCall
from mirabelle.calls.campaign import NO_DEFAULTS, USUAL_DIALING, Campaign, CampaignDefaults, CampaignState, Dialing
from mirabelle.errors import MirabelleError
from mirabelle.store.audit_trail import AuditTrail
from mirabelle.store.dialing_ledger import DialingLedger
from mirabelle.store.gatehouse import Gatehouse
from mirabelle.store.postbox import Postbox
from mirabelle.store.records import (
    KeptReply,
    KeyHolder,
    KeyRecord,
    Remembered,
    Role,
    Uploaded,
)
from mirabelle.store.rulebook import Rulebook


class StoreError(MirabelleError):
    """The ledger cannot do what was asked; the message says why."""


class AccountExists(StoreError):
    """Another account has this login."""


class LeaseLost(StoreError):
    """The call is no longer ours to dial: the lease ran out, somebody took it over, or the attempt is already ended."""


class CampaignExists(StoreError):
    """Another campaign of the account has this name."""


class CallHeld(StoreError):
    """No attempt may begin, for a gate that has closed since the call was admitted.

    Attributes:
        until: when to have the call due again; None: release it in its place, the next admission decides.
    """

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class CampaignPaused(CallHeld):
    """The campaign of the call is paused."""


class AlreadyAnswered(StoreError):
    """A request with this `Idempotency-Key` was answered before; nothing was written. `remembered` has the answer."""


class RuleExists(StoreError):
    """Another schedule or profile of the account has this name."""


RuleField: TypeAlias = Literal["schedules", "profiles"]
"""What of a campaign names rules."""


class RuleMissing(StoreError):
    """The account has no such schedule or profile.

    Attributes:
        field: what of a campaign named it.
    """

    def __init__(self, message: str, field: RuleField) -> None:
        super().__init__(message)
        self.field = field


class RuleInUse(StoreError):
    """A campaign keeps the schedule or the profile, so it cannot be deleted."""


class CallBusy(StoreError):
    """The call is being dialled or connected, so it cannot be cancelled now."""


class Ledger(DialingLedger, Rulebook, Gatehouse, Postbox, AuditTrail, Protocol):
    """The durable state of the server. Both stores implement it, and one test suite runs on both.

    Every method that writes has committed when it returns. Instants are aware datetimes; they are kept in UTC to the
    microsecond. Any method may raise `StoreError` when the store cannot be reached or refuses a value.
    """

    async def add_account(self, login: str, pin_hash: str, now: datetime, *, signing_secret: str = "") -> Account:
        """Add an account and its default campaign, which is named `default`.

        Args:
            login: its name in requests.
            pin_hash: of its PIN.
            now: the present instant.
            signing_secret: what signs its results; empty where they are not signed.

        Raises:
            AccountExists: the login is taken.
        """
        ...

    async def account_by_login(self, login: str) -> Account | None:
        """The account with this login."""
        ...

    async def accounts(self, *, after: int = 0, limit: int = 100) -> tuple[Account, ...]:
        """The accounts in the order of their keys, from behind `after`."""
        ...

    async def change_pin(self, account_id: int, pin_hash: str) -> Account:
        """Give an account another PIN; the one before opens nothing any more.

        Raises:
            StoreError: there is no such account, or the hash cannot be stored.
        """
        ...

    async def update_settings(self, account_id: int, settings: AccountSettings) -> Account:
        """Change how the calls of an account are treated.

        Raises:
            StoreError: there is no such account.
        """
        ...

    async def rotate_signing_secret(
        self, account_id: int, secret: str, now: datetime, keep_former_until: datetime | None
    ) -> None:
        """Let results of an account be signed with a new secret. One is kept beside it, the last before.

        Args:
            account_id: the account.
            secret: the new one.
            now: the present instant.
            keep_former_until: until when results are signed with the one before too; None is no longer.

        Raises:
            StoreError: there is no such account, or the secret is empty or cannot be stored.
        """
        ...

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
        """Add a campaign without calls, and what it keeps, in one transaction.

        Args:
            account_id: whose campaign it is.
            name: unique within the account.
            parameters: the campaign-wide text for the application.
            now: the present instant.
            defaults: what calls have that are added later.
            schedules: keys of schedules of the account.
            profiles: keys of profiles of the account.
            state: whether it begins active or paused.
            dialing: how its calls are dialled.

        Raises:
            CampaignExists: the account has one of this name.
            RuleMissing: a schedule or a profile is not the account's.
            StoreError: a value cannot be stored.
        """
        ...

    async def campaign_by_name(self, account_id: int, name: str) -> Campaign | None:
        """The campaign of this account with this name."""
        ...

    async def campaigns(self, account_id: int, *, after: int = 0, limit: int = 100) -> tuple[Campaign, ...]:
        """The campaigns of an account in the order of their keys, from behind `after`."""
        ...

    async def pause_campaign(self, campaign_id: int, now: datetime) -> Campaign:
        """Let no attempt of a campaign begin any more. When this has returned, `begin_attempt` refuses them.

        Attempts that were begun before go on, and expirations are kept.

        Raises:
            StoreError: there is no such campaign.
        """
        ...

    async def resume_campaign(self, campaign_id: int, now: datetime) -> Campaign:
        """Let the calls of a campaign be dialled again. Wakes `wait_for_work`.

        Raises:
            StoreError: there is no such campaign.
        """
        ...

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
        """Store a new campaign and all its calls in one transaction, or nothing. Wakes `wait_for_work`.

        The rows wait in a file until the last batch has come, so that the transaction never waits for `batches`; one
        batch is in memory at a time. What `batches` raises passes through, and nothing is stored.

        Args:
            account_id: whose calls they are, whatever they say.
            name: of the new campaign.
            parameters: of the new campaign.
            batches: the calls, best a few thousand at once; their `campaign_id` means nothing.
            now: the present instant.
            into: a campaign that is there already, for more calls; `name` and `parameters` mean nothing then.
            reply: makes the reply that is kept in the same transaction.
            listed: of how many of the first calls to give the keys.

        Raises:
            AlreadyAnswered: another request with the key of `reply` was first.
            CampaignExists: the account has a campaign of this name. Known before the first batch is asked for,
                or, where two come with one name at once, after the last.
            StoreError: a call cannot be stored, or the account has no campaign `into`.
        """
        ...

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
        """Calls of an account in the order of their keys, from behind `after`.

        Args:
            account_id: whose calls.
            campaign_id: of this campaign only; none where it is another account's.
            state: in this state only.
            message_reference: with this reference only, which is not empty.
            after: the last key of the page before.
            limit: the most calls.
        """
        ...

    async def campaign_numbers(
        self, campaign_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        """The keys and telephone numbers of a campaign's calls, in whatever state, in the order of the keys.

        Args:
            campaign_id: which campaign.
            after: the last key of the page before.
            limit: the most.
        """
        ...

    async def waiting_numbers(
        self, account_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        """The keys and telephone numbers of an account's calls that are not over, in the order of the keys.

        Args:
            account_id: which account.
            after: the last key of the page before.
            limit: the most.
        """
        ...

    async def newest_calls(
        self,
        account_id: int,
        *,
        campaign_id: int | None = None,
        state: CallState | None = None,
        message_reference: str = "",
        limit: int = 100,
    ) -> tuple[Call, ...]:
        """The calls of an account that were queued last, newest first.

        Args:
            account_id: whose calls.
            campaign_id: of this campaign only.
            state: in this state only.
            message_reference: with this reference only; empty for any.
            limit: the most calls.
        """
        ...

    async def campaign_counts(self, campaign_id: int) -> Mapping[CallState, int]:
        """How many calls of a campaign are in each state; every state is there."""
        ...

    async def cancel_call(self, call_id: int, now: datetime) -> Call:
        """Withdraw a queued call, with its result in the outbox. One that is final already is left as it is.

        Raises:
            CallBusy: it is being dialled or connected.
            StoreError: there is no such call.
        """
        ...

    async def cancel_campaign(self, campaign_id: int, now: datetime) -> int:
        """Withdraw all queued calls of a campaign; returns how many.

        It is done in pieces of one transaction each, so that nobody waits for it; what was done stays done. Calls that
        are being dialled go on, and may be queued again by the retry rule: pause the campaign first, and cancel again.

        Raises:
            StoreError: there is no such campaign.
        """
        ...

    async def retry_failed(self, campaign_id: int, now: datetime, *, expires_at: datetime | None = None) -> int:
        """Queue failed and expired calls of a campaign once more, with all their retries; returns how many.

        Never one that was answered. Each reports a second result when it ends again. Done in pieces, as
        `cancel_campaign`. Wakes `wait_for_work`.

        Args:
            campaign_id: which campaign.
            now: the present instant; they are due at once.
            expires_at: the new expiration of calls whose own has passed; without it those stay as they are.

        Raises:
            StoreError: there is no such campaign, or `expires_at` is past.
        """
        ...

    async def queue_call(
        self, new: NewCall, now: datetime, *, reply: Callable[[Call], KeptReply] | None = None
    ) -> Call:
        """Store one call, due at its time or now. Wakes `wait_for_work`.

        Args:
            new: the call.
            now: the present instant.
            reply: makes the reply that is kept in the same transaction.

        Raises:
            AlreadyAnswered: another request with the key of `reply` was first.
        """
        ...

    async def queue_calls(self, news: Iterable[NewCall], now: datetime) -> int:
        """Store many calls in one transaction, all or none; returns how many. Wakes `wait_for_work`.

        Args:
            news: read on another thread, so it must not depend on the caller's.
            now: the present instant.
        """
        ...

    async def call(self, call_id: int) -> Call | None:
        """The call with this key."""
        ...

    async def add_key(self, account_id: int, role: Role, key_hash: str, now: datetime, *, name: str = "") -> int:
        """Let whoever has a key act for an account; returns what `revoke_key` asks for.

        Args:
            account_id: the account.
            role: what they may do.
            key_hash: of the key, which itself is kept nowhere; the same key has the same hash.
            now: the present instant.
            name: what people call the key.

        Raises:
            StoreError: there is no such account or role, the name cannot be stored, or the key is known already.
        """
        ...

    async def keys(self, account_id: int) -> tuple[KeyRecord, ...]:
        """The keys of an account that were not revoked, oldest first."""
        ...

    async def key(self, key_hash: str) -> KeyHolder | None:
        """Whose the key with this hash is; None where it is nobody's or was revoked."""
        ...

    async def revoke_key(self, key_id: int, *, account_id: int | None = None) -> None:
        """Let a key open nothing any more. One that is not there is none already.

        Args:
            key_id: as `add_key` returned it.
            account_id: whose key it must be.

        Raises:
            StoreError: `account_id` was given, and has no such key.
        """
        ...

    async def remembered(self, account_id: int, key: str) -> Remembered | None:
        """The first reply to a request of this account with this `Idempotency-Key`."""
        ...

    async def remember(self, account_id: int, key: str, body_hash: str, status: int, reply: str, now: datetime) -> bool:
        """Keep the reply to a request. Returns whether it is the first; a later one changes nothing.

        Raises:
            StoreError: the key, the hash or the reply cannot be stored, or there is no such account.
        """
        ...

    async def forget_before(self, instant: datetime) -> int:
        """Forget replies that were kept before an instant; returns how many."""
        ...

    async def counts(self) -> Mapping[CallState, int]:
        """How many calls are in each state; every state is there."""
        ...

    async def recent_calls(self, limit: int) -> tuple[Call, ...]:
        """The calls queued last, newest first."""
        ...

    async def time(self) -> datetime | None:
        """What the clock shows that all who share this ledger have in common, in UTC; None: that of their machine.

        Raises:
            StoreError: the store does not answer.
        """
        ...

    async def aclose(self) -> None:
        """Finish what was asked and let go of the store."""
        ...
