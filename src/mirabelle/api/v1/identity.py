"""Who is asking: a bearer key with its role, or a login with its PIN."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol, cast, get_args, get_type_hints

from fastapi import Depends
from starlette.requests import Request

from mirabelle.api.keys import hash_key
from mirabelle.api.login import LoginBusy, LoginCheck, LoginGuessed
from mirabelle.api.v1.problem import ProblemError
from mirabelle.api.v1.rate import too_many
from mirabelle.calls.account import Account
from mirabelle.store.records import KeyHolder, Role

CHALLENGE: Final = 'Bearer realm="mirabelle", Basic realm="mirabelle", charset="UTF-8"'
"""What a request without credentials is answered with (RFC 6750, RFC 7617)."""
MOST_CHARACTERS: Final = 512
"""The longest Authorization header that is looked at."""

_RANKS: Final = {role: rank for rank, role in enumerate(reversed(get_args(Role)))}


@dataclass(frozen=True, slots=True)
class Identity:
    """Whoever sent a request.

    Attributes:
        account: for whom it acts.
        role: what it may do: `read`, `manager` (calls and campaigns as well), `admin` (keys and settings as well).
    """

    account: Account
    role: Role

    def may(self, role: Role) -> bool:
        """Whether the role reaches."""
        return _RANKS[self.role] >= _RANKS[role]


class KnowsKeys(Protocol):
    """Where keys and accounts are found."""

    async def key(self, key_hash: str) -> KeyHolder | None:
        """Whose a key is."""
        ...

    async def account(self, account_id: int) -> Account | None:
        """The account with this key."""
        ...


class Door:
    """Lets in whoever has a key, or a login and its PIN."""

    def __init__(self, ledger: KnowsKeys, login: LoginCheck) -> None:
        """Make it.

        Args:
            ledger: where keys are found.
            login: who checks PINs.
        """
        self._ledger = ledger
        self._login = login

    async def identify(self, header: str, client: str) -> Identity:
        """Who it is.

        Args:
            header: the value of Authorization; empty where there is none.
            client: the address that it came from.

        Raises:
            ProblemError: 401 where it is nobody, 429 where too many wrong PINs were given for a login, 503 where too
                many logins are being checked.
        """
        scheme, _, credentials = header.partition(" ")
        credentials = credentials.strip()
        identity = None
        if not header:
            raise _stranger("Send a key as `Authorization: Bearer KEY`, or login and PIN by HTTP Basic.")
        if len(header) <= MOST_CHARACTERS and credentials:
            if scheme.lower() == "bearer":
                identity = await self._by_key(credentials)
            elif scheme.lower() == "basic":
                identity = await self._by_pin(credentials, client)
        if identity is None:
            raise _stranger("The key is not known, or login and PIN do not belong together.")
        return identity

    async def _by_key(self, key: str) -> Identity | None:
        holder = await self._ledger.key(hash_key(key))
        account = None if holder is None else await self._ledger.account(holder.account_id)
        return None if holder is None or account is None else Identity(account, holder.role)

    async def _by_pin(self, credentials: str, client: str) -> Identity | None:
        try:
            login, colon, pin = base64.b64decode(credentials, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, ValueError):
            return None
        if not colon or not login or not pin:
            return None
        try:
            account = await self._login.account(login, pin, client)
        except LoginGuessed as error:
            raise too_many("Too many wrong PINs were given for this login.", error.wait) from error
        except LoginBusy as error:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"Retry-After": "1"}) from error
        return None if account is None else Identity(account, "admin")


def _stranger(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": CHALLENGE})


def identity_of(request: Request, role: Role = "read") -> Identity:
    """Who sent a request that was let in already.

    Raises:
        ProblemError: 403 where its role does not reach.
    """
    identity: Identity = request.state.identity
    if not identity.may(role):
        detail = f"This needs a key with the role {role}; the one that was sent has the role {identity.role}."
        raise ProblemError(HTTPStatus.FORBIDDEN, detail)
    return identity


def role_of(handle: Callable[..., Any]) -> Role | None:
    """The role that a handler asks for; None where it asks for none.

    Args:
        handle: one of its parameters is a `Reader`, `Manager` or `Admin`.
    """
    for hint in get_type_hints(handle, include_extras=True).values():
        for role, caller in (("read", Reader), ("manager", Manager), ("admin", Admin)):
            if hint == caller:
                return cast("Role", role)
    return None


def _reader(request: Request) -> Identity:
    return identity_of(request)


def _manager(request: Request) -> Identity:
    return identity_of(request, "manager")


def _admin(request: Request) -> Identity:
    return identity_of(request, "admin")


Reader = Annotated[Identity, Depends(_reader)]
"""Whoever may read."""
Manager = Annotated[Identity, Depends(_manager)]
"""Whoever may queue, pause and cancel."""
Admin = Annotated[Identity, Depends(_admin)]
"""Whoever may change keys and settings."""
