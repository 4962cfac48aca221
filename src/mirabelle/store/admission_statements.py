"""The portable statements of admissions; see `mirabelle.store.statements`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from mirabelle.store.schema import CALLS, DO_NOT_CALL

# The bound on lease_until is always true; it lets both stores take the small index of running leases.
IN_USE: Final = sa.union_all(
    sa.select(CALLS.c.trunk, CALLS.c.account_id, CALLS.c.campaign_id, sa.func.count().label("calls"))
    .where(CALLS.c.lease_until > sa.literal_column("0"))
    .group_by(CALLS.c.trunk, CALLS.c.account_id, CALLS.c.campaign_id),
    sa.select(CALLS.c.lease_transfer, sa.literal_column("0"), sa.literal_column("0"), sa.func.count())
    .where(CALLS.c.lease_until > sa.literal_column("0"), CALLS.c.lease_transfer != sa.literal_column("''"))
    .group_by(CALLS.c.lease_transfer),
)
"""The calls under a lease, by what they take room of; and second legs, which take room of nothing but their trunk."""

DEFER: Final = sa.text("UPDATE calls SET due_at = :later WHERE call_id = :deferred AND state = 'queued'")
REFUSE: Final = sa.text(
    "UPDATE calls SET state = 'failed', ended_at = :now, detail = :reason WHERE call_id = :refused AND state = 'queued'"
)

ANY_DO_NOT_CALL: Final[sa.Executable] = sa.select(sa.literal_column("1").label("one")).where(
    sa.exists(sa.select(DO_NOT_CALL.c.entry_id))
)
"""One row where some list holds anything."""
