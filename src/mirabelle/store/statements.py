"""The portable statements, written once and compiled for each store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from mirabelle.calls.call import CallState
from mirabelle.store.rows import NEW_CALL_COLUMNS
from mirabelle.store.schema import ACCOUNTS, ATTEMPTS, CALLS, CAMPAIGNS, DELIVERIES, KEYS, REPLIES

# Written out, not bound: SQLite uses a partial index only where it can see that its condition holds.
_QUEUED: Final[sa.ColumnClause[str]] = sa.literal_column("'queued'")
_WAITING: Final[sa.ColumnClause[str]] = sa.literal_column("'waiting'")
_ENDED: Final[sa.ColumnClause[str]] = sa.literal_column("'ended'")

_CALL_COLUMNS: Final = tuple(column for column in CALLS.c if not column.name.startswith("lease_"))
_PARAMETERS: Final = (
    sa.select(CAMPAIGNS.c.parameters)
    # By name: in a RETURNING for SQLite the compiler would leave out the table and make it ambiguous.
    .where(CAMPAIGNS.c.campaign_id == sa.literal_column("calls.campaign_id"))
    .scalar_subquery()
    .label("campaign_parameters")
)

CALL_RETURNING: Final = ", ".join(
    [
        *(f"calls.{column.name} AS {column.name}" for column in _CALL_COLUMNS),
        "(SELECT parameters FROM campaigns WHERE campaigns.campaign_id = calls.campaign_id) AS campaign_parameters",
    ]
)
"""The columns of a call for statements in a store's own SQL."""


# Accounts and campaigns

