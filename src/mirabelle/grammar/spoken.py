"""The words of the builtin grammars: English for boolean and digits."""

from __future__ import annotations

from typing import Final

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.grammar import Reading
from mirabelle.grammar.model import Alternative, Alternatives, Expansion, Repeat, Token

_YES: Final = ("yes", "yeah", "yep", "yup", "sure", "okay", "ok", "true", "correct", "right", "yes please")
_NO: Final = ("no", "nope", "nah", "false", "incorrect", "wrong", "no thanks", "no thank you")
DIGITS: Final = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip


def words(name: str, bounds: tuple[int, int], language: str) -> Expansion:
    """Return what may be said for the builtin type `name`.

    Args:
        name: the type.
        bounds: the least and the most digits.
        language: as in `en-US`.

    Raises:
        GrammarError: its words are not known in this language, or not at all.
    """
    if not language.lower().startswith("en"):
        raise GrammarError(
            f"The words of '{name}' are known in English, not in '{language}'; write a grammar of your own."
        )
    match name:
        case "boolean":
            return _one_of(*_YES, *_NO)
        case "digits":
            return Repeat(_one_of(*DIGITS, *DIGITS.values()), *bounds)
        case _:
            raise GrammarError(f"'{name}' has keys and no words; write a grammar of your own for what may be said.")


def reading(name: str) -> Reading:
    """Return what tells the meaning of the words of the builtin type `name`."""
    if name == "boolean":
        return lambda said: " ".join(said).lower() in _YES
    return lambda said: "".join(DIGITS.get(word.lower(), word) for word in said)


def _one_of(*texts: str) -> Alternatives:
    return Alternatives(tuple(Alternative(Token(text)) for text in texts))
