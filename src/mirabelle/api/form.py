"""A submitted form, urlencoded or multipart, read with limits."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from typing import IO, Final
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mirabelle.errors import MirabelleError

MOST_BYTES: Final = 64 * 1024
"""The largest form that is read."""
MOST_FIELDS: Final = 64
"""The most fields in one form."""

_MOST_NAME_BYTES: Final = 128


class FormError(MirabelleError):
    """The body of a request cannot be read as a form; the message says why, and what is expected."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field as it came.

    Attributes:
        name: the field's name.
        data: its value, not decoded yet.
        filename: the name of the uploaded file; None where it is a plain field.
    """

    name: str
    data: bytes
    filename: str | None = None


def refuse_encoding(header: str) -> None:
    """Refuse a body that is compressed: how large it is would only be known too late.

    Args:
        header: Content-Encoding; empty where there is none.

    Raises:
        FormError: it is compressed.
    """
    if header.strip().lower() not in {"", "identity"}:
        raise FormError("The request has a Content-Encoding; send the form uncompressed.")


async def read_body(chunks: AsyncIterable[bytes], *, most: int = MOST_BYTES) -> bytes:
    """Gather a body, and stop as soon as it is too long.

    Raises:
        FormError: it is longer than most bytes.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise FormError(f"The request is larger than {most} bytes; one call needs far less.")
    return bytes(body)


def parse(body: bytes, content_type: str) -> tuple[Part, ...]:
    """Take a form apart.

    Args:
        body: all of it.
        content_type: the header's value.

    Raises:
        FormError: neither kind of form, malformed, or too many fields.
    """
    media_type, options = parse_options_header(content_type)
    match media_type:
        case b"application/x-www-form-urlencoded":
            return _urlencoded(body)
        case b"multipart/form-data" if options.get(b"boundary"):
            return _multipart(body, options[b"boundary"])
        case b"multipart/form-data":
            raise FormError("The Content-Type multipart/form-data comes without its boundary.")
    raise FormError(
        "Send the fields as application/x-www-form-urlencoded or multipart/form-data, and say so in Content-Type."
    )


def _urlencoded(body: bytes) -> tuple[Part, ...]:
    if body.count(b"&") >= 4 * MOST_FIELDS:
        raise FormError(f"The form holds more than {MOST_FIELDS} fields.")
    pieces = [piece for piece in body.strip(b"\r\n").split(b"&") if piece]
    if len(pieces) > MOST_FIELDS:
        raise FormError(f"The form holds more than {MOST_FIELDS} fields.")
    parts = []
    for piece in pieces:
        name, _, value = (unquote_to_bytes(half.replace(b"+", b" ")) for half in piece.partition(b"="))
        parts.append(Part(_name(name), value))
    return tuple(parts)


def _name(raw: bytes) -> str:
    if len(raw) > _MOST_NAME_BYTES:
        raise FormError(f"A field's name is longer than {_MOST_NAME_BYTES} bytes.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormError("A field's name is not UTF-8 text.") from error


def _no_file(_name: str) -> IO[bytes] | None:
    return None


class MultipartForm:
    """A multipart form, read piece by piece (RFC 7578)."""

    def __init__(self, boundary: bytes, open_file: Callable[[str], IO[bytes] | None] = _no_file) -> None:
        """Begin a form.

        Args:
            boundary: from the Content-Type.
            open_file: told the name of each field as it begins; where it gives a file, the field's value goes there
                and not into memory, which holds `MOST_BYTES` of all the others.
        """
        self._open_file = open_file
        self._parts: list[Part] = []
        self._ended = False
        self._headers: dict[bytes, bytes] = {}
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._name = ""
        self._filename: str | None = None
        self._data = bytearray()
        self._file: IO[bytes] | None = None
        self._held = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_data,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def write(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            FormError: malformed, too many fields or too long ones.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise FormError(f"The multipart form is malformed: {error}.") from error

    def finish(self) -> tuple[Part, ...]:
        """The body has ended; returns the fields, those with a file of their own without data.

        Raises:
            FormError: the form has not ended.
        """
        try:
            self._parser.finalize()
        except FormParserError as error:
            raise FormError(f"The multipart form is malformed: {error}.") from error
        if not self._ended:
            raise FormError("The multipart form breaks off before its closing boundary.")
        return tuple(self._parts)

    def _part_begin(self) -> None:
        if len(self._parts) == MOST_FIELDS:
            raise FormError(f"The form holds more than {MOST_FIELDS} fields.")
        self._headers.clear()
        self._data.clear()
        self._file = None

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > MOST_BYTES:
            raise FormError(f"The fields are larger than {MOST_BYTES} bytes together.")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._hold(end - start)
        self._header_name += data[start:end]

    def _header_data(self, data: bytes, start: int, end: int) -> None:
        self._hold(end - start)
        self._header_value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _headers_finished(self) -> None:
        encoding = self._headers.get(b"content-transfer-encoding", b"binary").strip().lower()
        if encoding not in {b"7bit", b"8bit", b"binary"}:
            raise FormError("A part has a Content-Transfer-Encoding; send the fields as they are.")
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise FormError("A part has no name; each needs Content-Disposition: form-data; name=...")
        filename = options.get(b"filename")
        self._name = _name(options[b"name"])
        self._filename = None if filename is None else filename.decode("utf-8", "replace")
        self._file = self._open_file(self._name)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            return
        self._hold(end - start)
        self._data += data[start:end]

    def _part_end(self) -> None:
        self._parts.append(Part(self._name, bytes(self._data), self._filename))

    def _end(self) -> None:
        self._ended = True


def _multipart(body: bytes, boundary: bytes) -> tuple[Part, ...]:
    form = MultipartForm(boundary)
    form.write(body)
    return form.finish()
