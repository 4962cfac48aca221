"""What a process does that speaks or listens behind two pipes: say that it is ready, and answer order after order."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO, Protocol

from mirabelle.speech.frame import HEADER, MOST_BYTES, Kind, frame
from mirabelle.speech.synthesizer import SpeechError


class Engine(Protocol):
    """What does the work."""

    @property
    def ordered(self) -> Kind:
        """The kind of its orders."""
        ...

    @property
    def answered(self) -> Kind:
        """The kind of its answers."""
        ...

    def greeting(self) -> bytes:
        """What it says when it is ready."""
        ...

    def answer(self, payload: bytes) -> bytes:
        """Do what an order says.

        Raises:
            SpeechError: it cannot be done.
        """
        ...


def serve(opened: Callable[[], Engine], orders: BinaryIO, answers: BinaryIO) -> None:
    """Do what is ordered until nobody orders any more.

    Args:
        opened: loads the engine; a `SpeechError` of it is told, and ends this.
        orders: frames of its orders.
        answers: takes frames.
    """
    try:
        engine = opened()
    except SpeechError as error:
        answers.write(frame(Kind.FAILED, str(error).encode()))
        return
    answers.write(frame(Kind.READY, engine.greeting()))
    while (payload := _read(orders, engine.ordered)) is not None:
        try:
            answer = frame(engine.answered, engine.answer(payload))
        except SpeechError as error:
            answer = frame(Kind.FAILED, str(error).encode())
        answers.write(answer)


def run(opened: Callable[[], Engine]) -> None:
    """Serve on the standard pipes; the end of the input, which comes with the parent's death, ends the process.

    Args:
        opened: loads the engine.
    """
    # A Ctrl-C in the terminal is the parent's to answer: it may still want to speak or listen while it drains.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What the engine prints must not land among the frames.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    try:
        serve(opened, sys.stdin.buffer, answers)
    except BrokenPipeError:
        return


def _read(orders: BinaryIO, ordered: Kind) -> bytes | None:
    header = orders.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length = HEADER.unpack(header)
    if kind != ordered or length > MOST_BYTES:
        return None
    payload = orders.read(length)
    return payload if len(payload) == length else None
