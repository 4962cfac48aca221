// The scope chain of VoiceXML 2.0, 5.1.2, in ECMAScript's own terms: each scope is an object that inherits next to
// nothing, and code runs in as many nested `with` as there are scopes. So names resolve, closures bind and writes find
// their scope as the language itself does it. The names `$m$...` are the only ones of ours an application could see.
(function () {
  "use strict";
  const { stringify, parse } = JSON;
  const { create, keys, defineProperty, getOwnPropertyNames } = Object;
  const own = Function.prototype.call.bind(Object.prototype.hasOwnProperty);
  const has = Function.prototype.call.bind(WeakSet.prototype.has);
  const include = Function.prototype.call.bind(WeakSet.prototype.add);
  const fetch = Function.prototype.call.bind(Map.prototype.get);
  const store = Function.prototype.call.bind(Map.prototype.set);
  const drop = Function.prototype.call.bind(Map.prototype.delete);
  const text = String, truth = Boolean, number = Number, array = Array.isArray, indirect = eval, everything = globalThis;
  const { unscopables } = Symbol;
  const holds = Function.prototype.call.bind(Map.prototype.has), Seen = Map;
  const Missing = ReferenceError, Misused = TypeError, Unparsable = SyntaxError, Thrown = Error;

  // Indirect evaluation, so that the code is sloppy: `with` is not allowed in strict code.
  const ENTER = "($m$scope)=>{with($m$scope){return ($m$source)=>eval($m$source)}}";

  const refuse = (target, name) => { throw new Misused(`session variables cannot be changed (${text(name)})`); };
  const sealed = { set: refuse, defineProperty: refuse, deleteProperty: refuse, setPrototypeOf: refuse };
  // What is there twice, as the originator of a connection is, stays one object.
  const seal = (value, seen = new Seen()) => {
    if (value === null || typeof value !== "object") return value;
    if (!holds(seen, value)) {
      store(seen, value, new Proxy(value, sealed));
      for (const name of keys(value)) value[name] = seal(value[name], seen);
    }
    return fetch(seen, value);
  };

  // What the evaluation itself stands on stays where it is; and a session has no use for a stopwatch.
  defineProperty(everything, "eval", { writable: false, configurable: false });
  delete everything.performance;

  // A scope can be compared, spoken and asked what it holds. More would be found where names are looked up.
  const plain = create(null);
  for (const name of ["toString", "valueOf", "hasOwnProperty"]) {
    defineProperty(plain, name, { value: Object.prototype[name], writable: true });
  }

  const session = create(plain);
  const sessionView = new Proxy(session, sealed);
  defineProperty(session, "session", { value: sessionView, enumerable: false, configurable: true });
  const bottom = { name: "session", object: sessionView, entered: indirect(ENTER)(sessionView) };
  const scopes = new WeakSet();
  include(scopes, sessionView);

  let chain = [bottom];
  const kept = new Map();
  let nextKept = 0;

  const top = () => chain[chain.length - 1];

  // What runs code in a scope. Many scopes never see any: it is made when it is needed.
  const runner = (scope) => scope.entered ??= runner(scope.below)(ENTER)(scope.object);

  // The scope in which a plain name is found, as `with` finds it, without reading code; undefined where it is in none.
  const place = (name) => {
    for (let at = chain.length - 1; at >= 0; at--) {
      const { object } = chain[at];
      if (name in object && !object[unscopables]?.[name]) return object;
    }
    return undefined;
  };

  const selfNames = (name, below) =>
    below || (name !== "application" && name !== "document") ? [name] : ["application", "document"];

  const nameItself = (scope) => {
    for (const name of scope.names) {
      if (name !== "") defineProperty(scope.object, name, { value: scope.object, writable: true, configurable: true });
    }
  };

  // Expressions run strict, so that a write to a name nobody declared throws, as the standard wants it. What strict code
  // has no syntax for (010, a variable called `package`) runs sloppy, with a look at what it left behind.
  const compiled = (strict, run) => {
    try {
      return run('"use strict";' + strict);
    } catch (error) {
      if (!(error instanceof Unparsable)) throw error;
      let sloppy;
      try { sloppy = run(strict); } catch { throw error; }
      return (argument) => {
        const before = keys(everything);
        try { return sloppy(argument); } finally {
          for (const name of keys(everything)) {
            if (!before.includes(name)) {
              delete everything[name];
              throw new Missing(`${name} is not declared`);
            }
          }
        }
      };
    }
  };

  const value = (source) => compiled(`()=>(${source}\n)`, runner(top()))();

  // The same, of an expression that may be a name, `name`, or a property of one, `name.member`.
  const found = (source, name, member) => {
    const object = name === undefined ? undefined : place(name);
    if (object === undefined) return value(source);
    return member === undefined ? object[name] : object[name][member];
  };

  const ownScope = (name) => {
    const dot = name.lastIndexOf(".");
    // What has an index is no variable of a scope, and a dot may belong to the index.
    if (dot < 0 || name.endsWith("]")) return;
    const base = value(name.slice(0, dot));
    const last = name.slice(dot + 1);
    if (base !== null && typeof base === "object" && has(scopes, base) && base !== sessionView && !own(base, last)) {
      throw new Missing(`${name} is not declared`);
    }
  };

  const assign = (name, held, simple) => {
    const object = simple ? place(name) : undefined;
    if (object !== undefined) {
      object[name] = held;
    } else {
      ownScope(name);
      compiled(`($m$value)=>{${name}=$m$value}`, runner(top()))(held);
    }
  };

  const define = (name, held) => {
    const { object } = top();
    defineProperty(object === sessionView ? session : object, name,
      { value: object === sessionView ? seal(held) : held, writable: true, enumerable: true, configurable: true });
  };

  const show = (held) => {
    switch (typeof held) {
      case "undefined": return "u";
      case "boolean": return held ? "t" : "f";
      case "number": return "d" + text(held === 0 && 1 / held < 0 ? "-0.0" : held);
      case "string": return "s" + stringify(held);
      case "function": return "onull";
      case "object": return held === null ? "n" : "o" + (stringify(held) ?? "null");
      default: throw new Misused(`a ${typeof held} cannot leave the script`);
    }
  };

  const known = (name) => chain.some(({ object }) => own(object, name));

  const read = (shown) => {
    switch (shown[0]) {
      case "u": return undefined;
      case "n": return null;
      case "t": return true;
      case "f": return false;
      case "d": return number(shown.slice(1));
      case "k": { const held = fetch(kept, number(shown.slice(1))); return held; }
      default: return parse(shown.slice(1));
    }
  };

  const fill = (object, given) => {
    for (const [name, shown] of parse(given)) {
      defineProperty(object, name, { value: read(shown), writable: true, enumerable: true, configurable: true });
    }
  };

  const operations = {
    push(name, given) {
      const scope = { name, object: create(plain), names: selfNames(name, chain.length > 1), below: top() };
      include(scopes, scope.object);
      nameItself(scope);
      if (given) fill(scope.object, given);
      chain.push(scope);
    },
    fill(given) { fill(top().object, given); },
    pop(depth) { chain.length = number(depth); },
    reset(name) {
      for (let at = chain.length - 1; at > 0; at--) {
        if (chain[at].names.includes(name)) {
          for (const variable of getOwnPropertyNames(chain[at].object)) delete chain[at].object[variable];
          nameItself(chain[at]);
          return;
        }
      }
      throw new Missing(`there is no scope ${name}`);
    },
    save() { store(kept, nextKept, chain); chain = [bottom]; return "d" + text(nextKept++); },
    restore(id) { chain = fetch(kept, number(id)); drop(kept, number(id)); },
    keep(source) { store(kept, nextKept, value(source)); return "d" + text(nextKept++); },
    forget(id) { drop(kept, number(id)); },
    declare(name) {
      const { object } = top();
      const there = Object.getOwnPropertyDescriptor(object, name);
      if (there === undefined || !there.enumerable) define(name, undefined);
    },
    initialise(name, source) { define(name, value(source)); },
    put(name, shown) { define(name, read(shown)); },
    assign(name, source) {
      ownScope(name);
      compiled(`()=>{${name}=(${source}\n)}`, runner(top()))();
    },
    write(name, shown, simple) { assign(name, read(shown), simple); },
    // The result is the application's, whatever else an inner scope may call by that name.
    result(shown) {
      const results = shown === "" ? undefined : parse(shown);
      for (const one of results ?? []) if (own(one, "interpretation")) one.interpretation = read(one.interpretation);
      for (const name of keys(results?.[0] ?? {})) results[name] = results[0][name];
      defineProperty(chain[1].object, "lastresult$",
        { value: results, writable: true, enumerable: true, configurable: true });
    },
    echo(name) {
      const [found] = chain[1].object.lastresult$, copy = {};
      for (const property of keys(found)) copy[property] = found[property];
      assign(name, copy, true);
    },
    evaluate(source, name, member) { return show(found(source, name, member)); },
    truth(source, name, member) { return truth(found(source, name, member)) ? "t" : "f"; },
    text(source, name, member) { return "s" + stringify(text(found(source, name, member))); },
    json(source, name, member) { return "s" + stringify(stringify(found(source, name, member)) ?? "null"); },
    // As a form sends it: an object as JSON, all else as text.
    field(source, name, member) {
      const held = found(source, name, member);
      const object = typeof held === "object" && held !== null && !(held instanceof text);
      return object ? "o" + (stringify(held) ?? "null") : "s" + stringify(text(held));
    },
    contents() {
      return "s" + stringify(stringify(chain.map(({ name, object }) => [name, keys(object)])));
    },
    declared(name) { return known(name) ? "t" : "f"; },
    defined(source, name, member) {
      return known(name) && found(source, name, member) !== undefined ? "t" : "f";
    },
    // A copy of an array under a name of ours, to go over; how long it is.
    loop(name, source) {
      const list = value(source);
      if (!array(list)) return "n";
      define(name, list.slice());
      return "d" + text(number(top().object[name].length));
    },
    step(item, name, at) { assign(item, place(name)[name][number(at)], true); },
    script(source, variables, functions) {
      const scope = top();
      for (const name of parse(variables)) if (!own(scope.object, name)) define(name, undefined);
      const before = keys(everything);
      // Functions first: they are there before the first statement runs, whatever it does.
      const program = runner(scope)(`($m$hoist)=>{with($m$scope){$m$hoist({${parse(functions).join()}});${source}\n}}`);
      try {
        program((found) => { for (const name of keys(found)) define(name, found[name]); });
      } finally {
        // A sloppy write to a name nobody declared makes a variable of the scope the script runs in.
        for (const name of keys(everything)) {
          if (!before.includes(name)) {
            define(name, everything[name]);
            delete everything[name];
          }
        }
      }
    },
  };

  const explain = (error) => {
    try {
      // The engine throws null where it has no memory left for an error.
      if (error === null) return "m";
      return "x" + stringify(error instanceof Thrown ? [`${error.name}: ${error.message}`, text(error.stack)]
                                                     : [text(error), ""]);
    } catch {
      return "m";
    }
  };

  return (operation, escaped, a, b, c) => {
    try {
      if (escaped) { a = a && parse(a); b = b && parse(b); c = c && parse(c); }
      return operations[operation](a, b, c) ?? "u";
    } catch (error) {
      return explain(error);
    }
  };
})()
