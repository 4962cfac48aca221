"""The ECMAScript that runs the tags of a parse (SISR 1.0 sections 3 to 6)."""

from __future__ import annotations

import json
from typing import Final

# Each grammar has a scope for the tags of its header; each rule of the parse runs its tags in a scope inside it, one
# eval per tag, so that a tag that is no program of its own is an error of that tag alone. Generators hold the scopes
# open from one tag to the next. They are made where nothing else can be seen, so that a tag finds `rules`, `meta`,
# `out`, what the header declared, and no name of ours.
_NAMED: Final = """(function* () {
  for (;;) eval(yield function* (rules, meta) { var out = {}; for (;;) eval(yield out); });
})"""

_LOOSE: Final = "(function (__view, __tag) { with (__view) { return eval(__tag); } })"

# Tags without a declared format: `$` and `$rule` of the drafts, `out` and `rules`, `slot = value`, or plain text. What
# a tag assigns to a name that nobody knows becomes a property of the result.
_UNNAMED: Final = r"""function (loose) {
  return function (rules, meta, text) {
    var first = {}, slots = Object.create(null), literal, latest;
    var known = Object.assign(Object.create(null), {
      $: first, out: first, rules: rules, meta: meta, SWI_literal: text, SWI_meaning: undefined });
    function at(key) { return key in known ? known : slots; }
    // A word that happens to be a name of the engine's own, as Date is, was meant as a word.
    function isWord(text, value) {
      var named = typeof value === 'function' || (typeof value === 'object' && value !== null);
      return named && /^\w+$/.test(text) && !(text in known) && !(text in slots);
    }
    var view = new Proxy(known, {
      has: function (_, key) {
        return typeof key === 'string' && key.slice(0, 2) !== '__' && key !== 'eval' &&
          (key in known || !(key in globalThis));
      },
      get: function (_, key) {
        if (typeof key !== 'string') return undefined;
        if (key === '$$') return latest;
        var place = at(key);
        if (key in place) return place[key];
        throw new ReferenceError(key + ' is not defined');
      },
      set: function (_, key, value) { at(key)[key] = value; return true; }
    });
    return {
      run: function (tag) {
        var text = tag.trim();
        if (/^[0-9]*$/.test(text)) { literal = text; return; }
        try {
          var value = loose(view, tag);
          if (isWord(text, value)) literal = text;
          else if (value !== null && typeof value !== 'object' && typeof value !== 'function' && value !== undefined)
            literal = value;
        } catch (error) {
          if (!(error instanceof SyntaxError || error instanceof ReferenceError)) throw error;
          literal = text;
        }
      },
      enter: function (entered) { latest = known['$' + entered.name] = entered.value; },
      begin: function () { literal = undefined; },
      value: function () {
        if (known.SWI_meaning !== undefined) return known.SWI_meaning;
        if (known.$ !== first) return known.$;
        if (known.out !== first) return known.out;
        if (Object.keys(first).length || Object.keys(slots).length) return Object.assign(first, slots);
        return literal;
      }
    };
  };
}"""

# Tags run from left to right through the whole parse, a rule's where it is entered. A parse may be deeper than the
# engine's stack: the rules under way stand in a list.
_MAIN: Final = """(function (named, unnamed, parse) {
  function about(text) { return { text: text, score: 1 }; }
  function hidden(on, name, value) { Object.defineProperty(on, name, { value: value }); }
  function told(value) {
    var endless = typeof value === 'number' && !isFinite(value);
    var text = JSON.stringify(endless ? { other: String(value) } : { value: value });
    return text === '{}' ? '{"other":"undefined"}' : text;
  }
  function scripted(tags) {
    var grammar = named(), made = grammar.next().value;
    tags.forEach(function (tag) { made = grammar.next(tag).value; });
    return function (rules, meta) {
      var rule = made(rules, meta), out = rule.next().value;
      return {
        run: function (tag) { out = rule.next(tag).value; },
        enter: function () {},
        value: function () { return out; }
      };
    };
  }
  function loosely(tags) {
    return function (rules, meta, text) {
      var running = unnamed(rules, meta, text);
      tags.forEach(running.run);
      running.begin();
      return running;
    };
  }
  function literally() {
    var last;
    return { run: function (tag) { last = tag.trim(); }, enter: function () {}, value: function () { return last; } };
  }
  function byDefault(value) {
    var last = value;
    return { enter: function (entered) { last = entered.value; }, value: function () { return last; } };
  }
  function begun(rule) {
    var text = parse.texts[rule.text], rules = Object.create(null), meta = Object.create(null), latest;
    hidden(rules, 'latest', function () { return latest && latest.value; });
    hidden(meta, 'latest', function () { return latest && about(latest.text); });
    hidden(meta, 'current', function () { return about(text); });
    var tagged = rule.steps.some(function (step) { return typeof step === 'string'; });
    var running = tagged ? (rule.literal ? literally() : scopes[rule.scope](rules, meta, text)) :
      byDefault('given' in rule ? rule.given : text);
    return {
      steps: rule.steps, at: 0, running: running, name: rule.name, text: text,
      enter: function (entered) {
        latest = entered;
        if (entered.name !== 'latest') rules[entered.name] = entered.value;
        if (entered.name !== 'latest' && entered.name !== 'current') meta[entered.name] = about(entered.text);
        running.enter(entered);
      }
    };
  }
  try {
    var scopes = parse.scopes.map(function (scope) { return (scope.unnamed ? loosely : scripted)(scope.tags); });
    var open = [begun(parse.rules[0])], value;
    while (open.length) {
      var rule = open[open.length - 1];
      if (rule.at < rule.steps.length) {
        var step = rule.steps[rule.at++];
        if (typeof step === 'string') rule.running.run(step); else open.push(begun(parse.rules[step]));
      } else {
        open.pop();
        value = rule.running.value();
        if (open.length) open[open.length - 1].enter({ name: rule.name, value: value, text: rule.text });
      }
    }
    return told(value);
  } catch (error) {
    return JSON.stringify({ error: String(error) });
  }
})"""

SCRIPT: Final = f"""(function (parse) {{
  var apart = eval;
  return {_MAIN}(apart({json.dumps(_NAMED)}), ({_UNNAMED})(apart({json.dumps(_LOOSE)})), parse);
}})"""
"""An expression: a function that takes a parse and returns its meaning as JSON."""
