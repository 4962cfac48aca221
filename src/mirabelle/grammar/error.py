"""What is said of a grammar that may not be loaded."""

from __future__ import annotations

from typing import Final

from mirabelle.errors import MirabelleError

_LONGEST: Final = 400


class GrammarError(MirabelleError):
    """A grammar that may not be loaded, or an input that a grammar cannot be matched against within its limits.

    Attributes:
        reason: one sentence: what is wrong and what is allowed instead; cut where it quotes too much.
        uri: the grammar document; empty where none was named.
        line: the line of the document, from 1; 0 where no line can be blamed.
    """

    def __init__(self, reason: str, *, uri: str = "", line: int = 0) -> None:
        if len(reason) > _LONGEST:
            reason = f"{reason[:_LONGEST]}..."
        place = ":".join(part for part in (uri, str(line) if line else "") if part)
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.uri = uri
        self.line = line


class UnknownBuiltin(GrammarError):
    """A builtin grammar of a type that does not exist."""


class UnresolvedReference(GrammarError):
    """A grammar refers to another one that nobody has fetched.

    A caller that fetches without blocking catches it, fetches `reference` and loads again.

    Attributes:
        reference: the absolute URI of the grammar that is wanted, without a fragment.
        media_type: the type the reference claims for it; empty where it claims none.
    """

    def __init__(self, reference: str, *, media_type: str = "", uri: str = "", line: int = 0) -> None:
        super().__init__(f"The grammar <{reference}> it refers to could not be fetched.", uri=uri, line=line)
        self.reference = reference
        self.media_type = media_type
