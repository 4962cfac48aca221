// DOM Level 2 Core, as far as VoiceXML 2.1 (appendix D) has it: it can be read, and never written. Nodes are made when
// they are first asked for, out of arrays that begin with the type of the node; a text node is a string.
(function (tree) {
  "use strict";
  const PARTS = Symbol("parts"), PART = Symbol("part"), NOTHING = Object.freeze([]);
  const MUTATORS = [
    "appendChild", "appendData", "cloneNode", "createAttribute", "createAttributeNS", "createCDATASection",
    "createComment", "createDocumentFragment", "createElement", "createElementNS", "createEntityReference",
    "createProcessingInstruction", "createTextNode", "deleteData", "importNode", "insertBefore", "insertData",
    "normalize", "removeAttribute", "removeAttributeNS", "removeAttributeNode", "removeChild", "replaceChild",
    "replaceData", "setAttribute", "setAttributeNS", "setAttributeNode", "setAttributeNodeNS", "splitText",
  ];
  const TYPES = {
    ELEMENT_NODE: 1, ATTRIBUTE_NODE: 2, TEXT_NODE: 3, CDATA_SECTION_NODE: 4, ENTITY_REFERENCE_NODE: 5, ENTITY_NODE: 6,
    PROCESSING_INSTRUCTION_NODE: 7, COMMENT_NODE: 8, DOCUMENT_NODE: 9, DOCUMENT_TYPE_NODE: 10,
    DOCUMENT_FRAGMENT_NODE: 11, NOTATION_NODE: 12,
  };

  class DOMException extends Error {
    constructor(code, message) { super(message); this.name = "DOMException"; this.code = code; }
  }

  class NodeList extends Array {
    static get [Symbol.species]() { return Array; }
    item(index) { return this[index] ?? null; }
  }
  const list = (nodes, kind = NodeList) => Object.freeze(kind.from(nodes));

  class NamedNodeMap extends NodeList {
    getNamedItem(name) { return this.find((each) => each.nodeName === name) ?? null; }
    getNamedItemNS(uri, name) {
      return this.find((each) => each.namespaceURI === (uri || null) && each.localName === name) ?? null;
    }
  }

  const split = (name) => {
    const colon = name.indexOf(":");
    return colon < 0 ? [null, name] : [name.slice(0, colon), name.slice(colon + 1)];
  };

  const EMPTY = list([]);

  class Node {
    #parent; #index; #children = null;
    constructor(parent, index) { this.#parent = parent; this.#index = index; }
    get [PART]() { return this.#parent[PARTS][this.#index]; }
    get [PARTS]() { return NOTHING; }
    get ownerDocument() { return whole; }
    get parentNode() { return this.#parent; }
    get nodeValue() { return null; }
    get attributes() { return null; }
    get namespaceURI() { return null; }
    get prefix() { return null; }
    get localName() { return null; }
    get childNodes() {
      if (this.#children === null) {
        const parts = this[PARTS];
        this.#children = parts.length ? list(parts.map((part, index) => node(part, this, index))) : EMPTY;
      }
      return this.#children;
    }
    get firstChild() { return this.childNodes.item(0); }
    get lastChild() { return this.childNodes.item(this.childNodes.length - 1); }
    get previousSibling() { return this.#parent ? this.#parent.childNodes.item(this.#index - 1) : null; }
    get nextSibling() { return this.#parent ? this.#parent.childNodes.item(this.#index + 1) : null; }
    get textContent() {
      if (this.nodeValue !== null) return this.nodeValue;
      return below(this).filter((each) => each.nodeType === 3 || each.nodeType === 4).map((each) => each.data).join("");
    }
    hasChildNodes() { return this[PARTS].length > 0; }
    hasAttributes() { return this.attributes !== null && this.attributes.length > 0; }
    isSupported(feature, version) { return implementation.hasFeature(feature, version); }
  }
  for (const type of Object.keys(TYPES)) Node.prototype[type] = TYPES[type];
  for (const name of MUTATORS) {
    Node.prototype[name] = () => { throw new DOMException(7, "a document that was fetched as data cannot be changed"); };
  }

  const implementation = Object.freeze({
    hasFeature: (feature, version) => /^(core|xml)$/i.test(feature) && (!version || version === "1.0" || version === "2.0"),
  });

  // All nodes under one in document order; without recursion, so that the deepest document fits.
  const below = (root) => {
    const found = [], waiting = [root];
    while (waiting.length) {
      const here = waiting.pop();
      if (here !== root) found.push(here);
      const children = here.childNodes;
      for (let at = children.length - 1; at >= 0; at--) waiting.push(children[at]);
    }
    return found;
  };

  const search = (root, wanted) => list(below(root).filter((each) => each.nodeType === 1 && wanted(each)));

  class Container extends Node {
    getElementsByTagName(name) { return search(this, (each) => name === "*" || each.tagName === name); }
    getElementsByTagNameNS(uri, name) {
      return search(this, (each) =>
        (uri === "*" || each.namespaceURI === (uri || null)) && (name === "*" || each.localName === name));
    }
  }

  class Document extends Container {
    constructor() { super(null, 0); }
    get [PARTS]() { return tree[1]; }
    get ownerDocument() { return null; }
    get nodeType() { return 9; }
    get nodeName() { return "#document"; }
    get doctype() { return null; }
    get implementation() { return implementation; }
    get documentElement() { return this.childNodes.find((each) => each.nodeType === 1) ?? null; }
    getElementById(id) { return search(this, (each) => each.getAttribute("id") === id).item(0); }
  }

  class Element extends Container {
    #attributes = null;
    get [PARTS]() { return this[PART][4]; }
    get nodeType() { return 1; }
    get nodeName() { return this[PART][1]; }
    get tagName() { return this[PART][1]; }
    get namespaceURI() { return this[PART][2]; }
    get prefix() { return split(this.tagName)[0]; }
    get localName() { return split(this.tagName)[1]; }
    get attributes() {
      this.#attributes ??= list(this[PART][3].map((part) => new Attr(this, part)), NamedNodeMap);
      return this.#attributes;
    }
    getAttributeNode(name) { return this.attributes.getNamedItem(name); }
    getAttributeNodeNS(uri, name) { return this.attributes.getNamedItemNS(uri, name); }
    getAttribute(name) { return this.getAttributeNode(name)?.value ?? ""; }
    getAttributeNS(uri, name) { return this.getAttributeNodeNS(uri, name)?.value ?? ""; }
    hasAttribute(name) { return this.getAttributeNode(name) !== null; }
    hasAttributeNS(uri, name) { return this.getAttributeNodeNS(uri, name) !== null; }
  }

  class Attr extends Node {
    #element; #part;
    constructor(element, part) { super(null, 0); this.#element = element; this.#part = part; }
    get [PARTS]() { return this.#part[2] ? [this.#part[2]] : []; }
    get nodeType() { return 2; }
    get nodeName() { return this.#part[0]; }
    get nodeValue() { return this.#part[2]; }
    get namespaceURI() { return this.#part[1]; }
    get prefix() { return split(this.#part[0])[0]; }
    get localName() { return split(this.#part[0])[1]; }
    get name() { return this.#part[0]; }
    get value() { return this.#part[2]; }
    get specified() { return true; }
    get ownerElement() { return this.#element; }
  }

  class CharacterData extends Node {
    get data() { return this[PART][1]; }
    get nodeValue() { return this.data; }
    get length() { return this.data.length; }
    substringData(offset, count) {
      if (!(offset >= 0 && offset <= this.length && count >= 0)) {
        throw new DOMException(1, "the offset is outside of the text");
      }
      return this.data.substr(offset, count);
    }
  }

  class Text extends CharacterData {
    get data() { return this[PART]; }
    get nodeType() { return 3; }
    get nodeName() { return "#text"; }
  }

  class CDATASection extends Text {
    get data() { return this[PART][1]; }
    get nodeType() { return 4; }
    get nodeName() { return "#cdata-section"; }
  }

  class Comment extends CharacterData {
    get nodeType() { return 8; }
    get nodeName() { return "#comment"; }
  }

  class ProcessingInstruction extends Node {
    get nodeType() { return 7; }
    get nodeName() { return this.target; }
    get nodeValue() { return this.data; }
    get target() { return this[PART][1]; }
    get data() { return this[PART][2]; }
  }

  const KINDS = { 1: Element, 4: CDATASection, 7: ProcessingInstruction, 8: Comment };
  const node = (part, parent, index) => new (typeof part === "string" ? Text : KINDS[part[0]])(parent, index);
  const whole = new Document();
  return whole;
})
