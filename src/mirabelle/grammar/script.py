"""The ECMAScript that runs the tags of a parse (SISR 1.0 sections 3 to 6)."""

from __future__ import annotations

from typing import Final

# Each grammar has a scope for the tags of its header; each rule of the parse runs its tags in a scope inside it, one
# eval per tag, so that a tag that is no program of its own is an error of that tag alone.
_NAMED: Final = """function (__tags) {
  for (var __i = 0; __i < __tags.length; __i++) eval(__tags[__i]);
  return function (rules, meta, __steps, __enter) {
    var out = {};
    for (var __j = 0; __j < __steps.length; __j++)
      if (typeof __steps[__j] === 'string') eval(__steps[__j]); else __enter(__steps[__j]);
    return out;
  };
}"""

# Tags without a declared format: `$` and `$rule` of the drafts, `out` and `rules`, `slot = value`, or plain text. What
# a tag assigns to a name that nobody knows becomes a property of the result.
_UNNAMED: Final = r"""function (__tags) {
  function __run(__view, __tag) { with (__view) { return eval(__tag); } }
  return function (rules, meta, __steps, __enter, __text) {
    var first = {}, slots = Object.create(null), literal, latest;
    var known = Object.assign(Object.create(null), {
      $: first, out: first, rules: rules, meta: meta, SWI_literal: __text, SWI_meaning: undefined });
    function at(key) { return key in known ? known : slots; }
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
    function run(tag) {
      var text = tag.trim();
      if (/^[0-9]*$/.test(text)) { literal = text; return; }
      try {
        var value = __run(view, tag);
        if (value !== null && typeof value !== 'object' && typeof value !== 'function' && value !== undefined)
          literal = value;
      } catch (error) {
        if (!(error instanceof SyntaxError || error instanceof ReferenceError)) throw error;
        literal = text;
      }
    }
    __tags.forEach(run);
    literal = undefined;
    __steps.forEach(function (step) {
      if (typeof step === 'string') return run(step);
      var entered = __enter(step);
      latest = known['$' + entered.name] = entered.value;
    });
    if (known.SWI_meaning !== undefined) return known.SWI_meaning;
    if (known.$ !== first) return known.$;
    if (known.out !== first) return known.out;
    if (Object.keys(first).length || Object.keys(slots).length) return Object.assign(first, slots);
    return literal;
  };
}"""

_MAIN: Final = """(function (named, unnamed, parse) {
  try {
    var scopes = parse.scopes.map(function (scope) { return (scope.unnamed ? unnamed : named)(scope.tags); });
    var values = parse.rules.map(function () { return undefined; });
    parse.rules.forEach(function (rule, place) {
      var rules = {}, meta = {}, latest;
      function about(text) { return { text: text, score: 1 }; }
      function hidden(on, name, value) { Object.defineProperty(on, name, { value: value }); }
      hidden(rules, 'latest', function () { return latest && latest.value; });
      hidden(meta, 'latest', function () { return latest && about(latest.text); });
      hidden(meta, 'current', function () { return about(rule.text); });
      function enter(called) {
        var name = parse.rules[called].name, text = parse.rules[called].text;
        latest = { name: name, value: values[called], text: text };
        if (name !== 'latest') rules[name] = latest.value;
        if (name !== 'latest' && name !== 'current') meta[name] = about(text);
        return latest;
      }
      var tags = rule.steps.filter(function (step) { return typeof step === 'string'; });
      if (tags.length && rule.literal) {
        values[place] = tags[tags.length - 1].trim();
      } else if (tags.length) {
        values[place] = scopes[rule.scope](rules, meta, rule.steps, enter, rule.text);
      } else {
        var calls = rule.steps;
        values[place] = calls.length ? values[calls[calls.length - 1]] : rule.text;
      }
    });
    return JSON.stringify({ value: values[values.length - 1] });
  } catch (error) {
    return JSON.stringify({ error: String(error) });
  }
})"""

SCRIPT: Final = f"(function (parse) {{ return {_MAIN}({_NAMED}, {_UNNAMED}, parse); }})"
"""An expression: a function that takes a parse and returns its meaning as JSON."""
