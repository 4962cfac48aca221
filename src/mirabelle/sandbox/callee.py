"""The callee as a process: `python -m mirabelle.sandbox.callee --listen 127.0.0.1:5080 --record DIR`.

Each event is a line of JSON on stdout; the first is `ready`, with the SIP address. SIGTERM, SIGINT, and with
`--with-parent` the end of the input, hang up and end it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from mirabelle.calls.clock import SystemClock
from mirabelle.errors import MirabelleError
from mirabelle.media.plane import MediaPlane
from mirabelle.sandbox import profiles
from mirabelle.sandbox.conversation import Callee, Line
from mirabelle.settings import host_port, port_range
from mirabelle.sip.agent import UserAgent

MOST_SCRIPT_BYTES = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal.

    Args:
        arguments: of the command line; None takes the process's own.
    """
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_run(options))
    except MirabelleError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    table = "\n".join(f"  {digits}  {profile.name}" for digits, profile in profiles.BY_LAST_DIGITS.items())
    parser = argparse.ArgumentParser(
        prog="python -m mirabelle.sandbox.callee",
        description="A callee that does what the last two digits of the number say:\n" + table,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--listen", default="127.0.0.1:5080", type=host_port, help="where SIP is heard, as host:port")
    parser.add_argument("--ports", default="30000-30999", type=port_range, help="the UDP ports for RTP")
    parser.add_argument("--record", metavar="DIR", type=Path, help="keep what is heard as WAV files there")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--profile", metavar="DIGITS", help="do as this profile says, whatever the number")
    chosen.add_argument("--script", metavar="FILE", type=Path, help="do as this profile, a JSON object, says")
    parser.add_argument("--with-parent", action="store_true", help="end when the standard input ends")
    return parser


async def _run(options: argparse.Namespace) -> None:
    clock = SystemClock()
    only = _only(options)
    stop = _signals()
    if options.with_parent:
        await _stop_at_end_of_input(stop)
    async with contextlib.AsyncExitStack() as stack:
        host = options.listen[0]
        plane = MediaPlane(ports=options.ports, bind=host, processes=1, force_python=False, clock=clock)
        await plane.start()
        stack.push_async_callback(plane.aclose)
        agent = UserAgent(bind=options.listen, clock=clock, user_agent="Mirabelle sandbox")
        await agent.start()
        stack.push_async_callback(agent.aclose)
        line = Line(
            plane=plane,
            clock=clock,
            profile_of=(lambda _number: only) if only else profiles.of_number,
            directory=options.record,
            tell=_print,
        )
        callee = Callee(agent, line)
        stack.push_async_callback(callee.aclose)
        _print("ready", sip=f"{agent.address[0]}:{agent.address[1]}")
        await stop.wait()


def _only(options: argparse.Namespace) -> profiles.Profile | None:
    """The one profile for all numbers, where one was given."""
    if options.record is not None and not options.record.is_dir():
        raise MirabelleError(f"--record: {options.record} is no directory; make it first.")
    if options.profile is not None:
        return profiles.named(options.profile)
    if options.script is None:
        return None
    try:
        with options.script.open(encoding="utf-8") as file:
            return profiles.read(file.read(MOST_SCRIPT_BYTES))
    except (OSError, UnicodeError) as error:
        raise MirabelleError(f"--script: {options.script} cannot be read ({error}).") from error


def _signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _stop_at_end_of_input(stop: asyncio.Event) -> None:
    """A parent that was killed cannot end its children; the pipe to them ends by itself."""
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    loop.add_reader(sys.stdin.fileno(), readable)


def _print(event: str, **fields: object) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps({"event": event, **fields}), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
