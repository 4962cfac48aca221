"""A form with a list in it, received piece by piece: the list goes to a file, so that no list fills the memory."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import IO, Final

from python_multipart.multipart import parse_options_header

from mirabelle.api import form
from mirabelle.api.form import FormError, MultipartForm, Part
from mirabelle.api.queuecalls import PHONE_LIST, PHONE_LIST_ALIASES
from mirabelle.calls.clock import Clock

MOST_FORM_TEXT: Final = 1024 * 1024
"""The largest urlencoded form; a longer list comes as multipart."""
CHUNK_SECONDS: Final = 30.0
"""How long a client may send nothing."""
GRACE_SECONDS: Final = 30.0
"""How long a client may be slow."""
LEAST_RATE: Final = 4096.0
"""Bytes a second that a client sends on the whole after that."""

_IN_MEMORY: Final = 1024 * 1024
_LISTS: Final = frozenset({PHONE_LIST, *PHONE_LIST_ALIASES})


class TooLarge(FormError):
    """A body that is larger than what is taken."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What was received.

    Attributes:
        parts: the fields, without the list.
        file: the list, at its beginning; None where there is none. It is gone when it is closed.
        form_text: whether the list was urlencoded, where a `+` that was not escaped is a space now.
    """

    parts: tuple[Part, ...]
    file: IO[bytes] | None
    form_text: bool = False


async def receive(chunks: AsyncIterable[bytes], content_type: str, *, most: int, clock: Clock) -> Upload:
    """Receive a form.

    Args:
        chunks: the body as it comes.
        content_type: the header's value.
        most: bytes of the largest body.
        clock: only its monotonic side is used.

    Raises:
        FormError: it cannot be read, is too large, too slow, or holds two lists.
    """
    media_type, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if media_type == b"multipart/form-data" and boundary:
        async with contextlib.aclosing(paced(chunks, most, clock)) as timely:
            return await _multipart(timely, boundary)
    async with contextlib.aclosing(paced(chunks, min(most, MOST_FORM_TEXT), clock)) as timely:
        body = await form.read_body(timely, most=MOST_FORM_TEXT)
    parts = form.parse(body, content_type)
    lists = [part for part in parts if part.name in _LISTS]
    if len(lists) > 1:
        raise _two_lists()
    file = await asyncio.to_thread(_file, lists[0].data) if lists else None
    return Upload(tuple(part for part in parts if part.name not in _LISTS), file, form_text=True)


async def _multipart(chunks: AsyncIterator[bytes], boundary: bytes) -> Upload:
    files: list[IO[bytes]] = []

    def open_file(name: str) -> IO[bytes] | None:
        if name not in _LISTS:
            return None
        if files:
            raise _two_lists()
        files.append(_file())
        return files[0]

    reader = MultipartForm(boundary, open_file)
    try:
        async for chunk in chunks:
            await asyncio.to_thread(reader.write, chunk)
        parts = reader.finish()
        for file in files:
            await asyncio.to_thread(file.seek, 0)
    except BaseException:
        for file in files:
            file.close()
        raise
    return Upload(tuple(part for part in parts if part.name not in _LISTS), files[0] if files else None)


def _file(data: bytes = b"") -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  whoever receives it closes it
    file.write(data)
    file.seek(0)
    return file


def _two_lists() -> FormError:
    return FormError("The request holds more than one list; send one file.")


async def paced(chunks: AsyncIterable[bytes], most: int, clock: Clock) -> AsyncGenerator[bytes, None]:
    """The chunks of a body, as long as they come fast enough and are not too many.

    Args:
        chunks: as they come.
        most: bytes of the largest body.
        clock: only its monotonic side is used.

    Raises:
        FormError: they are too many, too slow, or come no more.
    """
    began, total = clock.monotonic(), 0
    iterator = aiter(chunks)
    while True:
        try:
            async with asyncio.timeout(CHUNK_SECONDS):
                chunk = await anext(iterator)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise FormError(f"Nothing more of the request came for {CHUNK_SECONDS:g} seconds.") from error
        total += len(chunk)
        if total > most:
            raise too_large(most)
        seconds = clock.monotonic() - began
        if seconds > GRACE_SECONDS and total < seconds * LEAST_RATE:
            raise FormError(f"The request came in at less than {LEAST_RATE:g} bytes a second.")
        yield chunk


def too_large(most: int) -> TooLarge:
    """What is said of a body of more than `most` bytes."""
    return TooLarge(f"The request is larger than {most} bytes; send a shorter list, or several.")
