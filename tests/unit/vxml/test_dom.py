# ruff: noqa: E501 - a document reads better in one piece
"""The document that `<data>` fetches, as scripts see it (VoiceXML 2.1, 5 and appendix D)."""

from __future__ import annotations

import pytest

from mirabelle.vxml.dom import tree
from mirabelle.vxml.errors import DocumentError
from mirabelle.vxml.xml import MOST_DEPTH
from tests.unit.vxml.running import run, vxml

DOCUMENT = """<?xml version="1.0"?><!--first--><q:list xmlns:q="urn:q" xmlns="urn:d"><item id="a" q:z="9">one<!--aside--><b/>two</item
><item id="b"><![CDATA[<three>]]></item><?do it now?></q:list>"""


def told(expr: str, document: str = DOCUMENT) -> list[str]:
    """What an expression over the document `d`, its root `r` and its first item `i` yields; or the event it throws."""
    body = (
        "<catch><log expr='_event'/><exit/></catch><form><block><data name='d' src='d.xml'/>"
        "<var name='r' expr='d.documentElement'/><var name='i' expr=\"d.getElementsByTagName('item').item(0)\"/>"
        f'<log expr="{expr}"/></block></form>'
    )
    return run({"start.vxml": vxml(body), "d.xml": document}, types={"d.xml": "text/xml"}).logs


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("d.nodeName + d.nodeType + d.nodeValue + d.doctype + d.parentNode", "#document9nullnullnull"),
        ("d.implementation.hasFeature('Core', '2.0')", "true"),
        ("r.tagName + r.localName + r.prefix + r.namespaceURI", "q:listlistqurn:q"),
        ("i.tagName + i.localName + i.prefix + i.namespaceURI", "itemitemnullurn:d"),
        ("d.getElementsByTagName('list').length + d.getElementsByTagName('q:list').length", "1"),
        ("d.getElementsByTagNameNS('urn:d', '*').length", "3"),
        ("d.getElementsByTagNameNS('*', 'list').item(0) == r", "true"),
        ("i.getAttribute('id') + i.getAttribute('nothing')", "a"),
        ("i.getAttributeNS('urn:q', 'z') + i.getAttribute('q:z') + i.hasAttributeNS('urn:q', 'id')", "99false"),
        ("i.attributes.length + i.attributes.item(0).name + i.attributes.item(2)", "2idnull"),
        ("i.getAttributeNode('id').value + i.getAttributeNode('id').ownerElement.tagName", "aitem"),
        ("i.attributes.getNamedItemNS('urn:q', 'z').nodeType", "2"),
        ("i.childNodes.length + i.childNodes.item(1).data + i.childNodes.item(1).nodeType", "4aside8"),
        ("d.firstChild.nodeName", "#comment"),
        (
            "r.childNodes.item(1).firstChild.nodeName + r.childNodes.item(1).firstChild.data",
            "#cdata-section<three>",
        ),
        ("r.lastChild.target + r.lastChild.data + r.lastChild.nodeType", "doit now7"),
        ("i.textContent + r.textContent", "onetwoonetwo<three>"),
        ("i.firstChild.substringData(1, 2) + i.firstChild.length", "ne3"),
        ("i.firstChild.substringData(9, 1)", "error.semantic"),
        ("i.nextSibling.previousSibling == i", "true"),
        ("i.firstChild.previousSibling", "null"),
        ("i.nodeType == i.ELEMENT_NODE", "true"),
        ("typeof i.childNodes.item(99) + i.hasChildNodes() + i.hasAttributes()", "objecttruetrue"),
    ],
)
def test_a_document_is_read(expr: str, value: str) -> None:
    assert told(expr) == [value]


@pytest.mark.parametrize(
    "expr",
    [
        "i.appendChild(r)",
        "i.setAttribute('id', 'c')",
        "d.createElement('x')",
        "i.firstChild.nodeValue = 'x'",
        "i.tagName = 'x'",
        "i.childNodes[0] = r",
        "i.childNodes.push(r)",
    ],
)
def test_a_document_is_not_written(expr: str) -> None:
    assert told(expr) == ["error.semantic"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("<a><b></a>", "not well-formed"),
        ("<x:a/>", "the prefix 'x' is not declared"),
        ("<a x:b='1'/>", "the prefix 'x' is not declared"),
        ("<!DOCTYPE a [<!ENTITY e 'text'>]><a>&e;</a>", "entities of their own"),
        ("<a>" * (MOST_DEPTH + 1), "nest deeper"),
    ],
)
def test_a_document_that_cannot_be_read_says_why(document: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        tree(document.encode(), "http://test/d.xml")
    assert reason in caught.value.reason


def test_the_deepest_document_fits() -> None:
    deep = "<a>" * MOST_DEPTH + "x" + "</a>" * MOST_DEPTH
    assert told("d.textContent", deep.replace("<a>", "<a><item/>", 1)) == ["x"]
