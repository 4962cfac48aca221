from __future__ import annotations

from typing import Any

import pytest

from mirabelle.calls.account import AccountSettings, AccountSettingsError


@pytest.mark.parametrize(
    "changes",
    [
        {"start_method": "put"},
        {"start_method": ["post"]},
        {"bad_vxml": ""},
        {"preflight": "yes"},
        {"result_extras": 1},
        {"result_literals": "expired"},
        {"result_literals": []},
        {"country": "us"},
        {"country": "USA"},
        {"country": "U\n"},
        {"country": "ÄÖ"},
        {"country": None},
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(changes: dict[str, Any]) -> None:
    with pytest.raises(AccountSettingsError, match=next(iter(changes))):
        AccountSettings(**changes)
