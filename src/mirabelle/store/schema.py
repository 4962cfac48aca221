"""The tables of the ledger, the same on both stores.

Instants are integers: microseconds since 1970-01-01 UTC. An integer is exact and ordered on SQLite, which has no type
for instants, as on PostgreSQL, so that both compare and sort alike and no driver converts on the way.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

LOGIN: Final = 128
"""The most characters of a login."""
NAME: Final = 255
"""The most characters of a campaign's, trunk's or owner's name, of a Call-ID and of a message reference."""
PHONE_NUMBER: Final = 128
"""The most characters of a telephone number with its parameters."""
URL: Final = 2048
"""The most characters of a URL."""
PARAMETERS: Final = 16384
"""The most characters of an opaque text for the application."""
DETAIL: Final = 1000
"""The most characters of a reason in words."""
MAX_RETRIES: Final = 10
"""The most retries of a call."""
RETRY_INTERVAL: Final = 172_800
"""The most seconds between two attempts."""
SETTINGS: Final = 4096
"""The most characters of an account's settings, as JSON."""
REPLY: Final = 1_000_000
"""The most characters of a reply that is kept to be given again."""
DECISION: Final = 32
"""The most characters of the name of a decision."""
HASH: Final = 64
"""The most characters of a hash of the audit."""
WINDOWS: Final = 16384
"""The most characters of a schedule's windows, as JSON."""

BIG_KEY: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite only counts up a key that is declared INTEGER; there an INTEGER has 64 bits."""

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)
"""All tables."""


def _short(*limits: tuple[str, int]) -> tuple[sa.CheckConstraint, ...]:
    return tuple(sa.CheckConstraint(f"length({name}) <= {most}", name=name) for name, most in limits)


def _index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index of those rows only that somebody will look for."""
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


