"""Between the values of the domain and the rows of the ledger."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from mirabelle.calls.account import Account, AccountSettings
from mirabelle.calls.attempt import Attempt, AttemptState
from mirabelle.calls.call import Call, CallState, NewCall, NewCalls, Priority
from mirabelle.calls.campaign import Campaign, CampaignDefaults, CampaignState, Dialing
from mirabelle.calls.do_not_call import DoNotCallEntry, ListedNumber
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.pace import Pace
from mirabelle.calls.profile import Profile
from mirabelle.calls.result import Delivery, Extras, result_form
from mirabelle.calls.schedule import Schedule, parse_windows
from mirabelle.store import schema
from mirabelle.store.ledger import StoreError
from mirabelle.store.records import CampaignRules, ResultState, StoredResult

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

RULES_REMEMBERED: Final = 1024
"""Rules of campaigns that are kept ready; more than so many campaigns hardly call at once."""

NEW_CALL_COLUMNS: Final = (
    "account_id",
    "campaign_id",
    "phone_number",
    "start_url",
    "result_url",
    "message_reference",
    "call_parameters",
    "max_retries",
    "retry_interval",
    "state",
    "queued_at",
    "due_at",
    "expires_at",
    "priority",
    "zone",
)
"""The columns that a new call fills; the others have defaults."""

CALLEE_COLUMNS: Final = ("phone_number", "message_reference", "call_parameters")
"""Those of them that are a call's own in an upload."""

COMMON_COLUMNS: Final = tuple(name for name in NEW_CALL_COLUMNS[2:] if name not in CALLEE_COLUMNS)
"""Those that many calls of an upload have in common; account and campaign are known only in the end."""


class Row(Protocol):
    """A row as both drivers give it."""

    def __getitem__(self, name: str, /) -> Any:
        """The value of a column."""
        ...


def micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exactly.

    Raises:
        StoreError: the instant has no time zone.
    """
    if instant.tzinfo is None:
        raise StoreError(f"The instant {instant} has no time zone; give it one.")
    return (instant - EPOCH) // MICROSECOND


def instant(value: int) -> datetime:
    """The instant that `micros` made a number of, in UTC."""
    return EPOCH + value * MICROSECOND


def _maybe_micros(value: datetime | None) -> int | None:
    return None if value is None else micros(value)


def _maybe_instant(value: int | None) -> datetime | None:
    return None if value is None else instant(value)


def storable(name: str, text: str, most: int) -> str:
    """Check a text that somebody gave us.

    Args:
        name: how the message calls it.
        text: the text.
        most: the most characters.

    Raises:
        StoreError: it is too long, or holds what neither store can keep: NUL, or half a surrogate pair.
    """
    if len(text) > most:
        raise StoreError(f"{name} is longer than {most} characters; shorten it.")
    if text.isascii():
        if "\0" in text:
            raise StoreError(f"{name} holds a NUL character; remove it.")
    elif text != _clean(text):
        raise StoreError(f"{name} holds characters that are not text; remove them.")
    return text


def owner_name(owner: str) -> str:
    """Check the name of whoever holds a lease.

    Raises:
        StoreError: it is empty or cannot be stored.
    """
    if not owner:
        raise StoreError("A lease needs the name of its owner.")
    return storable("The owner's name", owner, schema.NAME)


def shortened(text: str, most: int = schema.DETAIL) -> str:
    """A text from the network, made storable whatever it is."""
    return _clean(text)[:most]


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


def host_of(url: str) -> str:
    """The host whose receivers share one limit, in small letters; empty where the URL names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_key(value: int) -> bool:
    """Whether a number can be the key of a row; neither driver takes one that is too great."""
    return 0 < value < 2**31


def cursor(value: int) -> int:
    """The key after which a page begins, within what both drivers take."""
    return max(0, min(value, 2**31 - 1))


def long_cursor(value: int) -> int:
    """As `cursor`, for keys of 64 bits."""
    return max(0, min(value, 2**63 - 1))


class Batch(NamedTuple):
    """Calls of an upload that have all but their callees in common.

    Attributes:
        common: the values for `COMMON_COLUMNS`.
        callees: the values for `CALLEE_COLUMNS`, of each call in its order.
    """

    common: tuple[Any, ...]
    callees: list[tuple[str, ...]]


