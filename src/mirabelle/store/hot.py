"""The hot paths, in each store's own SQL, side by side.

PostgreSQL skips rows that another transaction holds, so that many claim at once. SQLite has one writer, so that
whoever writes has everything to himself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from mirabelle.store.statements import CALL_RETURNING

_DELIVERY_RETURNING: Final = ", ".join(
    f"deliveries.{name} AS {name}"
    for name in ("delivery_id", "call_id", "sequence", "url", "form", "attempts", "due_at")
)


def _campaigns_waiting(indexed_by: str = "") -> str:
    """The campaigns with queued calls, one step through the index for each, as `_HOSTS`."""
    return f"""
        WITH RECURSIVE waiting(campaign_id) AS (
            SELECT min(campaign_id) FROM calls {indexed_by} WHERE state = 'queued'
            UNION ALL
            SELECT (
                SELECT min(c.campaign_id) FROM calls AS c {indexed_by}
                WHERE c.state = 'queued' AND c.campaign_id > waiting.campaign_id
            )
            FROM waiting WHERE waiting.campaign_id IS NOT NULL
        )
    """  # noqa: S608 - no value comes from outside


# Without statistics SQLite would rather read all that is queued.
_SQLITE_WAITING: Final = _campaigns_waiting("INDEXED BY calls_campaign_id_due_at")
_POSTGRESQL_WAITING: Final = _campaigns_waiting()
_UNPAUSED: Final = "campaign_id NOT IN (SELECT campaign_id FROM campaigns WHERE state = 'paused')"

# One step from host to host through the index, so that the cost follows the number of hosts and not of results.
_HOSTS: Final = """
    WITH RECURSIVE hosts(host) AS (
        SELECT min(host) FROM deliveries WHERE state = 'waiting'
        UNION ALL
        SELECT (SELECT min(d.host) FROM deliveries AS d WHERE d.state = 'waiting' AND d.host > hosts.host)
        FROM hosts WHERE hosts.host IS NOT NULL
    )
