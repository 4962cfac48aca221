from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.vxml.document import Document, parse_document
from mirabelle.vxml.elements import ELEMENTS
from mirabelle.vxml.errors import DocumentError
from mirabelle.vxml.xml import SRGS, SSML, VXML

URI = "http://example.com/app/a.vxml"
CONFORMANCE = Path(__file__).parents[4] / "shared" / "conformance" / "vxml-ir"


def document(body: str, attributes: str = 'version="2.1"', uri: str = URI) -> Document:
    return parse_document(f'<vxml xmlns="{VXML}" {attributes}>{body}</vxml>'.encode(), uri)


def refused(body: str, attributes: str = 'version="2.1"') -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        document(body, attributes)
    return caught.value


def block(body: str) -> str:
    return f"<form><block>{body}</block></form>"


def test_dialogs_are_found_in_order_and_by_id() -> None:
    parsed = document('<menu id="m"/><var name="x"/><form id="f"/><form/>')
    assert [dialog.get("id") for dialog in parsed.dialogs] == ["m", "f", ""]
    assert parsed.dialog("f") is parsed.dialogs[1]
    assert parsed.dialog("x") is None


def test_the_document_knows_its_language_and_version() -> None:
    parsed = document("", 'version="2.0" xml:lang="en-GB"')
    assert (parsed.version, parsed.xml_lang) == ("2.0", "en-GB")


@pytest.mark.parametrize(
    ("attributes", "base", "application"),
    [
        ("", URI, ""),
        ('application=""', URI, ""),
        ('application="root.vxml"', URI, "http://example.com/app/root.vxml"),
        ('application="/root.vxml?a=1#x"', URI, "http://example.com/root.vxml?a=1"),
        ('xml:base="http://cdn.example.com/x/" application="root.vxml"', "http://cdn.example.com/x/",
         "http://cdn.example.com/x/root.vxml"),
        ('xml:base="sub/"', "http://example.com/app/sub/", ""),
    ],
)  # fmt: skip
def test_uris_are_relative_to_the_base(attributes: str, base: str, application: str) -> None:
    parsed = document("", f'version="2.1" {attributes}')
    assert (parsed.base, parsed.application) == (base, application)


def test_a_reference_is_resolved() -> None:
    assert document("").resolve(" b.wav ") == "http://example.com/app/b.wav"


def test_what_is_no_uri_is_refused() -> None:
    with pytest.raises(DocumentError, match="is not a URI"):
        document("").resolve("http://[")
    assert "is not a URI" in refused("", 'version="2.1" application="http://[::"').reason
    assert "is not a URI" in refused("", 'version="2.1" xml:base="http://["').reason


def test_the_fragment_is_no_part_of_where_it_came_from() -> None:
    assert document("", uri=f"{URI}#form1").uri == URI


@pytest.mark.parametrize("attribute", ['xml:space="preserve"', 'xml:id="a"'])
def test_what_xml_has_for_every_element_does_no_harm(attribute: str) -> None:
    read = parse_document(f"<vxml version='2.0'><form {attribute}><block>words</block></form></vxml>".encode(), URI)
    assert len(read.dialogs) == 1


def test_a_document_without_a_namespace_is_accepted() -> None:
    parsed = parse_document(b'<vxml version="2.0"><form><block>Hello</block></form></vxml>', URI)
    assert len(parsed.dialogs) == 1


