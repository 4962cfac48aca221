"""Which handler an event finds (VoiceXML 2.0, 5.2.4 and 5.2.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mirabelle.vxml.xml import Element

_SHORTHANDS: Final = {"error": "error", "help": "help", "noinput": "noinput", "nomatch": "nomatch"}
"""Elements that are a `<catch>` of one event."""


def prefixes(event: str) -> Iterator[str]:
    """The name of an event and every token prefix of it, the empty one last."""
    while event:
        yield event
        event = event.rpartition(".")[0]
    yield ""


def count_event(counters: Counter[str], event: str) -> None:
    """Count an event against its full name and every prefix of it (5.2.2)."""
    counters.update(prefixes(event))


def caught_names(handler: Element) -> tuple[str, ...]:
    """The names of events that a catch element handles; an empty one means every event."""
    if handler.name in _SHORTHANDS:
        return (_SHORTHANDS[handler.name],)
    return tuple(name.rstrip(".") for name in handler.get("event").split()) or ("",)


def is_handler(element: Element) -> bool:
    """Whether the element is `<catch>` or one of its shorthands."""
    return element.name == "catch" or element.name in _SHORTHANDS


def select_handler(
    event: str, scopes: Sequence[Element], counters: Counter[str], holds: Callable[[str], bool]
) -> Element | None:
    """Find the handler of an event.

    Args:
        event: its full name.
        scopes: the elements that may hold handlers, innermost first.
        counters: how often it and its prefixes occurred, this time included.
        holds: evaluates a `cond`.

    Returns:
        The catch element, or None where the defaults of the platform apply.
    """
    names = set(prefixes(event))
    eligible: list[tuple[int, Element]] = []
    for scope in scopes:
        for handler in filter(is_handler, scope.elements()):
            matched = [name for name in caught_names(handler) if name in names]
            count = handler_count(handler)
            if not matched or count > max(counters[name] for name in matched):
                continue
            if "cond" in handler.attributes and not holds(handler.get("cond")):
                continue
            eligible.append((count, handler))
    if not eligible:
        return None
    # max keeps the first of equals, which is the innermost scope and there the first in document order.
    return max(eligible, key=lambda pair: pair[0])[1]


def handler_count(handler: Element) -> int:
    """From which occurrence on a handler is eligible; of a `<prompt>`, from which visit on (4.1.6)."""
    text = handler.get("count", "1").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1


class DefaultAction(Enum):
    """What the platform does with an event that no document handles."""

    NOTHING = "nothing"
    REPROMPT = "reprompt"
    EXIT = "exit"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class DefaultHandler:
    """A row of the table in 5.2.5.

    Attributes:
        action: what is done.
        message: what the caller hears; empty for nothing.
    """

    action: DefaultAction
    message: str = ""


_SORRY: Final = "Sorry, this application has a problem and must stop. Goodbye."

_DEFAULTS: Final[tuple[tuple[str, DefaultHandler], ...]] = (
    ("cancel", DefaultHandler(DefaultAction.NOTHING)),
    ("error", DefaultHandler(DefaultAction.FAIL, _SORRY)),
    ("exit", DefaultHandler(DefaultAction.EXIT)),
    ("help", DefaultHandler(DefaultAction.REPROMPT, "Sorry, there is no help here.")),
    ("noinput", DefaultHandler(DefaultAction.REPROMPT)),
    ("nomatch", DefaultHandler(DefaultAction.REPROMPT, "Sorry, I did not understand.")),
    ("maxspeechtimeout", DefaultHandler(DefaultAction.REPROMPT, "Sorry, that was too long.")),
    ("connection.disconnect", DefaultHandler(DefaultAction.EXIT)),
    ("", DefaultHandler(DefaultAction.FAIL, _SORRY)),
)


def default_handler(event: str) -> DefaultHandler:
    """What happens to an event that no document handles."""
    names = set(prefixes(event))
    return next(handler for name, handler in _DEFAULTS if name in names)
