"""Whose the calls of a command are: accounts by their login, campaigns by their name or their number."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mirabelle.errors import MirabelleError

if TYPE_CHECKING:
    from mirabelle.calls.account import Account
    from mirabelle.calls.campaign import Campaign
    from mirabelle.store.ledger import Ledger

LOCAL_LOGIN: Final = "local"
"""The account of calls from the shell; nobody knows its PIN."""

_MOST_DIGITS: Final = 10
_PAGE: Final = 100


class NotThere(MirabelleError):
    """The ledger does not hold what a command names."""


async def account_of(ledger: Ledger, login: str) -> Account:
    """The account with a login.

    Raises:
        NotThere: there is none.
    """
    account = await ledger.account_by_login(login)
    if account is None:
        raise NotThere(f"There is no account '{login}'; `mirabelle account add {login}` makes it.")
    return account


async def account_for_calls(ledger: Ledger, login: str, now: datetime) -> Account:
    """As `account_of`, but that of calls from the shell is made where it is not there yet.

    Raises:
        NotThere: there is no such account.
    """
    if login != LOCAL_LOGIN or await ledger.account_by_login(login) is not None:
        return await account_of(ledger, login)
    from mirabelle.api.login import hash_pin
    from mirabelle.callbacks.signature import new_signing_secret
    from mirabelle.store.ledger import AccountExists

    pin_hash = hash_pin(secrets.token_urlsafe())
    try:
        return await ledger.add_account(LOCAL_LOGIN, pin_hash, now, signing_secret=new_signing_secret())
    except AccountExists:
        return await account_of(ledger, LOCAL_LOGIN)


async def campaign_of(ledger: Ledger, login: str | None, named: str) -> Campaign:
    """The campaign that a command means.

    Args:
        ledger: where it is looked for.
        login: whose it is; None where the command says nothing: then a name is one of the account of calls from the
            shell, and a number is anybody's.
        named: its name, or else its number.

    Raises:
        NotThere: there is none, or the account is not there.
    """
    owner = login or LOCAL_LOGIN
    account = await ledger.account_by_login(owner) if login is None else await account_of(ledger, owner)
    found = None if account is None else await ledger.campaign_by_name(account.account_id, named)
    if found is None and named.isascii() and named.isdecimal() and len(named) <= _MOST_DIGITS:
        found = await ledger.campaign(int(named))
        if found is not None and login is not None and (account is None or found.account_id != account.account_id):
            found = None
    if found is None:
        raise NotThere(
            f"The account '{owner}' has no campaign '{named}'; `mirabelle campaign list --login {owner}` shows those"
            " that it has."
        )
    return found


async def account_of_campaign(ledger: Ledger, campaign: Campaign) -> Account:
    """Whose a campaign is."""
    account = await ledger.account(campaign.account_id)
    if account is None:
        raise NotThere(f"The account of campaign {campaign.campaign_id} is not in the ledger any more.")
    return account


async def accounts_of(ledger: Ledger, login: str | None) -> AsyncIterator[Account]:
    """The account with a login, or every account.

    Raises:
        NotThere: there is no such account.
    """
    if login is not None:
        yield await account_of(ledger, login)
        return
    after = 0
    while page := await ledger.accounts(after=after, limit=_PAGE):
        for account in page:
            yield account
        after = page[-1].account_id
