"""Properties that nobody knows, and values that they cannot have (VoiceXML 2.0, 6.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from mirabelle.vxml.analysis.finding import Finding, Rule, shown, suggestion
from mirabelle.vxml.analysis.page import Page
from mirabelle.vxml.duration import milliseconds
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.platform import RECORDING_TYPES
from mirabelle.vxml.properties import DEFAULTS, whole

_FETCHED: Final = ("audio", "data", "document", "grammar", "object", "script")
KNOWN: Final = frozenset({*DEFAULTS, *(f"{kind}{age}" for kind in _FETCHED for age in ("maxage", "maxstale"))})
"""The names that have a meaning."""

_TIMES: Final = frozenset(
    {*(name for name in DEFAULTS if name.endswith("timeout")), "fetchaudiodelay", "fetchaudiominimum"}
)
_SHARES: Final = frozenset({"confidencelevel", "sensitivity", "speedvsaccuracy"})
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "bargein": ("true", "false"),
    "bargeintype": ("speech", "hotword"),
    "inputmodes": ("dtmf", "voice"),
    "recordutterance": ("true", "false"),
    "recordutterancetype": tuple(sorted(RECORDING_TYPES)),
}
_UNIVERSALS: Final = ("none", "all", "help", "exit", "cancel")
_KEYS: Final = frozenset("0123456789*#ABCD")


def findings(page: Page) -> Iterator[Finding]:
    """What is wrong with the properties of a page."""
    for site in page.sites():
        element = site.element
        if element.name != "property":
            continue
        name, value = element.get("name"), element.get("value")
        if name not in KNOWN:
            what = f"Nobody knows the property '{shown(name)}', so that it has no effect{suggestion(name, KNOWN)}"
            yield page.warning(page.place(element, "name"), Rule.PROPERTY, what)
            continue
        place, what = page.place(element, "value"), f"The property {name} is '{shown(value)}'"
        if reason := _unreadable(name, value.strip()):
            yield page.error(place, Rule.PROPERTY, f"{what}; {reason}.")
        elif reason := _without_effect(name, value.strip()):
            yield page.warning(place, Rule.PROPERTY, f"{what}, which means nothing; {reason}.")


def _unreadable(name: str, value: str) -> str:
    """What a value should be that throws an error as it is; empty where it is right."""
    if name in _TIMES:
        return _tried(lambda: milliseconds(value), "write a time such as '3s' or '300ms'")
    if name in _SHARES:
        good = not _tried(lambda: float(value), "no number") and 0 <= float(value) <= 1
        return "" if good else "write a number from 0.0 to 1.0"
    if name in _WORDS:
        given = value.lower().split() if name == "recordutterancetype" else value.split()
        return "" if given and set(given) <= set(_WORDS[name]) else f"write {' or '.join(_WORDS[name])}"
    if name == "maxnbest" or (value and name.endswith(("maxage", "maxstale"))):
        return _tried(lambda: whole(value, name), "write a whole number")
    return ""


def _without_effect(name: str, value: str) -> str:
    """What a value should be that is taken, and is none of those that mean something; empty where it is right."""
    if name == "universals":
        return "" if set(value.split()) <= set(_UNIVERSALS) else f"write some of {', '.join(_UNIVERSALS)}"
    if name == "termchar":
        return "" if not value or (len(value) == 1 and value.upper() in _KEYS) else "write one key, or nothing"
    return ""


def _tried(read: Callable[[], object], hint: str) -> str:
    try:
        read()
    except (SemanticError, ValueError):
        return hint
    return ""
