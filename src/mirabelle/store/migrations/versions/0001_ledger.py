"""Accounts, campaigns, calls, attempts and results to deliver."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _accounts()
    _campaigns()
    _calls()
    _call_indexes()
    _attempts()
    _deliveries()


def downgrade() -> None:
    """Drop them."""
    for table in ("deliveries", "attempts", "calls", "campaigns", "accounts"):
        op.drop_table(table)


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(login) <= 128", name=op.f("accounts_login_check")),
        sa.CheckConstraint("length(pin_hash) <= 255", name=op.f("accounts_pin_hash_check")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("accounts_pkey")),
        sa.UniqueConstraint("login", name=op.f("accounts_login_key")),
        sqlite_autoincrement=True,
    )


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(name) <= 255", name=op.f("campaigns_name_check")),
        sa.CheckConstraint("length(parameters) <= 16384", name=op.f("campaigns_parameters_check")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("campaigns_account_id_fkey")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("campaigns_pkey")),
        sa.UniqueConstraint("account_id", "name", name=op.f("campaigns_account_id_name_key")),
        sa.UniqueConstraint("campaign_id", "account_id", name=op.f("campaigns_campaign_id_account_id_key")),
        sqlite_autoincrement=True,
    )


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("start_url", sa.Text(), nullable=False),
        sa.Column("result_url", sa.Text(), nullable=False),
        sa.Column("message_reference", sa.Text(), nullable=False),
        sa.Column("call_parameters", sa.Text(), nullable=False),
        sa.Column("max_retries", sa.Integer(), nullable=False),
        sa.Column("retry_interval", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.Integer(), server_default="0", nullable=False),
        sa.Column("callee_type", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('dialing', 'connected')) = (lease_until IS NOT NULL)", name=op.f("calls_lease_check")
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'dialing', 'connected')) = (ended_at IS NULL)", name=op.f("calls_ended_at_check")
        ),
        sa.CheckConstraint(
            "callee_type IN ('voice', 'answeringmachine', 'fax', 'unknown')", name=op.f("calls_callee_type_check")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'dialing', 'connected', 'completed', 'failed', 'expired', 'canceled')",
            name=op.f("calls_state_check"),
        ),
        sa.CheckConstraint("(lease_until IS NULL) = (lease_owner IS NULL)", name=op.f("calls_lease_owner_check")),
        sa.CheckConstraint("attempts >= 0 AND duration >= 0", name=op.f("calls_counters_check")),
        sa.CheckConstraint("call_id BETWEEN 1 AND 2147483647", name=op.f("calls_call_id_check")),
        sa.CheckConstraint("length(call_parameters) <= 16384", name=op.f("calls_call_parameters_check")),
        sa.CheckConstraint("length(detail) <= 1000", name=op.f("calls_detail_check")),
        sa.CheckConstraint("length(message_reference) <= 255", name=op.f("calls_message_reference_check")),
        sa.CheckConstraint("length(phone_number) <= 128", name=op.f("calls_phone_number_check")),
        sa.CheckConstraint("length(result_url) <= 2048", name=op.f("calls_result_url_check")),
        sa.CheckConstraint("length(start_url) <= 2048", name=op.f("calls_start_url_check")),
        sa.CheckConstraint("max_retries BETWEEN 0 AND 10", name=op.f("calls_max_retries_check")),
        sa.CheckConstraint("retry_interval BETWEEN 0 AND 172800", name=op.f("calls_retry_interval_check")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "account_id"],
            ["campaigns.campaign_id", "campaigns.account_id"],
            name=op.f("calls_campaign_id_account_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("calls_pkey")),
        sqlite_autoincrement=True,
    )


def _call_indexes() -> None:
    op.create_index(
        "calls_state_expires_at",
        "calls",
        ["state", "expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'queued' AND expires_at IS NOT NULL"),
        postgresql_where=sa.text("state = 'queued' AND expires_at IS NOT NULL"),
    )
    op.create_index(
        "calls_lease_until",
        "calls",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index("calls_state_due_at", "calls", ["state", "due_at", "call_id"], unique=False)


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("sip_call_id", sa.Text(), nullable=False),
        sa.Column("trunk", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ringing_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("sip_status", sa.Integer(), server_default="0", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("attempts_ended_at_check")),
        sa.CheckConstraint("(state = 'ended') = (outcome IS NOT NULL)", name=op.f("attempts_ended_outcome_check")),
        sa.CheckConstraint(
            "outcome IN ('answered', 'busy', 'no_answer', 'rejected', 'unallocated', 'failed', 'capacity',"
            " 'canceled', 'interrupted')",
            name=op.f("attempts_outcome_check"),
        ),
        sa.CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name=op.f("attempts_answered_at_check")),
        sa.CheckConstraint("state IN ('intended', 'ringing', 'answered', 'ended')", name=op.f("attempts_state_check")),
        sa.CheckConstraint("length(detail) <= 1000", name=op.f("attempts_detail_check")),
        sa.CheckConstraint("length(owner) <= 255", name=op.f("attempts_owner_check")),
        sa.CheckConstraint("length(sip_call_id) <= 255", name=op.f("attempts_sip_call_id_check")),
        sa.CheckConstraint("length(trunk) <= 255", name=op.f("attempts_trunk_check")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("attempts_call_id_fkey")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("attempts_pkey")),
        sa.UniqueConstraint("call_id", "number", name=op.f("attempts_call_id_number_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "attempts_unfinished",
        "attempts",
        ["call_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'ended'"),
        postgresql_where=sa.text("state <> 'ended'"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
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
        sa.UniqueConstraint("call_id", name=op.f("deliveries_call_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "deliveries_due_at",
        "deliveries",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "deliveries_host_due_at",
        "deliveries",
        ["host", "due_at", "delivery_id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
