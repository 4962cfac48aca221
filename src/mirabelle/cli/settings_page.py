"""The settings for people: as a file, and as the page docs/settings.md."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic.fields import FieldInfo

from mirabelle.calls.account import AccountSettings
from mirabelle.cli.assignment import EXPLAINED, choices
from mirabelle.settings import PREFIX, Settings, sections

_INTRODUCTION: Final = """\
# Settings

One TOML file, named by `--config FILE` or `MIRABELLE_CONFIG`. Every setting has a default, so the file may be short or
missing. Each setting can be given in the environment as well, which wins over the file. A name that is not known is
refused, with the nearest one that is. `mirabelle settings` prints those in effect.

A file for a server behind one carrier, with its password kept out of it, in `MIRABELLE_TRUNK_MAIN_PASSWORD`:

```toml
[server]
listen = "127.0.0.1:8080"           # put a TLS proxy in front

[sip]
bind = "0.0.0.0:5060"
advertised = "203.0.113.7"

[media]
bind = "0.0.0.0"
advertised = "203.0.113.7"

[[trunk]]
name = "main"
host = "sip.carrier.example:5060"
username = "mirabelle"
caller_id = "8005551212"
calls_per_second = 10
channels = 100
```

<!-- Written by `mirabelle settings --markdown`; change src/mirabelle/settings/sections.py instead. -->
"""

_ACCOUNTS: Final = """\
## An account

These are kept in the ledger, for each account. `mirabelle account set LOGIN NAME=VALUE` changes them, and so does
[the JSON API](api/json.md). Requests follow at once, calls within ten seconds.

| Setting | Default | Values | What it is |
|---|---|---|---|"""


def toml(settings: Settings) -> str:
    """The settings in effect as a settings file, with secrets hidden."""
    lines: list[str] = []
    for section, values in settings.shown().items():
        for table in values if section == "trunk" else [values]:
            lines += [f"[[{section}]]" if section == "trunk" else f"[{section}]", *_assignments(table), ""]
    return "\n".join(lines).rstrip("\n")


def _assignments(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        yield f"{key} = {_plain(value)}"


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def markdown() -> str:
    """The page docs/settings.md."""
    parts = [_INTRODUCTION]
    for section, model in sections():
        repeated = section == "trunk"
        parts.append(f"## {'[[trunk]]' if repeated else f'[{section}]'}\n\n{inspect.getdoc(model)}\n")
        if repeated:
            parts.append(
                "One for each trunk. `<NAME>` is the trunk's name in capitals, with `_` for everything that is no\n"
                "letter or digit; a trunk that is not in the file is made by its `HOST`.\n"
            )
        rows = ["| Setting | Default | In the environment | What it is |", "|---|---|---|---|"]
        for key, field in model.model_fields.items():
            rows.append(_row(f"TRUNK_<NAME>_{key}" if repeated else f"{section}_{key}", key, field))
        parts.append("\n".join(rows) + "\n")
    return "\n".join([*parts, _accounts()])


def _accounts() -> str:
    rows = [
        f"| `{name}` | `{_plain(getattr(AccountSettings(), name))}` | {_values(values)} | {EXPLAINED[name]} |"
        for name, values in choices().items()
    ]
    return "\n".join([_ACCOUNTS, *rows]) + "\n"


def _values(values: str) -> str:
    return ", ".join(f"`{each}`" for each in values.split("|")) if "|" in values else values.lower()


def _row(variable: str, key: str, field: FieldInfo) -> str:
    environment = "" if variable == "TRUNK_<NAME>_name" else f"`{PREFIX}{variable.upper()}`"
    meaning = (field.description or "") + _limits(field)
    return f"| `{key}` | {_default(field)} | {environment} | {meaning} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default.get_secret_value() if hasattr(field.default, "get_secret_value") else field.default
    return f"`{_plain(value)}`"


def _limits(field: FieldInfo) -> str:
    """The range of a number, in words."""
    found = {name: getattr(each, name) for each in field.metadata for name in ("ge", "gt", "le") if hasattr(each, name)}
    if "le" not in found:
        return ""
    low = f"{found['ge']:,}" if "ge" in found else f"above {found['gt']:,}"
    return f" From {low} to {found['le']:,}."
