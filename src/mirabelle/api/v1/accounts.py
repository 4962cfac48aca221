"""`/v1/accounts`: settings, PINs and keys; and for the operator, the accounts themselves."""

from __future__ import annotations

import asyncio
import dataclasses
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api.keys import hash_key, new_key
from mirabelle.api.login import hash_pin, new_pin
from mirabelle.api.v1 import page, problem
from mirabelle.api.v1.asked import Asked
from mirabelle.api.v1.idempotency import idempotency_of
from mirabelle.api.v1.identity import Admin, Identity, Reader
from mirabelle.api.v1.page import After, Limit
from mirabelle.api.v1.problem import ProblemError
from mirabelle.api.v1.services import Services
from mirabelle.api.v1.views import AccountList, AccountView, KeyList, KeyView
from mirabelle.api.xml import Fault
from mirabelle.callbacks.signature import FORMER_FOR, new_signing_secret
from mirabelle.calls.account import (
    FASTEST,
    MOST_CHANNELS,
    MOST_TRANSFER_TO,
    Account,
    AccountSettingsError,
    BadVxml,
    ResultLiterals,
    StartMethod,
)
from mirabelle.calls.frequency import MOST_ATTEMPTS
from mirabelle.store.ledger import AccountExists
from mirabelle.store.records import Role

AccountId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The id of an account.")]
"""The account that a path names."""
KeyId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The id of a key.")]
"""The key that a path names."""

_ONCE: Final = "Shown this once; null where the reply is given again."

MOST_LOGIN: Final = 128
"""The most characters of a login."""


class SettingsChange(Asked):
    """Settings of an account; those that are left out stay as they are."""

    preflight: bool | None = Field(
        default=None, description="Whether start_url and result_url are fetched once when a call is queued."
    )
    start_method: StartMethod | None = Field(
        default=None, description="How the variables of a call reach its start_url."
    )
    country: str | None = Field(
        default=None, max_length=2, description="For national numbers, two capital letters; empty: they are refused."
    )
    bad_vxml: BadVxml | None = Field(
        default=None, description="What becomes of a call whose start_url gives no valid VoiceXML."
    )
    result_extras: bool | None = Field(default=None, description="Whether results carry more than the eight variables.")
    result_literals: ResultLiterals | None = Field(
        default=None, description="Which words `result` may have in results: the two documented ones, or more."
    )
    calls_per_second: float | None = Field(
        default=None, ge=0, le=FASTEST, description="The most INVITEs a second, over all campaigns; 0: as the trunks."
    )
    channels: int | None = Field(
        default=None, ge=0, le=MOST_CHANNELS, description="The most calls at once; 0: as the trunks."
    )
    person_attempts: int | None = Field(
        default=None,
        ge=0,
        le=MOST_ATTEMPTS,
        description="The most attempts to reach one person, over all campaigns, in `person_days`; 0: any number.",
    )
    person_answers: int | None = Field(
        default=None, ge=0, le=MOST_ATTEMPTS, description="The most of them that are answered; 0: any number."
    )
    person_days: int | None = Field(default=None, ge=1, le=366, description="The days that those two count.")
    transfer_to: str | None = Field(
        default=None,
        max_length=MOST_TRANSFER_TO,
        description="Whom applications may transfer callees to, between commas: `country`, `any`, `costly`, `none`, "
        "prefixes such as `+1416`, whole numbers; empty: as the server says.",
    )


class AccountOrder(Asked):
    """A new account."""

    login: str = Field(min_length=1, max_length=MOST_LOGIN, description="The name that requests will give.")


class NewAccount(AccountView):
    """A new account with its PIN and what signs its results."""

    pin: str | None = Field(description=_ONCE)
    signing_secret: str | None = Field(description=_ONCE)


class NewPin(BaseModel):
    """A new PIN."""

    pin: str | None = Field(description=_ONCE)


class SecretOrder(Asked):
    """How the signing secret is replaced."""

    revoke_former: bool = Field(
        default=False, description="Whether the one before signs no more; otherwise both sign for a day."
    )


class NewSecret(BaseModel):
    """A new signing secret."""

    signing_secret: str | None = Field(description=_ONCE)


class KeyOrder(Asked):
    """A new key."""

    role: Role = Field(
        description="`read`; `manager`: calls and campaigns as well; `admin`: keys and settings as well."
    )
    name: str = Field(default="", max_length=128, description="What you call it.")


class NewKey(BaseModel):
    """A new key."""

    key_id: int
    role: Role
    name: str
    key: str | None = Field(description=_ONCE)


