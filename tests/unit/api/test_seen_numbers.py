from __future__ import annotations

from datetime import UTC, datetime

from mirabelle.api import queuecalls
from mirabelle.api.intake import Intake
from mirabelle.api.queuecalls import CampaignOrder
from mirabelle.api.seen_numbers import learn
from mirabelle.calls.account import Account

NUMBERS = tuple((2 * key, f"+1617555{key:04}") for key in range(1, 8))


WAITING = ((3, "+16175550042"), (9, "tel:+1-617-555-0043"))


class Held:
    """A campaign's numbers, in memory."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def campaign_numbers(
        self, campaign_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        self.asked.append(after)
        return tuple(each for each in NUMBERS if each[0] > after)[:limit]

    async def waiting_numbers(
        self, account_id: int, *, after: int = 0, limit: int = 100
    ) -> tuple[tuple[int, str], ...]:
        return tuple(each for each in WAITING if each[0] > after)[:limit]


def intake(duplicates: str) -> Intake:
    fields = {"login": "user", "pin": "1", "campaign_name": "autumn", "start_url": "http://example.com/start"}
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    order = queuecalls.check({**fields, "duplicates": duplicates}, now=now, allow_private=False)
    assert isinstance(order, CampaignOrder)
    return Intake(order, Account(1, "user", "", 10), bad_ani="decline", most_listed=10)


async def test_the_numbers_of_a_campaign_are_read_page_by_page() -> None:
    held, taker = Held(), intake("skip")
    await learn(held, taker, account_id=1, campaign_id=22, scope="campaign", page_size=3)
    assert held.asked == [0, 6, 12, 14]
    calls = taker.feed("".join(f"{number}\n" for _, number in NUMBERS).encode() + b"+16175559999\n")
    assert [call.phone_number for call in calls] == ["+16175559999"]
    assert taker.skipped == len(NUMBERS)


async def test_nothing_is_read_where_a_number_may_be_there_twice() -> None:
    held = Held()
    await learn(held, intake("allow"), account_id=1, campaign_id=22, scope="account")
    assert held.asked == []


async def test_a_call_of_the_account_that_waits_counts_where_the_scope_says_so() -> None:
    taker = intake("skip")
    await learn(Held(), taker, account_id=1, campaign_id=None, scope="account", page_size=1)
    calls = taker.feed(b"+16175550042\n+16175550043\n+16175550044\n")
    assert [call.phone_number for call in calls] == ["+16175550044"]
    assert taker.skipped == 2


async def test_a_new_campaign_holds_no_number_yet() -> None:
    held = Held()
    await learn(held, intake("skip"), account_id=1, campaign_id=None, scope="campaign")
    assert held.asked == []
