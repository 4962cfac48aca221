"""The steps of results, secrets, keys and remembered replies; see `mirabelle.store.steps`."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from mirabelle.store import rows, schema, statements
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.ledger import StoreError
from mirabelle.store.records import KeyHolder, Remembered, ResultState, Role, StoredResult
from mirabelle.store.rows import micros


def results(account_id: int, state: ResultState | None, after: int, limit: int) -> Steps[tuple[StoredResult, ...]]:
    """See `Ledger.results`."""
    if not rows.is_key(account_id):
        return ()
    values: dict[str, object] = {"owner": account_id, "after": rows.long_cursor(after), "most": limit}
    page = statements.RESULTS_OF_ACCOUNT
    if state is not None:
        values["wanted"] = rows.STORED_STATES[state]
        page = statements.RESULTS_OF_ACCOUNT_IN
    listed = yield Ask(page, values)
    return tuple(rows.result_of(row) for row in listed)


def result(delivery_id: int) -> Steps[StoredResult | None]:
    """See `Ledger.result`."""
    if not 0 < delivery_id < 2**63:
        return None
    found = yield Ask(statements.RESULT, {"delivery_id": delivery_id})
    return rows.result_of(found[0]) if found else None


def replay(delivery_id: int, now: datetime) -> Steps[None]:
    """See `Ledger.replay`."""
    if 0 < delivery_id < 2**63:
        yield Ask(statements.REPLAY, {"replayed": delivery_id, "now": micros(now)})
        if (yield Ask(statements.RESULT, {"delivery_id": delivery_id})):
            return
    raise StoreError(f"There is no result {delivery_id} in the ledger.")


def rotate_signing_secret(
    account_id: int, secret: str, now: datetime, keep_former_until: datetime | None
) -> Steps[None]:
    """See `Ledger.rotate_signing_secret`."""
    if not secret:
        raise StoreError("The signing secret is empty; make a new one.")
    until = None if keep_former_until is None or keep_former_until <= now else micros(keep_former_until)
    values = {
        "changed": account_id,
        "secret": rows.storable("The signing secret", secret, schema.NAME),
        "until": until,
    }
    if not rows.is_key(account_id) or not (yield Ask(statements.ROTATE_SECRET, values)):
        raise StoreError(f"There is no account {account_id} in the ledger.")


def add_key(account_id: int, role: Role, key_hash: str, now: datetime) -> Steps[int]:
    """See `Ledger.add_key`."""
    if role not in get_args(Role):
        raise StoreError("The role of a key is admin, manager or read.")
    if not key_hash:
        raise StoreError("A key needs its hash.")
    values = {
        "account_id": account_id,
        "role": role,
        "key_hash": rows.storable("The hash of a key", key_hash, schema.NAME),
        "created_at": micros(now),
    }
    [row] = yield Ask(statements.ADD_KEY, values)
    key_id: int = row["key_id"]
    return key_id


def key(key_hash: str) -> Steps[KeyHolder | None]:
    """See `Ledger.key`."""
    if not _storable(key_hash):
        return None
    found = yield Ask(statements.KEY, {"key_hash": key_hash})
    return KeyHolder(found[0]["account_id"], found[0]["role"]) if found else None


def revoke_key(key_id: int) -> Steps[None]:
    """See `Ledger.revoke_key`."""
    if rows.is_key(key_id):
        yield Ask(statements.REVOKE_KEY, {"revoked": key_id})


def remembered(account_id: int, key: str) -> Steps[Remembered | None]:
    """See `Ledger.remembered`."""
    if not rows.is_key(account_id) or not _storable(key):
        return None
    found = yield Ask(statements.REMEMBERED, {"account_id": account_id, "key": key})
    return Remembered(found[0]["body_hash"], found[0]["status"], found[0]["reply"]) if found else None


def remember(account_id: int, key: str, body_hash: str, status: int, reply: str, now: datetime) -> Steps[bool]:
    """See `Ledger.remember`."""
    values = {
        "account_id": account_id,
        "key": rows.storable("Idempotency-Key", key, schema.NAME),
        "body_hash": rows.storable("The hash of a body", body_hash, schema.NAME),
        "status": status,
        "reply": rows.storable("A reply that is remembered", reply, schema.REPLY),
        "now": micros(now),
    }
    return bool((yield Ask(statements.REMEMBER, values)))


def forget_before(instant: datetime) -> Steps[int]:
    """See `Ledger.forget_before`."""
    return len((yield Ask(statements.FORGET, {"instant": micros(instant)})))


def _storable(text: str) -> bool:
    return len(text) <= schema.NAME and rows.shortened(text) == text
