"""A file of telephone numbers, read as it comes in. Pure: bytes in, rows and bad lines out.

A line is comma-delimited or tab-delimited: a number, then perhaps a message_reference, then perhaps call_parameters.
Quoting is that of RFC 4180, quoted line breaks included. Passed over are blank lines, lines that begin with `#`, a byte
order mark, and a first line of column names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from mirabelle.api import xml

MOST_CHARACTERS: Final = 2_000
"""The most characters of a row, over all its lines."""
MOST_FIELD_CHARACTERS: Final = 255
"""The most characters of message_reference and of call_parameters."""
COLUMNS: Final = 3

_MOST_BYTES: Final = 4 * MOST_CHARACTERS
_BOM: Final = b"\xef\xbb\xbf"
_NUMBER_NAMES: Final = frozenset(
    {"phone_number", "phonenumber", "phone", "number", "telephone", "telephone_number", "tel", "destination", "msisdn"}
)
_OTHER_KINDS: Final = (
    (b"\xff\xfe", "The file is UTF-16; save it as UTF-8."),
    (b"\xfe\xff", "The file is UTF-16; save it as UTF-8."),
    (b"PK\x03\x04", "The file is a workbook or an archive; export the list as comma-delimited text."),
    (b"\x1f\x8b", "The file is compressed; send it as plain text."),
)
# A line of `+` and digits, and of values in which nothing needs a second look. Most are so.
_VALUE: Final = rf"[ !#-+\--~\u00a0-\ud7ff]{{0,{MOST_FIELD_CHARACTERS}}}"
_PLAIN: Final = re.compile(rf"(\+[0-9]{{7,15}})(?:,({_VALUE})(?:,({_VALUE}))?)?\r?")
_TOO_LONG: Final = f"The line is longer than {MOST_CHARACTERS} characters."


class Row(NamedTuple):
    """One number of the list, not checked yet.

    Attributes:
        line: where it begins in the file, counted from 1.
        phone_number: the first column, with whatever blanks are around it.
        message_reference: the second column.
        call_parameters: the third column.
    """

    line: int
    phone_number: str
    message_reference: str
    call_parameters: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no row.

    Attributes:
        line: where it begins in the file, counted from 1.
        reason: what is wrong with it, for a person.
    """

    line: int
    reason: str


Item: TypeAlias = Row | BadLine