ACCOUNTS: Final = sa.Table(
    "accounts",
    METADATA,
    sa.Column("account_id", sa.Integer, primary_key=True),
    sa.Column("login", sa.Text, nullable=False, unique=True),
    sa.Column("pin_hash", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("settings", sa.Text, nullable=False, server_default="{}"),
    sa.Column("signing_secret", sa.Text, nullable=False, server_default=""),
    sa.Column("former_secret", sa.Text, nullable=False, server_default=""),
    sa.Column("former_until", sa.BigInteger),
    *_short(
        ("login", LOGIN),
        ("pin_hash", NAME),
        ("settings", SETTINGS),
        ("signing_secret", NAME),
        ("former_secret", NAME),
    ),
    sqlite_autoincrement=True,
)
"""Who may queue calls, and what signs their results: until `former_until` the secret before, too."""

CAMPAIGNS: Final = sa.Table(
    "campaigns",
    METADATA,
    sa.Column("campaign_id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="active"),
    sa.Column("defaults", sa.Text, nullable=False, server_default="{}"),
    sa.Column("dialing", sa.Text, nullable=False, server_default="{}"),
    sa.UniqueConstraint("account_id", "name"),
    sa.UniqueConstraint("campaign_id", "account_id"),
    sa.CheckConstraint("state IN ('active', 'paused')", name="state"),
    *_short(("name", NAME), ("parameters", PARAMETERS), ("defaults", SETTINGS), ("dialing", WINDOWS)),
    _index("campaigns_paused", "campaign_id", where="state = 'paused'"),
    sqlite_autoincrement=True,
)
"""Calls that belong together. The pair of keys is unique so that a call can refer to a campaign of its own account."""

CALLS: Final = sa.Table(
    "calls",
    METADATA,
    sa.Column("call_id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.Integer, nullable=False),
    sa.Column("campaign_id", sa.Integer, nullable=False),
    sa.Column("phone_number", sa.Text, nullable=False),
    sa.Column("start_url", sa.Text, nullable=False),
    sa.Column("result_url", sa.Text, nullable=False),
    sa.Column("message_reference", sa.Text, nullable=False),
    sa.Column("call_parameters", sa.Text, nullable=False),
    sa.Column("max_retries", sa.Integer, nullable=False),
    sa.Column("retry_interval", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("queued_at", sa.BigInteger, nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_attempt_at", sa.BigInteger),
    sa.Column("duration", sa.Integer, nullable=False, server_default="0"),
    sa.Column("callee_type", sa.Text, nullable=False, server_default="unknown"),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until", sa.BigInteger),
    sa.Column("priority", sa.SmallInteger, nullable=False, server_default="1"),
    sa.Column("trunk", sa.Text, nullable=False, server_default=""),
    sa.Column("tried", sa.Text, nullable=False, server_default=""),
    sa.Column("zone", sa.Text, nullable=False, server_default=""),
    sa.Column("lease_transfer", sa.Text, nullable=False, server_default=""),
    sa.ForeignKeyConstraint(["campaign_id", "account_id"], ["campaigns.campaign_id", "campaigns.account_id"]),
    sa.CheckConstraint("call_id BETWEEN 1 AND 2147483647", name="call_id"),
    sa.CheckConstraint(
        "state IN ('queued', 'dialing', 'connected', 'completed', 'failed', 'expired', 'canceled')", name="state"
    ),
    sa.CheckConstraint("(state IN ('dialing', 'connected')) = (lease_until IS NOT NULL)", name="lease"),
    sa.CheckConstraint("(lease_until IS NULL) = (lease_owner IS NULL)", name="lease_owner"),
    sa.CheckConstraint("(state IN ('queued', 'dialing', 'connected')) = (ended_at IS NULL)", name="ended_at"),
    sa.CheckConstraint("callee_type IN ('voice', 'answeringmachine', 'fax', 'unknown')", name="callee_type"),
    sa.CheckConstraint(f"max_retries BETWEEN 0 AND {MAX_RETRIES}", name="max_retries"),
    sa.CheckConstraint(f"retry_interval BETWEEN 0 AND {RETRY_INTERVAL}", name="retry_interval"),
    sa.CheckConstraint("attempts >= 0 AND duration >= 0", name="counters"),
    *_short(
        ("phone_number", PHONE_NUMBER),
        ("start_url", URL),
        ("result_url", URL),
        ("message_reference", NAME),
        ("call_parameters", PARAMETERS),
        ("detail", DETAIL),
        ("trunk", NAME),
        ("tried", DETAIL),
        ("zone", NAME),
        ("lease_transfer", NAME),
    ),
    sa.CheckConstraint("priority BETWEEN 0 AND 3", name="priority"),
    sa.Index("calls_state_due_at", "state", "due_at", "call_id"),
    _index("calls_state_expires_at", "state", "expires_at", where="state = 'queued' AND expires_at IS NOT NULL"),
    _index("calls_lease_until", "lease_until", where="lease_until IS NOT NULL"),
    sa.Index("calls_account_id_state", "account_id", "state", "call_id"),
    sa.Index("calls_campaign_id_state", "campaign_id", "state", "call_id"),
    _index(
        "calls_campaign_id_priority_due_at", "campaign_id", "priority", "due_at", "call_id", where="state = 'queued'"
    ),
    _index(
        "calls_account_id_message_reference",
        "account_id",
        "message_reference",
        "call_id",
        where="message_reference <> ''",
    ),
    sqlite_autoincrement=True,
)
"""What was asked for and where it stands. A lease is there exactly while a call is dialing or connected.

`trunk` is the one that the lease takes room of, and `lease_transfer` that of the second leg, while one is transferred;
`tried` names, between commas, those that failed since the last attempt that counted."""

ATTEMPTS: Final = sa.Table(
    "attempts",
    METADATA,
    sa.Column("attempt_id", BIG_KEY, primary_key=True),
    sa.Column("call_id", sa.Integer, sa.ForeignKey("calls.call_id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("sip_call_id", sa.Text, nullable=False),
    sa.Column("trunk", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ringing_at", sa.BigInteger),
    sa.Column("answered_at", sa.BigInteger),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("outcome", sa.Text),
    sa.Column("sip_status", sa.Integer, nullable=False, server_default="0"),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    sa.Column("account_id", sa.Integer, nullable=False, server_default="0"),
    sa.Column("person", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("call_id", "number"),
    sa.CheckConstraint("state IN ('intended', 'ringing', 'answered', 'ended')", name="state"),
    sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_at"),
    sa.CheckConstraint("(state = 'ended') = (outcome IS NOT NULL)", name="ended_outcome"),
    sa.CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name="answered_at"),
    sa.CheckConstraint(
        "outcome IN ('answered', 'busy', 'no_answer', 'rejected', 'unallocated', 'failed', 'capacity',"
        " 'canceled', 'interrupted')",
        name="outcome",
    ),
    *_short(("owner", NAME), ("sip_call_id", NAME), ("trunk", NAME), ("detail", DETAIL), ("person", NAME)),
    _index("attempts_account_id_person", "account_id", "person", "started_at", where="person <> ''"),
    _index("attempts_unfinished", "call_id", where="state <> 'ended'", unique=True),
    sqlite_autoincrement=True,
)
"""One INVITE each. A call never has two that are unfinished."""

DELIVERIES: Final = sa.Table(
    "deliveries",
    METADATA,
    sa.Column("delivery_id", BIG_KEY, primary_key=True),
    sa.Column("call_id", sa.Integer, sa.ForeignKey("calls.call_id"), nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("account_id", sa.Integer, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.UniqueConstraint("call_id", "sequence"),
    sa.CheckConstraint("state IN ('waiting', 'done', 'dead')", name="state"),
    sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended_at"),
    *_short(("url", URL), ("host", URL), ("owner", NAME), ("reason", DETAIL)),
    _index("deliveries_due_at", "due_at", where="state = 'waiting'"),
    _index("deliveries_host_due_at", "host", "due_at", "delivery_id", where="state = 'waiting'"),
    sa.Index("deliveries_account_id_state", "account_id", "state", "delivery_id"),
    sqlite_autoincrement=True,
)
"""Results to be posted, one each time a call became final. `due_at` is the next post; a claim moves it to the end of
the lease."""

KEYS: Final = sa.Table(
    "keys",
    METADATA,
    sa.Column("key_id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("key_hash", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    sa.CheckConstraint("role IN ('admin', 'manager', 'read')", name="role"),
    *_short(("key_hash", NAME), ("name", NAME)),
    sa.Index("keys_account_id", "account_id"),
    sqlite_autoincrement=True,
)
"""Bearer keys, hashed."""

REPLIES: Final = sa.Table(
    "replies",
    METADATA,
    sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.account_id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body_hash", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("reply", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    *_short(("key", NAME), ("body_hash", NAME), ("reply", REPLY)),
    sa.Index("replies_created_at", "created_at"),
)
"""What was answered to a request with an `Idempotency-Key`."""

SCHEDULES: Final = sa.Table(
    "schedules",
    METADATA,
    sa.Column("schedule_id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("windows", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("account_id", "name"),
    *_short(("name", NAME), ("zone", NAME), ("windows", WINDOWS)),
    sqlite_autoincrement=True,
)
"""When campaigns may call: windows of weekdays and times of the day in one zone, as JSON."""

PROFILES: Final = sa.Table(
    "profiles",
    METADATA,
    sa.Column("profile_id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("calls_per_second", sa.Double),
    sa.Column("channels", sa.Integer),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("account_id", "name"),
    sa.CheckConstraint("calls_per_second > 0", name="calls_per_second"),
    sa.CheckConstraint("channels > 0", name="channels"),
    *_short(("name", NAME)),
    sqlite_autoincrement=True,
)
"""How fast campaigns may call."""


def _link(rule: str) -> sa.Table:
    return sa.Table(
        f"campaign_{rule}s",
        METADATA,
        sa.Column("campaign_id", sa.Integer, sa.ForeignKey("campaigns.campaign_id"), primary_key=True),
        sa.Column(f"{rule}_id", sa.Integer, sa.ForeignKey(f"{rule}s.{rule}_id"), primary_key=True),
    )


CAMPAIGN_SCHEDULES: Final = _link("schedule")
"""Which schedules a campaign keeps: it calls while one of them has a window open."""

CAMPAIGN_PROFILES: Final = _link("profile")
"""Which profiles a campaign keeps, all of them."""

PACES: Final = sa.Table(
    "paces",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("tokens", sa.Double, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("factor", sa.Double, nullable=False),
    sa.Column("slowed_at", sa.BigInteger),
    sa.Column("blocked_until", sa.BigInteger),
    sa.Column("passed", sa.Double, nullable=False),
    sa.CheckConstraint("factor > 0", name="factor"),
    *_short(("name", NAME)),
)
"""How fast trunks, accounts and campaigns are used, across the fleet; see `mirabelle.calls.pace`."""

DO_NOT_CALL: Final = sa.Table(
    "do_not_call",
    METADATA,
    sa.Column("entry_id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("campaign_id", sa.Integer, nullable=False, server_default="0"),
    sa.Column("pattern", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("account_id", "pattern", "campaign_id"),
    *_short(("pattern", NAME), ("reason", NAME)),
    sqlite_autoincrement=True,
)
"""Who is not to be called: numbers, or beginnings of numbers with a `*`; by a whole account where the campaign is 0."""

AUDIT: Final = sa.Table(
    "audit",
    METADATA,
    sa.Column("audit_id", BIG_KEY, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("call_id", sa.Integer),
    sa.Column("attempt_id", sa.BigInteger),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("detail", sa.Text, nullable=False, server_default="{}"),
    sa.Column("sequence", sa.BigInteger),
    sa.Column("hash", sa.Text),
    sa.CheckConstraint("(sequence IS NULL) = (hash IS NULL)", name="sealed"),
    *_short(("owner", NAME), ("decision", DECISION), ("reason", DETAIL), ("detail", SETTINGS), ("hash", HASH)),
    _index("audit_sequence", "sequence", where="sequence IS NOT NULL", unique=True),
    _index("audit_unsealed", "audit_id", where="sequence IS NULL"),
    _index("audit_call_id", "call_id", "audit_id", where="call_id IS NOT NULL"),
    sqlite_autoincrement=True,
)
"""What was decided about dialling. Triggers, which only the migration has, let nothing change but that a row is sealed
once. It refers to no other table, so that it outlives what it tells of."""
