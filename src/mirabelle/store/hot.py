"""The hot paths, in each store's own SQL, side by side.

PostgreSQL skips rows that another transaction holds, so that many claim at once. SQLite has one writer, so that
whoever writes has everything to himself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from mirabelle.store.statements import CALL_RETURNING

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
_SQLITE_WAITING: Final = _campaigns_waiting("INDEXED BY calls_campaign_id_priority_due_at")
_POSTGRESQL_WAITING: Final = _campaigns_waiting()


def _in_the_queue(campaign: str) -> str:
    """Whether `claim_due` takes the calls of a campaign: it is not paused and keeps no rules.

    Counted, and not asked by NOT EXISTS, which PostgreSQL would turn into a join that reads the tables of the rules.

    Args:
        campaign: the column that names it.
    """
    return f"""
        {campaign} NOT IN (SELECT campaign_id FROM campaigns WHERE state = 'paused')
        AND (SELECT count(*) FROM campaign_schedules AS s WHERE s.campaign_id = {campaign}) = 0
        AND (SELECT count(*) FROM campaign_profiles AS p WHERE p.campaign_id = {campaign}) = 0
    """  # noqa: S608


def _ruled_waiting(waiting: str, list_of: str, array: str) -> str:
    """Active campaigns with queued calls and rules, with those as JSON.

    Args:
        waiting: the campaigns with queued calls.
        list_of: the store's function that makes one JSON list of many rows.
        array: the store's function that makes a JSON object.
    """

    def kept(table: str, links: str, key: str, *columns: str) -> str:
        values = ", ".join(f"'{column}', r.{column}" for column in (key, "account_id", "name", *columns, "created_at"))
        return f"""
            SELECT {list_of}({array}({values})) FROM {links} AS l JOIN {table} AS r ON r.{key} = l.{key}
            WHERE l.campaign_id = waiting.campaign_id
        """  # noqa: S608

    return f"""
        {waiting}
        SELECT
            waiting.campaign_id AS campaign_id,
            (
                SELECT min(d.due_at) FROM calls AS d WHERE d.state = 'queued' AND d.campaign_id = waiting.campaign_id
            ) AS due_at,
            (
                SELECT count(*) FROM calls AS x
                WHERE x.campaign_id = waiting.campaign_id AND x.state IN ('dialing', 'connected')
            ) AS busy,
            CAST(coalesce(({kept("schedules", "campaign_schedules", "schedule_id", "zone", "windows")}), '[]') AS TEXT)
                AS schedules,
            CAST(
                coalesce(
                    ({kept("profiles", "campaign_profiles", "profile_id", "calls_per_second", "channels")}), '[]'
                ) AS TEXT
            ) AS profiles
        FROM waiting
        WHERE waiting.campaign_id NOT IN (SELECT campaign_id FROM campaigns WHERE state = 'paused')
        AND (
            (SELECT count(*) FROM campaign_schedules AS s WHERE s.campaign_id = waiting.campaign_id)
            + (SELECT count(*) FROM campaign_profiles AS p WHERE p.campaign_id = waiting.campaign_id)
        ) > 0
        ORDER BY waiting.campaign_id
    """  # noqa: S608


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
        claim: queued and due to dialing; `:now`, `:most`, `:owner`, `:until`. For a time without campaigns that are
            paused or keep rules: the calls of those are passed over, but read.
        claim_around: the same from campaign to campaign, so that the calls of those are not read.
        next_due_around: the earliest `due_at` of queued calls, as `at`, from campaign to campaign too.
        claim_campaign: as `claim`, of the one campaign `:campaign_id`, whatever it keeps.
        ruled_waiting: the active campaigns with queued calls that keep rules; see `mirabelle.store.rows.ruled_of`.
        expire: queued and past its expiration to expired; `:now`, `:most`, `:reason`.
        recover: leases that ran out, to `:owner`; `:now`, `:most`, `:until`.
        claim_deliveries: results due; `:now`, `:most`, `:owner`, `:until`, `:per_host`, `:skip` (a JSON list).
        settings: of accounts; `:accounts` (a JSON list).
        extras: what results may tell beside their calls; `:calls` (a JSON list).
        loaded: the keys of calls that this transaction has loaded, from the first; `:campaign_id`, `:before`, `:most`.
        last_loaded: the last of those keys; `:campaign_id`, `:before`.
    """

    claim: sa.TextClause
    claim_around: sa.TextClause
    next_due_around: sa.TextClause
    claim_campaign: sa.TextClause
    ruled_waiting: sa.TextClause
    expire: sa.TextClause
    recover: sa.TextClause
    claim_deliveries: sa.TextClause
    settings: sa.TextClause
    extras: sa.TextClause
    loaded: sa.TextClause
    last_loaded: sa.TextClause


