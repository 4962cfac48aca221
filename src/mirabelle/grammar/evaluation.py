"""Runs the programs of tags in an engine of their own, within limits."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final

import quickjs

from mirabelle.grammar.semantics import SemanticsError

SECONDS: Final = 0.2
"""How long the tags of one match may run."""
MOST_MEMORY: Final = 16 * 1024 * 1024
"""How many bytes they may take."""
_STACK: Final = 256 * 1024

# The engine joins strings of more than some 500 characters lazily, and its binding for Python cannot read such a rope.
# A slice is a string of its own.
_FLAT: Final = """((run, flat) => (program) => {
  const value = run(program);
  return typeof value === "string" ? flat(value, 0) : value;
})(eval, Function.prototype.call.bind(String.prototype.slice))"""


@lru_cache(maxsize=1)
def bounds() -> str:
    """The program that bounds those functions of an engine that do not look at its clock; it is run first."""
    return resources.files("mirabelle.grammar").joinpath("bounds.js").read_text("utf-8")


def run(program: str) -> str:
    """Run a program whose value is a string.

    Args:
        program: ECMAScript, in ASCII.

    Raises:
        SemanticsError: it failed, ran too long, took too much memory, or its value is not a string.
    """
    # An engine that ran out of memory once stays so: one engine a run.
    engine = quickjs.Context()
    engine.set_memory_limit(MOST_MEMORY)
    engine.set_max_stack_size(_STACK)
    engine.eval(bounds())
    engine.set_time_limit(SECONDS)
    try:
        value = engine.eval(_FLAT)(program)
    except (quickjs.JSException, UnicodeError, MemoryError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0] or "it ran too long or took too much memory"
        raise SemanticsError(f"The tags of the grammar could not be run: {reason}.") from error
    if not isinstance(value, str):
        raise SemanticsError("The tags of the grammar gave no text.")
    return value
