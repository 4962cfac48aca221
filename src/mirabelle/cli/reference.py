"""The page docs/cli.md, made from the commands themselves: `python -m mirabelle.cli.reference > docs/cli.md`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

import typer.main

from mirabelle.cli.main import app

_INTRODUCTION: Final = """\
# The command line

Every command takes `--help`. Exit status: 0 when it was done, 1 when it could not be done, 2 when the command or the
settings are wrong. Errors are one line on stderr. Colour and tables are for terminals; elsewhere lines are plain, and
`--json` prints JSON. `mirabelle --install-completion` teaches your shell the commands.

<!-- Written by `python -m mirabelle.cli.reference`; change src/mirabelle/cli/ instead. -->
"""
_LEFT_OUT: Final = frozenset({"help", "install_completion", "show_completion"})


def markdown() -> str:
    """The page docs/cli.md."""
    return "\n".join([_INTRODUCTION, *_sections("mirabelle", typer.main.get_command(app))])


def _sections(path: str, command: Any) -> Iterator[str]:
    children = getattr(command, "commands", {})
    if not children or getattr(command, "invoke_without_command", False):
        yield _section(path, command)
    for name, child in children.items():
        yield from _sections(f"{path} {name}", child)


def _section(path: str, command: Any) -> str:
    shown = [each for each in command.params if each.name not in _LEFT_OUT]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    options = [each for each in shown if each.param_type_name == "option"]
    synopsis = " ".join([path, *(_metavar(each) for each in arguments), *(["[OPTIONS]"] if options else [])])
    text = inspect.cleandoc(command.help or "")
    example = (command.epilog or "").rpartition("Example: ")[2]
    lines = [
        f"## {path}\n",
        f"{text}\n",
        "```",
        synopsis,
        *([example] if example not in {"", synopsis} else []),
        "```\n",
    ]
    if shown:
        lines += ["| | |", "|---|---|"]
        lines += [f"| `{_metavar(each)}` | {each.help or ''} |" for each in arguments]
        lines += [f"| {_names(each)} | {each.help or ''}{_default(each)} |" for each in options]
        lines.append("")
    return "\n".join(lines)


def _metavar(parameter: Any) -> str:
    return f"{parameter.metavar or parameter.name.upper()}{'...' if parameter.nargs == -1 else ''}"


def _names(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    return names if option.is_flag else f"{names} `{_metavar(option)}`"


def _default(option: Any) -> str:
    variable = f" Or {option.envvar}." if option.envvar else ""
    if option.required:
        return " Required."
    if option.is_flag or option.default in (None, "") or not option.show_default:
        return variable
    return f"{variable} Default: {option.default}."


if __name__ == "__main__":
    print(markdown(), end="")