SQLITE: Final = HotPaths(
    claim=sa.text(f"""
        UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until
        WHERE call_id IN (
            SELECT call_id FROM calls
            WHERE state = 'queued' AND due_at <= :now AND (expires_at IS NULL OR expires_at > :now)
            AND {_in_the_queue("calls.campaign_id")}
            ORDER BY due_at, call_id LIMIT :most
        )
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    claim_around=sa.text(f"""
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
            AND {_in_the_queue("waiting.campaign_id")}
            ORDER BY d.due_at, d.call_id LIMIT :most
        )
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    next_due_around=sa.text(f"""
        {_SQLITE_WAITING}
        SELECT min((
            SELECT min(d.due_at) FROM calls AS d WHERE d.state = 'queued' AND d.campaign_id = waiting.campaign_id
        )) AS at
        FROM waiting WHERE {_in_the_queue("waiting.campaign_id")}
    """),  # noqa: S608
    claim_campaign=sa.text(f"""
        UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until
        WHERE call_id IN (
            SELECT call_id FROM calls
            WHERE state = 'queued' AND campaign_id = :campaign_id AND due_at <= :now
            AND (expires_at IS NULL OR expires_at > :now)
            ORDER BY due_at, call_id LIMIT :most
        )
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    ruled_waiting=sa.text(_ruled_waiting(_SQLITE_WAITING, "json_group_array", "json_object")),
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
    settings=_settings_of("SELECT value FROM json_each(:accounts)"),
    extras=_extras_of("SELECT value FROM json_each(:calls)"),
    loaded=sa.text(f"{_LOADED} ORDER BY call_id LIMIT :most"),
    last_loaded=sa.text(f"{_LOADED} ORDER BY call_id DESC LIMIT 1"),
)
"""SQLite's."""

POSTGRESQL: Final = HotPaths(
    claim=sa.text(f"""
        WITH due AS MATERIALIZED (
            SELECT call_id FROM calls
            WHERE state = 'queued' AND due_at <= :now AND (expires_at IS NULL OR expires_at > :now)
            AND {_in_the_queue("calls.campaign_id")}
            ORDER BY due_at, call_id LIMIT :most FOR UPDATE SKIP LOCKED
        )
        UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until
        FROM due WHERE calls.call_id = due.call_id
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    claim_around=sa.text(f"""
        {_POSTGRESQL_WAITING}, due AS MATERIALIZED (
            SELECT d.call_id FROM waiting CROSS JOIN LATERAL (
                SELECT x.call_id, x.due_at FROM calls AS x
                WHERE x.state = 'queued' AND x.campaign_id = waiting.campaign_id AND x.due_at <= :now
                AND (x.expires_at IS NULL OR x.expires_at > :now)
                ORDER BY x.due_at, x.call_id LIMIT :most FOR UPDATE SKIP LOCKED
            ) AS d
            WHERE {_in_the_queue("waiting.campaign_id")}
            ORDER BY d.due_at, d.call_id LIMIT :most
        )
        UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until
        FROM due WHERE calls.call_id = due.call_id
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    next_due_around=sa.text(f"""
        {_POSTGRESQL_WAITING}
        SELECT min((
            SELECT min(d.due_at) FROM calls AS d WHERE d.state = 'queued' AND d.campaign_id = waiting.campaign_id
        )) AS at
        FROM waiting WHERE {_in_the_queue("waiting.campaign_id")}
    """),  # noqa: S608
    claim_campaign=sa.text(f"""
        WITH due AS MATERIALIZED (
            SELECT call_id FROM calls
            WHERE state = 'queued' AND campaign_id = :campaign_id AND due_at <= :now
            AND (expires_at IS NULL OR expires_at > :now)
            ORDER BY due_at, call_id LIMIT :most FOR UPDATE SKIP LOCKED
        )
        UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until
        FROM due WHERE calls.call_id = due.call_id
        RETURNING {CALL_RETURNING}
    """),  # noqa: S608
    ruled_waiting=sa.text(_ruled_waiting(_POSTGRESQL_WAITING, "json_agg", "json_build_object")),
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
    settings=_settings_of("SELECT CAST(json_array_elements_text(CAST(:accounts AS json)) AS integer)"),
    extras=_extras_of("SELECT CAST(json_array_elements_text(CAST(:calls AS json)) AS integer)"),
    loaded=sa.text(f"{_LOADED} {_OURS} ORDER BY call_id LIMIT :most"),
    last_loaded=sa.text(f"{_LOADED} {_OURS} ORDER BY call_id DESC LIMIT 1"),
)
"""PostgreSQL's."""
