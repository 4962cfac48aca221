"""What goes wrong with an application, told apart by the event the standard throws for it."""

from __future__ import annotations

from mirabelle.errors import MirabelleError


class VxmlError(MirabelleError):
    """An application that cannot go on as it is written."""


class DocumentError(VxmlError):
    """A document that is not VoiceXML 2.0 or 2.1; becomes `error.badfetch` (VoiceXML 2.0, 5.2.6).

    Attributes:
        uri: the document.
        line: where the fault is, counted from 1; 0 when it is of the document as a whole.
        column: the same, counted from 1.
        reason: a sentence, without the place.
    """

    def __init__(self, uri: str, line: int, column: int, reason: str) -> None:
        place = f", line {line}, column {column}" if line else ""
        super().__init__(f"{uri or 'the document'}{place}: {reason}")
        self.uri = uri
        self.line = line
        self.column = column
        self.reason = reason


class SemanticError(VxmlError):
    """A run-time error in the application's own code; becomes `error.semantic` (VoiceXML 2.0, 5.2.6).

    Attributes:
        reason: a sentence.
        line: the line within the source that was run, counted from 1; 0 when it is not known.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
