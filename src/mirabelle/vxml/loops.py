"""The loop of `<foreach>`, the same in prompts and in executable content (VoiceXML 2.1, 4)."""

from __future__ import annotations

from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.fetching import one_of
from mirabelle.vxml.machine import Machine
from mirabelle.vxml.xml import Element


class Loop:
    """Goes over a shallow copy of an array; each `more` sets the item's variable to the next element.

    Raises:
        SemanticError: the array is none.
        Thrown: `error.badfetch`, when an attribute is missing.
    """

    def __init__(self, machine: Machine, element: Element) -> None:
        one_of(element, "array")
        one_of(element, "item")
        self._machine = machine
        self._item = element.get("item")
        scopes = machine.scopes
        source = element.get("array")
        self._copy = f"$foreach{element.line}_{element.column}"
        length = scopes.begin_loop(source, self._copy)
        if length is None:
            raise SemanticError(f"'{source[:60]}' is not an array.")
        if not scopes.declared(self._item):
            scopes.declare(machine.declarable(self._item))
        self._length = length
        self._at = 0

    def more(self) -> bool:
        """Move to the next element; False when there is none."""
        if self._at >= self._length:
            return False
        self._machine.spend()
        self._machine.scopes.step(self._item, self._copy, self._at)
        self._at += 1
        return True
