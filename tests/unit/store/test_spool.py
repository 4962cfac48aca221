from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.store.ledger import StoreError
from mirabelle.store.rows import Batch
from mirabelle.store.spool import Spool

values = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text()
batches = st.lists(
    st.builds(Batch, st.tuples(values, values), st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=5))
)
ONE = Batch((), [("+1",)])


@given(batches)
def test_calls_come_back_batch_by_batch_as_often_as_they_are_asked_for(added: list[Batch]) -> None:
    with Spool() as spool:
        for batch in added:
            spool.add(batch)
        assert spool.rows == sum(len(batch.callees) for batch in added)
        assert list(spool.batches()) == list(spool.batches()) == added


def test_a_spool_leaves_nothing_behind(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.add(ONE)
        assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be kept"):
        Spool(tmp_path / "nowhere")


def test_a_full_disk_is_refused_with_a_sentence() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with Spool() as spool:
        spool._file.close()
        spool._file = Full()  # type: ignore[assignment]
        with pytest.raises(StoreError, match="No space left on device"):
            spool.add(ONE)
