"""What the commands have in common: where the settings are, and how much to print."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mirabelle.settings import Settings

_UNWRAPPED = "\b\n"

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        envvar="MIRABELLE_CONFIG",
        help="The settings, a TOML file; without it every setting has its default.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")]
ShowNumbers = Annotated[bool, typer.Option("--show-numbers", help="Print telephone numbers in full.")]


def example(line: str) -> str:
    """A command's example for the end of its help; the backspace keeps it on one line."""
    return f"{_UNWRAPPED}Example: {line}"


def settings_from(config: Path | None) -> Settings:
    """Read the settings of this command.

    Raises:
        SettingsError: they cannot be used.
    """
    from mirabelle.settings import load

    return load(config, os.environ)
