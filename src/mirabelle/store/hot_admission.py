"""What an admission asks of each store, in its own SQL; see `mirabelle.store.admission_steps`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from mirabelle.store.statements import CALL_RETURNING

_INDEX: Final = "INDEXED BY calls_campaign_id_priority_due_at"
_NEXT: Final = "(n.campaign_id, n.priority) > (waiting.campaign_id, waiting.priority)"
_IN_ORDER: Final = "ORDER BY n.campaign_id, n.priority, n.due_at, n.call_id LIMIT 1"


def _first_due(indexed_by: str = "") -> str:
    """What the first due calls belong to, and when the next call is due that is not due yet.

    Args:
        indexed_by: without statistics SQLite would rather read all that is queued.
    """
    return f"""
        SELECT f.campaign_id AS campaign_id, f.priority AS priority, count(*) AS calls, NULL AS due_at
        FROM (
            SELECT c.campaign_id AS campaign_id, c.priority AS priority FROM calls AS c {indexed_by}
            WHERE c.state = 'queued' AND c.due_at <= :now ORDER BY c.due_at LIMIT :most
        ) AS f
        GROUP BY f.campaign_id, f.priority
        UNION ALL
        SELECT NULL, NULL, 0, (
            SELECT min(c.due_at) FROM calls AS c {indexed_by} WHERE c.state = 'queued' AND c.due_at > :now
        )
    """  # noqa: S608 - no value comes from outside


def _waiting(following: str) -> str:
    """The pairs of active campaign and priority that have queued calls, with the earliest due time of each.

    One step through the index from pair to pair, so that the cost follows their number and not that of calls.

    Args:
        following: from `waiting`, the first call of the next pair as `n`.
    """
    return f"""
        WITH RECURSIVE waiting(campaign_id, priority, due_at) AS (
            SELECT 0, CAST(0 AS SMALLINT), CAST(0 AS BIGINT)
            UNION ALL
            SELECT n.campaign_id, n.priority, n.due_at FROM {following}
        )
        SELECT campaign_id, priority, due_at FROM waiting
        WHERE campaign_id > 0 AND campaign_id NOT IN (SELECT campaign_id FROM campaigns WHERE state = 'paused')
    """  # noqa: S608


def _facts(campaigns: str, list_of: str, json_object: str) -> str:
    """What campaigns that are not paused keep, and what their accounts say.

    Args:
        campaigns: lists the keys.
        list_of: the store's function that makes one JSON list of many rows.
        json_object: the store's function that makes a JSON object.
    """

    def kept(table: str, links: str, key: str, *columns: str) -> str:
        values = ", ".join(f"'{column}', r.{column}" for column in (key, "account_id", "name", *columns, "created_at"))
        return f"""
            SELECT {list_of}({json_object}({values})) FROM {links} AS l JOIN {table} AS r ON r.{key} = l.{key}
            WHERE l.campaign_id = m.campaign_id
        """  # noqa: S608

    schedules = kept("schedules", "campaign_schedules", "schedule_id", "zone", "windows")
    profiles = kept("profiles", "campaign_profiles", "profile_id", "calls_per_second", "channels")
    return f"""
        SELECT m.campaign_id AS campaign_id, m.account_id AS account_id, m.name AS name, m.state AS state,
            m.dialing AS dialing, a.settings AS settings,
            CAST(coalesce(({schedules}), '[]') AS TEXT) AS schedules,
            CAST(coalesce(({profiles}), '[]') AS TEXT) AS profiles
        FROM campaigns AS m JOIN accounts AS a ON a.account_id = m.account_id
        WHERE m.campaign_id IN ({campaigns}) AND m.state <> 'paused'
    """  # noqa: S608


_TAKE: Final = "UPDATE calls SET state = 'dialing', lease_owner = :owner, lease_until = :until, trunk ="
_PACE: Final = {
    "name": "text",
    "tokens": "double precision",
    "at": "bigint",
    "factor": "double precision",
    "slowed_at": "bigint",
    "blocked_until": "bigint",
    "passed": "double precision",
}


def _save_paces(values: str, source: str) -> sa.TextClause:
    """Keeps paces, those that were kept before too.

    Args:
        values: one row's.
        source: all of them.
    """
    changed = ", ".join(f"{name} = excluded.{name}" for name in _PACE if name != "name")
    return sa.text(
        f"INSERT INTO paces ({', '.join(_PACE)}) SELECT {values} FROM {source}"  # noqa: S608
        f" ON CONFLICT (name) DO UPDATE SET {changed}"
    )


_DUE: Final = "x.state = 'queued' AND x.due_at <= :now AND (x.expires_at IS NULL OR x.expires_at > :now)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionPaths:
    """The statements.

    Attributes:
        lock: keeps admissions of a fleet apart until the transaction ends.
        first_due: campaigns and priorities of the first `:most` due calls, with how many of those each has; and, in a row
            without a campaign, when the next call is due after `:now`, which may be null.
        waiting: active campaigns and priorities with queued calls, and the earliest due time of each.
        facts: what active campaigns keep and their accounts say; `:campaigns` (a JSON list).
        due: the first due calls of pairs of campaign and priority; `:wanted` (a JSON list of pairs), `:most` for each.
        paces: by name; `:names` (a JSON list).
        take: puts queued calls under a lease; `:taken` (a JSON list of pairs of call and trunk), `:owner`, `:until`.
        save_paces: keeps paces; `:paces` (a JSON list of objects with the columns).
        do_not_call: entries under the keys of accounts; `:keys` (a JSON list of pairs of account and key).
        reached: attempts to reach people; `:people` (a JSON list of pairs of account and person), `:since`.
    """

    lock: sa.TextClause
    first_due: sa.TextClause
    waiting: sa.TextClause
    facts: sa.TextClause
    due: sa.TextClause
    paces: sa.TextClause
    take: sa.TextClause
    save_paces: sa.TextClause
    do_not_call: sa.TextClause
    reached: sa.TextClause


SQLITE: Final = AdmissionPaths(
    # Whoever writes has everything to himself.
    lock=sa.text("SELECT 1 AS locked"),
    first_due=sa.text(_first_due("INDEXED BY calls_state_due_at")),
    waiting=sa.text(
        _waiting(f"""
            waiting CROSS JOIN calls AS n WHERE n.call_id = (
                SELECT n.call_id FROM calls AS n {_INDEX} WHERE n.state = 'queued' AND {_NEXT} {_IN_ORDER}
            )
        """)  # noqa: S608
    ),
    facts=sa.text(_facts("SELECT value FROM json_each(:campaigns)", "json_group_array", "json_object")),
    due=sa.text(f"""
        SELECT {CALL_RETURNING} FROM json_each(:wanted) AS w CROSS JOIN calls
        WHERE calls.call_id IN (
            SELECT x.call_id FROM calls AS x {_INDEX}
            WHERE x.campaign_id = json_extract(w.value, '$[0]') AND x.priority = json_extract(w.value, '$[1]')
            AND {_DUE} ORDER BY x.due_at, x.call_id LIMIT :most
        )
    """),  # noqa: S608
    paces=sa.text("SELECT paces.* FROM json_each(:names) AS n CROSS JOIN paces WHERE paces.name = n.value"),
    take=sa.text(f"""
        {_TAKE} json_extract(t.value, '$[1]') FROM json_each(:taken) AS t
        WHERE calls.call_id = json_extract(t.value, '$[0]') AND calls.state || '' = 'queued'
    """),  # noqa: S608
    save_paces=_save_paces(", ".join(f"json_extract(value, '$.{name}')" for name in _PACE), "json_each(:paces) WHERE true"),
    do_not_call=sa.text("""
        SELECT d.account_id AS account_id, d.campaign_id AS campaign_id, d.pattern AS pattern
        FROM json_each(:keys) AS k CROSS JOIN do_not_call AS d
        WHERE d.account_id = json_extract(k.value, '$[0]') AND d.pattern = json_extract(k.value, '$[1]')
    """),
    reached=sa.text("""
        SELECT a.account_id AS account_id, a.person AS person, a.started_at AS started_at, a.answered_at AS answered_at
        FROM json_each(:people) AS who CROSS JOIN attempts AS a INDEXED BY attempts_account_id_person
        WHERE a.account_id = json_extract(who.value, '$[0]') AND a.person = json_extract(who.value, '$[1]')
        AND a.person <> '' AND a.started_at > :since
    """),
)
"""SQLite's."""