def batches_of(news: Sequence[NewCall], now: datetime) -> list[Batch]:
    """New calls as they wait for the end of an upload.

    They keep every rule of the table, so that a store may leave out asking for each.

    Raises:
        StoreError: a value in them cannot be stored.
    """
    if isinstance(news, NewCalls):
        common = _common(news.like, now)
        for callee in news.callees:
            _check_callee(callee)
        return [Batch(common, list(map(tuple, news.callees)))]
    made: list[Batch] = []
    for new in news:
        own = (new.phone_number, new.message_reference, new.call_parameters)
        _check_callee(own)
        common = _common(new, now)
        if not made or made[-1].common != common:
            made.append(Batch(common, []))
        made[-1].callees.append(own)
    return made


def _common(new: NewCall, now: datetime) -> tuple[Any, ...]:
    _require_retries(new.max_retries, new.retry_interval)
    row = new_call_row(new, now)
    return tuple(row[name] for name in COMMON_COLUMNS)


def _check_callee(callee: tuple[str, ...]) -> None:
    joined = "".join(callee)
    # Most are short and of plain characters, and are seen through at once.
    if len(joined) <= _SHORT and joined.isascii() and "\0" not in joined:
        return
    for name, text, most in zip(CALLEE_COLUMNS, callee, _CALLEE_LIMITS, strict=True):
        storable(name, text, most)


_CALLEE_LIMITS: Final = (schema.PHONE_NUMBER, schema.NAME, schema.PARAMETERS)
_SHORT: Final = min(_CALLEE_LIMITS)


def _require_retries(max_retries: int, retry_interval: int) -> None:
    if not 0 <= max_retries <= schema.MAX_RETRIES:
        raise StoreError(f"max_retries is from 0 to {schema.MAX_RETRIES}.")
    if not 0 <= retry_interval <= schema.RETRY_INTERVAL:
        raise StoreError(f"retry_interval is from 0 to {schema.RETRY_INTERVAL} seconds.")


def new_call_row(new: NewCall, now: datetime) -> dict[str, Any]:
    """The row of a call that was asked for.

    Raises:
        StoreError: a text in it cannot be stored.
    """
    queued_at = micros(now)
    scheduled_at = queued_at if new.scheduled_at is None else micros(new.scheduled_at)
    return {
        "account_id": new.account_id,
        "campaign_id": new.campaign_id,
        "phone_number": storable("phone_number", new.phone_number, schema.PHONE_NUMBER),
        "start_url": storable("start_url", new.start_url, schema.URL),
        "result_url": storable("result_url", new.result_url, schema.URL),
        "message_reference": storable("message_reference", new.message_reference, schema.NAME),
        "call_parameters": storable("call_parameters", new.call_parameters, schema.PARAMETERS),
        "max_retries": new.max_retries,
        "retry_interval": new.retry_interval,
        "state": CallState.QUEUED.value,
        "queued_at": queued_at,
        # A time long past gives nobody a place in front of those who wait already.
        "due_at": max(scheduled_at, queued_at),
        "expires_at": _maybe_micros(new.expires_at),
        "priority": new.priority.value,
        "zone": storable("zone", new.zone, schema.NAME),
    }


def account_of(row: Row) -> Account:
    """An account from its row."""
    return Account(
        row["account_id"], row["login"], row["pin_hash"], row["default_campaign_id"], settings_of(row["settings"])
    )


def settings_text(settings: AccountSettings) -> str:
    """An account's settings, as they are stored."""
    return json.dumps(dataclasses.asdict(settings))


@functools.lru_cache(maxsize=RULES_REMEMBERED)
def settings_of(text: str) -> AccountSettings:
    """Settings from their text: what it does not name has its default, what we do not know is left out."""
    known = {field.name for field in dataclasses.fields(AccountSettings)}
    return AccountSettings(**{name: value for name, value in json.loads(text).items() if name in known})


def campaign_of(row: Row) -> Campaign:
    """A campaign from its row."""
    return Campaign(
        campaign_id=row["campaign_id"],
        account_id=row["account_id"],
        name=row["name"],
        parameters=row["parameters"],
        state=CampaignState(row["state"]),
        created_at=instant(row["created_at"]),
        defaults=_defaults_of(row["defaults"]),
        dialing=dialing_of(row["dialing"]),
    )


