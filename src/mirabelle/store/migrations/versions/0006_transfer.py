"""The second leg of a call that is being transferred takes room of its trunk, too."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    # As text: SQLite takes a rule for a column that is there already only together with a new column.
    op.execute(
        "ALTER TABLE calls ADD COLUMN lease_transfer TEXT DEFAULT '' NOT NULL"
        " CONSTRAINT calls_lease_transfer_check CHECK (length(lease_transfer) <= 255)"
    )


def downgrade() -> None:
    """Take the change back: second legs take no room any more."""
    op.execute("ALTER TABLE calls DROP COLUMN lease_transfer")
