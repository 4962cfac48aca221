from __future__ import annotations

import pytest

from mirabelle.vxml.analysis.source import Place, Source
from mirabelle.vxml.xml import parse_xml


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ("<a b='1'/>", "b", (1, 7)),
        ('<a\n  b = "x>"\n  c="2"/>', "c", (3, 6)),
        ("<a\r\n b='1'\r\n c='2'/>", "c", (3, 5)),
        ("<a x='b=1' b='2'/>", "b", (1, 15)),
        ("<a\tb='é' c='1'/>", "c", (1, 13)),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_attribute_is_found(text: str, name: str, place: tuple[int, int], encoding: str) -> None:
    data = text.encode(encoding)
    assert Source(data).attribute(parse_xml(data, ""), name) == Place(*place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("<a>b</a>", (1, 4)),
        ("<a\n b='>'>\n  c</a>", (3, 3)),
        ("<a><![CDATA[b]]></a>", (1, 13)),
        ("<a>\n<![CDATA[\nb]]></a>", (3, 1)),
    ],
)
def test_content_is_found(text: str, place: tuple[int, int]) -> None:
    data = text.encode()
    assert Source(data).content(parse_xml(data, "")) == Place(*place)


def test_a_declared_encoding_is_heeded() -> None:
    data = '<?xml version="1.0" encoding="iso-8859-1"?><a b="é" c="1"/>'.encode("latin-1")
    assert Source(data).attribute(parse_xml(data, ""), "c") == Place(1, 56)


def test_an_attribute_that_is_not_there_is_where_its_element_is() -> None:
    data = b"<a>\n <b c='1'/></a>"
    assert Source(data).attribute(parse_xml(data, "").elements()[0], "d") == Place(2, 2)
