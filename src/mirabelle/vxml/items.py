"""Form items and their counters (VoiceXML 2.0, 2.1.4 and appendix C)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from mirabelle.vxml.ecmascript import UNDEFINED
from mirabelle.vxml.scopes import Scopes
from mirabelle.vxml.xml import Element

INPUT_ITEMS: Final = frozenset({"field", "record", "transfer", "object", "subdialog"})
CONTROL_ITEMS: Final = frozenset({"block", "initial"})


@dataclass(slots=True)
class FormItem:
    """One form item while its form is active.

    Attributes:
        element: the item; of a menu the menu itself.
        name: of its variable; empty where the application cannot see it.
        filled: the variable of an item without a name.
        prompts: the prompt counter.
        events: the event counters.
    """

    element: Element
    name: str
    filled: bool = False
    prompts: int = 1
    events: Counter[str] = field(default_factory=Counter)

    @property
    def kind(self) -> str:
        """The name of its element."""
        return self.element.name

    @property
    def takes_input(self) -> bool:
        """Whether it is an input item."""
        return self.kind in INPUT_ITEMS

    @property
    def slot(self) -> str:
        """Which property of a result fills it (2.3.1)."""
        return self.element.get("slot") or self.name

    def is_filled(self, scopes: Scopes) -> bool:
        """Whether its variable has a value."""
        return scopes.defined(self.variable) if self.name else self.filled

    def fill(self, scopes: Scopes) -> None:
        """Give a control item a value."""
        if self.name:
            scopes.assign_value(self.variable, True)
        self.filled = True

    @property
    def variable(self) -> str:
        """Its variable, as the scope of the dialog knows it."""
        return self.name

    def clear(self, scopes: Scopes) -> None:
        """Make it as if it had never been visited (5.3.3)."""
        if self.name:
            scopes.assign_value(self.variable, UNDEFINED)
        self.filled = False
        self.prompts = 1
        self.events.clear()


@dataclass(slots=True)
class FormState:
    """A form, or a menu seen as a form of one item, while it is active.

    Attributes:
        dialog: the element.
        items: in document order.
        events: event counters of the form itself.
    """

    dialog: Element
    items: list[FormItem]
    events: Counter[str] = field(default_factory=Counter)

    def item(self, name: str) -> FormItem | None:
        """The item of that name."""
        return next((item for item in self.items if item.name and item.name == name), None)


def items_of(dialog: Element) -> list[FormItem]:
    """The form items of a dialog, none of them visited yet."""
    if dialog.name == "menu":
        return [FormItem(dialog, "")]
    wanted = INPUT_ITEMS | CONTROL_ITEMS
    return [FormItem(element, element.get("name")) for element in dialog.elements() if element.name in wanted]
