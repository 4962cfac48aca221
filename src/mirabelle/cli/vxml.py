"""`mirabelle vxml`: the tools for those who write VoiceXML applications."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mirabelle.cli.options import Config, Json, example, settings_from

app = typer.Typer(no_args_is_help=True, help="VoiceXML without a phone.")

Url = Annotated[str, typer.Argument(metavar="URL", help="An address, or the path of a file.", show_default=False)]


@app.callback()
def callback() -> None:
    """VoiceXML without a phone."""


@app.command(
    short_help="Run an application in the terminal, without a phone.",
    epilog=example("mirabelle vxml run http://127.0.0.1:8000/start.vxml --input 1,noinput,12# --trace"),
)
def run(
    url: Url,
    inputs: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="LIST",
            help="What the caller does, comma-separated: keys (1, 12#), text:words, noinput, hangup. "
            "Without it you are asked.",
            show_default=False,
        ),
    ] = None,
    far_end: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="The far end of a transfer: answer:SECONDS, busy, network_busy or noanswer.",
            show_default=False,
        ),
    ] = "",
    trace: Annotated[
        bool, typer.Option("--trace", help="Tell on stderr each step of the interpreter, a line for each.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --trace: each line is JSON, for a script.")] = False,
    config: Config = None,
) -> None:
    """Run an application in the terminal: one line per event, no phone, no waiting.

    Files and this machine's own addresses are allowed; of the settings it takes those of [http] and [compat].
    """
    from mirabelle.cli import vxml_run, vxml_trace
    from mirabelle.cli.terminal import coloured, remark
    from mirabelle.vxml.text import InputError

    if as_json and not trace:
        raise typer.BadParameter("it says how --trace writes; give --trace as well.", param_hint="--json")
    tracer = vxml_trace.Lines(remark, as_json=as_json, colour=coloured(sys.stderr)) if trace else None
    try:
        raise typer.Exit(vxml_run.run(url, inputs, far_end, settings_from(config), tracer))
    except InputError as error:
        raise typer.BadParameter(str(error)) from error


@app.command(epilog=example("mirabelle vxml check start.vxml --follow"))
def check(
    urls: Annotated[
        list[str],
        typer.Argument(metavar="URL", help="Addresses, or paths of files.", show_default=False),
    ],
    follow: Annotated[
        bool, typer.Option("--follow", help="Check the documents too that these lead to on the same host.")
    ] = False,
    most_documents: Annotated[
        int, typer.Option(metavar="N", min=1, max=10_000, help="With --follow: documents at most.")
    ] = 100,
    depth: Annotated[
        int, typer.Option(metavar="N", min=1, max=100, help="With --follow: steps from the first document at most.")
    ] = 5,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Look for faults in an application without running it.

    Each finding is one line: file, line, column, and a sentence. Exit status: 1 where there is an error, 0 where there
    are warnings only. The application root, scripts and grammars are fetched and looked at as well. Files and this
    machine's own addresses are allowed; of the settings it takes those of [http] and [compat].
    """
    from mirabelle.cli import vxml_check
    from mirabelle.vxml.analysis.application import Extent

    extent = Extent(follow, most_documents, depth)
    raise typer.Exit(vxml_check.check(urls, extent, settings_from(config), as_json=as_json))


@app.command("test", short_help="Run the cases of test files.", epilog=example("mirabelle vxml test appointment.toml"))
def run_cases(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Test files, TOML.", show_default=False)],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Run the cases of test files: what the caller does, and what must come of it.

    docs/vxml-tools.md says what a file holds. Exit status: 1 where a case fails, 2 where a file cannot be understood.
    Files and this machine's own addresses are allowed; of the settings it takes those of [http] and [compat].
    """
    from mirabelle.cli import vxml_test
    from mirabelle.vxml.cases.case import CaseError

    try:
        raise typer.Exit(vxml_test.test(files, settings_from(config), as_json=as_json))
    except CaseError as error:
        raise typer.BadParameter(str(error)) from error
