"""Calls that come as JSON, one in each line or in a list, and become calls of a campaign. Pure, but for its counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from mirabelle.api.queuecall import Order
from mirabelle.api.queuecalls import Duplicates, OnBadLine
from mirabelle.api.seen_numbers import SeenNumbers
from mirabelle.api.v1 import order, problem
from mirabelle.api.v1.order import Callee, CallFields
from mirabelle.api.xml import Fault
from mirabelle.calls import number
from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall
from mirabelle.calls.number import PhoneNumber
from mirabelle.errors import MirabelleError
from mirabelle.settings import Settings

MOST_FAULTS: Final = 100
"""The most faults that are told, and after which a list that is to be refused is not read on."""
MOST_LINE_BYTES: Final = 16 * 1024
"""The longest line."""
MOST_ADDRESSES: Final = 20
"""The most different addresses in one list, where they are looked at first."""


class LinesRefused(MirabelleError):
    """The calls are not taken; `CallLines.faults` has the reasons."""


class CallLines:
    """Takes calls in, and knows what became of them.

    Attributes:
        faults: the first that are wrong.
        skipped: calls that were passed over because they are wrong, or hold a number a second time.
        addresses: the different pairs of start_url and result_url, as many as are looked at and one more.
    """

    def __init__(
        self,
        account: Account,
        settings: Settings,
        now: datetime,
        *,
        defaults: Mapping[str, str],
        on_bad_line: OnBadLine = "refuse",
        duplicates: Duplicates = "allow",
        fields: type[Callee] = CallFields,
    ) -> None:
        """Make it.

        Args:
            account: whose calls they are.
            settings: `http.allow_private` and `compat` are looked at.
            now: the present instant, which times in words begin from.
            defaults: what calls have that do not say it, by the names of the form's fields.
            on_bad_line: what becomes of a call that is wrong.
            duplicates: what becomes of a number that is there twice.
            fields: what may be said of a call.
        """
        self.faults: list[Fault] = []
        self.skipped = 0
        self.addresses: set[tuple[str, str]] = set()
        self._account = account
        self._settings = settings
        self._now = now
        self._defaults = defaults
        self._on_bad_line = on_bad_line
        self._duplicates = duplicates
        self._fields = fields
        self._seen = None if duplicates == "allow" else SeenNumbers()
        self._refused = False
        self._queued = 0
        self._line = 0
        self._rest = b""

    @property
    def tells_apart(self) -> bool:
        """Whether it matters that a number is there twice; where not, `know` does nothing."""
        return self._seen is not None

    def know(self, phone_numbers: Iterable[str]) -> None:
        """Take numbers for seen: those that the campaign holds already.

        Args:
            phone_numbers: as the ledger keeps them.
        """
        if self._seen is not None:
            self._seen.know(phone_numbers)

    def feed(self, data: bytes) -> list[NewCall]:
        """Take the next bytes of lines; returns the calls in them.

        Raises:
            LinesRefused: so much is wrong that reading on is of no use.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        calls = self._calls(self._parsed(line) for line in lines)
        if len(self._rest) > MOST_LINE_BYTES:
            # Where it ends, and the next begins, is not known.
            self._line += 1
            self._bad("", f"The line is longer than {MOST_LINE_BYTES} bytes; the list was not read on.", refuse=True)
            raise LinesRefused("A line is too long.")
        return calls

    def take(self, asked: Iterable[Any]) -> list[NewCall]:
        """Take the calls of a JSON list; they are counted as lines are.

        Args:
            asked: as they were read, and not looked at yet.

        Raises:
            LinesRefused: so much is wrong that looking on is of no use.
        """
        return self._calls(self._counted(each) for each in asked)

    def finish(self) -> list[NewCall]:
        """All have come; returns the call of the last line.

        Raises:
            LinesRefused: something is wrong, and the list is to be refused for it, or it holds no call.
        """
        rest, self._rest = self._rest, b""
        calls = self._calls([self._parsed(rest)]) if rest else []
        if self._refused:
            raise LinesRefused("The list holds calls that are wrong.")
        if not self._queued:
            self.faults.append(Fault("calls", "The list holds no call that can be made."))
            raise LinesRefused("The list holds no call.")
        return calls

    def _calls(self, asked: Iterable[Callee | None]) -> list[NewCall]:
        calls = [call for each in asked if each is not None and (call := self._call(each)) is not None]
        return [] if self._refused else calls

    def _counted(self, asked: Any) -> Callee | None:
        self._line += 1
        return self._shaped(asked)

    def _parsed(self, line: bytes) -> Callee | None:
        """What a line holds; None for a blank one, and where it is wrong."""
        self._line += 1
        if not line.strip():
            return None
        if len(line) > MOST_LINE_BYTES:
            self._bad("", f"The line is longer than {MOST_LINE_BYTES} bytes.")
            return None
        try:
            value: Any = json.loads(line)
        except (ValueError, RecursionError):
            self._bad("", "The line is no JSON in UTF-8.")
            return None
        return self._shaped(value)

    def _shaped(self, value: Any) -> Callee | None:
        """A call of the right shape; None where it has another."""
        try:
            return self._fields.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            self._bad(problem.place_of(first) if first["loc"] else "", problem.reason_of(first))
            return None

    def _call(self, asked: Callee) -> NewCall | None:
        values = {**self._defaults, **asked.form()}
        found = order.check(values, self._account, self._settings, self._now)
        if not isinstance(found, Order):
            self._bad(found[0].field, found[0].reason)
            return None
        if self._seen is not None and not self._seen.add(found.phone_number, _meant(found.phone_number)):
            if self._duplicates == "skip":
                self.skipped += 1
            else:
                self._bad("phone_number", "The number is in the list or the campaign before.", refuse=True)
            return None
        if len(self.addresses) <= MOST_ADDRESSES:
            self.addresses.add((found.start_url, found.result_url))
        self._queued += 1
        return found.new_call(self._account)

    def _bad(self, field: str, reason: str, *, refuse: bool = False) -> None:
        """Keep what is wrong with a call.

        Raises:
            LinesRefused: the list is refused anyway, and enough was told.
        """
        refuse = refuse or self._on_bad_line == "refuse"
        self._refused |= refuse
        if not refuse:
            self.skipped += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(field or "calls", reason, self._line))
        if self._refused and len(self.faults) >= MOST_FAULTS:
            raise LinesRefused("Too much is wrong with the list.")


def _meant(text: str) -> PhoneNumber | None:
    """What a number means; None where it is plain."""
    return None if number.is_plain(text) else number.parse(text, bad_ani="default")
