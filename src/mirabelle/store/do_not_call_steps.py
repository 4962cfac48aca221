"""The steps of do-not-call lists; see `mirabelle.store.steps`."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from mirabelle.calls import do_not_call
from mirabelle.calls.do_not_call import DoNotCallEntry, ListedNumber
from mirabelle.store import rows
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.campaign_steps import owned_campaign
from mirabelle.store.hot import HotPaths
from mirabelle.store.ledger import StoreError
from mirabelle.store.rows import micros
from mirabelle.store.schema import DO_NOT_CALL

MOST_AT_ONCE: Final = 5_000
"""The most entries that one transaction adds or removes, so that nobody waits long for it."""

_OF_LIST: Final = (
    DO_NOT_CALL.c.account_id == sa.bindparam("account_id"),
    # What may be left out is compared with itself.
    DO_NOT_CALL.c.campaign_id
    == sa.func.coalesce(sa.bindparam("campaign_id", type_=sa.Integer), DO_NOT_CALL.c.campaign_id),
)
_PAGE: Final = (
    sa.select(*DO_NOT_CALL.c)
    # A sum, so that the entries are walked by their keys: the unique index would have those of a large account sorted
    # anew for each page.
    .where(
        DO_NOT_CALL.c.account_id + sa.literal_column("0") == sa.bindparam("account_id", type_=sa.Integer),
        _OF_LIST[1],
        DO_NOT_CALL.c.entry_id > sa.bindparam("after"),
    )
    .order_by(DO_NOT_CALL.c.entry_id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_COUNT: Final = sa.select(sa.func.count().label("entries")).select_from(DO_NOT_CALL).where(*_OF_LIST)
_REMOVE: Final = (
    sa.delete(DO_NOT_CALL)
    .where(DO_NOT_CALL.c.entry_id == sa.bindparam("removed"), DO_NOT_CALL.c.account_id == sa.bindparam("owner"))
    .returning(DO_NOT_CALL.c.entry_id)
)


def add(hot: HotPaths, account_id: int, entries: Sequence[DoNotCallEntry], now: datetime) -> Steps[int]:
    """See `Gatehouse.add_do_not_call`."""
    _check(entries)
    stored = [rows.do_not_call_row(entry) for entry in entries]
    for campaign_id in sorted({each.campaign_id for each in entries if each.campaign_id is not None}):
        yield from owned_campaign(campaign_id, account_id)
    values = {"account_id": account_id, "entries": json.dumps(stored), "now": micros(now)}
    return len((yield Ask(hot.admission.add_do_not_call, values)))


def page(account_id: int, campaign_id: int | None, after: int, limit: int) -> Steps[tuple[ListedNumber, ...]]:
    """See `Gatehouse.do_not_call`."""
    if not _known(account_id, campaign_id):
        return ()
    values = {"account_id": account_id, "campaign_id": campaign_id, "after": rows.cursor(after), "most": limit}
    return tuple(map(rows.do_not_call_of, (yield Ask(_PAGE, values))))


def of_number(hot: HotPaths, account_id: int, e164: str) -> Steps[tuple[ListedNumber, ...]]:
    """See `Gatehouse.do_not_call_of`."""
    if not rows.is_key(account_id):
        return ()
    keys = [(account_id, key) for key in do_not_call.lookups(e164)]
    found = yield Ask(hot.admission.do_not_call, {"keys": json.dumps(keys)})
    return tuple(sorted(map(rows.do_not_call_of, found), key=lambda each: each.entry_id))


def count(account_id: int, campaign_id: int | None) -> Steps[int]:
    """See `Gatehouse.count_do_not_call`."""
    if not _known(account_id, campaign_id):
        return 0
    [row] = yield Ask(_COUNT, {"account_id": account_id, "campaign_id": campaign_id})
    entries: int = row["entries"]
    return entries


def remove(hot: HotPaths, account_id: int, keys: Collection[str], campaign_id: int | None) -> Steps[int]:
    """See `Gatehouse.remove_do_not_call`."""
    _check(keys)
    if not _known(account_id, campaign_id):
        return 0
    values = {"account_id": account_id, "campaign_id": campaign_id or 0, "keys": json.dumps(sorted(keys))}
    return len((yield Ask(hot.admission.remove_do_not_call, values)))


def remove_entry(account_id: int, entry_id: int) -> Steps[bool]:
    """See `Gatehouse.remove_do_not_call_entry`."""
    if not rows.is_key(entry_id) or not rows.is_key(account_id):
        return False
    return bool((yield Ask(_REMOVE, {"removed": entry_id, "owner": account_id})))


def _check(some: Collection[object]) -> None:
    if len(some) > MOST_AT_ONCE:
        raise StoreError(f"At most {MOST_AT_ONCE} entries of a do-not-call list are changed at once; send fewer.")


def _known(account_id: int, campaign_id: int | None) -> bool:
    return rows.is_key(account_id) and (not campaign_id or rows.is_key(campaign_id))
