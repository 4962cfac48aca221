"""From the lines of a list to the calls of a campaign. Pure, but for what it keeps count of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mirabelle.api.dialable import dialable
from mirabelle.api.phone_list import BadLine, Item, PhoneList, Row
from mirabelle.api.queuecalls import PHONE_LIST, CampaignOrder
from mirabelle.api.seen_numbers import SeenNumbers
from mirabelle.api.xml import Fault
from mirabelle.calls import number
from mirabelle.calls.account import Account
from mirabelle.calls.call import Callee, NewCall, NewCalls
from mirabelle.errors import MirabelleError

MOST_FAULTS: Final = 100
"""The most bad lines that are told, and after which a list that is to be refused is not read on."""


class ListRefused(MirabelleError):
    """The list is not taken; `Intake.faults` has the reasons."""


class Intake:
    """Takes a list in, and knows what became of it.

    Attributes:
        faults: the first bad lines.
        skipped: lines that were passed over because they are bad, or hold a number a second time.
        queued: calls that were made of the others.
        listed: the first of those: the row and the number as it is kept.
    """

    def __init__(
        self,
        order: CampaignOrder,
        account: Account,
        *,
        bad_ani: number.BadAni,
        most_listed: int,
        form_text: bool = False,
    ) -> None:
        """Make it.

        Args:
            order: what was asked for.
            account: whose calls they are.
            bad_ani: what becomes of a number whose `;ani=` is not ten digits.
            most_listed: the most rows to keep for the reply.
            form_text: whether the list came as a form's text, where a `+` that was not escaped is a space now.
        """
        self.faults: list[Fault] = []
        self.skipped = 0
        self.queued = 0
        self.listed: list[tuple[Row, str]] = []
        self._order = order
        self._country = account.settings.country
        self._like = _like(order, account)
        self._bad_ani = bad_ani
        self._most_listed = most_listed
        self._form_text = form_text
        self._before = "the list"
        self._refused = False
        self._list = PhoneList()
        self._seen = None if order.duplicates == "allow" else SeenNumbers()

    @property
    def tells_apart(self) -> bool:
        """Whether it matters that a number is there twice; where not, `know` does nothing."""
        return self._seen is not None

    def know(self, phone_numbers: Iterable[str]) -> None:
        """Take numbers for seen, as if the list had begun with them: those that are there already.

        Args:
            phone_numbers: as the ledger keeps them.
        """
        if self._seen is None:
            return
        self._before = f"the list or the {self._order.duplicate_scope}"
        self._seen.know(phone_numbers)

    def feed(self, data: bytes) -> Sequence[NewCall]:
        """Take the next bytes; returns the calls in them.

        Raises:
            ListRefused: there are so many bad lines that reading on is of no use.
        """
        return self._calls(self._list.feed(data))

    def finish(self) -> Sequence[NewCall]:
        """The list has ended; returns the calls of its last line.

        Raises:
            ListRefused: it holds bad lines and is to be refused for them, or it holds no numbers.
        """
        calls = self._calls(self._list.finish())
        if self._refused:
            raise ListRefused("The list holds bad lines.")
        if not self.queued:
            self.faults.append(Fault(PHONE_LIST, "The list holds no number that can be called."))
            raise ListRefused("The list holds no number.")
        return calls

    def _calls(self, items: Iterable[Item]) -> NewCalls:
        callees = [callee for item in items if (callee := self._callee(item)) is not None]
        return NewCalls(self._like, [] if self._refused else callees)

    def _callee(self, item: Item) -> Callee | None:
        """Who a line wants called; None where it makes no call."""
        if isinstance(item, BadLine):
            self._bad(item.line, item.reason, refuse=self._order.on_bad_line == "refuse")
            return None
        text, found = item.phone_number, None
        if not number.is_plain(text):
            given = number.with_plus(text) if self._form_text else text
            try:
                text, found = dialable(given.strip(), country=self._country, bad_ani=self._bad_ani)
            except number.NumberError as error:
                self._bad(item.line, str(error), refuse=self._order.on_bad_line == "refuse")
                return None
        if self._seen is not None and not self._seen.add(text, found):
            if self._order.duplicates == "skip":
                self.skipped += 1
            else:
                e164 = text if found is None else found.e164
                self._bad(item.line, f"The number {e164} is in {self._before} before.", refuse=True)
            return None
        if len(self.listed) < self._most_listed:
            self.listed.append((item, text))
        self.queued += 1
        return Callee(text, item.message_reference, item.call_parameters)

    def _bad(self, line: int, reason: str, *, refuse: bool) -> None:
        """Keep what is wrong with a line.

        Raises:
            ListRefused: the list is refused anyway, and enough was told.
        """
        self._refused |= refuse
        if not refuse:
            self.skipped += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(PHONE_LIST, reason, line))
        if self._refused and len(self.faults) >= MOST_FAULTS:
            raise ListRefused("The list holds too many bad lines.")


def _like(order: CampaignOrder, account: Account) -> NewCall:
    """What all calls of the list have in common."""
    call = order.call
    return NewCall(
        account_id=account.account_id,
        campaign_id=0,
        phone_number="",
        start_url=call.start_url,
        result_url=call.result_url,
        max_retries=call.max_retries,
        retry_interval=call.retry_interval,
        scheduled_at=call.scheduled_at,
        expires_at=call.expires_at,
        priority=call.priority,
        zone=call.zone,
    )
