"""What an admission asks of each store, in its own SQL; see `mirabelle.store.admission_steps`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from mirabelle.store.statements import CALL_RETURNING

_INDEX: Final = "INDEXED BY calls_campaign_id_priority_due_at"
_AS_DUE: Final = "ORDER BY n.campaign_id, n.priority, n.due_at, n.call_id LIMIT 1"


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


def _facts(where: str, list_of: str, json_object: str) -> str:
    """What campaigns keep, and what their accounts say.

    Args:
        where: which of them, `m`, and how their rows are locked.
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
        WHERE m.campaign_id {where}
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


_ADD_DO_NOT_CALL: Final = "INSERT INTO do_not_call (account_id, campaign_id, pattern, reason, created_at)"
_ONCE: Final = "ON CONFLICT (account_id, pattern, campaign_id) DO NOTHING RETURNING entry_id"
_REMOVE_DO_NOT_CALL: Final = (
    "DELETE FROM do_not_call WHERE account_id = :account_id AND campaign_id = :campaign_id AND pattern IN"
)
# One row, under a key that is known, so that it costs no more than the campaign alone.
_DIALLED: Final = "= (SELECT c.campaign_id FROM calls AS c WHERE c.call_id = :call_id)"
_DUE: Final = "x.state = 'queued' AND x.due_at <= :now AND (x.expires_at IS NULL OR x.expires_at > :now)"


def _before(indexed_by: str = "") -> str:
    return f"""
        SELECT count(*) AS calls FROM (
            SELECT x.call_id FROM calls AS x {indexed_by}
            WHERE x.state = 'queued' AND x.campaign_id = :campaign_id AND x.priority = :priority AND x.due_at <= :due
            AND (x.due_at < :due OR x.call_id < :call_id) LIMIT :most
        ) AS waiting
    """  # noqa: S608 - no value comes from outside


def _earliest(indexed_by: str = "") -> str:
    return f"""
        SELECT min(x.due_at) AS due_at FROM calls AS x {indexed_by}
        WHERE x.state = 'queued' AND x.campaign_id = :campaign_id AND x.priority = :priority
    """  # noqa: S608 - no value comes from outside


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionPaths:
    """The statements.

    Attributes:
        lock: keeps admissions of a fleet apart until the transaction ends.
        next_due: when the first queued call is due, which may be null; where that is not after `:now`, with the lock.
        first_due: campaigns and priorities of the first `:most` due calls, with how many of those each has; and, in a
            row without a campaign, when the next call is due after `:now`, which may be null.
        waiting: active campaigns and priorities with queued calls, and the earliest due time of each.
        facts: what campaigns keep and their accounts say; `:campaigns` (a JSON list).
        dialled: the same of the campaign of a call, `:call_id`; the campaign is locked, so that a pause waits for the
            intents that were begun before it, and its reply comes after them.
        person: keeps dials of one person apart until the transaction ends; `:person`.
        before: calls of a campaign that are due before another, of one priority; `:campaign_id`, `:priority`, `:due`,
            `:call_id`, `:most`.
        earliest: the earliest due time of a campaign's queued calls of one priority; `:campaign_id`, `:priority`.
        due: the first due calls of pairs of campaign and priority; `:wanted` (a JSON list of pairs), `:most` for each.
        paces: by name; `:names` (a JSON list).
        take: puts queued calls under a lease; `:taken` (a JSON list of pairs of call and trunk), `:owner`, `:until`.
        save_paces: keeps paces; `:paces` (a JSON list of objects with the columns).
        do_not_call: entries under the keys of accounts; `:keys` (a JSON list of pairs of account and key).
        add_do_not_call: new entries of an account, those that are there already left out; `:account_id`, `:entries` (a
            JSON list of triples of key, campaign or 0, and reason), `:now`.
        remove_do_not_call: entries of an account with these keys; `:account_id`, `:campaign_id` or 0, `:keys` (a JSON
            list).
        reached: attempts to reach people; `:people` (a JSON list of pairs of account and person), `:since`.
    """

    lock: sa.TextClause
    next_due: sa.TextClause
    first_due: sa.TextClause
    waiting: sa.TextClause
    facts: sa.TextClause
    dialled: sa.TextClause
    person: sa.TextClause
    before: sa.TextClause
    earliest: sa.TextClause
    due: sa.TextClause
    paces: sa.TextClause
    take: sa.TextClause
    save_paces: sa.TextClause
    do_not_call: sa.TextClause
    add_do_not_call: sa.TextClause
    remove_do_not_call: sa.TextClause
    reached: sa.TextClause


_NEXT_DUE: Final = "SELECT min(due_at) AS at FROM calls WHERE state = 'queued'"

