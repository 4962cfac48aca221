from __future__ import annotations

import re

from mirabelle.api.keys import hash_key, new_key


def test_a_key_is_long_and_can_be_told_from_other_text() -> None:
    assert re.fullmatch("mk_[A-Za-z0-9_-]{43}", new_key())


def test_no_key_is_made_twice() -> None:
    assert len({new_key() for _ in range(100)}) == 100


def test_a_key_is_kept_as_its_hash() -> None:
    assert hash_key("mk_abc") == "a32e980105d0bf6651f896287e5b52d3e40dc1fc0983324ebc32b21d76cfe195"


def test_whatever_came_as_a_key_has_a_hash() -> None:
    assert len(hash_key("\ud800")) == 64
