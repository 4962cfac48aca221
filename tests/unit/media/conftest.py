from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.media.desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    for sock in list(desk.wire.open.values()):
        sock.close()