SQLITE: Final = AdmissionPaths(
    # Whoever writes has everything to himself.
    lock=sa.text("SELECT 1 AS locked"),
    next_due=sa.text(f"{_NEXT_DUE} AND :now > 0"),
    first_due=sa.text(_first_due("INDEXED BY calls_state_due_at")),
    # Of a pair that is compared as a whole, SQLite looks for the first half only.
    waiting=sa.text(
        _waiting(f"""
            waiting CROSS JOIN calls AS n WHERE n.call_id = coalesce(
                (
                    SELECT n.call_id FROM calls AS n {_INDEX} WHERE n.state = 'queued'
                    AND n.campaign_id = waiting.campaign_id AND n.priority > waiting.priority {_AS_DUE}
                ),
                (
                    SELECT n.call_id FROM calls AS n {_INDEX} WHERE n.state = 'queued'
                    AND n.campaign_id > waiting.campaign_id {_AS_DUE}
                )
            )
        """)  # noqa: S608
    ),
    facts=sa.text(_facts("IN (SELECT value FROM json_each(:campaigns))", "json_group_array", "json_object")),
    dialled=sa.text(_facts(_DIALLED, "json_group_array", "json_object")),
    person=sa.text("SELECT :person IS NULL AS locked"),
    before=sa.text(_before(_INDEX)),
    earliest=sa.text(_earliest(_INDEX)),
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
    """),
    save_paces=_save_paces(
        ", ".join(f"json_extract(value, '$.{name}')" for name in _PACE), "json_each(:paces) WHERE true"
    ),
    do_not_call=sa.text("""
        SELECT d.entry_id AS entry_id, d.account_id AS account_id, d.campaign_id AS campaign_id, d.pattern AS pattern,
            d.reason AS reason, d.created_at AS created_at
        FROM json_each(:keys) AS k CROSS JOIN do_not_call AS d
        WHERE d.account_id = json_extract(k.value, '$[0]') AND d.pattern = json_extract(k.value, '$[1]')
    """),
    add_do_not_call=sa.text(f"""
        {_ADD_DO_NOT_CALL}
        SELECT :account_id, json_extract(e.value, '$[1]'), json_extract(e.value, '$[0]'), json_extract(e.value, '$[2]'),
            :now
        FROM json_each(:entries) AS e WHERE true {_ONCE}
    """),  # noqa: S608
    remove_do_not_call=sa.text(f"""
        {_REMOVE_DO_NOT_CALL} (SELECT value FROM json_each(:keys)) RETURNING entry_id
    """),  # noqa: S608
    reached=sa.text("""
        SELECT a.account_id AS account_id, a.person AS person, a.started_at AS started_at, a.answered_at AS answered_at
        FROM json_each(:people) AS who CROSS JOIN attempts AS a INDEXED BY attempts_account_id_person
        WHERE a.account_id = json_extract(who.value, '$[0]') AND a.person = json_extract(who.value, '$[1]')
        AND a.person <> '' AND a.started_at > :since
    """),
)
"""SQLite's."""

# `Admitted` in ASCII; migrations have a lock of their own.
_LOCK: Final = f"pg_advisory_xact_lock({0x41646D6974746564}) IS NULL"

POSTGRESQL: Final = AdmissionPaths(
    lock=sa.text(f"SELECT {_LOCK} AS locked"),
    # In one statement, which one who waits for the lock does not see the others' work in; the next one does.
    next_due=sa.text(f"""
        SELECT at, CASE WHEN at <= :now THEN {_LOCK} END AS locked FROM ({_NEXT_DUE}) AS n
    """),  # noqa: S608
    first_due=sa.text(_first_due()),
    waiting=sa.text(
        _waiting(f"""
            waiting CROSS JOIN LATERAL (
                SELECT n.campaign_id, n.priority, n.due_at FROM calls AS n
                WHERE n.state = 'queued' AND (n.campaign_id, n.priority) > (waiting.campaign_id, waiting.priority)
                {_AS_DUE}
            ) AS n
        """)  # noqa: S608
    ),
    facts=sa.text(
        _facts(
            "IN (SELECT CAST(json_array_elements_text(CAST(:campaigns AS json)) AS integer))",
            "json_agg",
            "json_build_object",
        )
    ),
    # Not by their keys joined to the table: not knowing how few there are, the planner would read all of it.
    dialled=sa.text(_facts(f"{_DIALLED} FOR SHARE OF m", "json_agg", "json_build_object")),
    # `Person` in ASCII, cut to 32 bits, beside the number's hash: apart from the locks under one key of 64 bits.
    person=sa.text(f"SELECT pg_advisory_xact_lock({0x50657273}, hashtext(:person)) IS NULL AS locked"),
    before=sa.text(_before()),
    earliest=sa.text(_earliest()),
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
    """),
    save_paces=_save_paces(
        ", ".join(f"p.{name}" for name in _PACE),
        f"json_to_recordset(CAST(:paces AS json)) AS p({', '.join(f'{name} {kind}' for name, kind in _PACE.items())})",
    ),
    do_not_call=sa.text("""
        SELECT d.entry_id AS entry_id, d.account_id AS account_id, d.campaign_id AS campaign_id, d.pattern AS pattern,
            d.reason AS reason, d.created_at AS created_at
        FROM json_array_elements(CAST(:keys AS json)) AS k
        JOIN do_not_call AS d ON d.account_id = CAST(k ->> 0 AS integer) AND d.pattern = k ->> 1
    """),
    add_do_not_call=sa.text(f"""
        {_ADD_DO_NOT_CALL}
        SELECT CAST(:account_id AS integer), CAST(e ->> 1 AS integer), e ->> 0, e ->> 2, CAST(:now AS bigint)
        FROM json_array_elements(CAST(:entries AS json)) AS e {_ONCE}
    """),  # noqa: S608
    remove_do_not_call=sa.text(f"""
        {_REMOVE_DO_NOT_CALL} (SELECT json_array_elements_text(CAST(:keys AS json))) RETURNING entry_id
    """),
    reached=sa.text("""
        SELECT a.account_id AS account_id, a.person AS person, a.started_at AS started_at, a.answered_at AS answered_at
        FROM json_array_elements(CAST(:people AS json)) AS who
        JOIN attempts AS a ON a.account_id = CAST(who ->> 0 AS integer) AND a.person = who ->> 1
        WHERE a.person <> '' AND a.started_at > :since
    """),
)
"""PostgreSQL's."""
