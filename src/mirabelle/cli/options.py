"""What the commands have in common: where the settings are, and how much to print."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

if TYPE_CHECKING:
    from mirabelle.settings import Settings

Options = TypeVar("Options")

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

Login = Annotated[
    str | None,
    typer.Option(
        metavar="LOGIN",
        help="The account; that of calls from the shell, 'local', when left out.",
        show_default=False,
    ),
]
AnyLogin = Annotated[
    str | None,
    typer.Option(metavar="LOGIN", help="Of this account only; of all when left out.", show_default=False),
]

StartUrl = Annotated[str, typer.Option(metavar="URL", help="Where the VoiceXML application is.", show_default=False)]
ResultUrl = Annotated[str, typer.Option(metavar="URL", help="Where the result is posted.", show_default=False)]
MaxRetries = Annotated[int, typer.Option(metavar="N", min=0, max=10, help="Attempts after failed ones, 0-10.")]
RetryInterval = Annotated[
    int, typer.Option(metavar="SECONDS", min=60, max=172_800, help="From an attempt to the next, 60-172800.")
]
ScheduledTime = Annotated[
    str,
    typer.Option(
        metavar="WORDS", help="Not before this, such as 'tomorrow 9:30 Europe/Berlin'; now.", show_default=False
    ),
]
ScheduledTimestamp = Annotated[
    int | None, typer.Option(metavar="SECONDS", min=0, help="The same as a Unix time; 0 is now.", show_default=False)
]
ExpirationTime = Annotated[
    str, typer.Option(metavar="WORDS", help="No attempt after this, such as '+2 days'; never.", show_default=False)
]
ExpirationTimestamp = Annotated[
    int | None, typer.Option(metavar="SECONDS", min=0, help="The same as a Unix time; 0 is never.", show_default=False)
]
CallPriority = Annotated[
    str, typer.Option(metavar="WORD", help="Which due calls of a campaign come first: low, normal, high or urgent.")
]
Zone = Annotated[
    str,
    typer.Option(
        metavar="ZONE", help="The callee's, such as America/New_York; the number tells it.", show_default=False
    ),
]
OnBadLine = Annotated[str, typer.Option(metavar="WHAT", help="A bad line: refuse the list, or skip the line.")]
Duplicates = Annotated[
    str, typer.Option(metavar="WHAT", help="A number that is there twice: allow it, skip it, or refuse the list.")
]


DuplicateScope = Annotated[
    str,
    typer.Option(
        metavar="WHERE", help="Where a number is looked for: in the campaign, or also in the account's calls that wait."
    ),
]


def fields(**options: str | int | None) -> dict[str, str]:
    """Options as the fields of a form; what was left out is no field."""
    return {name: str(value) for name, value in options.items() if value is not None}


def one_of(option: str, value: str, *known: str) -> str:
    """A word that must be one of a few; capitals do not matter.

    Raises:
        BadParameter: it is none of them.
    """
    if value.lower() not in known:
        raise typer.BadParameter(f"'{value}' is not known; there are {', '.join(known)}.", param_hint=option)
    return value.lower()


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


def command(run: Callable[[Options], None], options: type[Options]) -> Callable[..., None]:
    """A command that takes its many options as one value.

    Args:
        run: the command; its docstring is the help.
        options: a dataclass each of whose fields is an option with a default.
    """

    def called(**values: Any) -> None:
        run(options(**values))

    hints = get_type_hints(options, include_extras=True)
    parameters = inspect.signature(options).parameters.values()
    called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [each.replace(annotation=hints[each.name]) for each in parameters]
    )
    called.__annotations__ = hints
    called.__doc__ = run.__doc__
    called.__name__ = run.__name__
    return called
