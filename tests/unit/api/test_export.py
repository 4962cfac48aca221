from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.api.export import COLUMNS, ExportFormat, flat, head, inert, lines
from mirabelle.calls.call import Call, CallState

NOW = datetime(2026, 11, 23, 12, 0, 0, 123_456, tzinfo=UTC)
CALL = Call(
    call_id=7,
    account_id=1,
    campaign_id=2,
    campaign_parameters="",
    phone_number="+16175550123",
    start_url="http://example.com/start",
    result_url="",
    message_reference="order-17",
    call_parameters="a=1",
    max_retries=2,
    retry_interval=300,
    state=CallState.QUEUED,
    queued_at=NOW,
    due_at=NOW.astimezone(timezone(timedelta(hours=5))),
    expires_at=None,
)
# What both stores can keep.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def written(call: Call, form: ExportFormat) -> bytes:
    return head(form) + lines([flat(call)], form)


def test_a_call_is_a_line_of_csv_under_the_names_of_the_columns() -> None:
    first, second, rest = written(CALL, ExportFormat.CSV).split(b"\r\n")
    assert first == ",".join(column.name for column in COLUMNS).encode()
    assert second == (
        b"7,2,queued,+16175550123,order-17,a=1,,http://example.com/start,,2,300,0,unknown,0,,"
        b"2026-11-23T12:00:00.123Z,2026-11-23T12:00:00.123Z,,,"
    )
    assert rest == b""


def test_a_call_is_an_object_of_ndjson() -> None:
    data = written(CALL, ExportFormat.NDJSON)
    assert data.count(b"\n") == 1
    assert json.loads(data) == flat(CALL)
    assert json.loads(data)["ended_at"] is None


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", "＝1", "'quoted"])
def test_what_a_spreadsheet_would_run_is_marked(text: str) -> None:
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "order-17", "a=1", " =1", "http://example.com/?a=-1"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert inert(text) == text


def test_a_number_keeps_its_plus() -> None:
    [row] = read(written(replace(CALL, message_reference="+1"), ExportFormat.CSV))
    assert row["phone_number"] == "+16175550123"
    assert row["message_reference"] == "'+1"


def test_ndjson_marks_nothing() -> None:
    assert json.loads(written(replace(CALL, message_reference="=1"), ExportFormat.NDJSON))["message_reference"] == "=1"


@given(TEXT, TEXT)
def test_who_takes_the_mark_off_has_the_text_again(reference: str, parameters: str) -> None:
    [row] = read(written(replace(CALL, message_reference=reference, call_parameters=parameters), ExportFormat.CSV))
    assert row["message_reference"].removeprefix("'") == reference
    assert row["call_parameters"].removeprefix("'") == parameters


@given(TEXT)
def test_no_text_ends_a_line_of_ndjson(text: str) -> None:
    assert written(replace(CALL, detail=text), ExportFormat.NDJSON).split(b"\n")[1:] == [b""]