class PhoneList:
    """Reads a list piece by piece; keeps no more than a row of it."""

    def __init__(self) -> None:
        self._line = 0
        self._rest = b""
        self._started = False
        self._named = False
        self._skipping = False
        self._unreadable = False
        self._record: _Record | None = None

    def feed(self, data: bytes) -> list[Item]:
        """Take the next bytes of the file; returns the rows that they completed."""
        items: list[Item] = []
        data = self._start(self._rest + data, items)
        if self._unreadable or not self._started:
            return items
        if self._skipping:
            _, newline, data = data.partition(b"\n")
            self._rest = b""
            if not newline:
                return items
            self._skipping = False
        complete, newline, self._rest = data.rpartition(b"\n")
        if newline:
            self._lines(complete, items)
        if len(self._rest) > _MOST_BYTES:
            self._line += 1
            self._drop(_TOO_LONG, items)
            self._rest, self._skipping = b"", True
        return items

    def finish(self) -> list[Item]:
        """The file has ended; returns what its last line gives."""
        items: list[Item] = []
        self._started = True
        if self._rest and not self._unreadable and not self._skipping:
            self._lines(self._rest.removeprefix(_BOM) if self._line == 0 else self._rest, items)
        self._rest = b""
        if self._record is not None:
            items.append(BadLine(self._record.line, "The quote that opens in this line is never closed."))
            self._record = None
        return items

    def _start(self, data: bytes, items: list[Item]) -> bytes:
        """Look at the first bytes of the file, once there are enough of them."""
        if self._started:
            return data
        for magic, reason in _OTHER_KINDS:
            if data.startswith(magic):
                items.append(BadLine(1, reason))
                self._started = self._unreadable = True
                return b""
        if len(data) < len(b"PK\x03\x04"):
            self._rest = data
            return b""
        self._started = True
        return data.removeprefix(_BOM)

    def _lines(self, data: bytes, items: list[Item]) -> None:
        try:
            for text in data.decode("utf-8").split("\n"):
                self._line += 1
                if self._record is None and (plain := _PLAIN.fullmatch(text)):
                    self._named = True
                    items.append(Row(self._line, *plain.groups("")))
                else:
                    self._one(text, items)
        except UnicodeDecodeError:
            for raw in data.split(b"\n"):
                self._line += 1
                try:
                    text = raw.decode("utf-8")
                except UnicodeDecodeError:
                    self._drop("The line is not UTF-8 text.", items)
                else:
                    self._one(text, items)

    def _drop(self, reason: str, items: list[Item]) -> None:
        """Give up the present line, and the row that it belongs to."""
        line = self._line if self._record is None else self._record.line
        self._record = None
        items.append(BadLine(line, reason))

    def _one(self, text: str, items: list[Item]) -> None:
        text = text.removesuffix("\r")
        if self._record is None:
            if not text or text.startswith("#"):
                return
            if len(text) > MOST_CHARACTERS:
                items.append(BadLine(self._line, _TOO_LONG))
                return
            if '"' not in text:
                self._row(self._line, text.split(_delimiter(text)), items)
                return
            self._record = _Record(self._line)
        record = self._record
        record.add(text)
        if record.size > MOST_CHARACTERS:
            reason = f"The quote that opens in this line is not closed within {MOST_CHARACTERS} characters"
            self._drop(f"{reason}; lines {record.line} to {self._line} were not read.", items)
        elif not record.open:
            self._record = None
            if record.fault:
                items.append(BadLine(record.line, record.fault))
            else:
                self._row(record.line, record.fields, items)

    def _row(self, line: int, fields: list[str], items: list[Item]) -> None:
        first = not self._named
        number = fields[0].strip()
        if not number and not any(field.strip() for field in fields):
            return
        self._named = True
        if first and _name(number) in _NUMBER_NAMES:
            if any(
                _name(field) != name for field, name in zip(fields[1:], _NAMES, strict=False) if _name(field) in _NAMES
            ):
                items.append(BadLine(line, "The columns are phone_number, message_reference, call_parameters."))
            return
        reference, parameters = fields[1] if len(fields) > 1 else "", fields[2] if len(fields) > 2 else ""
        reason = ""
        if not number:
            reason = "The line has no number in its first column."
        elif len(fields) > COLUMNS and any(field.strip() for field in fields[COLUMNS:]):
            reason = (
                f"The line has {len(fields)} columns, three are the most; put a value that holds a comma into quotes."
            )
        elif len(reference) > MOST_FIELD_CHARACTERS or len(parameters) > MOST_FIELD_CHARACTERS:
            name = _NAMES[0] if len(reference) > MOST_FIELD_CHARACTERS else _NAMES[1]
            reason = f"The value of {name} is longer than {MOST_FIELD_CHARACTERS} characters."
        elif not (xml.holds(reference) and xml.holds(parameters)):
            reason = "The line holds a control character that XML cannot carry."
        items.append(BadLine(line, reason) if reason else Row(line, fields[0], reference, parameters))


_NAMES: Final = ("message_reference", "call_parameters")


def _name(text: str) -> str:
    return text.strip().casefold().replace(" ", "_").replace("-", "_")


def _delimiter(text: str, at: int = 0) -> str:
    """Comma or tab, whichever comes first: a number holds neither."""
    tab = text.find("\t", at)
    if tab < 0:
        return ","
    comma = text.find(",", at)
    return "\t" if comma < 0 or tab < comma else ","


class _Record:
    """A row with quotes in it, put together line by line (RFC 4180 section 2)."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.fields: list[str] = []
        self.open = False
        self.size = 0
        self.fault = ""
        self._value: list[str] = []
        self._delimiter = ""

    def add(self, text: str) -> None:
        self.size += len(text) + 1
        if self.open:
            self._value.append("\n")
            at = self._inside(text, 0)
        else:
            at = self._field(text, 0)
        while not self.open and at < len(text):
            at = self._field(text, at + 1)

    def _field(self, text: str, at: int) -> int:
        """Read the field that begins here; returns where it ends."""
        if text.startswith('"', at):
            self._value = []
            return self._inside(text, at + 1)
        end = self._end(text, at)
        self.fields.append(text[at:end])
        return end

    def _inside(self, text: str, at: int) -> int:
        """Read on within quotes; returns where the field ends."""
        while True:
            close = text.find('"', at)
            if close < 0:
                self._value.append(text[at:])
                self.open = True
                return len(text)
            self._value.append(text[at:close])
            if not text.startswith('"', close + 1):
                break
            self._value.append('"')
            at = close + 2
        self.open = False
        self.fields.append("".join(self._value))
        end = self._end(text, close + 1)
        if text[close + 1 : end].strip():
            self.fault = "There is text behind a closing quote; a quote inside quotes is written twice."
        return end

    def _end(self, text: str, at: int) -> int:
        if not self._delimiter:
            self._delimiter = _delimiter(text, at)
        end = text.find(self._delimiter, at)
        return len(text) if end < 0 else end
