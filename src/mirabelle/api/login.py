"""Who is asking: a login and a PIN."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from typing import Final, Protocol, TypeAlias

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mirabelle.api.quotas import Quotas
from mirabelle.calls.account import Account
from mirabelle.calls.clock import Clock
from mirabelle.errors import MirabelleError

PIN_DIGITS: Final = 8
"""How long the PINs are that we make."""
REMEMBERED_SECONDS: Final = 300.0
"""How long the outcome of a verification is kept in memory."""
MOST_REMEMBERED: Final = 4096
"""How many outcomes are kept at most."""

MOST_WAITING: Final = 128
"""How many verifications may wait for their turn; more are refused at once, so that a flood of guesses stays small."""

WRONG_AT_ONCE: Final = 10
"""How many wrong PINs may be given for a login at once."""
WRONG_EVERY: Final = 6.0
"""Seconds until one more may be: all the PINs of eight digits take nineteen years."""

_MOST_AT_ONCE: Final = 2


class LoginBusy(MirabelleError):
    """A login is not verified at this moment: too many others are."""


class LoginGuessed(LoginBusy):
    """A login is not verified at this moment: too many wrong PINs were given for it.

    Attributes:
        wait: seconds until one more is looked at.
    """

    def __init__(self, wait: float) -> None:
        super().__init__("Too many wrong PINs were given for this login; send the request again in a few seconds.")
        self.wait = wait


Verification: TypeAlias = tuple[float, asyncio.Task[bool]]
"""When it began, and what comes of it."""


class Accounts(Protocol):
    """Where accounts are found."""

    async def account_by_login(self, login: str) -> Account | None:
        """The account, or None where there is none of that login."""
        ...


def new_pin() -> str:
    """A PIN that cannot be guessed: eight digits."""
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"


def hash_pin(pin: str, hasher: PasswordHasher | None = None) -> str:
    """The PIN as it is stored, hashed with argon2id; takes tens of milliseconds on purpose."""
    return (hasher or PasswordHasher()).hash(pin)


class LoginCheck:
    """Tells whether a login and a PIN belong together.

    Each verification costs tens of milliseconds, so its outcome is remembered for some minutes under a keyed hash of
    what was compared: never the PIN, and of no use outside of this process. A changed PIN is another comparison.
    A login that does not exist costs the same as a PIN that is wrong.

    So that a PIN cannot be guessed, only so many wrong ones are looked at for a login. While more come, the right one
    opens the account only from an address where it came from before, and where no such number of wrong ones comes from.
    """

    def __init__(self, accounts: Accounts, clock: Clock, *, hasher: PasswordHasher | None = None) -> None:
        """Make a check.

        Args:
            accounts: where accounts are found.
            clock: only its monotonic side is used.
            hasher: the argon2 parameters; tests take cheap ones.
        """
        self._accounts = accounts
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._key = secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, Verification] = OrderedDict()
        self._guesses = Quotas(clock, per_second=1 / WRONG_EVERY, burst=WRONG_AT_ONCE)
        self._trust = Quotas(clock, per_second=1 / WRONG_EVERY, burst=WRONG_AT_ONCE)
        self._turn = asyncio.Semaphore(_MOST_AT_ONCE)
        self._waiting = 0
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    async def account(self, login: str, pin: str, client: str = "") -> Account | None:
        """The account of that login, if the PIN is its own; None otherwise, whichever of the two is wrong.

        Args:
            login: as it was sent.
            pin: as it was sent.
            client: the address that it came from.

        Raises:
            LoginBusy: it would have to wait for too many others.
            LoginGuessed: too many wrong PINs were given for it.
        """
        account = await self._accounts.account_by_login(login)
        pin_hash = self._nobody if account is None else account.pin_hash
        name = self._name(login, pin, pin_hash)
        known = self._remembered.get(name)
        wait = self._guesses.wait(login)
        if wait > 0.0 and (known is None or known[1].done()):
            self._refuse_guess(known, self._name(login, client, "").hex(), wait)
            return account
        if not await self._right(login, pin, pin_hash, name):
            return None
        self._trust.remember(self._name(login, client, "").hex())
        return account

    def _refuse_guess(self, known: Verification | None, client: str, wait: float) -> None:
        """Refuse a PIN, now that too many wrong ones came, unless it was right before and comes from the same address.

        Anybody else must not learn that it is right: they could try one after the other.

        Raises:
            LoginGuessed: it is refused.
        """
        trusted = client in self._trust and self._trust.wait(client) == 0.0
        if trusted and known is not None and _was_right(known[1]):
            return
        if trusted:
            self._trust.count(client)
        raise LoginGuessed(wait)

    async def _right(self, login: str, pin: str, pin_hash: str, name: bytes) -> bool:
        now = self._clock.monotonic()
        known = self._remembered.get(name)
        if known is None or (now - known[0] > REMEMBERED_SECONDS and known[1].done()):
            known = (now, self._begin(login, pin, pin_hash))
            self._remembered[name] = known
        self._remembered.move_to_end(name)
        while len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        right = False
        try:
            right = await asyncio.shield(known[1])
        finally:
            self._demote(name, known[1], right=right)
        return right

    def _begin(self, login: str, pin: str, pin_hash: str) -> asyncio.Task[bool]:
        def ended(task: asyncio.Task[bool]) -> None:
            self._waiting -= 1
            if task.cancelled() or task.exception() is not None or task.result():
                self._guesses.uncount(login)

        if self._waiting >= MOST_WAITING:
            raise LoginBusy("Too many logins are being verified; send the request again in a moment.")
        # Counted before it is known to be wrong, so that many at once are not all looked at.
        self._guesses.count(login)
        self._waiting += 1
        task = asyncio.create_task(self._verify(pin, pin_hash))
        task.add_done_callback(ended)
        return task

    def _demote(self, name: bytes, verification: asyncio.Task[bool], *, right: bool) -> None:
        """Let what was wrong be forgotten first, and what broke at once."""
        if right or not verification.done() or name not in self._remembered:
            return
        if verification.cancelled() or verification.exception() is not None:
            del self._remembered[name]
        else:
            self._remembered.move_to_end(name, last=False)

    def _name(self, login: str, pin: str, pin_hash: str) -> bytes:
        digest = hashlib.blake2b(key=self._key, digest_size=32)
        for text in (login, pin, pin_hash):
            data = text.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.digest()

    async def _verify(self, pin: str, pin_hash: str) -> bool:
        async with self._turn:
            return await asyncio.to_thread(self._compare, pin, pin_hash)

    def _compare(self, pin: str, pin_hash: str) -> bool:
        try:
            return self._hasher.verify(pin_hash, pin.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False


def _was_right(verification: asyncio.Task[bool]) -> bool:
    done = verification.done() and not verification.cancelled() and verification.exception() is None
    return done and verification.result()
