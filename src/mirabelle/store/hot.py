"""The hot paths, in each store's own SQL, side by side.

PostgreSQL skips rows that another transaction holds, so that many claim at once. SQLite has one writer, so that
whoever writes has everything to himself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from mirabelle.store import hot_admission
from mirabelle.store.hot_admission import AdmissionPaths
from mirabelle.store.statements import CALL_RETURNING

# A call that a gate holds back is looked at again and again; only where the reason is another is there news.
_NEWS: Final = """
    WHERE NOT EXISTS (
        SELECT 1 FROM (
            SELECT a.decision, a.reason FROM audit AS a WHERE a.call_id = h.call_id ORDER BY a.audit_id DESC LIMIT 1
        ) AS last WHERE last.decision = 'held' AND last.reason = h.reason
    )
"""


def _note_held(held: str) -> sa.TextClause:
    """Write into the audit that calls are held, where that is news.

    Args:
        held: lists `call_id`, `reason` and `detail` as `h`.
    """
    return sa.text(f"""
        INSERT INTO audit (at, owner, call_id, decision, reason, detail)
        SELECT CAST(:at AS BIGINT), CAST(:owner AS TEXT), h.call_id, 'held', h.reason, h.detail FROM {held} {_NEWS}
    """)  # noqa: S608


_ITS_ACCOUNT: Final = "FROM accounts WHERE accounts.account_id = deliveries.account_id"
_DELIVERY_RETURNING: Final = ", ".join(
    [
        *(
            f"deliveries.{name} AS {name}"
            for name in ("delivery_id", "call_id", "sequence", "url", "form", "attempts", "due_at")
        ),
        f"(SELECT signing_secret {_ITS_ACCOUNT}) AS signing_secret",
        f"(SELECT former_secret {_ITS_ACCOUNT} AND former_until > :now) AS former_secret",
    ]
)


# One step from host to host through the index, so that the cost follows the number of hosts and not of results.
_HOSTS: Final = """
    WITH RECURSIVE hosts(host) AS (
        SELECT min(host) FROM deliveries WHERE state = 'waiting'
        UNION ALL
        SELECT (SELECT min(d.host) FROM deliveries AS d WHERE d.state = 'waiting' AND d.host > hosts.host)
        FROM hosts WHERE hosts.host IS NOT NULL
    )
