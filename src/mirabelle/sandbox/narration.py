"""The story of a demonstration: what each event means for a person, and what is still missing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LEAST_SPEECH_MS: Final = 2000
"""How much speech the callee must have heard."""

Fields = Mapping[str, Any]

_SERVER: Final[Mapping[str, Callable[[Fields], str]]] = {
    "ringing": lambda _: "the callee's phone rings",
    "answered": lambda _: "answered",
    "first audio": lambda fields: f"first audio {fields.get('ms')} ms after the answer",
    "prompt": lambda fields: f"says: {str(fields.get('text', '')).strip() or '(a recording)'}",
    "prompt failed": lambda fields: f"could not speak: {fields.get('reason')}",
    "digit": lambda fields: f"hears the key {fields.get('key')}",
    "submit": lambda fields: f"submits to {fields.get('url') or fields.get('text')}",
    "error": lambda fields: f"the application failed: {fields.get('text') or fields.get('reason')}",
    "hang-up": lambda fields: f"the call is over, hung up by the {fields.get('by')}",
    "result posted": lambda fields: f"result posted, HTTP {fields.get('status')}",
    "result not delivered": lambda fields: f"result not delivered: {fields.get('reason')}",
    "engine stopped": lambda fields: f"stopped working: {fields.get('error')}",
}
_CALLEE: Final[Mapping[str, Callable[[Fields], str]]] = {
    "heard speech": lambda fields: f"heard {fields.get('ms', 0) / 1000:.1f} s of speech",
    "digit pressed": lambda fields: f"presses {fields.get('key')}",
    "hanging up": lambda _: "hangs up",
    "recorded": lambda fields: f"keeps what it heard: {fields.get('path')}",
    "failed": lambda fields: f"failed: {fields.get('reason')}",
}
_APPLICATION: Final[Mapping[str, Callable[[Fields], str]]] = {
    "started": lambda fields: f"start_url was posted for call {fields.get('call_id')}; answers with VoiceXML",
    "answered": lambda fields: f"received the key {fields.get('choice')}; answers with thanks",
    "result": lambda fields: (
        f"result_url was posted: {fields.get('result')}, {fields.get('attempts')} attempt, {fields.get('duration')} s"
    ),
}
_STORIES: Final = {"Mirabelle": _SERVER, "callee": _CALLEE, "application": _APPLICATION}
"""Who tells which events."""


def sentence(who: str, event: str, fields: Fields) -> str | None:
    """What an event means; None where a person need not know.

    Args:
        who: `Mirabelle`, `callee` or `application`.
        event: its name.
        fields: what belongs to it.
    """
    told = _STORIES[who].get(event)
    return None if told is None else told(fields)


@dataclass(slots=True)
class Facts:
    """What a demonstration has shown so far.

    Attributes:
        pressed: the keys that the callee pressed.
        received: the keys that the application was sent.
        results: what was posted to result_url.
        recording: the path of what the callee heard; empty until there is one.
        speech_ms: of speech in that recording.
        posted: whether the server knows that its result was taken.
    """

    pressed: list[str] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    recording: str = ""
    speech_ms: int = 0
    posted: bool = False

    def learn(self, who: str, event: str, fields: Fields) -> None:
        """Take in one event."""
        match who, event:
            case "callee", "digit pressed":
                self.pressed.append(str(fields.get("key", "")))
            case "callee", "recorded":
                self.recording = str(fields.get("path", ""))
            case "application", "answered":
                self.received.append(str(fields.get("choice", "")))
            case "application", "result":
                self.results.append(str(fields.get("result", "")))
            case "Mirabelle", "result posted":
                self.posted = True

    def told(self) -> bool:
        """Whether there is nothing left to wait for."""
        return bool(self.results and self.recording and self.posted)

    def missing(self) -> list[str]:
        """A sentence for each thing that should have happened and did not."""
        lacks = []
        if not self.pressed:
            lacks.append("The callee never pressed a key.")
        elif self.pressed != self.received:
            got = ", ".join(self.received) or "none"
            lacks.append(f"The callee pressed {', '.join(self.pressed)}, and the application received {got}.")
        if not self.recording:
            lacks.append("The callee kept no recording of what it heard.")
        elif self.speech_ms < LEAST_SPEECH_MS:
            lacks.append(
                f"The callee heard {self.speech_ms / 1000:.1f} s of speech, less than {LEAST_SPEECH_MS / 1000:g} s."
            )
        if not self.results:
            lacks.append("No result was posted to result_url.")
        elif self.results != ["completed"]:
            lacks.append(f"The result should be 'completed', once; posted was: {', '.join(self.results)}.")
        return lacks
