"""`mirabelle`: the commands. What is heavy is imported inside of them, so that `--help` comes at once."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

import mirabelle
from mirabelle.cli import (
    account,
    account_secret,
    audit,
    call,
    calls,
    campaign,
    do_not_call,
    explain,
    export,
    grammar,
    result,
    servers,
    simulate,
    terminal,
    vxml,
    when,
)
from mirabelle.cli.options import Config, Json, command, example, settings_from
from mirabelle.cli.simulate_options import Simulation
from mirabelle.errors import MirabelleError

WRONG_USE = 2
"""Exit status where the command or the settings are wrong."""
NOT_DONE = 1
"""Exit status where the command could not be done."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

_EPILOG = """\b
Begin here:
  mirabelle demo                                 place a call on this machine
  export MIRABELLE_CONFIG=mirabelle.toml         the settings, for all that follows
  mirabelle account add demo                     an account; prints its PIN and secret
  mirabelle serve                                take requests and make calls
  mirabelle call +16175550123 --start-url URL    queue one call from the shell
  mirabelle calls                                what became of the last calls
  mirabelle explain 4711                         why a call does not leave, and when it could
  mirabelle audit verify                         that no decision was changed afterwards

\b
Many calls:
  mirabelle campaign upload numbers.csv --name autumn --start-url URL
  mirabelle simulate --campaign numbers.csv      how it would go
  mirabelle campaign show autumn                 how far it is
  mirabelle campaign pause autumn                and resume, cancel, retry
  mirabelle campaign dialing autumn --retry reminder --hours hours.json
  mirabelle do-not-call import stop.csv          numbers that are not called
  mirabelle export calls --campaign autumn -o autumn.csv

\b
Customers:
  mirabelle account key add demo --role manager  a bearer key for the JSON API
  mirabelle result list --state dead             what their servers did not take
  mirabelle result replay --dead                 post it again

\b
Several machines on one PostgreSQL:
  mirabelle api --config mirabelle.toml          take requests
  mirabelle dial --config mirabelle.toml         make calls

\b
Applications:
  mirabelle vxml check start.vxml --follow       look for faults without running it
  mirabelle vxml run URL --input 1,text:yes      run an application as text
  mirabelle vxml test appointment.toml           run the cases of a test file
  mirabelle grammar match FILE --input "1 2"     what a grammar makes of an input
"""

app = typer.Typer(
    name="mirabelle",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=_EPILOG,
)
app.command(epilog=example("mirabelle serve --config mirabelle.toml"))(servers.serve)
app.command(
    short_help="Take requests, and leave the calls to `mirabelle dial`.",
    epilog=example("mirabelle api --config mirabelle.toml"),
)(servers.api)
app.command(
    short_help="Make the calls that `mirabelle api` takes.", epilog=example("mirabelle dial --config mirabelle.toml")
)(servers.dial)
app.command(epilog=example("mirabelle call +16175550123 --start-url http://example.com/start.vxml"))(call.call)
app.command(epilog=example("mirabelle cancel 4711"))(call.cancel)
app.add_typer(calls.app, name="calls")
app.command(short_help="Say why a call does not leave, and when it could.", epilog=example("mirabelle explain 4711"))(
    explain.explain
)
app.add_typer(campaign.app, name="campaign")
app.add_typer(do_not_call.app, name="do-not-call")
app.add_typer(result.app, name="result")
app.add_typer(export.app, name="export")
app.add_typer(audit.app, name="audit")
app.command(
    short_help="Say how a campaign would go, before anything is dialled.",
    epilog=example("mirabelle simulate --campaign numbers.csv --answer-rate 0.4 --plot it.png"),
)(command(simulate.simulate, Simulation))
app.command(
    short_help="Say what a time in words means.", epilog=example('mirabelle when "tomorrow 9:30" --zone Europe/Berlin')
)(when.when)
account.app.command(
    short_help="Make a new secret that signs results, and print it.", epilog=example("mirabelle account secret demo")
)(account_secret.secret)
app.add_typer(account.app, name="account")
app.add_typer(vxml.app, name="vxml")
app.add_typer(grammar.app, name="grammar")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"mirabelle {mirabelle.__version__}")
        raise typer.Exit


@app.callback()
def callback(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Mirabelle: a self-hosted outbound voice server.

    It queues calls over HTTP, dials them over SIP, runs the VoiceXML application at the call's start_url when somebody
    answers, and posts the result to its result_url.
    """


@app.command(epilog=example("mirabelle demo"))
def demo(config: Config = None) -> None:
    """Place a call on this machine and watch it.

    A server, a callee and a customer application are started for it; nothing leaves this machine. Of the settings
    it takes the voice.
    """
    from mirabelle.cli import demo as demonstration

    raise typer.Exit(demonstration.run(settings_from(config).speech))


@app.command(epilog=example("mirabelle settings --config mirabelle.toml"))
def settings(
    config: Config = None,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page that explains every setting.")] = False,
) -> None:
    """Print the settings in effect; secrets are hidden."""
    from mirabelle.cli import settings_page

    if markdown:
        print(settings_page.markdown(), end="")
        return
    found = settings_from(config)
    if as_json:
        terminal.print_json(found.shown())
    else:
        print(settings_page.toml(found))


def main() -> None:
    """The entry point: errors of ours are one line on stderr, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except MirabelleError as error:
        terminal.complain(str(error))
        from mirabelle.settings import SettingsError

        sys.exit(WRONG_USE if isinstance(error, SettingsError) else NOT_DONE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
