"""ECMAScript: one engine for one session, with limits on time and memory.

The engine knows no host function, no clock beyond `Date`, no file and no network; all it can do is compute.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import quickjs

from mirabelle.grammar.evaluation import bounds
from mirabelle.vxml.errors import SemanticError

EVALUATION_MS: Final = 200
"""How long one evaluation may compute."""

TURN_MS: Final = 2_000
"""How long all evaluations between two waits for the caller may compute."""

MEMORY_BYTES: Final = 16 << 20
"""How much one session's variables and functions may hold."""

STACK_BYTES: Final = 1 << 20
"""How deep calls may go: some 600 of them; well under the stack that Python gives a thread on Linux and macOS."""

LONGEST_SOURCE: Final = 1_000_000
"""Characters in one expression or script."""

_LONGEST_MESSAGE: Final = 300
_LONGEST_INTEGER: Final = 16
_FULL: Final = 0.75
"""The share of the memory past which a failure without a message is put down to it."""
_LINE: Final = re.compile(r"<input>:([0-9]+)")
_INTEGER: Final = re.compile(r"-?[0-9]+", re.ASCII)

# The engine joins strings of more than some 500 characters lazily, as ropes, which its binding for Python cannot read.
# A slice is a string of its own.
_FLATTEN: Final = """((made) => {
  const flat = Function.prototype.call.bind(String.prototype.slice);
  return (...given) => { const said = made(...given); return typeof said === "string" ? flat(said, 0) : said; };
})"""


class Undefined(Enum):
    """The type of `UNDEFINED`."""

    UNDEFINED = "undefined"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined.UNDEFINED
"""ECMAScript's `undefined`; `None` is its `null`."""


@dataclass(frozen=True, slots=True)
class JsObject:
    """A copy of an object or an array, as JSON; a function is `null`."""

    json: str


Value = Undefined | None | bool | int | float | str | JsObject
"""What an expression can yield."""


def encode(value: Value) -> str:
    """A value in the notation the engine's own code reads: a letter for the type, then JSON or nothing."""
    match value:
        case Undefined():
            return "u"
        case None:
            return "n"
        case bool():
            return "t" if value else "f"
        case int() | float():
            return f"d{_number(value)}"
        case str():
            return "s" + json.dumps(value)
        case JsObject():
            return "o" + value.json


def _number(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def decode(text: str) -> Value:
    """Read what `encode`, or the engine's own code, wrote."""
    body = text[1:]
    match text[0]:
        case "u":
            return UNDEFINED
        case "n":
            return None
        case "t":
            return True
        case "f":
            return False
        case "d":
            # Integers as long as ECMAScript counts them exactly; beyond, and for NaN and the infinities, a float.
            exact = _INTEGER.fullmatch(body) and len(body) <= _LONGEST_INTEGER
            return int(body) if exact else float(body)
        case "s":
            return str(json.loads(body))
        case _:
            return JsObject(body)


def plain(text: str) -> bool:
    """Whether the engine takes the text as it is: NUL and lone surrogates do not survive the way into it."""
    return text.isascii() and "\0" not in text


class Engine:
    """One ECMAScript engine and its limits.

    It may be used from several threads one after another, never from two at once.

    Args:
        evaluation_ms: the most one evaluation may compute, in milliseconds. The engine counts the processor time of
            the whole process, so that on a busy machine it may strike somewhat earlier.
        turn_ms: the most that all of a turn may compute, in milliseconds of the thread's processor time.
        memory_bytes: the most the engine may hold. Past it the engine is of no more use.
    """

    def __init__(
        self, *, evaluation_ms: int = EVALUATION_MS, turn_ms: int = TURN_MS, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._evaluation = evaluation_ms / 1000
        self._turn = turn_ms / 1000
        self._left = self._turn
        self._memory = memory_bytes
        self._context = quickjs.Context()
        self._context.set_memory_limit(memory_bytes)
        self._context.set_max_stack_size(STACK_BYTES)
        self._context.eval(bounds())
        self._functions: list[Callable[..., str]] = []
        self._dead = ""

    def new_turn(self) -> None:
        """Give a whole turn's time again; called when the session waited for something."""
        self._left = self._turn

    @property
    def dead(self) -> bool:
        """Whether the memory ran out, or it was closed; every later evaluation is refused."""
        return bool(self._dead)

    def close(self) -> None:
        """Give the memory back; every later evaluation is refused."""
        self._dead = self._dead or "the session is over."
        self._functions.clear()
        self._context = None

    def install(self, source: str) -> Callable[..., str]:
        """Evaluate the program's own code, an expression that yields a function.

        Returns:
            The function: takes and returns text, under the limits, and raises `SemanticError`. What it returns
            starts with a letter. `x` stands for an exception, followed by JSON of its message and stack; `m` for one
            that has none, or for which there was no memory.
        """
        number = len(self._functions)
        self._functions.append(self._context.eval(f"{_FLATTEN}(\n{source}\n)"))

        def run(*arguments: str | int) -> str:
            return self._run(number, arguments)

        return run

    def _run(self, number: int, arguments: tuple[str | int, ...]) -> str:
        if self._dead:
            raise SemanticError(self._dead)
        if self._left <= 0:
            raise SemanticError(f"the scripts of this turn computed for more than {self._turn:g} s.")
        self._context.set_time_limit(min(self._evaluation, self._left))
        began = time.thread_time()
        try:
            answer = self._functions[number](*arguments)
        except quickjs.JSException as error:
            raise self._stopped(str(error)) from None
        except (UnicodeError, SystemError, TypeError) as error:
            raise SemanticError(f"the engine cannot hand its result out: {error}.") from error
        finally:
            self._left -= time.thread_time() - began
        if not isinstance(answer, str) or not answer:
            raise SemanticError("the application replaced a part of ECMAScript that its own evaluation needs.")
        if answer[0] == "x":
            raise self._thrown(answer[1:])
        if answer[0] == "m":
            raise self._unexplained()
        return answer

    def _thrown(self, answer: str) -> SemanticError:
        message, stack = json.loads(answer)
        if message.startswith("InternalError: out of memory"):
            return self._stopped(message)
        line = _LINE.search(stack)
        return SemanticError(message[:_LONGEST_MESSAGE], int(line[1]) if line else 0)

    def _unexplained(self) -> SemanticError:
        if self._context.memory()["malloc_size"] > self._memory * _FULL:
            return self._out_of_memory()
        return SemanticError("the script threw something that cannot be shown, or ran out of memory.")

    def _stopped(self, message: str) -> SemanticError:
        """What ended an evaluation so that the application's own `try` could not see it."""
        if "interrupted" in message:
            return SemanticError(f"the script computed for more than {self._evaluation * 1000:.0f} ms.")
        if "call stack" in message:
            return SemanticError("the functions call each other too deeply.")
        # Without memory not even the message can be built; what comes then is `null` or nothing.
        return self._out_of_memory()

    def _out_of_memory(self) -> SemanticError:
        self._dead = f"the scripts of this session used more than {self._memory >> 20} MB."
        self.close()
        return SemanticError(self._dead)