"""


def _settings_of(accounts: str) -> sa.TextClause:
    """The settings of accounts that a statement lists."""
    return sa.text(f"SELECT account_id, settings FROM accounts WHERE account_id IN ({accounts})")  # noqa: S608


def _renew(calls: str) -> sa.TextClause:
    """Leases of an owner on calls that a statement lists."""
    return sa.text(f"""
        UPDATE calls SET lease_until = :until
        WHERE call_id IN ({calls}) AND lease_owner = :owner AND lease_until > 0
        RETURNING call_id
    """)  # noqa: S608


def _extras_of(calls: str) -> sa.TextClause:
    """What results of calls that a statement lists may tell beside those calls.

    Their last attempts, but none that the result before has told of.
    """
    return sa.text(f"""
        SELECT c.call_id, m.name AS campaign_name, a.outcome, a.sip_status, a.answered_at,
            (SELECT coalesce(max(d.sequence), 0) + 1 FROM deliveries AS d WHERE d.call_id = c.call_id) AS sequence
        FROM calls AS c JOIN campaigns AS m ON m.campaign_id = c.campaign_id
        LEFT JOIN attempts AS a ON a.call_id = c.call_id
            AND a.number = (SELECT max(x.number) FROM attempts AS x WHERE x.call_id = c.call_id)
            AND a.started_at >= (
                SELECT coalesce(max(d.created_at), 0) FROM deliveries AS d WHERE d.call_id = c.call_id
            )
        WHERE c.call_id IN ({calls})
    """)  # noqa: S608


# The calls that this transaction has loaded: those of the campaign behind the last key that was given away before.
_LOADED: Final = "SELECT call_id FROM calls WHERE campaign_id = :campaign_id AND state = 'queued' AND call_id > :before"
# On PostgreSQL others may have queued calls into the campaign meanwhile, with keys in between. They are not of our
# transaction, whose number modulo 2^32 is in each row that it wrote.
_OURS: Final = "AND xmin = CAST(CAST(txid_current() % 4294967296 AS text) AS xid)"


@dataclass(frozen=True, slots=True, kw_only=True)
class HotPaths:
    """The statements that are run all day.

    Attributes:
        admission: what an admission asks.
        seal_lock: keeps those apart that seal the audit, until the transaction ends; `locked` is whether we may.
        note_held: calls that are held, into the audit; `:at`, `:owner`, `:held` (a JSON list of objects).
        expire: queued and past its expiration to expired; `:now`, `:most`, `:reason`.
        renew: leases of `:owner` on calls; `:calls` (a JSON list), `:until`.
        recover: leases that ran out, to `:owner`; `:now`, `:most`, `:until`.
        claim_deliveries: results due; `:now`, `:most`, `:owner`, `:until`, `:per_host`, `:skip` (a JSON list).
        settings: of accounts; `:accounts` (a JSON list).
        extras: what results may tell beside their calls; `:calls` (a JSON list).
        loaded: the keys of calls that this transaction has loaded, from the first; `:campaign_id`, `:before`, `:most`.
        last_loaded: the last of those keys; `:campaign_id`, `:before`.
    """

    admission: AdmissionPaths
    seal_lock: sa.TextClause
    note_held: sa.TextClause
    expire: sa.TextClause
    renew: sa.TextClause
    recover: sa.TextClause
    claim_deliveries: sa.TextClause
    settings: sa.TextClause
    extras: sa.TextClause
    loaded: sa.TextClause
    last_loaded: sa.TextClause


SQLITE: Final = HotPaths(
    admission=hot_admission.SQLITE,
    # Whoever writes has everything to himself.
    seal_lock=sa.text("SELECT 1 AS locked"),
    note_held=_note_held("""(
        SELECT json_extract(value, '$.call_id') AS call_id, json_extract(value, '$.reason') AS reason,
            json_extract(value, '$.detail') AS detail
        FROM json_each(:held)
    ) AS h"""),
    expire=sa.text(f"""
        UPDATE calls SET state = 'expired', ended_at = :now, detail = :reason
        WHERE call_id IN (
            SELECT call_id FROM calls WHERE state = 'queued' AND expires_at <= :now ORDER BY expires_at LIMIT :most
        )
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    renew=_renew("SELECT value FROM json_each(:calls)"),
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
    settings=_settings_of("SELECT value FROM json_each(:accounts)"),
    extras=_extras_of("SELECT value FROM json_each(:calls)"),
    loaded=sa.text(f"{_LOADED} ORDER BY call_id LIMIT :most"),
    last_loaded=sa.text(f"{_LOADED} ORDER BY call_id DESC LIMIT 1"),
)
"""SQLite's."""

POSTGRESQL: Final = HotPaths(
    admission=hot_admission.POSTGRESQL,
    # `Sealing!` in ASCII.
    seal_lock=sa.text(f"SELECT pg_try_advisory_xact_lock({0x5365616C696E6721}) AS locked"),
    note_held=_note_held("json_to_recordset(CAST(:held AS json)) AS h(call_id integer, reason text, detail text)"),
    expire=sa.text(f"""
        WITH past AS MATERIALIZED (
            SELECT call_id FROM calls WHERE state = 'queued' AND expires_at <= :now
            ORDER BY expires_at LIMIT :most FOR UPDATE SKIP LOCKED
        )
        UPDATE calls SET state = 'expired', ended_at = :now, detail = :reason
        FROM past WHERE calls.call_id = past.call_id
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    renew=_renew("SELECT CAST(json_array_elements_text(CAST(:calls AS json)) AS integer)"),
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
    settings=_settings_of("SELECT CAST(json_array_elements_text(CAST(:accounts AS json)) AS integer)"),
    extras=_extras_of("SELECT CAST(json_array_elements_text(CAST(:calls AS json)) AS integer)"),
    loaded=sa.text(f"{_LOADED} {_OURS} ORDER BY call_id LIMIT :most"),
    last_loaded=sa.text(f"{_LOADED} {_OURS} ORDER BY call_id DESC LIMIT 1"),
)
"""PostgreSQL's."""
