"""sipp as the callee, and what it wrote down: who rang, who answered, and whether we said that we heard it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

SCENARIO = Path(__file__).parent / "scenarios" / "callee.xml"

_MESSAGE = re.compile(r"UDP message (received|sent) [^\n]*\n\n(.*?)(?=\n-{20,}|\Z)", re.DOTALL)
_INVITE = re.compile(r"INVITE sips?:([^@;\s]+)")
_OF_INVITE = re.compile(r"^CSeq:.*INVITE", re.MULTILINE)
_CALL_ID = re.compile(r"^(?:Call-ID|i)\s*:\s*(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass
class Ring:
    """One INVITE as the callee saw it, its repetitions counted as one.

    Attributes:
        number: who was called.
        sip_call_id: its Call-ID.
        answered: the callee sent a 200.
        acknowledged: we sent the ACK of that 200, so we knew of it.
        after_acknowledged: another call to the number had been answered and acknowledged before this one came.
        after_answered: another had been answered, acknowledged or not.
    """

    number: str
    sip_call_id: str
    answered: bool = False
    acknowledged: bool = False
    after_acknowledged: bool = False
    after_answered: bool = False


@dataclass
class Book:
    """What rang, in the order in which it did."""

    rings: dict[str, Ring] = field(default_factory=dict)

    def hear(self, direction: str, message: str) -> None:
        """Take one message down."""
        found = _CALL_ID.search(message)
        if found is None:
            return
        sip_call_id = found[1]
        first, _, _ = message.partition("\n")
        invite = _INVITE.match(first)
        if direction == "received" and invite is not None:
            self._ring(invite[1], sip_call_id)
            return
        ring = self.rings.get(sip_call_id)
        if ring is None:
            return
        if direction == "sent" and first.startswith("SIP/2.0 200") and _OF_INVITE.search(message):
            ring.answered = True
        elif direction == "received" and first.startswith("ACK ") and ring.answered:
            ring.acknowledged = True

    def _ring(self, number: str, sip_call_id: str) -> None:
        if sip_call_id in self.rings:
            return
        before = [ring for ring in self.rings.values() if ring.number == number]
        self.rings[sip_call_id] = Ring(
            number,
            sip_call_id,
            after_acknowledged=any(ring.acknowledged for ring in before),
            after_answered=any(ring.answered for ring in before),
        )


def read_book(text: str) -> Book:
    """The book of a message trace of sipp."""
    book = Book()
    for direction, message in _MESSAGE.findall(text.replace("\r\n", "\n")):
        book.hear(direction, message)
    return book


class Callee:
    """A sipp that answers every call, until it is stopped.

    Args:
        binary: the program.
        port: where it listens.
        folder: where it writes.
    """

    def __init__(self, binary: Path, port: int, folder: Path) -> None:
        self._binary, self._port, self._folder = binary, port, folder
        self._program: subprocess.Popen[bytes] | None = None
        self._traces: list[Path] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Answer from now on."""
        trace = self._folder / f"messages-{len(self._traces)}.log"
        self._traces.append(trace)
        command: Sequence[str | Path] = [
            *(self._binary, "-sf", SCENARIO, "-i", "127.0.0.1", "-p", str(self._port)),
            *("-mi", "127.0.0.1", "-mp", str(self._port + 1), "-nostdin", "-trace_msg", "-message_file", trace),
        ]
        with (self._folder / "sipp.out").open("ab") as out:
            self._program = subprocess.Popen(
                [str(each) for each in command], cwd=self._folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )

    def stop(self) -> None:
        """Be gone: what is sent there now meets a closed port."""
        if self._program is not None:
            self._program.kill()
            self._program.wait(10)
            self._program = None

    def book(self) -> Book:
        """What rang until now."""
        texts = (trace.read_text(errors="replace") for trace in self._traces if trace.exists())
        return read_book("\n".join(texts))


def sipp_binary() -> Path | None:
    """Where sipp is."""
    found = shutil.which("sipp")
    return Path(found) if found else None
