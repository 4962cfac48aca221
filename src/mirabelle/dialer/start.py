"""The first request of an application, and how its account wants it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from mirabelle.calls.account import USUAL_SETTINGS, AccountSettings, StartMethod
from mirabelle.calls.call import Call
from mirabelle.calls.clock import Clock
from mirabelle.calls.result import start_form
from mirabelle.store.dialing_ledger import DialingLedger
from mirabelle.vxml.platform import Fetch

REMEMBERED_SECONDS: Final = 10.0
"""How soon a change of an account's settings reaches its calls at the latest."""
MOST_REMEMBERED: Final = 1_000


def start_fetch(call: Call, method: StartMethod) -> Fetch:
    """The call's variables on their way to `start_url`: as a form, or in the query.

    Args:
        call: which somebody answered.
        method: `post`, or `get` as the account may have it.
    """
    if method == "post":
        return Fetch(url=call.start_url, method="post", fields=start_form(call))
    parts = urlsplit(call.start_url)
    query = "&".join(each for each in (parts.query, urlencode(start_form(call))) if each)
    return Fetch(url=urlunsplit(parts._replace(query=query)), method="get")


class KnownSettings:
    """Knows how accounts want their calls treated, without a question to the ledger for every call."""

    def __init__(self, ledger: DialingLedger, clock: Clock) -> None:
        """Make it.

        Args:
            ledger: where accounts are.
            clock: only its monotonic side is used.
        """
        self._ledger = ledger
        self._clock = clock
        self._known: OrderedDict[int, tuple[float, AccountSettings]] = OrderedDict()

    async def of(self, account_id: int) -> AccountSettings:
        """The settings of an account; the usual ones where it is not there any more.

        Raises:
            StoreError: the ledger does not answer.
        """
        now = self._clock.monotonic()
        known = self._known.get(account_id)
        if known is not None and now - known[0] < REMEMBERED_SECONDS:
            return known[1]
        account = await self._ledger.account(account_id)
        settings = USUAL_SETTINGS if account is None else account.settings
        self._known[account_id] = (now, settings)
        self._known.move_to_end(account_id)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return settings
