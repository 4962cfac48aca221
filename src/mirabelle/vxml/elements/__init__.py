"""Every element and attribute of VoiceXML 2.0 and 2.1, with the SSML and SRGS inside them, as tables.

The tables are what documents are checked against and what the reference of the language is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mirabelle.vxml.elements import dialogs, executable, grammar, speech
from mirabelle.vxml.elements.dialogs import CONTROL_ITEMS, DIALOGS, FORM_ITEMS, HANDLERS, INPUT_ITEMS
from mirabelle.vxml.elements.executable import EXECUTABLE
from mirabelle.vxml.elements.model import TEXT, Attribute, ElementType, Kind, OneOf

ELEMENTS: Final[Mapping[str, ElementType]] = MappingProxyType(
    {
        kind.name: kind
        for table in (dialogs.ELEMENTS, executable.ELEMENTS, speech.ELEMENTS, grammar.ELEMENTS)
        for kind in table
    }
)
"""All elements by name."""

__all__ = [
    "CONTROL_ITEMS",
    "DIALOGS",
    "ELEMENTS",
    "EXECUTABLE",
    "FORM_ITEMS",
    "HANDLERS",
    "INPUT_ITEMS",
    "TEXT",
    "Attribute",
    "ElementType",
    "Kind",
    "OneOf",
]