POSTGRESQL: Final = AdmissionPaths(
    # `Admitted` in ASCII; migrations have a lock of their own.
    lock=sa.text(f"SELECT pg_advisory_xact_lock({0x41646D6974746564}) IS NULL AS locked"),
    first_due=sa.text(_first_due()),
    waiting=sa.text(
        _waiting(f"""
            waiting CROSS JOIN LATERAL (
                SELECT n.campaign_id, n.priority, n.due_at FROM calls AS n
                WHERE n.state = 'queued' AND {_NEXT} {_IN_ORDER}
            ) AS n
        """)  # noqa: S608
    ),
    facts=sa.text(
        _facts(
            "SELECT CAST(json_array_elements_text(CAST(:campaigns AS json)) AS integer)",
            "json_agg",
            "json_build_object",
        )
    ),
    # Not by their keys joined to the table: not knowing how few there are, the planner would read all of it.
    due=sa.text(f"""
        SELECT due.* FROM json_array_elements(CAST(:wanted AS json)) AS w CROSS JOIN LATERAL (
            SELECT {CALL_RETURNING} FROM calls
            WHERE calls.campaign_id = CAST(w ->> 0 AS integer) AND calls.priority = CAST(w ->> 1 AS smallint)
            AND {_DUE.replace("x.", "calls.")} ORDER BY calls.due_at, calls.call_id LIMIT :most FOR UPDATE SKIP LOCKED
        ) AS due
    """),  # noqa: S608
    paces=sa.text(
        "SELECT paces.* FROM json_array_elements_text(CAST(:names AS json)) AS n JOIN paces ON paces.name = n"
    ),
    take=sa.text(f"""
        {_TAKE} t ->> 1 FROM json_array_elements(CAST(:taken AS json)) AS t
        WHERE calls.call_id = CAST(t ->> 0 AS integer) AND calls.state = 'queued'
    """),  # noqa: S608
    save_paces=_save_paces(
        ", ".join(f"p.{name}" for name in _PACE),
        f"json_to_recordset(CAST(:paces AS json)) AS p({', '.join(f'{name} {kind}' for name, kind in _PACE.items())})",
    ),
    do_not_call=sa.text("""
        SELECT d.account_id AS account_id, d.campaign_id AS campaign_id, d.pattern AS pattern
        FROM json_array_elements(CAST(:keys AS json)) AS k
        JOIN do_not_call AS d ON d.account_id = CAST(k ->> 0 AS integer) AND d.pattern = k ->> 1
    """),
    reached=sa.text("""
        SELECT a.account_id AS account_id, a.person AS person, a.started_at AS started_at, a.answered_at AS answered_at
        FROM json_array_elements(CAST(:people AS json)) AS who
        JOIN attempts AS a ON a.account_id = CAST(who ->> 0 AS integer) AND a.person = who ->> 1
        WHERE a.person <> '' AND a.started_at > :since
    """),
)
"""PostgreSQL's."""
