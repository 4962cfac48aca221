"""Settings of an account as a person types them: `name=value`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from mirabelle.calls.account import AccountSettings, AccountSettingsError

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


def known() -> str:
    """The settings there are, one a line, and what they may be."""
    hints = get_type_hints(AccountSettings)
    return "\n".join(f"  {field.name}={_choices(hints[field.name])}" for field in dataclasses.fields(AccountSettings))


def _value(name: str, hint: Any, text: str) -> Any:
    if hint is bool:
        if text.lower() not in _WORDS:
            raise AccountSettingsError(f"{name} is true or false.")
        return _WORDS[text.lower()]
    if hint is int:
        if not (text.isascii() and text.isdecimal()):
            raise AccountSettingsError(f"{name} is a whole number.")
        return int(text)
    return text


def _choices(hint: Any) -> str:
    if hint is bool:
        return "true|false"
    if get_origin(hint) is Literal:
        return "|".join(map(str, get_args(hint)))
    return "NUMBER" if hint is int else "TEXT"