def defaults_text(defaults: CampaignDefaults) -> str:
    """What a campaign's calls have in common, as it is stored.

    Raises:
        StoreError: a value of it could not be that of a call.
    """
    storable("start_url", defaults.start_url, schema.URL)
    storable("result_url", defaults.result_url, schema.URL)
    _require_retries(defaults.max_retries, defaults.retry_interval)
    text = json.dumps(dataclasses.asdict(defaults), ensure_ascii=False)
    return storable("What the calls of a campaign have in common", text, schema.SETTINGS)


def _defaults_of(text: str) -> CampaignDefaults:
    known = {field.name for field in dataclasses.fields(CampaignDefaults)}
    return CampaignDefaults(**{name: value for name, value in json.loads(text).items() if name in known})


def schedule_of(row: Row) -> Schedule:
    """A schedule from its row."""
    return Schedule(
        schedule_id=row["schedule_id"],
        account_id=row["account_id"],
        name=row["name"],
        zone=row["zone"],
        windows=parse_windows(json.loads(row["windows"])),
        created_at=instant(row["created_at"]),
    )


def profile_of(row: Row) -> Profile:
    """A profile from its row."""
    return Profile(
        profile_id=row["profile_id"],
        account_id=row["account_id"],
        name=row["name"],
        calls_per_second=row["calls_per_second"],
        channels=row["channels"],
        created_at=instant(row["created_at"]),
    )


@functools.lru_cache(maxsize=RULES_REMEMBERED)
def campaign_rules_of(schedules: str, profiles: str) -> CampaignRules:
    """What a campaign keeps, from JSON. Remembered, since a dialer asks often for what hardly ever changes."""
    kept = sorted(map(schedule_of, json.loads(schedules)), key=lambda schedule: schedule.schedule_id)
    paced = sorted(map(profile_of, json.loads(profiles)), key=lambda profile: profile.profile_id)
    return CampaignRules(tuple(kept), tuple(paced))


@functools.lru_cache(maxsize=RULES_REMEMBERED)
def dialing_of(text: str) -> Dialing:
    """How the calls of a campaign are dialled, from JSON. Remembered, as `campaign_rules_of`."""
    return Dialing.parse(json.loads(text))


def dialing_text(dialing: Dialing) -> str:
    """How the calls of a campaign are dialled, as it is stored.

    Raises:
        StoreError: it is too long.
    """
    return storable("dialing", json.dumps(dialing.as_json()), schema.WINDOWS)


def do_not_call_row(entry: DoNotCallEntry) -> tuple[str, int, str]:
    """An entry of a do-not-call list as it is stored: its key, its campaign or 0, and why.

    Raises:
        StoreError: a text in it cannot be stored.
    """
    key = storable("The number", entry.key, schema.NAME)
    return key, entry.campaign_id or 0, storable("The reason", entry.reason, schema.NAME)


def do_not_call_of(row: Row) -> ListedNumber:
    """An entry of a do-not-call list from its row."""
    return ListedNumber(
        entry_id=row["entry_id"],
        account_id=row["account_id"],
        entry=DoNotCallEntry(row["pattern"], row["campaign_id"] or None, row["reason"]),
        created_at=instant(row["created_at"]),
    )


def pace_of(row: Row) -> Pace:
    """A pace from its row."""
    return Pace(
        tokens=row["tokens"],
        at=instant(row["at"]),
        factor=row["factor"],
        slowed_at=_maybe_instant(row["slowed_at"]),
        blocked_until=_maybe_instant(row["blocked_until"]),
        passed=row["passed"],
    )


def pace_row(name: str, pace: Pace) -> dict[str, Any]:
    """The row of a pace."""
    return {
        "name": name,
        "tokens": pace.tokens,
        "at": micros(pace.at),
        "factor": pace.factor,
        "slowed_at": _maybe_micros(pace.slowed_at),
        "blocked_until": _maybe_micros(pace.blocked_until),
        "passed": pace.passed,
    }


