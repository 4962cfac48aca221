"""Menus' choices and fields' options: what they say, which key they have, what they match (2.2.1, 2.2.2, 2.3.1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.machine import Machine
from mirabelle.vxml.signals import Thrown
from mirabelle.vxml.xml import Element

_KEYS: Final = frozenset("0123456789*#")
_OWN_KEYS: Final = frozenset("0*#")
_NUMBERED: Final = 9
_SPOKEN_ASIDE: Final = frozenset({"grammar", "property"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A `<choice>` or an `<option>`.

    Attributes:
        element: itself.
        prompt: its words.
        dtmf: its keys; empty for none.
        approximate: whether some of the words suffice.
        keys: what may be pressed for it: `dtmf`, or words that are keys themselves.
    """

    element: Element
    prompt: str
    dtmf: str
    approximate: bool
    keys: str = ""

    @property
    def shown(self) -> str:
        """How `<enumerate>` without content speaks it."""
        return f"For {self.prompt}, press {' '.join(self.dtmf)}." if self.dtmf else f"{self.prompt};"

    @property
    def dealt(self) -> bool:
        """Whether its keys are known as such: `_dtmf` is `undefined` where it has none, or grammars (2.2.4)."""
        return bool(self.dtmf) and not self.element.elements("grammar")

    @property
    def value(self) -> str:
        """What an option gives its field."""
        if "value" in self.element.attributes:
            return self.element.get("value")
        return self.prompt or self.dtmf


def choices_of(menu: Element) -> tuple[Choice, ...]:
    """The choices of a menu, with the keys that `dtmf="true"` deals out (2.2.1).

    Raises:
        Thrown: `error.badfetch`, when a choice of such a menu claims a key of its own that is not 0, * or #.
    """
    numbering = menu.get("dtmf") == "true"
    dealt = 0
    found = []
    for element in menu.elements("choice"):
        dtmf = "".join(element.get("dtmf").split())
        if numbering and dtmf and not set(dtmf) <= _OWN_KEYS:
            reason = f'<choice> (line {element.line}) of a menu with dtmf="true" may only claim 0, * or #.'
            raise Thrown("error.badfetch", reason)
        if numbering and not dtmf and dealt < _NUMBERED:
            dealt += 1
            dtmf = str(dealt)
        accept = element.get("accept") or menu.get("accept") or "exact"
        words = words_of(element)
        keys = dtmf if numbering else dtmf or _pressed(words)
        found.append(Choice(element, words, dtmf, accept == "approximate", keys))
    return tuple(found)


def options_of(field: Element) -> tuple[Choice, ...]:
    """The options of a field."""
    found = []
    for element in field.elements("option"):
        words, dtmf = words_of(element), "".join(element.get("dtmf").split())
        found.append(Choice(element, words, dtmf, element.get("accept") == "approximate", dtmf or _pressed(words)))
    return tuple(found)


def _pressed(words: str) -> str:
    """The keys that words are; empty where they are others."""
    keys = "".join(words.split())
    return keys if set(keys) <= _KEYS else ""


def words_of(element: Element) -> str:
    """The words of a choice or option, without its grammars."""
    parts = (c if isinstance(c, str) else "" if c.name in _SPOKEN_ASIDE else c.text() for c in element.children)
    return " ".join("".join(parts).split())


def enumerated(machine: Machine) -> tuple[Choice, ...]:
    """What `<enumerate>` goes over here.

    Raises:
        SemanticError: there is neither a menu nor a field with options.
    """
    here = machine.here
    if here.dialog is not None and here.dialog.name == "menu":
        return choices_of(here.dialog)
    if here.item is not None and here.item.name == "field" and here.item.elements("option"):
        return options_of(here.item)
    raise SemanticError("<enumerate> stands where there is neither a menu nor a field with options.")
