"""`mirabelle vxml run --trace`: what the interpreter does, a line for each step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from mirabelle.cli.terminal import harmless
from mirabelle.cli.vxml_check import path_of
from mirabelle.vxml.trace import (
    ActiveGrammar,
    Collecting,
    Entered,
    Evaluated,
    Executed,
    FetchTold,
    Filled,
    Handled,
    Listening,
    Processing,
    Raised,
    Selected,
    Step,
)

_LONGEST: Final = 100
_WIDTH: Final = 9
_DIM: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"


class Lines:
    """Writes each step as a line.

    Args:
        write: takes a line.
        as_json: whether the lines are JSON.
        colour: whether the word in front is dimmed.
    """

    def __init__(self, write: Callable[[str], None], *, as_json: bool, colour: bool) -> None:
        self._write = write
        self._as_json = as_json
        self._colour = colour

    def tell(self, step: Step) -> None:
        """Write a step."""
        self._write(json.dumps(as_object(step)) if self._as_json else self._line(step))

    def _line(self, step: Step) -> str:
        word = f"{step.step:{_WIDTH}}"
        return f"{_DIM}{word}{_PLAIN} {sentence(step)}" if self._colour else f"{word} {sentence(step)}"


def as_object(step: Step) -> dict[str, Any]:
    """A step for a script: its name, and what there is to it."""
    return {"step": step.step, **asdict(step)}


def sentence(step: Step) -> str:
    """A step for a person, on one line."""
    return harmless(" ".join(_sentence(step).split()))


def _sentence(step: Step) -> str:
    match step:
        case Entered():
            name = f" '{step.id}'" if step.id else ""
            within = f", in subdialog {step.depth}" if step.depth else ""
            return f"{step.dialog}{name} ({path_of(step.uri)}:{step.line}{within})"
        case Selected():
            chosen = f"{_item(step.item, step.name)} (line {step.line})" if step.item else "nothing"
            skipped = "".join(f"; not {each.item} (line {each.line}): {each.why}" for each in step.skipped)
            return f"{chosen}: {step.why}{skipped}"
        case Collecting():
            scopes = " ".join(f"{each.scope or 'anonymous'}({', '.join(each.variables)})" for each in step.scopes)
            prompts = f"prompts of count {step.prompt_count}" if step.prompted else "no prompts"
            return f"{_item(step.item, step.name)} (line {step.line}), {prompts}; scopes: {scopes}"
        case Listening():
            return "; ".join(map(_grammar, step.grammars)) or "none is active"
        case Processing():
            where = f" by the grammar of line {step.line}" if step.line else ""
            return f"'{_cut(step.utterance)}' means {_cut(step.meaning)}, for the {step.fills}{where}"
        case Filled():
            return f"{step.name} = {_cut(step.value)}"
        case Raised():
            return f"{step.event}, occurrence {step.count}{f': {step.message}' if step.message else ''}"
        case Handled():
            if not step.handler:
                return f"that of the platform: {step.action}"
            return f"<{step.handler}> of <{step.holder}> (line {step.line})"
        case Executed():
            return f"<{step.element}> (line {step.line})"
        case Evaluated():
            return _evaluation(step)
        case FetchTold():
            answer = f"{step.status}, {step.size} bytes" if not step.reason else step.reason
            return f"{step.method} {step.purpose} {step.url}: {answer}"


def _item(kind: str, name: str) -> str:
    return f"{kind} '{name}'" if name else kind


def _grammar(grammar: ActiveGrammar) -> str:
    where = f"<{grammar.element}> line {grammar.line}" if grammar.line else grammar.element
    return f"{grammar.precedence}. {grammar.scope} scope, {grammar.mode}, {where}, for the {grammar.fills}"


def _evaluation(step: Evaluated) -> str:
    source = _cut(step.source)
    target = f"{step.name} = " if step.name else ""
    if step.error:
        return f"{target}{source} failed: {step.error}"
    if not step.value:
        return f"{target}{source}"
    if not target:
        return f"{source} is {_cut(step.value)}"
    return f"{target}{_cut(step.value)}" + ("" if step.source == step.value else f" from {source}")


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 3]}..."