def call_of(row: Row) -> Call:
    """A call from its row, which holds the parameters of its campaign too."""
    return Call(
        call_id=row["call_id"],
        account_id=row["account_id"],
        campaign_id=row["campaign_id"],
        campaign_parameters=row["campaign_parameters"],
        phone_number=row["phone_number"],
        start_url=row["start_url"],
        result_url=row["result_url"],
        message_reference=row["message_reference"],
        call_parameters=row["call_parameters"],
        max_retries=row["max_retries"],
        retry_interval=row["retry_interval"],
        state=CallState(row["state"]),
        queued_at=instant(row["queued_at"]),
        due_at=instant(row["due_at"]),
        expires_at=_maybe_instant(row["expires_at"]),
        attempts=row["attempts"],
        last_attempt_at=_maybe_instant(row["last_attempt_at"]),
        duration=row["duration"],
        callee_type=row["callee_type"],
        detail=row["detail"],
        ended_at=_maybe_instant(row["ended_at"]),
        priority=Priority(row["priority"]),
        trunk=row["trunk"],
        tried=tuple(row["tried"].split(",")) if row["tried"] else (),
        zone=row["zone"],
    )


def counts_of(found: Iterable[Row]) -> dict[CallState, int]:
    """How many calls are in each state, from rows that name those where any are."""
    return {**dict.fromkeys(CallState, 0), **{CallState(row["state"]): row["calls"] for row in found}}


def attempt_of(row: Row) -> Attempt:
    """An attempt from its row."""
    return Attempt(
        attempt_id=row["attempt_id"],
        call_id=row["call_id"],
        number=row["number"],
        sip_call_id=row["sip_call_id"],
        trunk=row["trunk"],
        state=AttemptState(row["state"]),
        started_at=instant(row["started_at"]),
        ringing_at=_maybe_instant(row["ringing_at"]),
        answered_at=_maybe_instant(row["answered_at"]),
        ended_at=_maybe_instant(row["ended_at"]),
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        sip_status=row["sip_status"],
        detail=row["detail"],
    )


def extras_of(row: Row) -> Extras:
    """What a result may tell beside its call, from a row of the hot path of that name."""
    return Extras(
        campaign_name=row["campaign_name"],
        sequence=row["sequence"],
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        sip_status=row["sip_status"] or 0,
        answered_at=_maybe_instant(row["answered_at"]),
    )


def delivery_row(call: Call, now: datetime, wishes: AccountSettings, extras: Extras | None) -> dict[str, Any]:
    """The row that carries the result of a call that is final."""
    return {
        "call_id": call.call_id,
        "account_id": call.account_id,
        "url": call.result_url,
        "host": host_of(call.result_url),
        "form": json.dumps(result_form(call, wishes, extras), ensure_ascii=False),
        "state": "waiting",
        "due_at": micros(now),
        "created_at": micros(now),
    }


STORED_STATES: Final = MappingProxyType(
    {ResultState.PENDING: "waiting", ResultState.DONE: "done", ResultState.DEAD: "dead"}
)
"""What the table calls the states of a result."""

_RESULT_STATES: Final = {stored: state for state, stored in STORED_STATES.items()}


def result_of(row: Row) -> StoredResult:
    """A result from its row, for whoever asks where it stands."""
    return StoredResult(
        delivery_id=row["delivery_id"],
        call_id=row["call_id"],
        account_id=row["account_id"],
        sequence=row["sequence"],
        url=row["url"],
        form=tuple((name, value) for name, value in json.loads(row["form"])),
        state=_RESULT_STATES[row["state"]],
        attempts=row["attempts"],
        due_at=instant(row["due_at"]),
        created_at=instant(row["created_at"]),
        ended_at=_maybe_instant(row["ended_at"]),
        reason=row["reason"],
    )


def delivery_of(row: Row) -> Delivery:
    """A result from the row that a claim returned; that claim's own post is not among its attempts yet."""
    return Delivery(
        delivery_id=row["delivery_id"],
        call_id=row["call_id"],
        sequence=row["sequence"],
        url=row["url"],
        form=tuple((name, value) for name, value in json.loads(row["form"])),
        attempts=row["attempts"] - 1,
        secrets=tuple(filter(None, (row["signing_secret"], row["former_secret"]))),
    )
