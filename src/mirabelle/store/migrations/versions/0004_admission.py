"""Who may be dialled next: priorities, trunks under a lease, paces that hold across a fleet, and do-not-call lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    _columns()
    _indexes()
    _paces()
    _do_not_call()


def downgrade() -> None:
    """Take the changes back: what they held is lost."""
    op.drop_table("do_not_call")
    op.drop_table("paces")
    op.drop_index("attempts_account_id_person", "attempts")
    op.drop_index("calls_campaign_id_priority_due_at", "calls")
    op.create_index(
        "calls_campaign_id_due_at",
        "calls",
        ["campaign_id", "due_at", "call_id"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    for table, column in (
        ("attempts", "person"),
        ("attempts", "account_id"),
        ("campaigns", "dialing"),
        ("calls", "zone"),
        ("calls", "tried"),
        ("calls", "trunk"),
        ("calls", "priority"),
    ):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _columns() -> None:
    # As text: SQLite takes a rule for a column that is there already only together with a new column.
    for table, column, kind, rule in (
        ("calls", "priority", "SMALLINT DEFAULT '1' NOT NULL", "priority BETWEEN 0 AND 3"),
        ("calls", "trunk", "TEXT DEFAULT '' NOT NULL", "length(trunk) <= 255"),
        ("calls", "tried", "TEXT DEFAULT '' NOT NULL", "length(tried) <= 1000"),
        ("calls", "zone", "TEXT DEFAULT '' NOT NULL", "length(zone) <= 255"),
        ("campaigns", "dialing", "TEXT DEFAULT '{}' NOT NULL", "length(dialing) <= 16384"),
        ("attempts", "person", "TEXT DEFAULT '' NOT NULL", "length(person) <= 255"),
    ):
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind} CONSTRAINT {table}_{column}_check CHECK ({rule})")
    op.add_column("attempts", sa.Column("account_id", sa.Integer(), server_default="0", nullable=False))


def _indexes() -> None:
    queued = sa.text("state = 'queued'")
    named = sa.text("person <> ''")
    op.drop_index("calls_campaign_id_due_at", "calls")
    op.create_index(
        "calls_campaign_id_priority_due_at",
        "calls",
        ["campaign_id", "priority", "due_at", "call_id"],
        sqlite_where=queued,
        postgresql_where=queued,
    )
    op.create_index(
        "attempts_account_id_person",
        "attempts",
        ["account_id", "person", "started_at"],
        sqlite_where=named,
        postgresql_where=named,
    )


def _paces() -> None:
    op.create_table(
        "paces",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("slowed_at", sa.BigInteger(), nullable=True),
        sa.Column("blocked_until", sa.BigInteger(), nullable=True),
        sa.Column("passed", sa.Double(), nullable=False),
        sa.CheckConstraint("factor > 0", name=op.f("paces_factor_check")),
        sa.CheckConstraint("length(name) <= 255", name=op.f("paces_name_check")),
        sa.PrimaryKeyConstraint("name", name=op.f("paces_pkey")),
    )


def _do_not_call() -> None:
    op.create_table(
        "do_not_call",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(pattern) <= 255", name=op.f("do_not_call_pattern_check")),
        sa.CheckConstraint("length(reason) <= 255", name=op.f("do_not_call_reason_check")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("do_not_call_account_id_fkey")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("do_not_call_pkey")),
        sa.UniqueConstraint(
            "account_id", "pattern", "campaign_id", name=op.f("do_not_call_account_id_pattern_campaign_id_key")
        ),
        sqlite_autoincrement=True,
    )
