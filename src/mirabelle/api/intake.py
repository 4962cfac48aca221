"""From the lines of a list to the calls of a campaign. Pure, but for what it keeps count of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mirabelle.api.dialable import dialable
from mirabelle.api.phone_list import BadLine, Item, PhoneList, Row
from mirabelle.api.queuecalls import PHONE_LIST, CampaignOrder
from mirabelle.api.seen import Seen
from mirabelle.api.xml import Fault
from mirabelle.calls import number
from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall
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
        self._account = account
        self._bad_ani = bad_ani
        self._most_listed = most_listed
        self._form_text = form_text
        self._refused = False
        self._list = PhoneList()
        self._seen = None if order.duplicates == "allow" else Seen()

    def feed(self, data: bytes) -> list[NewCall]:
        """Take the next bytes; returns the calls in them.

        Raises:
            ListRefused: there are so many bad lines that reading on is of no use.
        """
        return self._calls(self._list.feed(data))

    def finish(self) -> list[NewCall]:
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

    def _calls(self, items: Iterable[Item]) -> list[NewCall]:
        calls = [call for item in items if (call := self._call(item)) is not None]
        return [] if self._refused else calls

    def _call(self, item: Item) -> NewCall | None:
        """The call of a line; None where it makes none."""
        if isinstance(item, BadLine):
            self._bad(item.line, item.reason, refuse=self._order.on_bad_line == "refuse")
            return None
        given = number.with_plus(item.phone_number) if self._form_text else item.phone_number
        try:
            text, found = dialable(given.strip(), country=self._account.settings.country, bad_ani=self._bad_ani)
        except number.NumberError as error:
            self._bad(item.line, str(error), refuse=self._order.on_bad_line == "refuse")
            return None
        if self._seen is not None and not self._seen.add(f"{found.e164};{found.keys}"):
            if self._order.duplicates == "skip":
                self.skipped += 1
            else:
                self._bad(item.line, f"The number {found.e164} is in the list before.", refuse=True)
            return None
        if len(self.listed) < self._most_listed:
            self.listed.append((item, text))
        self.queued += 1
        return self._new_call(item, text)

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

    def _new_call(self, row: Row, phone_number: str) -> NewCall:
        order = self._order.call
        return NewCall(
            account_id=self._account.account_id,
            campaign_id=0,
            phone_number=phone_number,
            start_url=order.start_url,
            result_url=order.result_url,
            message_reference=row.message_reference,
            call_parameters=row.call_parameters,
            max_retries=order.max_retries,
            retry_interval=order.retry_interval,
            scheduled_at=order.scheduled_at,
            expires_at=order.expires_at,
        )
