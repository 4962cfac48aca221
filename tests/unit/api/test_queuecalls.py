from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mirabelle.api import queuecalls
from mirabelle.api.queuecalls import CampaignOrder
from mirabelle.api.xml import Fault

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GOOD = {"login": "user", "pin": "1", "campaign_name": "autumn", "start_url": "http://example.com/start"}


def check(**values: str) -> CampaignOrder | tuple[Fault, ...]:
    return queuecalls.check(GOOD | values, now=NOW, allow_private=False)


def order(**values: str) -> CampaignOrder:
    found = check(**values)
    assert isinstance(found, CampaignOrder)
    return found


def fields(**values: str) -> list[str]:
    found = check(**values)
    assert not isinstance(found, CampaignOrder)
    return [fault.field for fault in found]


def test_what_is_left_out_has_its_default() -> None:
    found = order()
    assert (found.name, found.parameters, found.on_bad_line, found.duplicates) == ("autumn", "", "refuse", "allow")
    assert (found.call.max_retries, found.call.retry_interval, found.call.scheduled_at) == (0, 300, None)


def test_what_is_given_is_taken() -> None:
    found = order(campaign_parameters="a=1", on_bad_line="skip", duplicates="Refuse", max_retry="3")
    assert (found.parameters, found.on_bad_line, found.duplicates) == ("a=1", "skip", "refuse")
    assert found.call.max_retries == 3


def test_the_name_has_two_spellings() -> None:
    assert order(campaign_name="", campaign=" spring ").name == "spring"
    assert order(campaign="autumn").name == "autumn"
    assert fields(campaign="spring") == ["campaign"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"campaign_name": ""}, ["campaign_name"]),
        ({"campaign_name": "x" * 129}, ["campaign_name"]),
        ({"start_url": ""}, ["start_url"]),
        ({"start_url": "http://10.0.0.1/"}, ["start_url"]),
        ({"campaign_parameters": "x" * 256}, ["campaign_parameters"]),
        ({"on_bad_line": "drop"}, ["on_bad_line"]),
        ({"duplicates": "merge", "retry_interval": "1"}, ["retry_interval", "duplicates"]),
        ({"duplicates": "x" * 11}, ["duplicates"]),
        ({"expiration_timestamp": "1"}, ["expiration_timestamp"]),
    ],
)
def test_faults_name_their_fields_in_order(values: dict[str, str], named: list[str]) -> None:
    assert fields(**values) == named
