"""From a file and the environment to settings, or to what is wrong with them."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from mirabelle.errors import MirabelleError
from mirabelle.settings.fault import sentence
from mirabelle.settings.sections import Settings, TrunkSettings, sections, variable_part

PREFIX: Final = "MIRABELLE_"
"""What the name of every environment variable of ours begins with."""
MOST_BYTES: Final = 1_000_000
"""The largest settings file that is read."""


class SettingsError(MirabelleError):
    """The settings cannot be used.

    Attributes:
        faults: one sentence each: where, what, and how to put it right.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Args:
        path: the TOML file; None: the one that MIRABELLE_CONFIG names, or none at all (every setting has a default).
        environ: the environment, whose MIRABELLE_<SECTION>_<KEY> win over the file.

    Raises:
        SettingsError: there is no such file, or something in it cannot be used.
    """
    if path is None and environ.get(PREFIX + "CONFIG"):
        path = Path(environ[PREFIX + "CONFIG"])
    text = "" if path is None else _text(path)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: this is not TOML: {error}."]) from error
    sources = _override(values, environ)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        models = dict(sections())
        faults = (sentence(each, values, sources, text, path, models) for each in error.errors(include_url=False))
        raise SettingsError(faults) from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise SettingsError([f"{path}: the file is larger than {MOST_BYTES} bytes; is it the right one?"])
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path}: the file is not UTF-8 text; save it as UTF-8."]) from error
    except OSError as error:
        reason = f"{path}: the file cannot be read ({error.strerror}); check --config, or MIRABELLE_CONFIG."
        raise SettingsError([reason]) from error


def _override(values: dict[str, Any], environ: Mapping[str, str]) -> dict[tuple[str | int, ...], str]:
    """Put what the environment says into values; returns which variable each of these settings came from."""
    sources: dict[tuple[str | int, ...], str] = {}
    known = {
        f"{section}_{key}".upper(): (section, key)
        for section, model in sections()
        if section != "trunk"
        for key in model.model_fields
    }
    faults = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable == PREFIX + "CONFIG":
            continue
        rest = variable.removeprefix(PREFIX)
        if rest.startswith("TRUNK_"):
            faults += _override_trunk(values, variable, environ, sources)
        elif rest in known:
            section, key = known[rest]
            table = values.setdefault(section, {})
            if isinstance(table, dict):
                table[key] = environ[variable]
                sources[section, key] = variable
        elif near := difflib.get_close_matches(rest, known, 1, 0.8):
            faults.append(f"{variable} (environment) is not a setting; did you mean '{PREFIX}{near[0]}'?")
        elif rest.partition("_")[0].lower() in Settings.model_fields:
            faults.append(f"{variable} (environment) is not a setting; `mirabelle settings` lists those there are.")
    if faults:
        raise SettingsError(faults)
    return sources


def _override_trunk(
    values: dict[str, Any], variable: str, environ: Mapping[str, str], sources: dict[tuple[str | int, ...], str]
) -> list[str]:
    rest = variable.removeprefix(PREFIX + "TRUNK_")
    key = next((key for key in TrunkSettings.model_fields if rest.endswith("_" + key.upper())), None)
    if key is None or key == "name":
        keys = ", ".join(name.upper() for name in TrunkSettings.model_fields if name != "name")
        return [f"{variable} (environment) is not a setting; write {PREFIX}TRUNK_<NAME>_ and one of {keys}."]
    wanted = rest.removesuffix("_" + key.upper())
    trunks = values.setdefault("trunk", [])
    if not isinstance(trunks, list):
        return []
    for index, trunk in enumerate(trunks):
        if isinstance(trunk, dict) and variable_part(str(trunk.get("name", ""))) == wanted:
            trunk[key] = environ[variable]
            sources["trunk", index, key] = variable
            return []
    host = environ.get(f"{PREFIX}TRUNK_{wanted}_HOST")
    if host is None:
        return [
            f"{variable} (environment): there is no trunk '{wanted.lower()}'; {PREFIX}TRUNK_{wanted}_HOST makes one."
        ]
    trunks.append({"name": wanted.lower(), "host": host, key: environ[variable]})
    sources["trunk", len(trunks) - 1, key] = variable
    return []