def test_what_2_1_added_is_accepted_under_2_0() -> None:
    document(block('<data name="d" src="d.xml"/>'), 'version="2.0"')


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("<html/>", "<html>, not <vxml>"),
        ('<html xmlns="http://www.w3.org/1999/xhtml"/>', "xhtml}html>, not <vxml>"),
        (f'<vxml xmlns="{SSML}" version="2.1"/>', "in the namespace"),
        ("<vxml/>", "needs the attribute 'version'"),
        ('<vxml version="1.0"/>', "'2.0' and '2.1' are understood"),
        ('<vxml version="3.0"/>', "'2.0' and '2.1' are understood"),
    ],
)
def test_what_is_no_voicexml_2_is_refused(data: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        parse_document(data.encode(), URI)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<frm/>", "<frm> is not an element of VoiceXML; 'form' is"),
        ('<x:form xmlns:x="urn:x"/>', "{urn:x}form> is not an element"),
        (f'<form xmlns="{SSML}"/>', "where VoiceXML does not have it"),
        ("<block/>", "<block> may not stand in <vxml>"),
        ("<form><form/></form>", "<form> may not stand in <form>"),
        ("<form><assign name='a' expr='1'/></form>", "<assign> may not stand in <form>"),
        ("<form>Hello</form>", "<form> holds text: 'Hello'"),
        ("<link next='a'>x</link>", "<link> holds text"),
        (block("<break/>"), "<break> may not stand in <block>"),
        (block("<prompt><assign name='a' expr='1'/></prompt>"), "<assign> may not stand in <prompt>"),
        (block("<prompt><foreach item='i' array='a'><goto next='x'/></foreach></prompt>"), "<goto> may not stand"),
        (block("<foreach item='i' array='a'><break/></foreach>"), "<break> may not stand in <foreach>"),
    ],
)
def test_an_element_out_of_place_is_refused(body: str, reason: str) -> None:
    assert reason in refused(body).reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<form name='a'/>", "<form> has no attribute 'name'"),
        ("<form scop='dialog'/>", "'scope' is"),
        ("<form scope='session'/>", "write one of dialog, document"),
        ("<form id='a b'/>", "neither space nor '#'"),
        ("<form id=''/>", "is not empty"),
        ("<var expr='1'/>", "<var> needs the attribute 'name'"),
        ("<property name='timeout'/>", "needs the attribute 'value'"),
        (block("<if>x</if>"), "needs the attribute 'cond'"),
        (block("<prompt bargein='yes'/>"), "write 'true' or 'false'"),
        (block("<prompt timeout='3'/>"), "write a time"),
        (block("<prompt count='0'/>"), "write a whole number from 1 on"),
        (block("<goto next='a' maxage='1.5'/>"), "write a whole number"),
        (block("<goto/>"), "exactly one of 'next', 'expr', 'nextitem' and 'expritem'"),
        (block("<goto next='a' expr='b'/>"), "exactly one of"),
        (block("<submit/>"), "exactly one of 'next' and 'expr'"),
        (block("<submit next='a' method='put'/>"), "write one of get, post, raw"),
        (block("<submit next='a' method='raw'/>"), "belong together"),
        (block("<submit next='a' rawexpr='b'/>"), "belong together"),
        (block("<throw/>"), "exactly one of 'event' and 'eventexpr'"),
        (block("<throw event='a' message='b' messageexpr='c'/>"), "at most one of 'message' and 'messageexpr'"),
        (block("<return event='a' namelist='b'/>"), "at most one of"),
        (block("<exit expr='a' namelist='b'/>"), "at most one of 'expr' and 'namelist'"),
        (block("<script/>"), "exactly one of 'src', 'srcexpr' and content"),
        (block("<script src='a'>1</script>"), "exactly one of 'src', 'srcexpr' and content"),
        (block("<audio/>"), "exactly one of 'src' and 'expr'"),
        (block("<prompt><mark/></prompt>"), "exactly one of 'name' and 'nameexpr'"),
        ("<form><grammar src='a'>b</grammar></form>", "exactly one of 'src', 'srcexpr' and content"),
        ("<form><subdialog/></form>", "exactly one of 'src' and 'srcexpr'"),
        ("<form><transfer/></form>", "exactly one of 'dest' and 'destexpr'"),
        ("<form><transfer dest='a' bridge='true' type='blind'/></form>", "at most one of 'bridge' and 'type'"),
        ("<menu><choice>a</choice></menu>", "exactly one of 'next', 'expr', 'event' and 'eventexpr'"),
    ],
)
def test_an_attribute_that_is_wrong_is_refused(body: str, reason: str) -> None:
    assert reason in refused(body).reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<form id='a'/><menu id='a'/>", "the id 'a' is there already"),
        ("<form><field name='a'/><block name='a'/></form>", "two items called 'a'"),
        (block("<if cond='1'>a<else/>b<elseif cond='2'/>c</if>"), "<elseif> comes after <else>"),
        (block("<if cond='1'>a<else/>b<else/>c</if>"), "<else> comes after <else>"),
        ("<form><field name='a'><filled mode='any'/></field></form>", "takes no 'mode'"),
        ("<form><field name='a'><filled namelist='a'/></field></form>", "takes no 'namelist'"),
        ("<form><block name='b'/><filled namelist='b'/></form>", "takes input items"),
        ("<form><field><grammar src='a' scope='document'/></field></form>", "takes no 'scope'"),
        ("<link next='a'><grammar src='a' scope='document'/></link>", "takes no 'scope'"),
        ("<menu dtmf='true'><choice dtmf='5' next='a'/></menu>", "'*', '#' or '0'"),
    ],
)
def test_what_no_table_can_say_is_checked_too(body: str, reason: str) -> None:
    assert reason in refused(body).reason


def test_the_first_fault_is_told_with_its_place() -> None:
    fault = refused("\n<form>\n  <block><prompt>\n    <sumbit/></prompt></block>\n</form>\n<frm/>")
    assert (fault.line, fault.column) == (4, 5)
    assert str(fault) == f"{URI}, line 4, column 5: <sumbit> is not an element of VoiceXML; 'submit' is."


