"""What is wrong with a setting, in a sentence: where it stands, and what to write instead. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

_WANTED: Final = {  # by pydantic's name of a fault, or its first word
    "bool": "write true or false",
    "int": "write a whole number",
    "float": "write a number",
    "string": "write a text between quotation marks",
    "literal_error": "write {expected}",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "greater_than": "write more than {gt}",
}


def sentence(
    error: Mapping[str, Any],
    values: Mapping[str, Any],
    sources: Mapping[tuple[str | int, ...], str],
    text: str,
    path: Path | None,
    models: Mapping[str, type[BaseModel]],
) -> str:
    """Say where a fault is and what to write instead.

    Args:
        error: as pydantic has it.
        values: the settings as they were given.
        sources: the environment variables that some of them came from.
        text: of the settings file; empty: there is none.
        path: where that is.
        models: each section's name and model.
    """
    location: tuple[str | int, ...] = error["loc"]
    if location in sources:
        place = f"{sources[location]} (environment)"
    else:
        line = _line(text, location)
        where = "" if path is None else f"{path}{f', line {line}' if line else ''}: "
        place = where + _label(location, values)
    match error["type"]:
        case "extra_forbidden":
            return f"{place} {_unknown(location, models)}"
        case "missing":
            return f"{place} is missing; it has no default."
        case "model_type" | "tuple_type":
            form = "[[trunk]]" if location[0] == "trunk" else f"[{location[0]}]"
            return f"{place} is a section; write {form} on a line of its own and its settings below."
    wanted = _WANTED.get(error["type"]) or _WANTED.get(error["type"].partition("_")[0])
    reason = wanted.format(**error.get("ctx", {})) if wanted else str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {reason[:1].lower()}{reason[1:]}."


def _label(location: tuple[str | int, ...], values: Mapping[str, Any]) -> str:
    match location:
        case ("trunk", int(index), str(key)):
            name = values["trunk"][index].get("name", f"number {index + 1}")
            return f"[[trunk]] '{name}' {key}"
        case ("trunk", int(index)):
            return f"[[trunk]] number {index + 1}"
        case (str(section), str(key), *_):
            return f"[{section}] {key}"
        case (str(section),):
            return f"[{section}]"
        case _:
            return "The settings"


def _unknown(location: tuple[str | int, ...], models: Mapping[str, type[BaseModel]]) -> str:
    """Say that the last part of location is no setting, and what it may have been meant to be."""
    name = str(location[-1])
    if len(location) == 1:
        near = difflib.get_close_matches(name, models, 1, 0.6)
        owners = [section for section, model in models.items() if name in model.model_fields]
        hint = f"did you mean [{near[0]}]?" if near else f"the sections are {', '.join(models)}."
        return "is not a section; " + (f"'{name}' belongs into [{owners[0]}]." if owners and not near else hint)
    fields = models[str(location[0])].model_fields
    if near := difflib.get_close_matches(name, fields, 1, 0.6):
        return f"is not a setting; did you mean '{near[0]}'?"
    if owners := [f"[{section}]" for section, model in models.items() if name in model.model_fields]:
        return f"is not a setting; '{name}' belongs into {' or '.join(owners)}."
    return f"is not a setting; there are {', '.join(fields)}."


def _line(text: str, location: tuple[str | int, ...]) -> int | None:
    """The line that a setting stands on, as far as a plain reading finds it: the parser keeps no lines."""
    if not location:
        return None
    section, key = str(location[0]), next(part for part in reversed(location) if isinstance(part, str))
    nth = location[1] if len(location) > 1 and isinstance(location[1], int) else 0
    header = re.compile(rf"\s*\[+\s*[\"']?{re.escape(section)}[\"']?\s*\]+")
    setting = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
    dotted = re.compile(rf"\s*{re.escape(section)}\s*(\.\s*{re.escape(key)}\s*)?=")
    headers_seen, header_line, inside = -1, None, False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*\[", line):
            found = header.match(line) is not None
            headers_seen += found
            inside = found and headers_seen == nth
            header_line = number if inside else header_line
        elif (inside and setting.match(line)) or (headers_seen < 0 and dotted.match(line)):
            return number
    return header_line
