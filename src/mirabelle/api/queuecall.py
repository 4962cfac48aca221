"""What a queuecall request holds, and what is wrong with it. Pure: the clock is an argument."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from mirabelle.api import url, xml
from mirabelle.api.dialable import dialable
from mirabelle.api.form import Part
from mirabelle.api.xml import Fault
from mirabelle.calls import number, schedule, when
from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall, Priority

SERVICE: Final = "queuecall"
"""The root element of the replies."""
DEFAULT_RETRY_INTERVAL: Final = 300
"""Seconds between attempts where the request says nothing."""

_LATEST: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the request.

    Attributes:
        name: as it is submitted.
        most: the most characters it may have.
        meaning: for the documentation.
        required: whether it must be there and hold something.
        between: the lowest and the highest number, where the field is a whole number.
    """

    name: str
    most: int
    meaning: str
    required: bool = False
    between: tuple[int, int] | None = None


FIELDS: Final = (
    Field("login", 128, "The account's login.", required=True),
    Field("pin", 16, "The account's PIN.", required=True),
    Field("phone_number", number.MOST_CHARACTERS, "The number to call, with `+` and the country code.", required=True),
    Field("start_url", 255, "Where the VoiceXML application is, http or https.", required=True),
    Field("result_url", 255, "Where the result is posted when the call is over; empty: nowhere."),
    Field("message_reference", 255, "Your own id of the call; given to start_url and result_url."),
    Field("call_parameters", 255, "Any text; given to start_url."),
    Field("max_retries", 10, "How many failed attempts may be followed by another; 0 when left out.", between=(0, 10)),
    Field("max_retry", 10, "Another spelling of `max_retries`.", between=(0, 10)),
    Field(
        "retry_interval",
        10,
        f"Seconds from the end of an attempt to the next; {DEFAULT_RETRY_INTERVAL} when left out.",
        between=(60, 172_800),
    ),
    Field("scheduled_timestamp", 12, "Unix time of the first attempt; 0: now.", between=(0, _LATEST)),
    Field("scheduled_time", when.MOST_CHARACTERS, "The same in words, such as `tomorrow 9:30 America/New_York`."),
    Field("expiration_timestamp", 12, "Unix time after which no attempt is made; 0: never.", between=(0, _LATEST)),
    Field("expiration_time", when.MOST_CHARACTERS, "The same in words, such as `+2 days`."),
    Field(
        "priority", 10, "Which due calls of a campaign come first: `low`, `normal`, as when left out, `high`, `urgent`."
    ),
    Field("zone", 64, "The callee's time zone, such as `America/New_York`; the number tells it when left out."),
)
"""Every field, in the order of the documentation."""

CALL_FIELDS: Final = tuple(field for field in FIELDS if field.name not in {"login", "pin"})
"""Those that describe the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A call that was asked for, before we know by whom. The attributes are those of `NewCall`."""

    phone_number: str
    start_url: str
    result_url: str
    message_reference: str
    call_parameters: str
    max_retries: int
    retry_interval: int
    scheduled_at: datetime | None
    expires_at: datetime | None
    priority: Priority = Priority.NORMAL
    zone: str = ""

    def new_call(self, account: Account, campaign_id: int | None = None) -> NewCall:
        """The call, in a campaign of the account or in its default one."""
        return NewCall(
            account_id=account.account_id,
            campaign_id=account.default_campaign_id if campaign_id is None else campaign_id,
            phone_number=self.phone_number,
            start_url=self.start_url,
            result_url=self.result_url,
            message_reference=self.message_reference,
            call_parameters=self.call_parameters,
            max_retries=self.max_retries,
            retry_interval=self.retry_interval,
            scheduled_at=self.scheduled_at,
            expires_at=self.expires_at,
            priority=self.priority,
            zone=self.zone,
        )


@dataclass(frozen=True, slots=True)
class Submission:
    """The fields of a form, decoded.

    Attributes:
        echo: the known fields, as they came and in their order.
        values: the value of each known field.
        faults: what is wrong with the form itself.
    """

    echo: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    faults: tuple[Fault, ...]

    def shown(self, *, echo_pin: bool) -> tuple[tuple[str, str], ...]:
        """The echo for the reply, with the PIN masked unless echo_pin."""
        return tuple((name, xml.MASK if name == "pin" and not echo_pin else text) for name, text in self.echo)


