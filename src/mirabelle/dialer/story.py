"""What happens to calls, told as it happens."""

from __future__ import annotations

from typing import Protocol


class Story(Protocol):
    """Hears each event of each call: the log in service, a list in a test."""

    def __call__(self, event: str, call_id: int, **fields: object) -> None:
        """Hear one event.

        Args:
            event: a few words: `ringing`, `answered`, `prompt`.
            call_id: the call.
            fields: what belongs to the event, as values.
        """
        ...
