"""Settings of accounts, paused campaigns, lists in pages, more than one result of a call, keys and kept replies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mirabelle.store.ledger import StoreError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    _columns()
    _indexes()
    if op.get_context().dialect.name == "sqlite":
        _deliveries_on_sqlite()
    else:
        _deliveries_on_postgresql()
    op.create_index("deliveries_account_id_state", "deliveries", ["account_id", "state", "delivery_id"])
    _keys()
    _replies()


def downgrade() -> None:
    """There is no way back: a call may have several results now."""
    raise StoreError("The ledger cannot go back to version 0001; restore a backup.")


def _columns() -> None:
    # As text: SQLite takes a rule for a column that is there already only together with a new column.
    op.execute(
        "ALTER TABLE accounts ADD COLUMN settings TEXT DEFAULT '{}' NOT NULL"
        " CONSTRAINT accounts_settings_check CHECK (length(settings) <= 4096)"
    )
    op.execute(
        "ALTER TABLE campaigns ADD COLUMN state TEXT DEFAULT 'active' NOT NULL"
        " CONSTRAINT campaigns_state_check CHECK (state IN ('active', 'paused'))"
    )


def _indexes() -> None:
    op.create_index(
        "campaigns_paused",
        "campaigns",
        ["campaign_id"],
        sqlite_where=sa.text("state = 'paused'"),
        postgresql_where=sa.text("state = 'paused'"),
    )
    op.create_index("calls_account_id_state", "calls", ["account_id", "state", "call_id"])
    op.create_index("calls_campaign_id_state", "calls", ["campaign_id", "state", "call_id"])
    op.create_index(
        "calls_campaign_id_due_at",
        "calls",
        ["campaign_id", "due_at", "call_id"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )


def _deliveries_on_postgresql() -> None:
    op.add_column("deliveries", sa.Column("sequence", sa.Integer(), server_default="1", nullable=False))
    op.add_column("deliveries", sa.Column("account_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE deliveries SET account_id = calls.account_id FROM calls WHERE calls.call_id = deliveries.call_id"
    )
    op.alter_column("deliveries", "sequence", server_default=None)
    op.alter_column("deliveries", "account_id", nullable=False)
    op.drop_constraint("deliveries_call_id_key", "deliveries")
    op.create_unique_constraint(op.f("deliveries_call_id_sequence_key"), "deliveries", ["call_id", "sequence"])


def _deliveries_on_sqlite() -> None:
    """A rule of a table cannot be taken away there, so the table is made anew."""
    _create_deliveries("new_deliveries")
    kept = "delivery_id, call_id, url, host, form, state, due_at, attempts, owner, reason, created_at, ended_at"
    op.execute(
        f"INSERT INTO new_deliveries (sequence, account_id, {kept})"  # noqa: S608 - names of our own
        f" SELECT 1, (SELECT account_id FROM calls WHERE calls.call_id = deliveries.call_id), {kept} FROM deliveries"
    )
    op.drop_table("deliveries")
    op.rename_table("new_deliveries", "deliveries")
    for name, columns in (
        ("deliveries_due_at", ["due_at"]),
        ("deliveries_host_due_at", ["host", "due_at", "delivery_id"]),
    ):
        op.create_index(name, "deliveries", columns, sqlite_where=sa.text("state = 'waiting'"))


def _create_deliveries(name: str) -> None:
    op.create_table(
        name,
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("deliveries_ended_at_check")),
        sa.CheckConstraint("state IN ('waiting', 'done', 'dead')", name=op.f("deliveries_state_check")),
        sa.CheckConstraint("length(host) <= 2048", name=op.f("deliveries_host_check")),
        sa.CheckConstraint("length(owner) <= 255", name=op.f("deliveries_owner_check")),
        sa.CheckConstraint("length(reason) <= 1000", name=op.f("deliveries_reason_check")),
        sa.CheckConstraint("length(url) <= 2048", name=op.f("deliveries_url_check")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("deliveries_call_id_fkey")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("deliveries_pkey")),
        sa.UniqueConstraint("call_id", "sequence", name=op.f("deliveries_call_id_sequence_key")),
        sqlite_autoincrement=True,
    )


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role IN ('admin', 'manager', 'read')", name=op.f("keys_role_check")),
        sa.CheckConstraint("length(key_hash) <= 255", name=op.f("keys_key_hash_check")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("keys_account_id_fkey")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("keys_pkey")),
        sa.UniqueConstraint("key_hash", name=op.f("keys_key_hash_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("keys_account_id", "keys", ["account_id"])


def _replies() -> None:
    op.create_table(
        "replies",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(key) <= 255", name=op.f("replies_key_check")),
        sa.CheckConstraint("length(body_hash) <= 255", name=op.f("replies_body_hash_check")),
        sa.CheckConstraint("length(reply) <= 1000000", name=op.f("replies_reply_check")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("replies_account_id_fkey")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("replies_pkey")),
    )
    op.create_index("replies_created_at", "replies", ["created_at"])