def decode(
    parts: Iterable[Part],
    *,
    unknown: Literal["typos", "refuse", "ignore"] = "typos",
    fields: Sequence[Field] = FIELDS,
) -> Submission:
    """Turn the parts of a form into text, each field at most once.

    Args:
        parts: as they came.
        unknown: what to do with a field that is not ours: `typos` refuses those whose name is nearly one of ours and
            passes over the rest, such as the name of a form's button.
        fields: those of the service.
    """
    names = [field.name for field in fields]
    echo: list[tuple[str, str]] = []
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for part in parts:
        if part.name not in names:
            near = difflib.get_close_matches(part.name, names, 1, 0.8 if unknown == "typos" else 0.6)
            if unknown == "refuse" or (unknown == "typos" and near):
                hint = f"; did you mean '{near[0]}'?" if near else "."
                faults.append(Fault(part.name, f"There is no such field{hint}"))
            continue
        try:
            text = part.data.decode("utf-8")
        except UnicodeDecodeError:
            text = part.data.decode("utf-8", "replace")
            faults.append(Fault(part.name, "The value is not UTF-8 text."))
        if part.filename is not None:
            faults.append(Fault(part.name, "The value came as a file; send it as a plain field."))
        if part.name in values:
            faults.append(Fault(part.name, "The field was given more than once."))
        values.setdefault(part.name, text)
        echo.append((part.name, text))
    return Submission(tuple(echo), values, tuple(faults))


def check(
    values: Mapping[str, str],
    *,
    now: datetime,
    allow_private: bool,
    bad_ani: number.BadAni = "decline",
    country: str = "",
    fields: Sequence[Field] = FIELDS,
) -> Order | tuple[Fault, ...]:
    """See whether the values make a call.

    Args:
        values: of the known fields; one that is missing counts as empty.
        now: the present instant, aware.
        allow_private: whether start_url and result_url may be private addresses.
        bad_ani: what becomes of a number whose `;ani=` is not ten digits.
        country: whose national numbers are understood, two capital letters; empty: none are.
        fields: the fields to look at: all, or `CALL_FIELDS` where nobody logs in.

    Returns:
        The call that is asked for, or every fault, in the order of the fields.
    """
    reader = _Reader(values, now, allow_private, bad_ani, country)
    for field in fields:
        reader.check_form(field)
    order = Order(
        phone_number=reader.phone_number(),
        start_url=reader.address("start_url"),
        result_url=reader.address("result_url"),
        message_reference=values.get("message_reference", ""),
        call_parameters=values.get("call_parameters", ""),
        max_retries=reader.either("max_retries", "max_retry", default=0),
        retry_interval=reader.integer("retry_interval", DEFAULT_RETRY_INTERVAL),
        scheduled_at=reader.instant("scheduled"),
        expires_at=reader.expiration(),
        priority=reader.priority(),
        zone=reader.zone(),
    )
    if not reader.faults:
        return order
    return in_order(reader.faults, fields)


def in_order(faults: Iterable[Fault], fields: Sequence[Field] = FIELDS) -> tuple[Fault, ...]:
    """Faults in the order of the fields that they name; what names none of them comes last."""
    position = {field.name: index for index, field in enumerate(fields)}
    return tuple(sorted(faults, key=lambda fault: position.get(fault.field, len(position))))


