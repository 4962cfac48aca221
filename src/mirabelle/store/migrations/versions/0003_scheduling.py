"""Signing secrets, schedules and profiles, what the calls of a campaign have in common, and calls by reference."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    _columns()
    _schedules()
    _profiles()
    _links()
    op.create_index(
        "calls_account_id_message_reference",
        "calls",
        ["account_id", "message_reference", "call_id"],
        sqlite_where=sa.text("message_reference <> ''"),
        postgresql_where=sa.text("message_reference <> ''"),
    )


def downgrade() -> None:
    """Take the changes back: what they held is lost."""
    op.drop_index("calls_account_id_message_reference", "calls")
    for table in ("campaign_profiles", "campaign_schedules", "profiles", "schedules"):
        op.drop_table(table)
    for table, column in (
        ("keys", "name"),
        ("campaigns", "defaults"),
        ("accounts", "former_until"),
        ("accounts", "former_secret"),
        ("accounts", "signing_secret"),
    ):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _columns() -> None:
    # As text: SQLite takes a rule for a column that is there already only together with a new column.
    for table, column, default, most in (
        ("accounts", "signing_secret", "", 255),
        ("accounts", "former_secret", "", 255),
        ("campaigns", "defaults", "{}", 4096),
        ("keys", "name", "", 255),
    ):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} TEXT DEFAULT '{default}' NOT NULL"
            f" CONSTRAINT {table}_{column}_check CHECK (length({column}) <= {most})"
        )
    op.add_column("accounts", sa.Column("former_until", sa.BigInteger(), nullable=True))


def _schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("windows", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(name) <= 255", name=op.f("schedules_name_check")),
        sa.CheckConstraint("length(zone) <= 255", name=op.f("schedules_zone_check")),
        sa.CheckConstraint("length(windows) <= 16384", name=op.f("schedules_windows_check")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("schedules_account_id_fkey")),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("schedules_pkey")),
        sa.UniqueConstraint("account_id", "name", name=op.f("schedules_account_id_name_key")),
        sqlite_autoincrement=True,
    )


def _profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("calls_per_second", sa.Double(), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("calls_per_second > 0", name=op.f("profiles_calls_per_second_check")),
        sa.CheckConstraint("channels > 0", name=op.f("profiles_channels_check")),
        sa.CheckConstraint("length(name) <= 255", name=op.f("profiles_name_check")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("profiles_account_id_fkey")),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("profiles_pkey")),
        sa.UniqueConstraint("account_id", "name", name=op.f("profiles_account_id_name_key")),
        sqlite_autoincrement=True,
    )


def _links() -> None:
    for rule in ("schedule", "profile"):
        table, key = f"campaign_{rule}s", f"{rule}_id"
        op.create_table(
            table,
            sa.Column("campaign_id", sa.Integer(), nullable=False),
            sa.Column(key, sa.Integer(), nullable=False),
            sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.campaign_id"], name=op.f(f"{table}_campaign_id_fkey")),
            sa.ForeignKeyConstraint([key], [f"{rule}s.{key}"], name=op.f(f"{table}_{key}_fkey")),
            sa.PrimaryKeyConstraint("campaign_id", key, name=op.f(f"{table}_pkey")),
        )
