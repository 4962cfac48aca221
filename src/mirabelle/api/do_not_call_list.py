"""Numbers that are not to be called, as lines of CSV or of JSON. Pure, but for its counts.

What is wrong with a line is told, and all others are taken: who is on such a list is not called because of a fault in
another line.
"""

from __future__ import annotations

import csv
import enum
import json
from collections.abc import Sequence
from typing import Any, Final

from mirabelle.api.xml import Fault
from mirabelle.calls import do_not_call
from mirabelle.calls.do_not_call import DoNotCallEntry
from mirabelle.calls.number import NumberError

MOST_FAULTS: Final = 100
"""The most faults that are told."""
MOST_LINE_BYTES: Final = 4_096
"""The longest line."""
MOST_REASON: Final = 255
"""The most characters of a reason."""

_FIELDS: Final = frozenset({"number", "reason"})
_HEADS: Final = frozenset({"number", "phone_number", "phone", "phone number"})
_BOM: Final = b"\xef\xbb\xbf"


class ListKind(enum.StrEnum):
    """How the lines are written."""

    CSV = "csv"
    """A number or a prefix, then perhaps a reason."""
    NDJSON = "ndjson"
    """An object with `number`, and perhaps `reason`."""


class LineError(ValueError):
    """A line that names no number."""


def entry(number: object, reason: object, country: str, campaign_id: int | None) -> DoNotCallEntry:
    """An entry, checked.

    Args:
        number: as people write it, or a prefix such as `+1900*`.
        reason: why; at most `MOST_REASON` characters, all of which can be seen.
        country: whose national numbers are understood; empty: none are.
        campaign_id: the campaign that keeps it; None: the whole account.

    Raises:
        LineError: it is none; the message does not hold the number.
    """
    if not isinstance(number, str) or not isinstance(reason, str):
        raise LineError("The number and the reason are texts.")
    if len(reason) > MOST_REASON or not reason.isprintable():
        raise LineError(f"The reason has at most {MOST_REASON} characters, all of which can be seen.")
    try:
        found = do_not_call.parse(number, country=country or None, campaign_id=campaign_id)
    except NumberError as error:
        raise LineError(str(error)) from error
    return DoNotCallEntry(found.key, campaign_id, reason.strip())


class NumberLines:
    """Takes lines in.

    Attributes:
        faults: the first that are wrong, with their lines.
        skipped: lines that were passed over because they are wrong.
        taken: entries that were made of the others.
    """

    def __init__(self, kind: ListKind, *, country: str, campaign_id: int | None, reason: str = "") -> None:
        """Make it.

        Args:
            kind: how they are written.
            country: of the account; empty where it has none.
            campaign_id: the campaign whose list it is; None: that of the whole account.
            reason: that of lines that give none.
        """
        self.faults: list[Fault] = []
        self.skipped = 0
        self.taken = 0
        self._kind = kind
        self._country = country
        self._campaign_id = campaign_id
        self._reason = reason
        self._line = 0
        self._rest = b""
        self._too_long = False

    def feed(self, data: bytes) -> list[DoNotCallEntry]:
        """Take the next bytes; returns the entries in them."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found = [made for line in lines if (made := self._whole(line)) is not None]
        if len(self._rest) > MOST_LINE_BYTES:
            # What follows of it is passed over, up to its end.
            self._too_long, self._rest = True, b""
        return found

    def finish(self) -> list[DoNotCallEntry]:
        """All have come; returns the entry of the last line."""
        rest, self._rest = self._rest, b""
        made = self._whole(rest) if rest or self._too_long else None
        return [] if made is None else [made]

    def _whole(self, line: bytes) -> DoNotCallEntry | None:
        self._line += 1
        too_long, self._too_long = self._too_long or len(line) > MOST_LINE_BYTES, False
        try:
            if too_long:
                raise LineError(f"The line is longer than {MOST_LINE_BYTES} bytes.")
            made = self._entry(line.removeprefix(_BOM) if self._line == 1 else line)
        except LineError as error:
            self.skipped += 1
            if len(self.faults) < MOST_FAULTS:
                self.faults.append(Fault("number", str(error), self._line))
            return None
        self.taken += made is not None
        return made

    def _entry(self, line: bytes) -> DoNotCallEntry | None:
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise LineError("The line is not UTF-8 text.") from error
        if not text or (text.startswith("#") and self._kind is ListKind.CSV):
            return None
        if self._kind is ListKind.NDJSON:
            number, reason = _object(text)
        else:
            number, reason = _cells(text)
            if self._line == 1 and number.strip().lower() in _HEADS:
                return None
        return entry(number, reason or self._reason, self._country, self._campaign_id)


def _object(text: str) -> tuple[Any, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LineError("The line is no JSON.") from error
    if not isinstance(value, dict) or "number" not in value or not set(value) <= _FIELDS:
        raise LineError("A line is an object with number and perhaps reason, and nothing else.")
    return value["number"], value.get("reason", "")


def _cells(text: str) -> tuple[str, str]:
    delimiter = next((each for each in (",", ";", "\t") if each in text), ",")
    try:
        cells: Sequence[str] = next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise LineError("The line is no CSV: a quote is not closed.") from error
    return cells[0], cells[1] if len(cells) > 1 else ""
