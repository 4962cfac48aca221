"""The commands that serve: everything in one, or the two pieces of a fleet. What is heavy is imported inside."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mirabelle.cli.options import Config, one_of, settings_from

if TYPE_CHECKING:
    from mirabelle.calls.crash_point import Reached
    from mirabelle.settings import Settings

LogFormat = Annotated[str, typer.Option(metavar="FORMAT", help="How the log looks: logfmt or json.")]
LogLevel = Annotated[
    str, typer.Option(metavar="LEVEL", help="The least that is logged: debug, info, warning or error.")
]
LogNumbers = Annotated[bool, typer.Option(help="Whether telephone numbers are logged.")]
LogContent = Annotated[bool, typer.Option(help="Whether prompts, keys and what applications submit are logged.")]
PostResults = Annotated[bool, typer.Option(help="Whether results are posted from here.")]


def serve(
    config: Config = None,
    log_format: LogFormat = "logfmt",
    log_level: LogLevel = "info",
    log_numbers: LogNumbers = True,
    log_content: LogContent = False,
) -> None:
    """Take requests and make calls, until SIGTERM or Ctrl-C.

    The first signal lets calls in progress end by themselves, for a while; the second ends them.
    """
    settings = _prepared(config, log_format, log_level, log_numbers, log_content)
    from mirabelle.cli import serve as service

    announce, reached = _crashing()
    raise typer.Exit(service.serve(settings, announce=announce, reached=reached))


def api(
    config: Config = None,
    post_results: PostResults = False,
    log_format: LogFormat = "logfmt",
    log_level: LogLevel = "info",
    log_numbers: LogNumbers = True,
    log_content: LogContent = False,
) -> None:
    """Take requests, and leave the calls to `mirabelle dial`, until SIGTERM or Ctrl-C.

    It needs no trunk, no media and no voice. The first signal lets requests in hand end; the second ends them.
    """
    settings = _prepared(config, log_format, log_level, log_numbers, log_content)
    from mirabelle.cli import serve as service

    raise typer.Exit(service.api(settings, post_results=post_results, announce=_announce))


def dial(
    config: Config = None,
    post_results: PostResults = True,
    log_format: LogFormat = "logfmt",
    log_level: LogLevel = "info",
    log_numbers: LogNumbers = True,
    log_content: LogContent = False,
) -> None:
    """Make the calls that `mirabelle api` takes, until SIGTERM or Ctrl-C.

    As many as you like share one ledger, and rates and channels hold for all of them together. The first signal lets
    calls in progress end by themselves, for a while; the second ends them.
    """
    settings = _prepared(config, log_format, log_level, log_numbers, log_content)
    from mirabelle.cli import serve as service

    announce, reached = _crashing()
    raise typer.Exit(service.dial(settings, post_results=post_results, announce=announce, reached=reached))


def _prepared(config: Path | None, log_format: str, log_level: str, log_numbers: bool, log_content: bool) -> Settings:
    """The settings, with the log set up."""
    form = one_of("--log-format", log_format, "logfmt", "json")
    level = one_of("--log-level", log_level, "debug", "info", "warning", "error")
    settings = settings_from(config)
    from mirabelle.cli import logging

    logging.configure(
        sys.stderr,
        log_format=logging.LogFormat(form),
        log_numbers=log_numbers,
        log_content=log_content,
        level=level.upper(),
    )
    return settings


def _crashing() -> tuple[Callable[[str], None], Reached]:
    """What announces a server, and what hears where its calls stand; see `mirabelle.cli.crash`."""
    from mirabelle.calls.crash_point import pass_by
    from mirabelle.cli.crash import crash_at

    crash = crash_at(os.environ)
    if crash is None:
        return _announce, pass_by

    def announce(line: str) -> None:
        crash.begun()
        _announce(line)

    return announce, crash


def _announce(line: str) -> None:
    print(line, flush=True)
