// The engine looks at its clock where code runs, but not within some of its own functions: joining an array that says
// it has four thousand million members, or looking for half a million characters in a million, takes hours and cannot
// be interrupted. Here those functions refuse what no application means. The memory limit holds an array well under
// MEMBERS, so that nothing real is refused.
(function () {
  "use strict";
  const MEMBERS = 1000000, COMPARISONS = 1e8;
  const { apply } = Reflect, { defineProperty } = Object, { isArray } = Array;
  const Refused = RangeError, text = String, Pattern = RegExp;

  const guard = (holder, name, check) => {
    const original = holder[name];
    if (typeof original !== "function") return;
    // A method, so that it is no constructor, as the original is none.
    const { [name]: guarded } = {
      [name](...given) {
        check(this, given);
        return apply(original, this, given);
      },
    };
    defineProperty(guarded, "length", { value: original.length, configurable: true });
    defineProperty(holder, name, { value: guarded, writable: true, configurable: true });
  };

  const short = (list) => {
    if (list !== null && list !== undefined && list.length > MEMBERS) {
      throw new Refused(`the array has more than ${MEMBERS} members`);
    }
  };

  const shortWithin = (list, depth) => {
    short(list);
    if (depth === 0 || !isArray(list)) return;
    for (let at = 0; at < list.length; at++) if (isArray(list[at])) shortWithin(list[at], depth - 1);
  };

  for (const name of [
    "copyWithin", "join", "reverse", "shift", "slice", "sort", "splice", "toLocaleString", "toReversed", "toSorted",
    "toSpliced", "unshift",
  ]) guard(Array.prototype, name, short);
  guard(Array.prototype, "flat", (list, given) => shortWithin(list, given[0] === undefined ? 1 : given[0]));
  guard(Array.prototype, "flatMap", (list, given) => {
    short(list);
    const work = given[0];
    if (typeof work !== "function") return;
    given[0] = function (...each) {
      const made = apply(work, this, each);
      if (isArray(made)) short(made);
      return made;
    };
  });
  guard(Array.prototype, "concat", (list, given) => {
    let members = isArray(list) ? list.length : 1;
    for (let at = 0; at < given.length; at++) members += isArray(given[at]) ? given[at].length : 1;
    short({ length: members });
  });

  const quick = (within, given) => {
    if (typeof within !== "string") return;
    if (typeof given[0] === "object" && given[0] !== null && !(given[0] instanceof Pattern)) given[0] = text(given[0]);
    if (typeof given[0] === "string" && within.length * given[0].length > COMPARISONS) {
      throw new Refused("the texts are too long to look for one in the other");
    }
  };
  for (const name of ["includes", "indexOf", "lastIndexOf", "replace", "replaceAll", "split"]) {
    guard(String.prototype, name, quick);
  }
  guard(String, "raw", (_, given) => short(given[0]?.raw));
  if (typeof Iterator === "function") {
    guard(Iterator.prototype, "drop", (_, given) => short({ length: given[0] }));
  }
})()