class _Reader:
    """Reads values one by one and keeps what is wrong; at most one fault for each field."""

    def __init__(
        self, values: Mapping[str, str], now: datetime, allow_private: bool, bad_ani: number.BadAni, country: str
    ) -> None:
        self.faults: list[Fault] = []
        self._values = values
        self._now = now
        self._allow_private = allow_private
        self._bad_ani = bad_ani
        self._country = country
        self._numbers: dict[str, int] = {}

    def _refuse(self, name: str, reason: str) -> None:
        if all(fault.field != name for fault in self.faults):
            self.faults.append(Fault(name, reason))

    def _sound(self, name: str) -> str:
        """The value, or nothing where it was refused already."""
        return "" if any(fault.field == name for fault in self.faults) else self._values.get(name, "")

    def check_form(self, field: Field) -> None:
        text = self._values.get(field.name, "")
        if field.required and not text.strip():
            self._refuse(field.name, "The field is required.")
        elif len(text) > field.most:
            self._refuse(field.name, f"The value has {len(text)} characters; at most {field.most} are allowed.")
        elif not xml.holds(text):
            self._refuse(field.name, "The value holds a control character that XML cannot carry.")
        elif field.between is not None and text.strip():
            self._check_number(field.name, text.strip(), *field.between)

    def _check_number(self, name: str, text: str, lowest: int, highest: int) -> None:
        value = int(text) if re.fullmatch(r"[0-9]+", text, re.ASCII) else -1
        if lowest <= value <= highest:
            self._numbers[name] = value
        else:
            self._refuse(name, f"The value must be a whole number from {lowest} to {highest}.")

    def integer(self, name: str, default: int) -> int:
        return self._numbers.get(name, default)

    def either(self, name: str, other: str, *, default: int) -> int:
        if name in self._numbers and other in self._numbers and self._numbers[name] != self._numbers[other]:
            self._refuse(other, f"The value differs from that of '{name}'; give one of them.")
        return self.integer(name, self.integer(other, default))

    def phone_number(self) -> str:
        text = number.with_plus(self._sound("phone_number")).strip()
        if text:
            try:
                text, _ = dialable(text, country=self._country, bad_ani=self._bad_ani)
            except number.NumberError as error:
                self._refuse("phone_number", str(error))
        return text

    def address(self, name: str) -> str:
        text = self._sound(name).strip()
        if text:
            try:
                url.check(text, allow_private=self._allow_private)
            except url.UrlError as error:
                self._refuse(name, str(error))
        return text

    def priority(self) -> Priority:
        word = self._sound("priority").strip().lower()
        found = {each.word: each for each in Priority}.get(word, None if word else Priority.NORMAL)
        if found is None:
            self._refuse("priority", f"The value must be one of {', '.join(each.word for each in Priority)}.")
            return Priority.NORMAL
        return found

    def zone(self) -> str:
        text = self._sound("zone").strip()
        try:
            return schedule.parse_zone(text) if text else ""
        except schedule.ScheduleError as error:
            self._refuse("zone", str(error))
            return ""

    def instant(self, which: str) -> datetime | None:
        """The instant that `which`_timestamp and `which`_time name; None where they name none, or 0."""
        by_number = self._numbers.get(f"{which}_timestamp")
        words = self._sound(f"{which}_time").strip()
        by_words = None if not words else self._in_words(f"{which}_time", words)
        if by_number is not None and by_words is not None and by_number != by_words:
            self._refuse(f"{which}_time", f"The value and '{which}_timestamp' name different times; give one of them.")
        seconds = by_number if by_number is not None else by_words
        return datetime.fromtimestamp(seconds, UTC) if seconds else None

    def _in_words(self, name: str, words: str) -> int | None:
        """The Unix time that words mean; 0 where they mean that the call is due now."""
        try:
            instant = when.parse(words, now=self._now)
        except when.WhenError as error:
            self._refuse(name, str(error))
            return None
        seconds = int(instant.timestamp())
        if seconds < 0:
            self._refuse(name, "The time lies before 1970.")
            return None
        return 0 if name == "scheduled_time" and seconds == int(self._now.timestamp()) else seconds

    def expiration(self) -> datetime | None:
        expires_at = self.instant("expiration")
        if expires_at is None:
            return None
        name = "expiration_timestamp" if "expiration_timestamp" in self._numbers else "expiration_time"
        scheduled_at = self.instant("scheduled")
        if expires_at <= self._now:
            self._refuse(name, "The expiration lies in the past; the call could never be made.")
        elif scheduled_at is not None and expires_at <= scheduled_at:
            self._refuse(name, "The expiration comes before the scheduled time; the call could never be made.")
        return expires_at
