"""`mirabelle demo`: one call, the whole way, on this machine, told as it happens."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import httpx
import uvicorn
from rich.console import Console
from rich.status import Status
from rich.text import Text

from mirabelle.cli import terminal
from mirabelle.errors import MirabelleError
from mirabelle.sandbox.application import create_application
from mirabelle.sandbox.child import Child, ChildError
from mirabelle.sandbox.listening import speech_ms
from mirabelle.sandbox.narration import Facts, sentence
from mirabelle.settings.speech import SpeechSettings
from mirabelle.speech.audio import decode

DIRECTORY: Final = Path("demo-output")
"""Where the ledger, the logs and the recording go."""

NUMBER: Final = "+16175550100"
LONGEST_SECONDS: Final = 60.0
START_SECONDS: Final = 20.0
END_SECONDS: Final = 8.0

_SETTINGS: Final = """\
# Written by `mirabelle demo`; everything stays on this machine.
[server]
listen = "127.0.0.1:0"

[store]
url = "sqlite:///{store}"

[sip]
bind = "127.0.0.1:0"

[media]
ports = "20000-20999"
processes = 1

[http]
allow_private = true

[speech]
voice = "{voice}"

[dialer]
drain_seconds = 2

[[trunk]]
name = "sandbox"
host = "{callee}"
caller_id = "8005551212"
"""
_COLOURS: Final = {"demo": "dim", "Mirabelle": "cyan", "callee": "green", "application": "magenta"}


class DemoError(MirabelleError):
    """The demonstration cannot go on; the message says why."""


class Narrator(Protocol):
    """Shows the story to a person."""

    def say(self, seconds: float, who: str, text: str) -> None:
        """Show that something happened, so many seconds after the start."""
        ...


class PlainNarrator:
    """A line for each event."""

    def say(self, seconds: float, who: str, text: str) -> None:
        """Print the line."""
        print(f"{seconds:6.2f} s  {who:<11}  {text}", flush=True)


class LiveNarrator:
    """The same in colour, with a clock that moves while something is awaited."""

    def __init__(self, console: Console, status: Status) -> None:
        self._console, self._status = console, status

    def say(self, seconds: float, who: str, text: str) -> None:
        """Print the line above the status."""
        line = Text.assemble((f"{seconds:6.2f} s  ", "dim"), (f"{who:<11}  ", _COLOURS.get(who, "")), text)
        self._console.print(line, soft_wrap=True)
        self._status.update(Text(f"{who} {text}", style="dim", overflow="ellipsis", no_wrap=True))


def run(speech: SpeechSettings) -> int:
    """Show it.

    Args:
        speech: the voice.

    Returns:
        0 where the key arrived, the callee heard enough and the result was posted as completed; else 1.

    Raises:
        MirabelleError: it could not be shown at all.
        KeyboardInterrupt: a signal ended it.
    """
    demonstration: _Demonstration | None = None
    try:
        with _narrator() as narrator:
            demonstration = _Demonstration(narrator, speech)
            missing = asyncio.run(demonstration.show())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        # Whatever happened above, and however often Ctrl-C was pressed: nothing of ours stays behind.
        if demonstration is not None:
            demonstration.kill_children()
    for lack in missing:
        terminal.complain(lack)
    if missing:
        terminal.complain(f"The logs are in {DIRECTORY}/: server.log and callee.log.")
        return 1
    print(f"\nWhat the ledger has of it: {_program()} calls show 1 --config {DIRECTORY}/mirabelle.toml")
    print("Calls of your own, with a trunk or without: docs/getting-started.md")
    return 0


def _program() -> Path:
    """`mirabelle` as one types it here."""
    program = Path(sys.executable).with_name("mirabelle")
    return program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program


@contextlib.contextmanager
def _narrator() -> Iterator[Narrator]:
    if not terminal.coloured(sys.stdout):
        yield PlainNarrator()
        return
    console = Console()
    with console.status("starting") as status:
        yield LiveNarrator(console, status)


class _Demonstration:
    def __init__(self, narrator: Narrator, speech: SpeechSettings) -> None:
        self._narrator = narrator
        self._speech = speech
        self._started = time.monotonic()
        self._facts = Facts()
        self._news = asyncio.Event()
        self._children: list[Child] = []

    def kill_children(self) -> None:
        """End what still runs, at once."""
        for child in self._children:
            child.kill()

    async def show(self) -> list[str]:
        """From the start of the processes to their end; what was missing."""
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        _make_room(DIRECTORY)
        try:
            async with self._application() as application:
                callee = await self._callee()
                config = DIRECTORY / "mirabelle.toml"
                store = DIRECTORY / "mirabelle.db"
                text = _SETTINGS.format(store=store, callee=callee, voice=self._speech.voice)
                config.write_text(text, encoding="utf-8")
                pin = await _account(config)
                server = await self._server(config)
                await self._queue(server, application, pin)
                await self._until_told()
            await asyncio.to_thread(self._measure)
        finally:
            await self._end_children()
        return self._facts.missing()

    # --- who takes part ---------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _application(self) -> AsyncIterator[str]:
        """The customer's application; its address."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = _QuietServer(
                uvicorn.Config(
                    create_application(lambda event, **fields: self._hear("application", event, fields)),
                    log_config=None,
                    access_log=False,
                    lifespan="off",
                    timeout_graceful_shutdown=1,
                )
            )
            serving = asyncio.create_task(server.serve([listener]))
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True
                await serving

    async def _callee(self) -> str:
        """The callee's process; its SIP address."""
        self._say("demo", "starts a callee, a customer's application and a server")
        arguments = ("--listen", "127.0.0.1:0", "--ports", "21000-21999", "--record", str(DIRECTORY), "--with-parent")
        child = await self._child("callee", "callee", "mirabelle.sandbox.callee", arguments, "stdout")
        return str((await child.tells("ready", START_SECONDS))["sip"])

    async def _server(self, config: Path) -> str:
        """The server's process; its HTTP address."""
        arguments = ("serve", "--config", str(config), "--log-format", "json", "--log-content")
        child = await self._child("Mirabelle", "server", "mirabelle.cli.main", arguments, "stderr")
        http = str((await child.tells("ready", START_SECONDS))["http"])
        self._say("Mirabelle", f"takes requests at http://{http}")
        return http

    async def _child(
        self, who: str, name: str, module: str, arguments: tuple[str, ...], pipe: Literal["stdout", "stderr"]
    ) -> Child:
        child = await Child.start(
            name,
            module,
            arguments,
            pipe=pipe,
            log=DIRECTORY / f"{name}.log",
            on_event=lambda event, fields: self._hear(who, event, fields),
        )
        self._children.append(child)
        return child

    async def _end_children(self) -> None:
        for child in reversed(self._children):
            await child.end(END_SECONDS)

    # --- what happens -----------------------------------------------------------------------------------------------

    async def _queue(self, server: str, application: str, pin: str) -> None:
        form = {
            "login": "demo",
            "pin": pin,
            "phone_number": NUMBER,
            "start_url": f"{application}/start",
            "result_url": f"{application}/result",
            "message_reference": "demo",
            "call_parameters": "Ann",
        }
        self._say("demo", f"POST /webservice/queuecall.php, phone_number={NUMBER}")
        async with httpx.AsyncClient(trust_env=False, timeout=START_SECONDS) as client:
            reply = await client.post(f"http://{server}/webservice/queuecall.php", data=form)
        queued = re.search(r'status="queued"[^>]*call_id="([0-9]+)"', reply.text)
        if reply.status_code != 200 or queued is None:
            raise DemoError(f"The server did not queue the call. It answered {reply.status_code}: {reply.text[:500]}")
        self._say("Mirabelle", f"queued as call {queued[1]}")

    async def _until_told(self) -> None:
        """Wait until the story is complete, a process ended, or too much time has passed."""
        ends = [asyncio.create_task(child.ended()) for child in self._children]
        telling = asyncio.create_task(self._told())
        await asyncio.wait({telling, *ends}, timeout=LONGEST_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        gone = [child for child, end in zip(self._children, ends, strict=True) if end.done()]
        for task in (telling, *ends):
            task.cancel()
        await asyncio.gather(telling, *ends, return_exceptions=True)
        if gone and not self._facts.told():
            raise ChildError(f"The {gone[0].name} ended in the middle. {gone[0].last_words()}")

    async def _told(self) -> None:
        while not self._facts.told():
            self._news.clear()
            await self._news.wait()

    def _hear(self, who: str, event: str, fields: Mapping[str, Any]) -> None:
        self._facts.learn(who, event, fields)
        text = sentence(who, event, fields)
        if text is not None:
            self._say(who, text)
        self._news.set()

    def _measure(self) -> None:
        """Find, in the recording, how much the callee heard."""
        if not self._facts.recording:
            return
        path = Path(self._facts.recording)
        try:
            self._facts.speech_ms = speech_ms(decode(path.read_bytes(), "audio/x-wav", str(path)))
        except OSError as error:
            raise DemoError(f"The recording {path} cannot be read ({error.strerror}).") from error
        heard = f"the callee heard {self._facts.speech_ms / 1000:.1f} s of speech; listen to it in {path}"
        self._say("demo", heard)

    def _say(self, who: str, text: str) -> None:
        self._narrator.say(time.monotonic() - self._started, who, text)


class _QuietServer(uvicorn.Server):
    """uvicorn without signal handlers of its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _make_room(directory: Path) -> None:
    """An empty place: what an earlier demonstration left there is removed, and nothing else."""
    try:
        directory.mkdir(exist_ok=True)
        for pattern in ("mirabelle.db*", "mirabelle.toml", "heard-*.wav", "server.log", "callee.log"):
            for path in directory.glob(pattern):
                path.unlink()
    except OSError as error:
        raise DemoError(f"{directory}/ cannot be written here ({error.strerror}); go to another directory.") from error


async def _account(config: Path) -> str:
    """Add the account, as an operator does; its PIN."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mirabelle.cli.main", "account", "add", "demo", "--config", str(config)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        pin, complaint = await asyncio.wait_for(process.communicate(), START_SECONDS)
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode != 0:
        raise DemoError(f"The account could not be added: {complaint.decode('utf-8', 'replace').strip()[-500:]}")
    return pin.decode("ascii", "replace").strip()
