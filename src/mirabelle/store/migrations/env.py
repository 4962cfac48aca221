"""What Alembic runs to write a migration as SQL; see `mirabelle.store.migration`."""

from __future__ import annotations

from alembic import context

from mirabelle.store.schema import METADATA

context.configure(
    dialect_name=context.config.attributes["dialect"],
    target_metadata=METADATA,
    literal_binds=True,
    # The store opens the transaction itself, after it has taken the lock.
    transactional_ddl=False,
)
context.run_migrations()
