"""What can be wrong with SIP."""

from __future__ import annotations

from mirabelle.errors import MirabelleError


class SipError(MirabelleError):
    """A SIP message, URI or session description that cannot be used; the message says which part.

    Attributes:
        status: the status with which a request of that kind is answered.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