@pytest.mark.parametrize(
    "body",
    [
        block("Hello <value expr='1'/> <audio src='a.wav'>there</audio>"),
        block("<prompt>Hello <break time='1s'/><say-as type='number:digits'>12</say-as></prompt>"),
        block("<prompt><speak version='1.0'><voice name='mike'>Hi <break size='small'/></voice></speak></prompt>"),
        block(f"<prompt><s xmlns='{SSML}'>Hello</s></prompt>"),
        block("<foreach item='i' array='a'><prompt><value expr='i'/></prompt></foreach>"),
        block("<prompt><foreach item='i' array='a'><break/><foreach item='j' array='i'>x</foreach></foreach></prompt>"),
        block("<submit next='a' method='raw' rawexpr='b' enctype='application/json'/>"),
        block("<data name='d' src='d' accept='application/json' headers='{}'/>"),
        block("<if cond='1'>a<elseif cond='2'/>b<else/>c</if>"),
        "<form><field name='a'><grammar>Yes|No</grammar></field></form>",
        f"<form><grammar xmlns='{SRGS}' version='1.0' root='r'><rule id='r'><one-of><item repeat='1-'>1</item></one-of>"
        "<ruleref uri='#r'/><tag>x</tag></rule></grammar></form>",
        "<menu dtmf='true'><prompt>Say <enumerate/></prompt><choice next='a'>one</choice>"
        "<choice dtmf='0' next='b'/></menu>",
        "<metadata><x:RDF xmlns:x='urn:x'>anything <vxml/></x:RDF></metadata>",
        "<form x:y='1' xmlns:x='urn:x' id='1st.form-a'/>",
        "<form><var name='_a'/><script>var b = 1;</script><initial name='i'/><field name='f'><filled>x</filled></field>"
        "<filled mode='any' namelist='f'>x</filled></form>",
        "<catch event='error.badfetch noinput' count='2'><exit/></catch><error/><help/><noinput/><nomatch/>",
        "<form><transfer name='t' destexpr='d' type='consultation' maxtime='0s'/><record name='r' maxtime='10s'/>"
        "<object name='o' classid='builtin:x'><param name='p' value='1'/></object>"
        "<subdialog name='s' src='#x'><param name='p' expr='1'/></subdialog></form>",
    ],
)  # fmt: skip
def test_what_applications_write_is_accepted(body: str) -> None:
    document(body)


@given(st.sampled_from(sorted(ELEMENTS)), st.sampled_from(sorted(ELEMENTS)), st.text(max_size=3))
def test_no_nesting_raises_anything_but_a_document_error(outer: str, inner: str, value: str) -> None:
    text = value.translate(str.maketrans("", "", "<>&'\"")).encode("ascii", "ignore").decode()
    with contextlib.suppress(DocumentError):
        document(f"<form><{outer} name='{text}'>{text}<{inner} cond='{text}'/></{outer}></form>")


GRAMMAR = '<grammar mode="dtmf" version="1.0" root="r"><rule id="r">1</rule></grammar>'
REPLACED = {
    r"<conf:(pass|fail)\b[^>]*?/>": '<submit next="http://example.com/verdict"/>',
    r"<conf:(pass|fail)\b[^>]*?>.*?</conf:\1>": '<submit next="http://example.com/verdict"/>',
    r"<conf:grammar\b[^>]*?/>": GRAMMAR,
    r"<conf:grammar\b[^>]*?>.*?</conf:grammar>": GRAMMAR,
    r"<conf:(speech|dtmf|noinput)\b[^>]*?/>": "<prompt>?</prompt>",
    r"<conf:comment\b[^>]*?/>|<conf:comment\b[^>]*?>.*?</conf:comment>": "<log>comment</log>",
}  # fmt: skip

BROKEN_ON_PURPOSE = {"543-2.txml": "exactly one of 'next' and 'expr'"}


@pytest.fixture(scope="module")
def samples() -> list[Path]:
    found = sorted(CONFORMANCE.glob("*.txml"))
    if not found:
        pytest.skip(f"the conformance samples are not at {CONFORMANCE}")
    return found


def test_every_conformance_sample_is_read(samples: list[Path]) -> None:
    for path in samples:
        text = path.read_text("utf-8")
        for pattern, replacement in REPLACED.items():
            text = re.sub(pattern, replacement, text, flags=re.DOTALL)
        if path.name in BROKEN_ON_PURPOSE:
            with pytest.raises(DocumentError, match=BROKEN_ON_PURPOSE[path.name]):
                parse_document(text.encode(), URI)
        else:
            parse_document(text.encode(), URI)
