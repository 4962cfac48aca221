"""A transcript, held against what its case expects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

from mirabelle.vxml.cases.case import Act, Case, Expect, Step
from mirabelle.vxml.cases.transcript import Entry, covers

_HIDDEN = frozenset({"taken"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a case.

    Attributes:
        case: the case.
        entries: all that happened.
        failed: the number of the step that was not as expected, from 1; 0 where all were.
        reason: a sentence about it; empty where all were.
        diff: lines: ` ` what happened, `-` what should have happened, `+` what happened in its place.
    """

    case: Case
    entries: tuple[Entry, ...]
    failed: int = 0
    reason: str = ""
    diff: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.failed


def judge(case: Case, entries: tuple[Entry, ...]) -> Verdict:
    """Hold what happened against the steps of a case.

    What is expected after something the caller does must happen before the next thing the caller does. Things of one
    kind must happen in their order; other things may happen between them.
    """
    at = 0
    cursors: dict[str, int] = {}
    for number, step in enumerate(case.steps, start=1):
        if isinstance(step, Act):
            taken = _next_taken(entries, at)
            if taken == len(entries):
                reason = f"the application ended before the caller could do this: {step.input}"
                return _failed(case, entries, number, at, reason)
            at, cursors = taken + 1, {}
            continue
        # An end comes after whatever the caller does last.
        end = len(entries) if step.kind == "end" else _next_taken(entries, at)
        start = cursors.get(step.kind, at)
        found = next((i for i in range(start, end) if _meets(step, entries[i], case)), None)
        if found is None:
            return _failed(case, entries, number, start, f"this did not happen: {step}")
        cursors[step.kind] = found + 1
    return Verdict(case, entries)


def _next_taken(entries: Sequence[Entry], at: int) -> int:
    return next((i for i in range(at, len(entries)) if entries[i].kind == "taken"), len(entries))


def _meets(step: Expect, entry: Entry, case: Case) -> bool:
    if entry.kind != step.kind:
        return False
    match step.kind:
        case "event":
            return _meets_name(step, entry)
        case "end":
            return _meets_name(step, entry) and _meets_values(step, entry)
        case "submit":
            return _meets_address(step, entry, case) and _meets_fields(step, entry)
        case _:
            return covers(step.text, entry.text)


def _meets_name(step: Expect, entry: Entry) -> bool:
    """An event is told by its name, or by the name and the message."""
    return covers(step.text, entry.text.partition(" ")[0]) or covers(step.text, entry.text)


def _meets_address(step: Expect, entry: Entry, case: Case) -> bool:
    method, _, url = entry.text.partition(" ")
    wanted_method, _, address = step.text.rpartition(" ")
    wanted = address if address.startswith("*") else urljoin(case.start, address)
    return wanted_method.upper() in ("", method) and covers(wanted, url)


def _meets_fields(step: Expect, entry: Entry) -> bool:
    return all(name in entry.fields and covers(value, entry.fields[name]) for name, value in step.fields.items())


def _meets_values(step: Expect, entry: Entry) -> bool:
    return all(name in entry.values and json.loads(entry.values[name]) == value for name, value in step.values.items())


def _failed(case: Case, entries: tuple[Entry, ...], number: int, at: int, reason: str) -> Verdict:
    return Verdict(case, entries, number, reason, tuple(_diff(entries, case.steps[number - 1], at)))


def _diff(entries: Sequence[Entry], step: Step, at: int) -> Iterator[str]:
    """What happened until then, what should have, and what did until the caller acted again."""
    end = _next_taken(entries, at)
    for entry in entries[:at]:
        if entry.kind not in _HIDDEN:
            yield f"  {entry}"
    yield f"- {step}"
    for entry in entries[at:end]:
        yield f"+ {entry}"
