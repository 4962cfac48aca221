from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mirabelle.api import queuecall, xml

PAGE = (Path(__file__).parents[3] / "docs/api/queuecall.md").read_text()
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def row(field: queuecall.Field) -> str:
    limit = str(field.most) if field.between is None else "{} to {}".format(*field.between)
    return f"| `{field.name}` | {limit} | {'yes ' if field.required else ''}| {field.meaning} |"


@pytest.mark.parametrize("field", queuecall.FIELDS, ids=lambda field: field.name)
def test_the_page_tells_each_field_as_it_is_checked(field: queuecall.Field) -> None:
    assert row(field) in PAGE.splitlines()


def test_the_failed_reply_on_the_page_is_ours() -> None:
    example = next(block for block in re.findall(r"```xml\n(.*?)```", PAGE, re.DOTALL) if "failed" in block)
    echo = [(each.tag, each.text or "") for each in ET.fromstring(example) if each.tag != "error"]
    found = queuecall.check(dict(echo), now=NOW, allow_private=False)
    assert not isinstance(found, queuecall.Order)
    assert xml.failed(queuecall.SERVICE, echo, found).decode() == example