"""


# The calls that this transaction has loaded: those of the campaign behind the last key that was given away before.
_LOADED: Final = "SELECT call_id FROM calls WHERE campaign_id = :campaign_id AND state = 'queued' AND call_id > :before"
# On PostgreSQL others may have queued calls into the campaign meanwhile, with keys in between. They are not of our
# transaction, whose number modulo 2^32 is in each row that it wrote.
_OURS: Final = "AND xmin = CAST(CAST(txid_current() % 4294967296 AS text) AS xid)"


@dataclass(frozen=True, slots=True, kw_only=True)
class HotPaths:
    """The statements that are run all day.

    Attributes:
        claim: queued and due to dialing; `:now`, `:most`, `:owner`, `:until`. For a time without paused campaigns:
            the calls of those are passed over, but read.
        claim_unpaused: the same from campaign to campaign, so that those of a paused one are not read.
        next_due_unpaused: the earliest `due_at` of queued calls, as `at`, from campaign to campaign too.
        expire: queued and past its expiration to expired; `:now`, `:most`, `:reason`.
        recover: leases that ran out, to `:owner`; `:now`, `:most`, `:until`.
        claim_deliveries: results due; `:now`, `:most`, `:owner`, `:until`, `:per_host`, `:skip` (a JSON list).
        loaded: the keys of calls that this transaction has loaded, from the first; `:campaign_id`, `:before`, `:most`.
        last_loaded: the last of those keys; `:campaign_id`, `:before`.
    """

    claim: sa.TextClause
    claim_unpaused: sa.TextClause
    next_due_unpaused: sa.TextClause
    expire: sa.TextClause
    recover: sa.TextClause
    claim_deliveries: sa.TextClause
    loaded: sa.TextClause
    last_loaded: sa.TextClause


SQLITE: Final = HotPaths(
    claim=sa.text(f"""
        UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until
        WHERE call_id IN (
            SELECT call_id FROM calls
            WHERE state = 'queued' AND due_at <= :now AND (expires_at IS NULL OR expires_at > :now)
            AND {_UNPAUSED}
            ORDER BY due_at, call_id LIMIT :most
        )
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    claim_unpaused=sa.text(f"""
        UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until
        WHERE call_id IN (
            {_SQLITE_WAITING}
            SELECT d.call_id FROM waiting CROSS JOIN calls AS d
            WHERE d.call_id IN (
                SELECT x.call_id FROM calls AS x
                WHERE x.state = 'queued' AND x.campaign_id = waiting.campaign_id AND x.due_at <= :now
                AND (x.expires_at IS NULL OR x.expires_at > :now)
                ORDER BY x.due_at, x.call_id LIMIT :most
            )
            AND waiting.{_UNPAUSED}
            ORDER BY d.due_at, d.call_id LIMIT :most
        )
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    next_due_unpaused=sa.text(f"""
        {_SQLITE_WAITING}
        SELECT min((
            SELECT min(d.due_at) FROM calls AS d WHERE d.state = 'queued' AND d.campaign_id = waiting.campaign_id
        )) AS at
        FROM waiting WHERE waiting.{_UNPAUSED}
    """),  # noqa: S608
    expire=sa.text(f"""
        UPDATE calls SET state = 'expired', ended_at = :now, detail = :reason
        WHERE call_id IN (
            SELECT call_id FROM calls WHERE state = 'queued' AND expires_at <= :now ORDER BY expires_at LIMIT :most
        )
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    recover=sa.text(f"""
        UPDATE calls SET lease_owner = :owner, lease_until = :until
        WHERE call_id IN (SELECT call_id FROM calls WHERE lease_until <= :now ORDER BY lease_until LIMIT :most)
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    claim_deliveries=sa.text(f"""
        UPDATE deliveries SET due_at = :until, owner = :owner, attempts = attempts + 1
        WHERE delivery_id IN (
            {_HOSTS}
            SELECT d.delivery_id FROM hosts CROSS JOIN deliveries AS d
            WHERE d.delivery_id IN (
                SELECT x.delivery_id FROM deliveries AS x
                WHERE x.state = 'waiting' AND x.host = hosts.host AND x.due_at <= :now
                ORDER BY x.due_at, x.delivery_id LIMIT :per_host
            )
            AND hosts.host NOT IN (SELECT value FROM json_each(:skip))
            ORDER BY d.due_at, d.delivery_id LIMIT :most
        )
        RETURNING {_DELIVERY_RETURNING}
    """),  # noqa: S608
    loaded=sa.text(f"{_LOADED} ORDER BY call_id LIMIT :most"),
    last_loaded=sa.text(f"{_LOADED} ORDER BY call_id DESC LIMIT 1"),
)
"""SQLite's."""

POSTGRESQL: Final = HotPaths(
    claim=sa.text(f"""
        WITH due AS MATERIALIZED (
            SELECT call_id FROM calls
            WHERE state = 'queued' AND due_at <= :now AND (expires_at IS NULL OR expires_at > :now)
            AND {_UNPAUSED}
            ORDER BY due_at, call_id LIMIT :most FOR UPDATE SKIP LOCKED
        )
        UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until
        FROM due WHERE calls.call_id = due.call_id
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    claim_unpaused=sa.text(f"""
        {_POSTGRESQL_WAITING}, due AS MATERIALIZED (
            SELECT d.call_id FROM waiting CROSS JOIN LATERAL (
                SELECT x.call_id, x.due_at FROM calls AS x
                WHERE x.state = 'queued' AND x.campaign_id = waiting.campaign_id AND x.due_at <= :now
                AND (x.expires_at IS NULL OR x.expires_at > :now)
                ORDER BY x.due_at, x.call_id LIMIT :most FOR UPDATE SKIP LOCKED
            ) AS d
            WHERE waiting.{_UNPAUSED}
            ORDER BY d.due_at, d.call_id LIMIT :most
        )
        UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until
        FROM due WHERE calls.call_id = due.call_id
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    next_due_unpaused=sa.text(f"""
        {_POSTGRESQL_WAITING}
        SELECT min((
            SELECT min(d.due_at) FROM calls AS d WHERE d.state = 'queued' AND d.campaign_id = waiting.campaign_id
        )) AS at
        FROM waiting WHERE waiting.{_UNPAUSED}
    """),  # noqa: S608
    expire=sa.text(f"""
        WITH past AS MATERIALIZED (
            SELECT call_id FROM calls WHERE state = 'queued' AND expires_at <= :now
            ORDER BY expires_at LIMIT :most FOR UPDATE SKIP LOCKED
        )
        UPDATE calls SET state = 'expired', ended_at = :now, detail = :reason
        FROM past WHERE calls.call_id = past.call_id
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    recover=sa.text(f"""
        WITH lost AS MATERIALIZED (
            SELECT call_id FROM calls WHERE lease_until <= :now
            ORDER BY lease_until LIMIT :most FOR UPDATE SKIP LOCKED
        )
        UPDATE calls SET lease_owner = :owner, lease_until = :until
        FROM lost WHERE calls.call_id = lost.call_id
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    claim_deliveries=sa.text(f"""
        {_HOSTS}, due AS MATERIALIZED (
            SELECT d.delivery_id FROM hosts CROSS JOIN LATERAL (
                SELECT x.delivery_id, x.due_at FROM deliveries AS x
                WHERE x.state = 'waiting' AND x.host = hosts.host AND x.due_at <= :now
                ORDER BY x.due_at, x.delivery_id LIMIT :per_host FOR UPDATE SKIP LOCKED
            ) AS d
            WHERE hosts.host NOT IN (SELECT json_array_elements_text(CAST(:skip AS json)))
            ORDER BY d.due_at, d.delivery_id LIMIT :most
        )
        UPDATE deliveries SET due_at = :until, owner = :owner, attempts = attempts + 1
        FROM due WHERE deliveries.delivery_id = due.delivery_id
        RETURNING {_DELIVERY_RETURNING}
    """),  # noqa: S608
    loaded=sa.text(f"{_LOADED} {_OURS} ORDER BY call_id LIMIT :most"),
    last_loaded=sa.text(f"{_LOADED} {_OURS} ORDER BY call_id DESC LIMIT 1"),
)
"""PostgreSQL's."""
