"""The steps of results, secrets, keys and remembered replies; see `mirabelle.store.steps`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar, get_args

from mirabelle.store import rows, schema, statements
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.ledger import AlreadyAnswered, StoreError
from mirabelle.store.records import KeptReply, KeyHolder, KeyRecord, Remembered, ResultState, Role, StoredResult
from mirabelle.store.rows import micros

T = TypeVar("T")


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


def results_of_call(call_id: int) -> Steps[tuple[StoredResult, ...]]:
    """See `Ledger.results_of_call`."""
    if not rows.is_key(call_id):
        return ()
    listed = yield Ask(statements.RESULTS_OF_CALL, {"call_id": call_id})
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


def add_key(account_id: int, role: Role, key_hash: str, now: datetime, name: str) -> Steps[int]:
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
        "name": rows.storable("The name of a key", name, schema.NAME),
    }
    [row] = yield Ask(statements.ADD_KEY, values)
    key_id: int = row["key_id"]
    return key_id


def keys(account_id: int) -> Steps[tuple[KeyRecord, ...]]:
    """See `Ledger.keys`."""
    if not rows.is_key(account_id):
        return ()
    found = yield Ask(statements.KEYS_OF_ACCOUNT, {"account_id": account_id})
    return tuple(KeyRecord(row["key_id"], row["role"], row["name"], rows.instant(row["created_at"])) for row in found)


def key(key_hash: str) -> Steps[KeyHolder | None]:
    """See `Ledger.key`."""
    if not _storable(key_hash):
        return None
    found = yield Ask(statements.KEY, {"key_hash": key_hash})
    return KeyHolder(found[0]["account_id"], found[0]["role"]) if found else None


def revoke_key(key_id: int, account_id: int | None) -> Steps[None]:
    """See `Ledger.revoke_key`."""
    if account_id is None:
        if rows.is_key(key_id):
            yield Ask(statements.REVOKE_KEY, {"revoked": key_id})
        return
    revoked: Sequence[rows.Row] = ()
    if rows.is_key(key_id) and rows.is_key(account_id):
        revoked = yield Ask(statements.REVOKE_KEY_OF, {"revoked": key_id, "owner": account_id})
    if not revoked:
        raise StoreError(f"The account has no key {key_id}.")


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


def answered(steps: Steps[T], account_id: int, reply: Callable[[T], KeptReply] | None, now: datetime) -> Steps[T]:
    """Do something, and keep the reply to whoever asked for it. Nothing is done where there is one already.

    Args:
        steps: what was asked for.
        account_id: whose request it is.
        reply: makes the reply; None: nothing is kept.
        now: the present instant.

    Raises:
        AlreadyAnswered: another request with this key was first.
    """
    done = yield from steps
    if reply is not None:
        kept = reply(done)
        if not (yield from remember(account_id, kept.key, kept.body_hash, kept.status, kept.reply, now)):
            raise AlreadyAnswered("A request with this Idempotency-Key was answered before.")
    return done


def forget_before(instant: datetime) -> Steps[int]:
    """See `Ledger.forget_before`."""
    return len((yield Ask(statements.FORGET, {"instant": micros(instant)})))


def _storable(text: str) -> bool:
    return len(text) <= schema.NAME and rows.shortened(text) == text