class Accounts:
    """The handlers. Whoever is an admin of the operator's account ([api] operator) may act for every account."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._ledger = services.ledger
        self._clock = services.clock

    async def listed(
        self, request: Request, response: Response, caller: Reader, after: After = 0, limit: Limit = page.USUAL
    ) -> AccountList:
        """All accounts for the operator, for others their own."""
        if not self._is_operator(caller):
            return AccountList(accounts=[AccountView.of(caller.account)])
        found = await self._ledger.accounts(after=after, limit=limit + 1)
        accounts, following = page.cut(request, response, found, limit, lambda each: each.account_id)
        return AccountList(accounts=[AccountView.of(each) for each in accounts], next=following)

    async def make(self, request: Request, response: Response, caller: Admin, asked: AccountOrder) -> NewAccount:
        """Make an account. For the operator."""
        if not self._is_operator(caller):
            detail = "Only an admin of the operator's account ([api] operator) makes accounts."
            raise ProblemError(HTTPStatus.FORBIDDEN, detail)
        if not asked.login.isprintable() or asked.login != asked.login.strip() or ":" in asked.login:
            reason = "A login has no control characters, no colon, and no space at its ends."
            raise problem.refused([Fault("login", reason)])
        pin, secret = new_pin(), new_signing_secret()
        try:
            account = await self._ledger.add_account(
                asked.login, await self._hashed(pin), self._clock.now(), signing_secret=secret
            )
        except AccountExists as error:
            raise problem.conflict(str(error)) from error
        response.headers["Location"] = f"/v1/accounts/{account.account_id}"
        made = NewAccount.model_construct(**dict(AccountView.of(account)), pin=pin, signing_secret=secret)
        _keep_without(request, made.model_copy(update={"pin": None, "signing_secret": None}))
        return made

    async def one(self, caller: Reader, account_id: AccountId) -> AccountView:
        """An account."""
        return AccountView.of(await self._account(caller, account_id))

    async def change(self, caller: Admin, account_id: AccountId, asked: SettingsChange) -> AccountView:
        """Change how the calls of an account are treated. It reaches calls within ten seconds."""
        account = await self._account(caller, account_id)
        try:
            settings = dataclasses.replace(account.settings, **asked.model_dump(exclude_none=True))
        except AccountSettingsError as error:
            name = str(error).partition(" ")[0]
            raise problem.refused(
                [Fault(name if name in SettingsChange.model_fields else "body", str(error))]
            ) from error
        return AccountView.of(await self._ledger.update_settings(account_id, settings))

    async def change_pin(self, request: Request, caller: Admin, account_id: AccountId) -> NewPin:
        """Give an account a new PIN; the one before opens nothing any more."""
        await self._account(caller, account_id)
        pin = new_pin()
        await self._ledger.change_pin(account_id, await self._hashed(pin))
        _keep_without(request, NewPin(pin=None))
        return NewPin(pin=pin)

    async def change_secret(
        self, request: Request, caller: Admin, account_id: AccountId, asked: SecretOrder | None = None
    ) -> NewSecret:
        """Make a new secret that signs the results of an account; for a day the one before signs them, too."""
        await self._account(caller, account_id)
        now, secret = self._clock.now(), new_signing_secret()
        until = None if asked is not None and asked.revoke_former else now + FORMER_FOR
        await self._ledger.rotate_signing_secret(account_id, secret, now, until)
        _keep_without(request, NewSecret(signing_secret=None))
        return NewSecret(signing_secret=secret)

    async def keys(self, caller: Admin, account_id: AccountId) -> KeyList:
        """The keys of an account, without what opens them."""
        await self._account(caller, account_id)
        found = await self._ledger.keys(account_id)
        return KeyList(keys=[KeyView(**dataclasses.asdict(key)) for key in found])

    async def add_key(self, request: Request, caller: Admin, account_id: AccountId, asked: KeyOrder) -> NewKey:
        """Make a bearer key for an account."""
        await self._account(caller, account_id)
        if not asked.name.isprintable():
            raise problem.refused([Fault("name", "The name holds a character that cannot be seen.")])
        key = new_key()
        now = self._clock.now()
        key_id = await self._ledger.add_key(account_id, asked.role, hash_key(key), now, name=asked.name)
        made = NewKey(key_id=key_id, role=asked.role, name=asked.name, key=key)
        _keep_without(request, made.model_copy(update={"key": None}))
        return made

    async def revoke_key(self, caller: Admin, account_id: AccountId, key_id: KeyId) -> Response:
        """Let a key open nothing any more."""
        await self._account(caller, account_id)
        if all(key.key_id != key_id for key in await self._ledger.keys(account_id)):
            raise problem.not_found(f"key {key_id}")
        await self._ledger.revoke_key(key_id)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _is_operator(self, caller: Identity) -> bool:
        operator = self._services.settings.api.operator
        return bool(operator) and caller.account.login == operator and caller.may("admin")

    async def _account(self, caller: Identity, account_id: int) -> Account:
        if account_id == caller.account.account_id:
            return caller.account
        account = await self._ledger.account(account_id) if self._is_operator(caller) else None
        if account is None:
            raise problem.not_found(f"account {account_id}")
        return account

    async def _hashed(self, pin: str) -> str:
        return await asyncio.to_thread(hash_pin, pin, self._services.hasher)


def _keep_without(request: Request, shown: BaseModel) -> None:
    """Keep for a repeated request what holds no secret."""
    once = idempotency_of(request)
    if once is not None:
        once.instead_of_secrets(shown.model_dump_json())
