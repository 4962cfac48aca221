"""What a table of elements says about one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

TEXT: Final = "#text"
"""Stands for character data and child elements in a group of alternatives: `src`, `srcexpr` or content."""


class Kind(Enum):
    """What the value of an attribute is; the value of the member is a phrase for the documentation."""

    TEXT = "text"
    BOOLEAN = "true or false"
    DURATION = "time"
    URI = "URI"
    ID = "identifier"
    COUNT = "whole number"
    CHOICE = "one of several words"
    EXPRESSION = "ECMAScript expression"
    CONDITION = "ECMAScript condition"
    VARIABLE = "variable name"
    ITEM = "form item name"
    NAMES = "names, separated by spaces"
    EVENT = "event name"
    EVENTS = "event names, separated by spaces"
    KEYS = "keys"
    MEDIA_TYPE = "media type"
    LANGUAGE = "language tag"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of one element.

    Attributes:
        name: as it is written.
        kind: what its value is.
        required: whether the element needs it.
        values: the words allowed, where the kind is `CHOICE`.
        default: what its absence means; empty where it means nothing.
        since: the version of VoiceXML that has it first.
        extension: whether no version has it.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    values: tuple[str, ...] = ()
    default: str = ""
    since: str = "2.0"
    extension: bool = False


@dataclass(frozen=True, slots=True)
class OneOf:
    """Attributes of which at most one may be there.

    Attributes:
        names: the attributes, and `TEXT` for content.
        needed: whether one has to be.
    """

    names: tuple[str, ...]
    needed: bool = True


@dataclass(frozen=True, slots=True)
class ElementType:
    """One element of the language.

    Attributes:
        name: as it is written.
        purpose: what it is for, in a few words.
        attributes: by name.
        children: the elements it may hold.
        mixed: whether it may hold character data.
        groups: alternatives among its attributes.
        since: the version of VoiceXML that has it first.
        extension: whether no version has it.
        transparent: whether it may hold what the element around it may hold.
        opaque: whether what it holds is nobody's business.
        required: the attributes that have to be there.
    """

    name: str
    purpose: str
    attributes: Mapping[str, Attribute]
    children: frozenset[str] = frozenset()
    mixed: bool = False
    groups: tuple[OneOf, ...] = ()
    since: str = "2.0"
    extension: bool = False
    transparent: bool = False
    opaque: bool = False
    required: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        needed = tuple(a.name for a in self.attributes.values() if a.required)
        object.__setattr__(self, "required", needed)


def attribute(name: str, kind: Kind = Kind.TEXT, default: str = "", *, since: str = "2.0") -> Attribute:
    """An attribute of the standard that may be absent."""
    return Attribute(name, kind, default=default, since=since)


def needed(name: str, kind: Kind = Kind.TEXT) -> Attribute:
    """An attribute of the standard that has to be there."""
    return Attribute(name, kind, required=True)


def word(name: str, *values: str, default: str = "", since: str = "2.0") -> Attribute:
    """An attribute of the standard that is one of several words."""
    return Attribute(name, Kind.CHOICE, values=values, default=default, since=since)


def extra(name: str, kind: Kind = Kind.TEXT, *values: str) -> Attribute:
    """An attribute that no version of the standard has."""
    return Attribute(name, kind, values=values, extension=True)


def element(
    name: str,
    purpose: str,
    *attributes: Attribute | Iterable[Attribute],
    children: Iterable[str] = (),
    mixed: bool = False,
    groups: tuple[OneOf, ...] = (),
    since: str = "2.0",
    extension: bool = False,
    transparent: bool = False,
    opaque: bool = False,
) -> ElementType:
    """One row of a table; attributes may be given in groups that several elements share."""
    every: dict[str, Attribute] = {}
    for given in attributes:
        for one in (given,) if isinstance(given, Attribute) else given:
            every[one.name] = one
    return ElementType(name, purpose, every, frozenset(children), mixed, groups, since, extension, transparent, opaque)


FETCH: Final = (
    word("fetchhint", "prefetch", "safe"),
    attribute("fetchtimeout", Kind.DURATION),
    attribute("maxage", Kind.COUNT),
    attribute("maxstale", Kind.COUNT),
)
"""Attributes of everything that fetches (VoiceXML 2.0, 6.1.1)."""

FETCH_DOCUMENT: Final = (attribute("fetchaudio", Kind.URI), *FETCH)
"""The same where the caller may hear something meanwhile."""

LANGUAGE: Final = attribute("xml:lang", Kind.LANGUAGE)
BASE: Final = attribute("xml:base", Kind.URI)
