from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.when import MOST_CHARACTERS, WhenError, parse
from mirabelle.calls.when.words import AMOUNTS, MONTHS, UNITS

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]).map(ZoneInfo)
NOWS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001
PIECES = st.sampled_from(
    [
        *AMOUNTS,
        *MONTHS,
        *UNITS,
        *["ago", "noon", "midnight", "today", "now", "yesterday", "tomorrow", "of", "first day of", "back of 7pm"],
        *[
            "UTC",
            "CEST",
            "Europe/Berlin",
            "+02:00",
            "-5",
            "(",
            ")",
            ",",
            ".",
            "-",
            "+",
            "@",
            "T",
            "W",
            "\n",
            "\t",
            "\0",
        ],
        *[
            "10:00",
            "5pm",
            "2024-02-30",
            "2024W101",
            "2024.060",
            "12/31",
            "31.12.99",
            "1530",
            "1975",
            "235959",
            "0",
            "60",
        ],
    ]
)
EXPRESSIONS = st.lists(PIECES, max_size=8).flatmap(
    lambda words: st.sampled_from(["", " "]).map(lambda gap: gap.join(words))
)


def answer(text: str, now: datetime) -> datetime | str:
    """The instant, or what is said against the text."""
    try:
        return parse(text, now=now)
    except WhenError as error:
        return str(error)


@given(st.text(max_size=100) | EXPRESSIONS, NOWS)
def test_any_text_is_a_time_or_is_refused(text: str, now: datetime) -> None:
    found = answer(text, now)
    if isinstance(found, datetime):
        assert len(text) <= MOST_CHARACTERS
        assert found.tzinfo is now.tzinfo
        assert found.microsecond == 0
    else:
        assert found.endswith(".")
        assert found.isprintable()


@given(st.integers(-62_000_000_000, 253_000_000_000), NOWS)
def test_a_unix_time_is_itself(seconds: int, now: datetime) -> None:
    assert parse(f"@{seconds}", now=now).timestamp() == seconds


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), NOWS)  # noqa: DTZ001
def test_a_time_in_iso_8601_is_itself(moment: datetime, now: datetime) -> None:
    exact = moment.replace(microsecond=0, tzinfo=UTC)
    assert parse(exact.isoformat(), now=now) == exact


@given(st.integers(-9_999, 9_999), NOWS)
def test_days_are_days_on_the_calendar(days: int, now: datetime) -> None:
    assert parse(f"noon {days} days", now=now).date() == now.date() + timedelta(days=days)


@given(EXPRESSIONS, NOWS)
def test_the_same_is_understood_twice(text: str, now: datetime) -> None:
    assert answer(text, now) == answer(text, now)
