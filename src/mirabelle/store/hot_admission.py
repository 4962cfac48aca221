"""What an admission asks of each store, in its own SQL; see `mirabelle.store.admission_steps`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from mirabelle.store.statements import CALL_RETURNING

_INDEX: Final = "INDEXED BY calls_campaign_id_priority_due_at"
_PRIORITIES: Final = "(SELECT 0 AS priority UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)"


def _waiting(indexed_by: str = "") -> str:
    """The active campaigns with queued calls and, for each priority, the earliest due time of those.

    One step through the index from campaign to campaign, so that the cost follows their number and not that of calls.

    Args:
        indexed_by: without statistics SQLite would rather read all that is queued.
    """
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
        SELECT waiting.campaign_id AS campaign_id, levels.priority AS priority,
            (
                SELECT min(d.due_at) FROM calls AS d {indexed_by}
                WHERE d.state = 'queued' AND d.campaign_id = waiting.campaign_id AND d.priority = levels.priority
            ) AS due_at
        FROM waiting CROSS JOIN {_PRIORITIES} AS levels
        WHERE waiting.campaign_id IS NOT NULL
        AND waiting.campaign_id NOT IN (SELECT campaign_id FROM campaigns WHERE state = 'paused')
    """  # noqa: S608 - no value comes from outside


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


def _first_due(indexed_by: str = "") -> str:
    return f"""
        SELECT min(x.due_at) AS due_at FROM calls AS x {indexed_by}
        WHERE x.state = 'queued' AND x.campaign_id = :campaign_id AND x.priority = :priority
    """  # noqa: S608 - no value comes from outside


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionPaths:
    """The statements.

    Attributes:
        lock: keeps admissions of a fleet apart until the transaction ends.
        waiting: active campaigns with queued calls, with each priority and its earliest due time, which may be null.
        facts: what campaigns keep and their accounts say; `:campaigns` (a JSON list).
        dialled: the same of the campaign of a call, `:call_id`; the campaign is locked, so that a pause waits for the
            intents that were begun before it, and its reply comes after them.
        person: keeps dials of one person apart until the transaction ends; `:person`.
        before: calls of a campaign that are due before another, of one priority; `:campaign_id`, `:priority`, `:due`,
            `:call_id`, `:most`.
        first_due: the earliest due time of a campaign's queued calls of one priority; `:campaign_id`, `:priority`.
        due: the first due calls of pairs of campaign and priority; `:wanted` (a JSON list of pairs), `:most` for each.
        paces: by name; `:names` (a JSON list).
        do_not_call: entries under the keys of accounts; `:keys` (a JSON list of pairs of account and key).
        add_do_not_call: new entries of an account, those that are there already left out; `:account_id`, `:entries` (a
            JSON list of triples of key, campaign or 0, and reason), `:now`.
        remove_do_not_call: entries of an account with these keys; `:account_id`, `:campaign_id` or 0, `:keys` (a JSON
            list).
        reached: attempts to reach people; `:people` (a JSON list of pairs of account and person), `:since`.
    """

    lock: sa.TextClause
    waiting: sa.TextClause
    facts: sa.TextClause
    dialled: sa.TextClause
    person: sa.TextClause
    before: sa.TextClause
    first_due: sa.TextClause
    due: sa.TextClause
    paces: sa.TextClause
    do_not_call: sa.TextClause
    add_do_not_call: sa.TextClause
    remove_do_not_call: sa.TextClause
    reached: sa.TextClause


SQLITE: Final = AdmissionPaths(
    # Whoever writes has everything to himself.
    lock=sa.text("SELECT 1 AS locked"),
    waiting=sa.text(_waiting(_INDEX)),
    facts=sa.text(_facts("IN (SELECT value FROM json_each(:campaigns))", "json_group_array", "json_object")),
    dialled=sa.text(_facts(_DIALLED, "json_group_array", "json_object")),
    person=sa.text("SELECT :person IS NULL AS locked"),
    before=sa.text(_before(_INDEX)),
    first_due=sa.text(_first_due(_INDEX)),
    due=sa.text(f"""
        SELECT {CALL_RETURNING} FROM json_each(:wanted) AS w CROSS JOIN calls
        WHERE calls.call_id IN (
            SELECT x.call_id FROM calls AS x {_INDEX}
            WHERE x.campaign_id = json_extract(w.value, '$[0]') AND x.priority = json_extract(w.value, '$[1]')
            AND {_DUE} ORDER BY x.due_at, x.call_id LIMIT :most
        )
    """),  # noqa: S608
    paces=sa.text("SELECT paces.* FROM json_each(:names) AS n CROSS JOIN paces WHERE paces.name = n.value"),
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

POSTGRESQL: Final = AdmissionPaths(
    # `Admitted` in ASCII; migrations have a lock of their own.
    lock=sa.text(f"SELECT pg_advisory_xact_lock({0x41646D6974746564}) IS NULL AS locked"),
    waiting=sa.text(_waiting()),
    facts=sa.text(
        _facts(
            "IN (SELECT CAST(json_array_elements_text(CAST(:campaigns AS json)) AS integer))",
            "json_agg",
            "json_build_object",
        )
    ),
    dialled=sa.text(_facts(f"{_DIALLED} FOR SHARE OF m", "json_agg", "json_build_object")),
    # `Person` in ASCII, cut to 32 bits, beside the number's hash: apart from the locks under one key of 64 bits.
    person=sa.text(f"SELECT pg_advisory_xact_lock({0x50657273}, hashtext(:person)) IS NULL AS locked"),
    before=sa.text(_before()),
    first_due=sa.text(_first_due()),
    due=sa.text(f"""
        WITH due AS MATERIALIZED (
            SELECT d.call_id FROM json_array_elements(CAST(:wanted AS json)) AS w CROSS JOIN LATERAL (
                SELECT x.call_id FROM calls AS x
                WHERE x.campaign_id = CAST(w ->> 0 AS integer) AND x.priority = CAST(w ->> 1 AS smallint)
                AND {_DUE} ORDER BY x.due_at, x.call_id LIMIT :most FOR UPDATE SKIP LOCKED
            ) AS d
        )
        SELECT {CALL_RETURNING} FROM due JOIN calls ON calls.call_id = due.call_id
    """),  # noqa: S608
    paces=sa.text(
        "SELECT paces.* FROM json_array_elements_text(CAST(:names AS json)) AS n JOIN paces ON paces.name = n"
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