ADD_ACCOUNT: Final = sa.text(
    "INSERT INTO accounts (login, pin_hash, signing_secret, created_at)"
    " VALUES (:login, :pin_hash, :signing_secret, :now)"
    " ON CONFLICT (login) DO NOTHING RETURNING account_id"
)
_ACCOUNT: Final = sa.select(
    ACCOUNTS.c.account_id,
    ACCOUNTS.c.login,
    ACCOUNTS.c.pin_hash,
    ACCOUNTS.c.settings,
    CAMPAIGNS.c.campaign_id.label("default_campaign_id"),
).join_from(
    ACCOUNTS,
    CAMPAIGNS,
    sa.and_(CAMPAIGNS.c.account_id == ACCOUNTS.c.account_id, CAMPAIGNS.c.name == sa.literal_column("'default'")),
)
ACCOUNT: Final = _ACCOUNT.where(ACCOUNTS.c.account_id == sa.bindparam("account_id"))
ACCOUNT_BY_LOGIN: Final = _ACCOUNT.where(ACCOUNTS.c.login == sa.bindparam("login"))
ACCOUNTS_AFTER: Final = (
    _ACCOUNT.where(ACCOUNTS.c.account_id > sa.bindparam("after"))
    .order_by(ACCOUNTS.c.account_id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
UPDATE_SETTINGS: Final = (
    sa.update(ACCOUNTS)
    .where(ACCOUNTS.c.account_id == sa.bindparam("changed"))
    .values(settings=sa.bindparam("chosen", type_=sa.Text))
    .returning(ACCOUNTS.c.account_id)
)
CHANGE_PIN: Final = (
    sa.update(ACCOUNTS)
    .where(ACCOUNTS.c.account_id == sa.bindparam("changed"))
    .values(pin_hash=sa.bindparam("chosen", type_=sa.Text))
    .returning(ACCOUNTS.c.account_id)
)
ROTATE_SECRET: Final = (
    sa.update(ACCOUNTS)
    .where(ACCOUNTS.c.account_id == sa.bindparam("changed"))
    .values(
        signing_secret=sa.bindparam("secret", type_=sa.Text),
        former_secret=sa.case(
            (sa.bindparam("until", type_=sa.BigInteger).is_not(sa.null()), ACCOUNTS.c.signing_secret),
            else_=sa.literal_column("''"),
        ),
        former_until=sa.bindparam("until", type_=sa.BigInteger),
    )
    .returning(ACCOUNTS.c.account_id)
)
ADD_CAMPAIGN: Final = sa.text(
    "INSERT INTO campaigns (account_id, name, parameters, created_at, state, defaults, dialing)"
    " VALUES (:account_id, :name, :parameters, :now, :state, :defaults, :dialing)"
    " ON CONFLICT (account_id, name) DO NOTHING"
    " RETURNING campaign_id, account_id, name, parameters, state, created_at, defaults, dialing"
)
_CAMPAIGN: Final = sa.select(*CAMPAIGNS.c)
CAMPAIGN: Final = _CAMPAIGN.where(CAMPAIGNS.c.campaign_id == sa.bindparam("campaign_id"))
CAMPAIGN_BY_NAME: Final = _CAMPAIGN.where(
    CAMPAIGNS.c.account_id == sa.bindparam("account_id"), CAMPAIGNS.c.name == sa.bindparam("name")
)
CAMPAIGNS_AFTER: Final = (
    _CAMPAIGN.where(
        CAMPAIGNS.c.account_id == sa.bindparam("account_id"), CAMPAIGNS.c.campaign_id > sa.bindparam("after")
    )
    .order_by(CAMPAIGNS.c.campaign_id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
SET_DIALING: Final = (
    sa.update(CAMPAIGNS)
    .where(CAMPAIGNS.c.campaign_id == sa.bindparam("changed"))
    .values(dialing=sa.bindparam("chosen", type_=sa.Text))
    .returning(*CAMPAIGNS.c)
)
SET_CAMPAIGN_STATE: Final = (
    sa.update(CAMPAIGNS)
    .where(CAMPAIGNS.c.campaign_id == sa.bindparam("changed"))
    .values(state=sa.bindparam("after", type_=sa.Text))
    .returning(*CAMPAIGNS.c)
)

# Calls

_CALL: Final = sa.select(*_CALL_COLUMNS, _PARAMETERS)
CALL: Final = _CALL.where(CALLS.c.call_id == sa.bindparam("call_id"))
LOCK_CALL: Final = (
    sa.select(*_CALL_COLUMNS, CALLS.c.lease_owner, _PARAMETERS)
    .join_from(CALLS, ATTEMPTS, ATTEMPTS.c.call_id == CALLS.c.call_id)
    .where(ATTEMPTS.c.attempt_id == sa.bindparam("attempt_id"))
    .with_for_update(of=CALLS)
)
LOCK_CALL_ITSELF: Final = _CALL.where(CALLS.c.call_id == sa.bindparam("call_id")).with_for_update(of=CALLS)
RECENT_CALLS: Final = _CALL.order_by(CALLS.c.call_id.desc()).limit(sa.bindparam("most", type_=sa.Integer))
COUNTS: Final = sa.select(CALLS.c.state, sa.func.count().label("calls")).group_by(CALLS.c.state)
NEXT_EXPIRY: Final = sa.select(sa.func.min(CALLS.c.expires_at).label("at")).where(
    # Always true; it lets SQLite take the index of expirations.
    CALLS.c.state == _QUEUED,
    CALLS.c.expires_at > sa.literal_column("0"),
)
QUEUE_CALL: Final = (
    sa.insert(CALLS)
    .values({name: sa.bindparam(name) for name in NEW_CALL_COLUMNS})
    .returning(*_CALL_COLUMNS, _PARAMETERS)
)


def _calls_of(
    owner: sa.Column[int], *, newest: bool = False, states: Iterable[CallState] = CallState
) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """The next calls of an account or a campaign by their keys: in any of the states, and in one state.

    The index holds the keys by state, so the first takes the next ones of each state and of those the first.
    """
    here = [owner == sa.bindparam("owner")]
    here += [] if newest else [CALLS.c.call_id > sa.bindparam("after")]
    order = CALLS.c.call_id.desc() if newest else CALLS.c.call_id
    most = sa.bindparam("most", type_=sa.Integer)

    def keys(state: str) -> sa.Select[tuple[int]]:
        in_state = sa.select(CALLS.c.call_id).where(*here, CALLS.c.state == sa.literal_column(f"'{state}'"))
        return sa.select(in_state.order_by(order).limit(most).subquery().c.call_id)

    any_state = sa.union_all(*(keys(state.value) for state in states)).subquery()
    return (
        _CALL.where(CALLS.c.call_id.in_(sa.select(any_state.c.call_id))).order_by(order).limit(most),
        _CALL.where(*here, CALLS.c.state == sa.bindparam("wanted")).order_by(order).limit(most),
    )


CALLS_OF_ACCOUNT, CALLS_OF_ACCOUNT_IN = _calls_of(CALLS.c.account_id)
CALLS_OF_CAMPAIGN, CALLS_OF_CAMPAIGN_IN = _calls_of(CALLS.c.campaign_id)
NEWEST_OF_ACCOUNT, NEWEST_OF_ACCOUNT_IN = _calls_of(CALLS.c.account_id, newest=True)
NEWEST_OF_CAMPAIGN, NEWEST_OF_CAMPAIGN_IN = _calls_of(CALLS.c.campaign_id, newest=True)
_NOT_OVER: Final = tuple(state for state in CallState if not state.final)
WAITING_NUMBERS: Final = _calls_of(CALLS.c.account_id, states=_NOT_OVER)[0].with_only_columns(
    CALLS.c.call_id, CALLS.c.phone_number
)
_WITH_REFERENCE: Final = _CALL.where(
    CALLS.c.account_id == sa.bindparam("account_id"),
    CALLS.c.message_reference == sa.bindparam("reference"),
    # Always true; it lets SQLite take the index, which leaves out calls without a reference.
    CALLS.c.message_reference != sa.literal_column("''"),
    # What may be left out is compared so that no other index is tempted.
    CALLS.c.campaign_id == sa.func.coalesce(sa.bindparam("campaign_id", type_=sa.Integer), CALLS.c.campaign_id),
    CALLS.c.state == sa.func.coalesce(sa.bindparam("wanted", type_=sa.Text), CALLS.c.state),
).limit(sa.bindparam("most", type_=sa.Integer))
CALLS_BY_REFERENCE: Final = _WITH_REFERENCE.where(CALLS.c.call_id > sa.bindparam("after")).order_by(CALLS.c.call_id)
NEWEST_BY_REFERENCE: Final = _WITH_REFERENCE.order_by(CALLS.c.call_id.desc())
NUMBERS_OF_CAMPAIGN: Final = CALLS_OF_CAMPAIGN.with_only_columns(CALLS.c.call_id, CALLS.c.phone_number)
CAMPAIGN_COUNTS: Final = COUNTS.where(CALLS.c.campaign_id == sa.bindparam("campaign_id"))
_CANCELED: Final = "state = 'canceled', ended_at = :now, detail = :reason"
CANCEL_CALL: Final = sa.text(
    f"UPDATE calls SET {_CANCELED} WHERE call_id = :cancelled AND state = 'queued' RETURNING {CALL_RETURNING}"  # noqa: S608
)
# The state is asked for twice: on PostgreSQL a dialer may have claimed the call since it was chosen. The
# second time not by its bare name, for which SQLite would walk all calls in that state.
CANCEL_SOME: Final = sa.text(f"""
    UPDATE calls SET {_CANCELED}
    WHERE state || '' = 'queued' AND call_id IN (
        SELECT call_id FROM calls WHERE campaign_id = :campaign_id AND state = 'queued' ORDER BY call_id LIMIT :most
    )
    RETURNING {CALL_RETURNING}
""")  # noqa: S608
RETRY_SOME: Final = sa.text("""
    UPDATE calls SET state = 'queued', due_at = :now, attempts = 0, duration = 0, callee_type = 'unknown', detail = '',
        ended_at = NULL, expires_at = CASE WHEN expires_at <= :now THEN CAST(:expires AS BIGINT) ELSE expires_at END
    WHERE state || '' = :before AND call_id IN (
        SELECT c.call_id FROM calls AS c
        WHERE c.campaign_id = :campaign_id AND c.state = :before AND c.call_id > :after
        AND (c.expires_at IS NULL OR c.expires_at > :now OR CAST(:expires AS BIGINT) IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.call_id = c.call_id AND answered_at IS NOT NULL)
        ORDER BY c.call_id LIMIT :most
    )
    RETURNING call_id
""")
LAST_CALL: Final = sa.select(sa.func.max(CALLS.c.call_id).label("last"))
# As many rows as there are: one where the lease is the owner's.
TRANSFER: Final = (
    sa.update(CALLS)
    .where(
        CALLS.c.call_id == sa.bindparam("moved"),
        CALLS.c.state == sa.literal_column("'connected'"),
        CALLS.c.lease_owner == sa.bindparam("owner", type_=sa.Text),
    )
    .values(lease_transfer=sa.bindparam("second", type_=sa.Text))
    .returning(CALLS.c.call_id)
)
RELEASE: Final = (
    sa.update(CALLS)
    .where(
        CALLS.c.call_id == sa.bindparam("released"),
        CALLS.c.state == sa.literal_column("'dialing'"),
        CALLS.c.lease_owner == sa.bindparam("owner", type_=sa.Text),
    )
    .values(
        state=_QUEUED,
        due_at=sa.bindparam("due", type_=sa.BigInteger),
        lease_owner=sa.null(),
        lease_until=sa.null(),
        trunk=sa.literal_column("''"),
    )
    .returning(CALLS.c.call_id)
)
DIAL: Final = (
    sa.update(CALLS)
    .where(
        CALLS.c.call_id == sa.bindparam("dialled"),
        CALLS.c.state == sa.literal_column("'dialing'"),
        CALLS.c.lease_owner == sa.bindparam("owner", type_=sa.Text),
        CALLS.c.lease_until > sa.bindparam("now", type_=sa.BigInteger),
        ~sa.exists().where(ATTEMPTS.c.call_id == CALLS.c.call_id, ATTEMPTS.c.state != _ENDED).correlate(CALLS),
    )
    .values(last_attempt_at=sa.bindparam("now", type_=sa.BigInteger))
    .returning(*_CALL_COLUMNS, _PARAMETERS)
)
CONNECT: Final = (
    sa.update(CALLS)
    .where(
        ATTEMPTS.c.attempt_id == sa.bindparam("answered"),
        ATTEMPTS.c.state.in_([sa.literal_column("'intended'"), sa.literal_column("'ringing'")]),
        CALLS.c.call_id == ATTEMPTS.c.call_id,
        CALLS.c.state == sa.literal_column("'dialing'"),
        CALLS.c.lease_owner == ATTEMPTS.c.owner,
    )
    .values(state=sa.literal_column("'connected'"))
    .returning(CALLS.c.call_id)
)
CONNECTED_ALREADY: Final = (
    sa.select(ATTEMPTS.c.attempt_id)
    .join(CALLS, CALLS.c.call_id == ATTEMPTS.c.call_id)
    .where(
        ATTEMPTS.c.attempt_id == sa.bindparam("answered"),
        ATTEMPTS.c.state == sa.literal_column("'answered'"),
        CALLS.c.lease_owner == ATTEMPTS.c.owner,
    )
)
STEP: Final = (
    sa.update(CALLS)
    .where(CALLS.c.call_id == sa.bindparam("stepped"))
    .values(
        state=sa.bindparam("after", type_=sa.Text),
        due_at=sa.func.coalesce(sa.bindparam("due", type_=sa.BigInteger), CALLS.c.due_at),
        attempts=CALLS.c.attempts + sa.bindparam("counted", type_=sa.Integer),
        duration=sa.bindparam("seconds", type_=sa.Integer),
        callee_type=sa.bindparam("callee", type_=sa.Text),
        detail=sa.bindparam("reason", type_=sa.Text),
        ended_at=sa.bindparam("ended", type_=sa.BigInteger),
        lease_owner=sa.null(),
        lease_until=sa.null(),
        trunk=sa.literal_column("''"),
        lease_transfer=sa.literal_column("''"),
        tried=sa.bindparam("tried", type_=sa.Text),
    )
    .returning(*_CALL_COLUMNS, _PARAMETERS)
)
ANSWERED_ELSEWHERE: Final = (
    sa.update(CALLS)
    .where(CALLS.c.call_id == sa.bindparam("stepped"))
    .values(
        state=sa.literal_column("'failed'"),
        detail=sa.bindparam("reason", type_=sa.Text),
        ended_at=sa.bindparam("now", type_=sa.BigInteger),
        lease_owner=sa.null(),
        lease_until=sa.null(),
        trunk=sa.literal_column("''"),
    )
    .returning(*_CALL_COLUMNS, _PARAMETERS)
)
# Attempts

_NEXT_NUMBER: Final = (
    sa.select(sa.func.coalesce(sa.func.max(ATTEMPTS.c.number), sa.literal_column("0")) + sa.literal_column("1"))
    .where(ATTEMPTS.c.call_id == sa.bindparam("dialled", type_=sa.Integer))
    .scalar_subquery()
)
BEGIN_ATTEMPT: Final = (
    sa.insert(ATTEMPTS)
    .values(
        call_id=sa.bindparam("dialled", type_=sa.Integer),
        number=_NEXT_NUMBER,
        owner=sa.bindparam("owner", type_=sa.Text),
        sip_call_id=sa.bindparam("sip_call_id", type_=sa.Text),
        trunk=sa.bindparam("trunk", type_=sa.Text),
        state=sa.literal_column("'intended'"),
        started_at=sa.bindparam("started_at", type_=sa.BigInteger),
        account_id=sa.bindparam("account_id", type_=sa.Integer),
        person=sa.bindparam("person", type_=sa.Text),
    )
    .returning(*ATTEMPTS.c)
)
ATTEMPT: Final = sa.select(*ATTEMPTS.c).where(ATTEMPTS.c.attempt_id == sa.bindparam("attempt_id"))
ATTEMPTS_OF: Final = (
    sa.select(*ATTEMPTS.c).where(ATTEMPTS.c.call_id == sa.bindparam("call_id")).order_by(ATTEMPTS.c.number)
)
UNFINISHED: Final = sa.select(*ATTEMPTS.c).where(
    ATTEMPTS.c.call_id == sa.bindparam("call_id"), ATTEMPTS.c.state != _ENDED
)
RING: Final = (
    sa.update(ATTEMPTS)
    .where(ATTEMPTS.c.attempt_id == sa.bindparam("rung"), ATTEMPTS.c.state == sa.literal_column("'intended'"))
    .values(state=sa.literal_column("'ringing'"), ringing_at=sa.bindparam("now", type_=sa.BigInteger))
    .returning(ATTEMPTS.c.attempt_id)
)
ANSWER: Final = (
    sa.update(ATTEMPTS)
    .where(
        ATTEMPTS.c.attempt_id == sa.bindparam("answered"),
        ATTEMPTS.c.state.in_([sa.literal_column("'intended'"), sa.literal_column("'ringing'")]),
    )
    .values(state=sa.literal_column("'answered'"), answered_at=sa.bindparam("now", type_=sa.BigInteger))
    .returning(ATTEMPTS.c.attempt_id)
)
ANSWERED_AFTERWARDS: Final = (
    sa.update(ATTEMPTS)
    .where(ATTEMPTS.c.attempt_id == sa.bindparam("late"), ATTEMPTS.c.state == _ENDED)
    .values(answered_at=sa.bindparam("now", type_=sa.BigInteger))
    .returning(ATTEMPTS.c.attempt_id)
)
END_ATTEMPT: Final = (
    sa.update(ATTEMPTS)
    .where(ATTEMPTS.c.attempt_id == sa.bindparam("over"), ATTEMPTS.c.state != _ENDED)
    .values(
        state=_ENDED,
        ended_at=sa.bindparam("now", type_=sa.BigInteger),
        outcome=sa.bindparam("came", type_=sa.Text),
        sip_status=sa.bindparam("status", type_=sa.Integer),
        detail=sa.bindparam("reason", type_=sa.Text),
    )
    .returning(ATTEMPTS.c.attempt_id, ATTEMPTS.c.trunk)
)

# Results to deliver

_NEXT_SEQUENCE: Final = (
    sa.select(sa.func.coalesce(sa.func.max(DELIVERIES.c.sequence), sa.literal_column("0")) + sa.literal_column("1"))
    .where(DELIVERIES.c.call_id == sa.bindparam("call_id", type_=sa.Integer))
    .scalar_subquery()
)
ADD_DELIVERY: Final = sa.insert(DELIVERIES).values(
    {
        "sequence": _NEXT_SEQUENCE,
        "call_id": sa.bindparam("call_id", type_=sa.Integer),
        **{name: sa.bindparam(name) for name in ("account_id", "url", "host", "form", "state", "due_at", "created_at")},
    }
)
DELIVERY_OVER: Final = (
    sa.update(DELIVERIES)
    .where(DELIVERIES.c.delivery_id == sa.bindparam("posted"), DELIVERIES.c.state == _WAITING)
    .values(
        state=sa.bindparam("after", type_=sa.Text),
        ended_at=sa.bindparam("now", type_=sa.BigInteger),
        reason=sa.bindparam("why", type_=sa.Text),
    )
)
DELIVERY_AGAIN: Final = (
    sa.update(DELIVERIES)
    .where(DELIVERIES.c.delivery_id == sa.bindparam("posted"), DELIVERIES.c.state == _WAITING)
    .values(due_at=sa.bindparam("due", type_=sa.BigInteger), reason=sa.bindparam("why", type_=sa.Text))
)
NEXT_DELIVERY: Final = sa.select(sa.func.min(DELIVERIES.c.due_at).label("at")).where(DELIVERIES.c.state == _WAITING)

_RESULT: Final = sa.select(*DELIVERIES.c)
RESULTS_OF_CALL: Final = _RESULT.where(DELIVERIES.c.call_id == sa.bindparam("call_id")).order_by(DELIVERIES.c.sequence)
RESULT: Final = _RESULT.where(DELIVERIES.c.delivery_id == sa.bindparam("delivery_id"))


def _results_of_account() -> tuple[sa.Executable, sa.Executable]:
    """The next results of an account: in whatever state, and in one state; see `_calls_of`."""
    here = (DELIVERIES.c.account_id == sa.bindparam("owner"), DELIVERIES.c.delivery_id > sa.bindparam("after"))
    most = sa.bindparam("most", type_=sa.Integer)

    def keys(state: str) -> sa.Select[tuple[int]]:
        in_state = sa.select(DELIVERIES.c.delivery_id).where(*here, DELIVERIES.c.state == sa.literal_column(state))
        return sa.select(in_state.order_by(DELIVERIES.c.delivery_id).limit(most).subquery().c.delivery_id)

    any_state = sa.union_all(*(keys(state) for state in ("'waiting'", "'done'", "'dead'"))).subquery()
    by_key = DELIVERIES.c.delivery_id
    return (
        _RESULT.where(by_key.in_(sa.select(any_state.c.delivery_id))).order_by(by_key).limit(most),
        _RESULT.where(*here, DELIVERIES.c.state == sa.bindparam("wanted")).order_by(by_key).limit(most),
    )


RESULTS_OF_ACCOUNT, RESULTS_OF_ACCOUNT_IN = _results_of_account()
# Counted anew, so that it is tried as long as a new one.
REPLAY: Final = (
    sa.update(DELIVERIES)
    .where(DELIVERIES.c.delivery_id == sa.bindparam("replayed"), DELIVERIES.c.state != _WAITING)
    .values(
        state=_WAITING,
        due_at=sa.bindparam("now", type_=sa.BigInteger),
        attempts=sa.literal_column("0"),
        ended_at=sa.null(),
        reason=sa.literal_column("''"),
    )
)

# Keys and remembered replies

ADD_KEY: Final = (
    sa.insert(KEYS)
    .values({name: sa.bindparam(name) for name in ("account_id", "role", "key_hash", "created_at", "name")})
    .returning(KEYS.c.key_id)
)
KEY: Final = sa.select(KEYS.c.account_id, KEYS.c.role).where(KEYS.c.key_hash == sa.bindparam("key_hash"))
KEYS_OF_ACCOUNT: Final = (
    sa.select(KEYS.c.key_id, KEYS.c.role, KEYS.c.name, KEYS.c.created_at)
    .where(KEYS.c.account_id == sa.bindparam("account_id"))
    .order_by(KEYS.c.key_id)
)
REVOKE_KEY: Final = sa.delete(KEYS).where(KEYS.c.key_id == sa.bindparam("revoked"))
REVOKE_KEY_OF: Final = REVOKE_KEY.where(KEYS.c.account_id == sa.bindparam("owner")).returning(KEYS.c.key_id)
REMEMBERED: Final = sa.select(REPLIES.c.body_hash, REPLIES.c.status, REPLIES.c.reply).where(
    REPLIES.c.account_id == sa.bindparam("account_id"), REPLIES.c.key == sa.bindparam("key")
)
REMEMBER: Final = sa.text(
    "INSERT INTO replies (account_id, key, body_hash, status, reply, created_at)"
    " VALUES (:account_id, :key, :body_hash, :status, :reply, :now)"
    " ON CONFLICT (account_id, key) DO NOTHING RETURNING status"
)
FORGET: Final = (
    sa.delete(REPLIES)
    .where(REPLIES.c.created_at < sa.bindparam("instant", type_=sa.BigInteger))
    .returning(REPLIES.c.status)
)
