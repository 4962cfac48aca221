"""Properties: which value holds where (VoiceXML 2.0, 6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from mirabelle.vxml.duration import milliseconds
from mirabelle.vxml.errors import SemanticError
from mirabelle.vxml.platform import RECORDING_TYPES, WAV, InputProperties
from mirabelle.vxml.signals import Thrown
from mirabelle.vxml.xml import Element

DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "confidencelevel": "0.5",
        "sensitivity": "0.5",
        "speedvsaccuracy": "0.5",
        "completetimeout": "1s",
        "incompletetimeout": "1s",
        "maxspeechtimeout": "60s",
        "interdigittimeout": "1s",
        "termtimeout": "0s",
        "termchar": "#",
        "bargein": "true",
        "bargeintype": "speech",
        "timeout": "3s",
        "audiofetchhint": "prefetch",
        "documentfetchhint": "safe",
        "grammarfetchhint": "prefetch",
        "objectfetchhint": "prefetch",
        "scriptfetchhint": "prefetch",
        "datafetchhint": "prefetch",
        "fetchaudio": "",
        "fetchaudiodelay": "0s",
        "fetchaudiominimum": "0s",
        "fetchtimeout": "15s",
        "inputmodes": "dtmf voice",
        "universals": "none",
        "maxnbest": "1",
        "recordutterance": "false",
        "recordutterancetype": "audio/x-wav",
    }
)
"""What holds where no document says otherwise."""

SAFE_DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {name: "safe" if name.endswith("fetchhint") else value for name, value in DEFAULTS.items()}
)
"""The same where nothing is fetched before it is needed unless a document says so."""


class Properties:
    """The properties in effect at one place, innermost element first."""

    def __init__(self, scopes: Iterable[Element], defaults: Mapping[str, str] = DEFAULTS) -> None:
        self._scopes = tuple(scope for scope in scopes if scope.elements("property"))
        self._defaults = defaults

    def text(self, name: str) -> str:
        """The value of a property; empty where nobody gave one."""
        for scope in self._scopes:
            found = [p for p in scope.elements("property") if p.get("name") == name]
            if found:
                return found[-1].get("value")
        return self._defaults.get(name, "")

    def time(self, name: str) -> int:
        """A time in milliseconds.

        Raises:
            SemanticError: it is no time.
        """
        return _time(self.text(name), name)

    def number(self, name: str) -> float:
        """A number.

        Raises:
            SemanticError: it is none.
        """
        try:
            return float(self.text(name))
        except ValueError as error:
            raise SemanticError(f"The property {name} is '{self.text(name)[:40]}'; it must be a number.") from error

    def share(self, name: str) -> float:
        """A number from 0 to 1.

        Raises:
            SemanticError: it is none.
        """
        number = self.number(name)
        if not 0 <= number <= 1:
            raise SemanticError(f"The property {name} is '{self.text(name)[:40]}'; it must be from 0.0 to 1.0.")
        return number

    def truth(self, name: str) -> bool:
        """A yes or no.

        Raises:
            SemanticError: it is neither.
        """
        return self.words(name, "true", "false") == ["true"]

    def words(self, name: str, *known: str) -> list[str]:
        """Words out of a list; at least one.

        Raises:
            SemanticError: another one is among them, or there is none.
        """
        words = self.text(name).split()
        if not words or not set(words) <= set(known):
            listed = ", ".join(known)
            raise SemanticError(f"The property {name} is '{self.text(name)[:40]}'; it takes {listed}.")
        return words

    def seconds(self, name: str) -> int | None:
        """A count of seconds as HTTP caching has them; None where nobody gave one."""
        text = self.text(name).strip()
        return whole(text, name) if text else None

    def for_input(self, timeout_ms: int | None) -> InputProperties:
        """Everything that says how input is collected.

        Args:
            timeout_ms: the timeout of the last prompt; None takes the property.

        Raises:
            SemanticError: the value of a property is none it can have (6.3).
            Thrown: `error.unsupported.format`, where an utterance cannot be recorded as it says (2.1, 7.1).
        """
        self.truth("bargein")
        self.words("bargeintype", "speech", "hotword")
        self.share("speedvsaccuracy")
        record = self.truth("recordutterance")
        return InputProperties(
            timeout_ms=self.time("timeout") if timeout_ms is None else timeout_ms,
            interdigit_ms=self.time("interdigittimeout"),
            term_ms=self.time("termtimeout"),
            termchar=self.text("termchar").strip(),
            completetimeout_ms=self.time("completetimeout"),
            incompletetimeout_ms=self.time("incompletetimeout"),
            maxspeech_ms=self.time("maxspeechtimeout"),
            confidence=self.share("confidencelevel"),
            sensitivity=self.share("sensitivity"),
            maxnbest=max(1, int(self.number("maxnbest"))),
            modes=frozenset(self.words("inputmodes", "dtmf", "voice")),
            record=record,
            record_type=self._record_type() if record else WAV,
        )

    def _record_type(self) -> str:
        kind = self.text("recordutterancetype").strip().lower() or WAV
        if kind not in RECORDING_TYPES:
            raise Thrown("error.unsupported.format", f"Utterances cannot be recorded as '{kind[:60]}'; ask for {WAV}.")
        return kind


def whole(text: str, name: str) -> int:
    """A whole number of at least 0, for the attribute or property `name`.

    Raises:
        SemanticError: it is none.
    """
    body = text.strip()
    if not (body.isascii() and body.isdigit() and len(body) <= 9):
        raise SemanticError(f"{name} is '{text[:40]}'; it must be a whole number of at least 0.")
    return int(body)


def _time(text: str, name: str) -> int:
    try:
        return milliseconds(text)
    except SemanticError as error:
        raise SemanticError(f"{name}: {error}") from error
