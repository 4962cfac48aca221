"""A read-only DOM of a fetched document, built inside the engine (VoiceXML 2.1, 5.1 and appendix D)."""

from __future__ import annotations

import json
from typing import Any, Final

from mirabelle.vxml.ecmascript import JsObject
from mirabelle.vxml.xml import Element

BUILD: Final = """(function (tree) {
  class List extends Array { item(i) { return i >= 0 && i < this.length ? this[i] : null; } }
  class Node {
    constructor(owner, parent, type, name, value) {
      this.ownerDocument = owner; this.parentNode = parent; this.nodeType = type; this.nodeName = name;
      this.nodeValue = value; this.childNodes = EMPTY; this.attributes = null; this.at = 0;
    }
    get firstChild() { return this.childNodes.item(0); }
    get lastChild() { return this.childNodes.item(this.childNodes.length - 1); }
    get previousSibling() { return this.parentNode ? this.parentNode.childNodes.item(this.at - 1) : null; }
    get nextSibling() { return this.parentNode ? this.parentNode.childNodes.item(this.at + 1) : null; }
    hasChildNodes() { return this.childNodes.length > 0; }
    hasAttributes() { return this.attributes !== null && this.attributes.length > 0; }
    get textContent() {
      if (this.nodeValue !== null) return this.nodeValue;
      return this.childNodes.map(function (c) { return c.textContent; }).join('');
    }
    getElementsByTagName(name) {
      return this.search(function (e) { return name === '*' || e.tagName === name; });
    }
    getElementsByTagNameNS(uri, name) {
      return this.search(function (e) {
        return (uri === '*' || e.namespaceURI === uri) && (name === '*' || e.localName === name); });
    }
    search(wanted) {
      var found = new List();
      (function walk(node) {
        for (var child of node.childNodes) {
          if (child.nodeType === 1 && wanted(child)) found.push(child);
          walk(child);
        }
      })(this);
      return found;
    }
  }
  var EMPTY = new List();
  class Text extends Node {
    constructor(owner, parent, data) { super(owner, parent, 3, '#text', data); }
    get data() { return this.nodeValue; }
    get length() { return this.nodeValue.length; }
    substringData(from, count) { return this.nodeValue.substr(from, count); }
  }
  class Attribute extends Node {
    constructor(element, name, value) {
      super(element.ownerDocument, null, 2, name, value);
      this.name = name; this.value = value; this.specified = true; this.ownerElement = element;
    }
  }
  class NamedNodeMap extends List {
    getNamedItem(name) { return this.find(function (a) { return a.name === name; }) || null; }
  }
  class Element extends Node {
    constructor(owner, parent, part) {
      super(owner, parent, 1, part[0], null);
      this.tagName = this.localName = part[0]; this.namespaceURI = part[1] || null; this.prefix = null;
      this.attributes = new NamedNodeMap();
      for (var name of Object.keys(part[2])) this.attributes.push(new Attribute(this, name, part[2][name]));
      fill(this, part[3]);
    }
    getAttributeNode(name) { return this.attributes.getNamedItem(name); }
    getAttribute(name) { var a = this.getAttributeNode(name); return a ? a.value : ''; }
    hasAttribute(name) { return this.getAttributeNode(name) !== null; }
  }
  class Document extends Node {
    constructor(part) {
      super(null, null, 9, '#document', null);
      fill(this, [part]);
    }
    get documentElement() { return this.firstChild; }
    getElementById(id) { return this.search(function (e) { return e.getAttribute('id') === id; }).item(0); }
  }
  var fill = function (node, parts) {
    if (!parts.length) return;
    var owner = node.nodeType === 9 ? node : node.ownerDocument;
    node.childNodes = new List();
    for (var part of parts) {
      var child = typeof part === 'string' ? new Text(owner, node, part) : new Element(owner, node, part);
      child.at = node.childNodes.length;
      node.childNodes.push(child);
    }
  };
  return new Document(tree);
})"""
"""An expression whose value makes a document out of what `tree` gives."""


def tree(root: Element) -> JsObject:
    """A document as arrays: name, namespace, attributes, children."""
    return JsObject(json.dumps(_part(root)))


def _part(element: Element) -> list[Any]:
    local = element.name.rpartition("}")[2]
    children = [child if isinstance(child, str) else _part(child) for child in element.children]
    return [local, element.namespace, dict(element.attributes), children]
