"""Settings of an account as a person types them: `name=value`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from mirabelle.calls.account import AccountSettings, AccountSettingsError

EXPLAINED: Final = {
    "preflight": "Whether start_url and result_url are fetched once before a call is queued.",
    "start_method": "How the variables of a call reach its start_url.",
    "country": "The country whose national numbers are understood, such as US; empty: none.",
    "bad_vxml": "What becomes of a call whose start_url gives no valid VoiceXML: a warning, or it is refused.",
    "result_extras": "Whether results have twelve variables more.",
    "result_literals": "Whether a result may also be expired, canceled or rejected (extended).",
    "calls_per_second": "The most INVITEs a second, over all campaigns; 0: no limit.",
    "channels": "The most calls at once; 0: no limit.",
    "person_attempts": "The most attempts to reach one person within person_days; 0: no limit.",
    "person_answers": "The most of them that are answered; 0: no limit.",
    "person_days": "The days that those two count.",
    "transfer_to": "Whom applications may transfer callees to, between commas, as [transfer] to; empty: as that says.",
}
"""The settings of an account, and what they are."""

_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def assigned(settings: AccountSettings, assignments: Iterable[str]) -> AccountSettings:
    """Settings with some of them changed.

    Args:
        settings: as they are.
        assignments: each a name, `=` and a value; an empty value empties a text.

    Raises:
        AccountSettingsError: there is no such setting, or it cannot have that value; the message names those there are.
    """
    hints = get_type_hints(AccountSettings)
    changes: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals or name not in hints:
            wrong = f"There is no setting '{name}'" if equals else f"'{assignment}' is not of the form name=value"
            raise AccountSettingsError(f"{wrong}. The settings are:\n{known()}")
        if name in changes:
            raise AccountSettingsError(f"{name} is given more than once.")
        changes[name] = _value(name, hints[name], text.strip())
    return dataclasses.replace(settings, **changes)


def choices() -> dict[str, str]:
    """The settings there are, and what they may be."""
    hints = get_type_hints(AccountSettings)
    return {field.name: _choices(hints[field.name]) for field in dataclasses.fields(AccountSettings)}


def known() -> str:
    """The settings there are, what they may be and what they are, for a person."""
    return "\n".join(f"  {name}={values}\n      {EXPLAINED[name]}" for name, values in choices().items())


def _value(name: str, hint: Any, text: str) -> Any:
    if hint is bool:
        if text.lower() not in _WORDS:
            raise AccountSettingsError(f"{name} is true or false.")
        return _WORDS[text.lower()]
    if hint is int:
        if not (text.isascii() and text.isdecimal()):
            raise AccountSettingsError(f"{name} is a whole number.")
        return int(text)
    if hint is float:
        try:
            return float(text)
        except ValueError as error:
            raise AccountSettingsError(f"{name} is a number.") from error
    return text


def _choices(hint: Any) -> str:
    if hint is bool:
        return "true|false"
    if get_origin(hint) is Literal:
        return "|".join(map(str, get_args(hint)))
    return "NUMBER" if hint in (int, float) else "TEXT"
