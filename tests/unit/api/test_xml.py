from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from mirabelle.api import xml
from mirabelle.api.xml import Fault


def test_a_queued_reply_is_the_documented_one() -> None:
    body = xml.queued("queuecall", {"call_id": "112850593"}, [("login", "user"), ("pin", xml.MASK)])
    assert body.decode() == (
        '<?xml version="1.0"?>\n'
        '<queuecall status="queued" call_id="112850593">\n'
        "    <login>user</login>\n"
        "    <pin>********</pin>\n"
        "</queuecall>\n"
    )


def test_a_failed_reply_names_each_fault() -> None:
    body = xml.failed("queuecall", [("login", "u")], [Fault("pin", "Wrong <b>"), Fault('a"b', "No.")])
    root = ET.fromstring(body)
    assert root.attrib == {"status": "failed"}
    assert [(each.get("field"), each.text) for each in root.iter("error")] == [("pin", "Wrong <b>"), ('a"b', "No.")]


@given(st.text())
def test_whatever_was_submitted_the_echo_is_well_formed(text: str) -> None:
    root = ET.fromstring(xml.failed("queuecall", [("login", text)], [Fault(text, text)]))
    if xml.holds(text):
        assert (root.findtext("login") or "") == text
        assert root[1].get("field") == text
