"""A read-only DOM of a fetched document, built inside the engine (VoiceXML 2.1, appendix D)."""

from __future__ import annotations

import json
from typing import Any, Final

from mirabelle.vxml.xml import Element

_BUILD: Final = """(function (tree) {
  var list = function (items) {
    items.item = function (i) { return i < items.length ? items[i] : null; };
    return items;
  };
  var link = function (node, parent, owner) {
    node.parentNode = parent; node.ownerDocument = owner;
    node.firstChild = node.childNodes[0] || null;
    node.lastChild = node.childNodes[node.childNodes.length - 1] || null;
    node.hasChildNodes = function () { return node.childNodes.length > 0; };
    for (var i = 0; i < node.childNodes.length; i++) {
      var child = node.childNodes[i];
      child.previousSibling = node.childNodes[i - 1] || null;
      child.nextSibling = node.childNodes[i + 1] || null;
      link(child, node, owner);
    }
  };
  var make = function (part) {
    if (typeof part === 'string') {
      return { nodeType: 3, nodeName: '#text', nodeValue: part, data: part, length: part.length, textContent: part,
               childNodes: list([]), attributes: null };
    }
    var children = part[3].map(make), attributes = [];
    var node = { nodeType: 1, nodeName: part[0], tagName: part[0], localName: part[0].replace(/^.*:/, ''),
                 namespaceURI: part[1] || null, prefix: null, nodeValue: null, childNodes: list(children) };
    Object.keys(part[2]).forEach(function (name) {
      attributes.push({ nodeType: 2, nodeName: name, name: name, value: part[2][name], nodeValue: part[2][name],
                        specified: true, ownerElement: node, childNodes: list([]) });
    });
    var named = function (name) { return attributes.filter(function (a) { return a.name === name; })[0] || null; };
    node.attributes = list(attributes);
    node.attributes.getNamedItem = named;
    node.getAttribute = function (name) { var a = named(name); return a ? a.value : ''; };
    node.hasAttribute = function (name) { return named(name) !== null; };
    node.getAttributeNode = named;
    node.hasAttributes = function () { return attributes.length > 0; };
    node.textContent = children.map(function (c) { return c.textContent; }).join('');
    searchable(node);
    return node;
  };
  var searchable = function (node) {
    node.getElementsByTagName = function (name) {
      var found = [];
      (function walk(at) { at.childNodes.forEach(function (c) {
        if (c.nodeType === 1) { if (name === '*' || c.tagName === name) found.push(c); walk(c); } }); })(node);
      return list(found);
    };
    node.getElementsByTagNameNS = function (uri, name) {
      return list(node.getElementsByTagName('*').filter(function (c) {
        return (uri === '*' || c.namespaceURI === uri) && (name === '*' || c.localName === name); }));
    };
  };
  var root = make(tree);
  var owner = { nodeType: 9, nodeName: '#document', nodeValue: null, attributes: null, documentElement: root,
                childNodes: list([root]), ownerDocument: null, parentNode: null, textContent: null };
  searchable(owner);
  owner.getElementById = function (id) {
    return owner.getElementsByTagName('*').filter(function (c) { return c.getAttribute('id') === id; })[0] || null; };
  link(owner, null, null);
  (function own(node) { node.childNodes.forEach(function (c) { c.ownerDocument = owner; own(c); }); })(owner);
  return owner;
})"""


def as_dom(root: Element) -> str:
    """An expression that evaluates to the DOM of a document."""
    return f"{_BUILD}({json.dumps(_tree(root))})"


def _tree(element: Element) -> list[Any]:
    namespace, _, local = element.name.rpartition("}")
    children = [child if isinstance(child, str) else _tree(child) for child in element.children]
    return [local, element.namespace or namespace.lstrip("{"), dict(element.attributes), children]
