from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Literal

import pytest
from argon2 import PasswordHasher

from mirabelle.api import login
from mirabelle.api.login import LoginCheck, LoginGuessed, hash_pin, new_pin
from mirabelle.calls.account import Account

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Counting(PasswordHasher):
    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.verified += 1
        return super().verify(hash, password)


class Hours:
    seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


class Book:
    def __init__(self) -> None:
        self.accounts = {"user": Account(1, "user", hash_pin("98765432", CHEAP), 10)}

    async def account_by_login(self, name: str) -> Account | None:
        return self.accounts.get(name)


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def hasher() -> Counting:
    return Counting()


@pytest.fixture
def check(book: Book, hours: Hours, hasher: Counting) -> LoginCheck:
    return LoginCheck(book, hours, hasher=hasher)


async def test_the_right_pin_opens_the_account(check: LoginCheck, book: Book) -> None:
    assert await check.account("user", "98765432") == book.accounts["user"]


@pytest.mark.parametrize(
    ("name", "pin"), [("user", "98765433"), ("nobody", "98765432"), ("user", ""), ("user", "\ud800")]
)
async def test_anything_else_does_not(check: LoginCheck, name: str, pin: str) -> None:
    assert await check.account(name, pin) is None


async def test_an_unknown_login_costs_a_verification_too(check: LoginCheck, hasher: Counting) -> None:
    await check.account("nobody", "1")
    assert hasher.verified == 1


async def test_a_verification_is_remembered(check: LoginCheck, hasher: Counting) -> None:
    for _ in range(3):
        assert await check.account("user", "98765432")
        assert await check.account("user", "1") is None
    assert hasher.verified == 2


async def test_many_at_once_cost_one_verification(check: LoginCheck, hasher: Counting) -> None:
    found = await asyncio.gather(*(check.account("user", "98765432") for _ in range(50)))
    assert all(found)
    assert hasher.verified == 1


async def test_what_is_remembered_grows_old(check: LoginCheck, hasher: Counting, hours: Hours) -> None:
    await check.account("user", "98765432")
    hours.seconds = login.REMEMBERED_SECONDS + 1
    await check.account("user", "98765432")
    assert hasher.verified == 2


async def test_a_changed_pin_counts_at_once(check: LoginCheck, book: Book) -> None:
    assert await check.account("user", "98765432")
    book.accounts["user"] = Account(1, "user", hash_pin("11112222", CHEAP), 10)
    assert await check.account("user", "98765432") is None
    assert await check.account("user", "11112222")


async def test_only_so_much_is_remembered(check: LoginCheck, hasher: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "MOST_REMEMBERED", 2)
    for pin in ("1", "2", "3", "2"):
        await check.account("user", pin)
    assert hasher.verified == 4


async def test_a_hash_that_is_none_opens_nothing(check: LoginCheck, book: Book) -> None:
    book.accounts["user"] = Account(1, "user", "nonsense", 10)
    assert await check.account("user", "nonsense") is None


def test_a_new_pin_has_eight_digits() -> None:
    pins = {new_pin() for _ in range(20)}
    assert all(len(pin) == 8 and pin.isdigit() for pin in pins)
    assert len(pins) > 1


async def test_a_flood_of_guesses_is_turned_away(check: LoginCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "MOST_WAITING", 3)
    found = await asyncio.gather(*(check.account("user", str(pin)) for pin in range(20)), return_exceptions=True)
    assert sum(isinstance(each, login.LoginBusy) for each in found) == 17
    assert await check.account("user", "98765432")


async def test_guesses_are_forgotten_before_the_right_pin(
    check: LoginCheck, hasher: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "MOST_REMEMBERED", 2)
    await check.account("user", "98765432")
    for pin in range(5):
        await check.account("user", str(pin))
    verified = hasher.verified
    assert await check.account("user", "98765432")
    assert hasher.verified == verified


