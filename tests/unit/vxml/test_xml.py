from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.vxml.errors import DocumentError
from mirabelle.vxml.xml import MOST_BYTES, MOST_DEPTH, SRGS, SSML, VXML, Element, parse_xml

URI = "http://example.com/a.vxml"


def test_an_element_knows_its_place() -> None:
    root = parse_xml(b'<?xml version="1.0"?>\n<a>\n  <b/>\n</a>', URI)
    (b,) = root.elements("b")
    assert (root.line, root.column, b.line, b.column) == (2, 1, 3, 3)


def test_neighbouring_character_data_is_one_string() -> None:
    root = parse_xml(b"<a>x&amp;<!-- no --><![CDATA[<y>]]>\r\nz<b>in</b>t</a>", URI)
    assert root.children[0] == "x&<y>\nz"
    assert root.text() == "x&<y>\nzint"


@pytest.mark.parametrize("namespace", ["", VXML, SRGS, SSML])
def test_the_languages_of_a_document_have_plain_names(namespace: str) -> None:
    root = parse_xml(f'<a xmlns="{namespace}"/>'.encode(), URI)
    assert (root.name, root.namespace) == ("a", namespace)


def test_other_namespaces_stay_in_the_name() -> None:
    root = parse_xml(b'<x:a xmlns:x="urn:x" x:b="1" c="2" xml:lang="en"/>', URI)
    assert root.name == "{urn:x}a"
    assert dict(root.attributes) == {"{urn:x}b": "1", "c": "2", "xml:lang": "en"}


def test_an_absent_attribute_has_a_default() -> None:
    root = parse_xml(b'<a b=""/>', URI)
    assert (root.get("b", "x"), root.get("c"), root.get("c", "x")) == ("", "", "x")


def test_descendants_come_in_document_order() -> None:
    root = parse_xml(b"<a><b><c/></b><d/></a>", URI)
    assert [e.name for e in root.descendants()] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "data",
    [
        "<a>\u00e9\u20ac</a>".encode(),
        b"\xef\xbb\xbf" + "<a>\u00e9\u20ac</a>".encode(),
        '<?xml version="1.0" encoding="utf-16"?><a>\u00e9\u20ac</a>'.encode("utf-16"),
        b"\xfe\xff" + "<a>\u00e9\u20ac</a>".encode("utf-16-be"),
        '<?xml version="1.0" encoding="windows-1252"?><a>\u00e9\u20ac</a>'.encode("cp1252"),
    ],
)
def test_the_encoding_is_found(data: bytes) -> None:
    assert parse_xml(data, URI).text() == "\u00e9\u20ac"


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE vxml PUBLIC "-//W3C//DTD VOICEXML 2.1//EN" "http://127.0.0.1:1/vxml.dtd"><vxml/>',
        b'<!DOCTYPE vxml SYSTEM "file:///etc/passwd"><vxml/>',
        b"<!DOCTYPE vxml [<!ELEMENT vxml ANY>]><vxml/>",
    ],
)
def test_a_doctype_is_read_over(data: bytes) -> None:
    assert parse_xml(data, URI).name == "vxml"


def test_defaults_of_a_doctype_are_not_added() -> None:
    root = parse_xml(b'<!DOCTYPE a [<!ATTLIST a b CDATA "filled">]><a/>', URI)
    assert root.attributes == {}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no element"),
        (b"   ", "no element"),
        (b"<a>", "no element"),
        (b"<a", "unclosed token"),
        (b"<a></b>", "mismatched tag"),
        (b"<a/><b/>", "junk after"),
        (b"<a b='1' b='2'/>", "duplicate attribute"),
        (b"<a>\xff</a>", "invalid token"),
        (b"<a>\x00</a>", "invalid token"),
        (b"\x00" * 64, "invalid token"),
        (b"<x:a/>", "unbound prefix"),
        (b"<a>&nbsp;</a>", "undefined entity"),
        (b'<!DOCTYPE a SYSTEM "x"><a>&nbsp;</a>', "'nbsp' is not defined"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a/>', "'x' is declared"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "'x' is declared"),
        (b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/"> %x;]><a/>', "'x' is declared"),
        (b'<?xml version="1.0" encoding="nope"?><a/>', "encoding cannot be read"),
        (b'<?xml version="1.0" encoding="base64"?><a/>', "encoding cannot be read"),
        (b'<?xml version="1.0" encoding="shift_jis"?><a/>', "encoding cannot be read"),
        (b"<a>" * (MOST_DEPTH + 1), "deeper than 256"),
        (b"<a>" + b"<b/>" * 50_000 + b"</a>", "more than 50000 elements"),
        (b"<a>" + b"x" * MOST_BYTES, "larger than"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as caught:
        parse_xml(data, URI)
    assert caught.value.uri == URI


def test_the_fault_has_line_and_column() -> None:
    with pytest.raises(DocumentError) as caught:
        parse_xml(b"<a>\n  <b></c>\n</a>", URI)
    assert (caught.value.line, caught.value.column) == (2, 8)
    assert str(caught.value).startswith(f"{URI}, line 2, column 8: not well-formed XML")


def test_entities_that_grow_are_refused_before_they_do() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 20))
    with pytest.raises(DocumentError, match="is declared"):
        parse_xml(f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]><a>&l19;</a>'.encode(), URI)


def test_an_inline_grammar_becomes_xml_again_with_its_namespace() -> None:
    text = f'<vxml xmlns="{VXML}"><grammar xmlns="{SRGS}" xml:lang="en"><rule id="r">a &lt; b</rule></grammar></vxml>'
    (grammar,) = parse_xml(text.encode(), URI).elements("grammar")
    assert grammar.serialise() == f'<grammar xmlns="{SRGS}" xml:lang="en"><rule id="r">a &lt; b</rule></grammar>'


def test_attributes_of_other_namespaces_survive_being_written() -> None:
    root = parse_xml(b'<a xmlns:x="urn:x" x:b="1&#10;&quot;2"><x:c/></a>', URI)
    assert same(parse_xml(root.serialise().encode(), URI), root)


def same(a: Element, b: Element) -> bool:
    """Whether two elements are alike but for their places."""
    if (a.name, a.namespace, dict(a.attributes)) != (b.name, b.namespace, dict(b.attributes)):
        return False
    if len(a.children) != len(b.children):
        return False
    pairs = zip(a.children, b.children, strict=True)
    return all(same(x, y) if isinstance(x, Element) and isinstance(y, Element) else x == y for x, y in pairs)


NAMES = st.sampled_from(["a", "b", "say-as", "one-of"])
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t\r"), min_size=1, max_size=8)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> Element:
    namespace = draw(st.sampled_from(["", VXML, SSML, "urn:other"]))
    local = draw(NAMES)
    name = f"{{{namespace}}}{local}" if namespace == "urn:other" else local
    attributes = draw(st.dictionaries(st.sampled_from(["x", "xml:lang", "{urn:y}z"]), TEXTS, max_size=3))
    children: list[Element | str] = []
    for child in draw(st.lists(st.one_of(TEXTS, elements(depth - 1)) if depth else TEXTS, max_size=3)):
        if isinstance(child, str) and children and isinstance(children[-1], str):
            continue
        children.append(child)
    return Element(name, attributes, tuple(children), 1, 1, namespace)


@given(elements())
def test_what_is_written_reads_the_same(element: Element) -> None:
    text = element.serialise()
    if "\ufffe" in text or "\uffff" in text:
        return
    assert same(parse_xml(text.encode(), URI), element)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_document_error(data: bytes) -> None:
    with contextlib.suppress(DocumentError):
        parse_xml(data, URI)