async def test_what_broke_is_tried_again(check: LoginCheck, hasher: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(hasher, "verify", None)
        with pytest.raises(TypeError):
            await check.account("user", "98765432")
    assert await check.account("user", "98765432")


async def guess(check: LoginCheck, count: int, *, login: str = "user", first: int = 0, client: str = "far") -> int:
    """Give wrong PINs; returns how many were looked at."""
    found = await asyncio.gather(
        *(check.account(login, f"wrong {first + each}", client) for each in range(count)), return_exceptions=True
    )
    assert all(each is None or isinstance(each, LoginGuessed) for each in found)
    return found.count(None)


@pytest.mark.parametrize("name", ["user", "nobody"])
async def test_only_so_many_wrong_pins_are_looked_at(
    check: LoginCheck, hours: Hours, hasher: Counting, name: str
) -> None:
    assert await guess(check, 50, login=name) == login.WRONG_AT_ONCE == hasher.verified
    hours.seconds += login.WRONG_EVERY
    assert await guess(check, 5, login=name, first=100) == 1
    hours.seconds += 3 * login.WRONG_EVERY
    assert await guess(check, 5, login=name, first=200) == 3


async def test_who_guesses_is_told_how_long_to_wait(check: LoginCheck, hours: Hours) -> None:
    await guess(check, 50)
    hours.seconds += 2.0
    with pytest.raises(LoginGuessed, match="wrong PINs") as refused:
        await check.account("user", "98765432")
    assert refused.value.wait == pytest.approx(login.WRONG_EVERY - 2.0)
    hours.seconds += refused.value.wait
    assert await check.account("user", "98765432")


async def test_guesses_do_not_lock_out_whoever_was_let_in_before(check: LoginCheck, hours: Hours) -> None:
    assert await check.account("user", "98765432", "near")
    hours.seconds += 1000 * login.REMEMBERED_SECONDS
    await guess(check, 500)
    assert await check.account("user", "98765432", "near")


async def test_who_guesses_does_not_learn_that_a_pin_is_right_from_that_it_is_remembered(check: LoginCheck) -> None:
    assert await check.account("user", "98765432", "near")
    await guess(check, 50)
    with pytest.raises(LoginGuessed):
        await check.account("user", "98765432", "far")


async def test_an_address_that_guesses_itself_is_trusted_no_more(check: LoginCheck, hours: Hours) -> None:
    assert await check.account("user", "98765432", "near")
    await guess(check, login.WRONG_AT_ONCE)
    await guess(check, login.WRONG_AT_ONCE - 1, client="near", first=100)
    assert await check.account("user", "98765432", "near")
    await guess(check, 1, client="near", first=200)
    with pytest.raises(LoginGuessed):
        await check.account("user", "98765432", "near")


async def test_many_at_once_are_let_in_with_the_last_guess_that_is_left(check: LoginCheck) -> None:
    await guess(check, login.WRONG_AT_ONCE - 1)
    assert all(await asyncio.gather(*(check.account("user", "98765432", "near") for _ in range(50))))


async def test_a_pin_that_was_right_once_is_none_after_it_was_changed(check: LoginCheck, book: Book) -> None:
    assert await check.account("user", "98765432", "near")
    book.accounts["user"] = Account(1, "user", hash_pin("11112222", CHEAP), 10)
    await guess(check, 50)
    with pytest.raises(LoginGuessed):
        await check.account("user", "98765432", "near")


async def test_guesses_at_one_login_are_not_held_against_another(check: LoginCheck) -> None:
    await guess(check, 50, login="nobody")
    assert await check.account("user", "98765432")


async def test_right_pins_and_what_broke_are_no_guesses(
    check: LoginCheck, hasher: Counting, hours: Hours, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3 * login.WRONG_AT_ONCE):
        hours.seconds += login.REMEMBERED_SECONDS + 1
        assert await check.account("user", "98765432")
    with monkeypatch.context() as broken:
        broken.setattr(hasher, "verify", None)
        for pin in range(3 * login.WRONG_AT_ONCE):
            with pytest.raises(TypeError):
                await check.account("user", str(pin))
    assert await guess(check, 50) == login.WRONG_AT_ONCE


async def test_the_same_wrong_pin_again_is_one_guess(check: LoginCheck) -> None:
    for _ in range(3 * login.WRONG_AT_ONCE):
        assert await check.account("user", "1") is None
    assert await check.account("user", "98765432")
