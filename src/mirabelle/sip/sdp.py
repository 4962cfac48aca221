"""Session descriptions (RFC 8866) and the offer/answer model (RFC 3264), as far as telephone audio needs them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from mirabelle.sip.error import SipError

Codec = Literal["PCMU", "PCMA"]
"""The codecs we speak (RFC 3551)."""
Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

CODECS: Final[tuple[Codec, ...]] = ("PCMU", "PCMA")
"""In the order of our preference."""
DTMF_PAYLOAD_TYPE: Final = 101
"""The payload type under which we offer telephone-event (RFC 4733)."""
PTIME: Final = 20
"""Milliseconds of audio in a packet."""
NOWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
"""The addresses that mean "send me nothing": the hold of RFC 2543."""
MOST_BYTES: Final = 65_536
MOST_MEDIA: Final = 64

_STATIC: Final = MappingProxyType({0: ("PCMU", 8000), 8: ("PCMA", 8000)})
_NUMBERS: Final[MappingProxyType[str, int]] = MappingProxyType({"PCMU": 0, "PCMA": 8})
_LINE: Final = re.compile(r"\r\n|\n|\r")
_PAYLOAD_TYPE: Final = re.compile(r"0*[0-9]{1,3}", re.ASCII)
_RTPMAP: Final = re.compile(r"([0-9]{1,3})\s+([A-Za-z0-9_.\-]+)\s*/\s*([0-9]{1,7})")
_MIRROR: Final[MappingProxyType[Direction, Direction]] = MappingProxyType(
    {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
)
_AVP: Final = frozenset({"RTP/AVP", "RTP/AVPF"})


@dataclass(frozen=True, slots=True)
class Media:
    """One m= line and what belongs to it.

    Attributes:
        kind: `audio`, `video` and so on.
        port: 0 where it is refused.
        protocol: in upper case.
        formats: as written, in the order of preference.
        address: the connection address; empty where none is given anywhere.
        names: for each payload type its encoding's name in upper case and its clock rate.
        direction: seen from who wrote it.
        ptime: milliseconds, None where none is given.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    address: str = ""
    names: dict[int, tuple[str, int]] = field(default_factory=dict)
    direction: Direction = "sendrecv"
    ptime: int | None = None

    def payload_types(self) -> list[tuple[int, str, int]]:
        """Number, name and clock rate of each format, static types included where no rtpmap names them."""
        found: list[tuple[int, str, int]] = []
        for text in self.formats:
            if _PAYLOAD_TYPE.fullmatch(text) and int(text) < 128:
                name, rate = self.names.get(int(text)) or _STATIC.get(int(text)) or ("", 0)
                found.append((int(text), name, rate))
        return found


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A session description.

    Attributes:
        media: its m= lines.
        origin: the o= line as written.
    """

    media: tuple[Media, ...]
    origin: str = ""

    @property
    def audio(self) -> Media | None:
        """The first audio that is not refused and that we could carry."""
        for media in self.media:
            if media.kind == "audio" and media.port and media.protocol in _AVP:
                return media
        return None


@dataclass(frozen=True, slots=True)
class MediaParameters:
    """What the two ends agreed on, seen from ours.

    Attributes:
        remote_address: where our packets go.
        remote_port: likewise.
        codec: what we send and expect.
        payload_type: the number we send it under.
        dtmf_payload_type: the number we send telephone-events under, None where the peer takes none.
        ptime: milliseconds of audio in a packet.
        direction: what we may do.
    """

    remote_address: str
    remote_port: int
    codec: Codec
    payload_type: int
    dtmf_payload_type: int | None = None
    ptime: int = PTIME
    direction: Direction = "sendrecv"


def offer(address: str, port: int, codecs: Sequence[Codec] = CODECS, *, session: int = 0, version: int = 0) -> bytes:
    """Our offer: the codecs, telephone-event 0-15, 20 ms.

    Args:
        address: where we want the packets, an IP address.
        port: likewise.
        codecs: in the order of preference.
        session: a number for the o= line; made of the port where 0.
        version: raised with each change of the description.
    """
    numbers = [(_NUMBERS[codec], f"{codec}/8000") for codec in codecs]
    return _write(address, [_audio(port, numbers, DTMF_PAYLOAD_TYPE, "sendrecv")], session or port, version)


def answer(
    offered: SessionDescription | bytes, address: str, port: int, *, session: int = 0, version: int = 0
) -> bytes:
    """Our answer: the first audio with a codec of ours is accepted, everything else refused (RFC 3264 section 6).

    Args:
        offered: the peer's.
        address: where we want the packets, an IP address.
        port: likewise.
        session: a number for the o= line; made of the port where 0.
        version: raised with each change of the description.

    Raises:
        SipError: there is nothing in common; its status is 488.
    """
    description = parse(offered) if isinstance(offered, bytes) else offered
    chosen = description.audio
    match = None if chosen is None else _first_codec(chosen, CODECS)
    if chosen is None or match is None:
        raise SipError("The offer holds no audio in PCMU or PCMA over plain RTP.", status=488)
    lines: list[str] = []
    for media in description.media:
        if media is chosen:
            number, name = match
            lines.append(_audio(port, [(number, f"{name}/8000")], _dtmf(media), _MIRROR[_direction(media)]))
        else:
            lines.append(_refused(media))
    return _write(address, lines, session or port, version)


def offer_again(previous: bytes, *, version: int) -> bytes:
    """Our offer in a session that stands: all we can, in both directions (RFC 3264 section 8).

    Args:
        previous: our latest description, whose m= lines keep their places and their numbers.
        version: raised with each change of the description.

    Raises:
        SipError: there is no audio of ours in it; its status is 488.
    """
    description = parse(previous)
    chosen = description.audio
    if chosen is None:
        raise SipError("There is no audio of ours to negotiate about.", status=488)
    lines: list[str] = []
    for media in description.media:
        if media is chosen:
            numbers = [(_NUMBERS[codec], f"{codec}/8000") for codec in CODECS]
            lines.append(_audio(media.port, numbers, _dtmf(media) or DTMF_PAYLOAD_TYPE, "sendrecv"))
        else:
            lines.append(_refused(media))
    return _write(chosen.address, lines, chosen.port, version)


def parse(data: bytes) -> SessionDescription:
    """Read a session description; what is not understood is passed over.

    Raises:
        SipError: it is not one, or holds a number that cannot be.
    """
    if len(data) > MOST_BYTES:
        raise SipError(f"The session description is longer than {MOST_BYTES} bytes.")
    media: list[Media] = []
    lines: list[tuple[str, str]] = []
    session: list[tuple[str, str]] | None = None
    origin = ""
    for line in _LINE.split(data.decode("utf-8", "surrogateescape")):
        kind, equals, value = line.partition("=")
        kind, value = kind.strip(), value.strip()
        if not equals or len(kind) != 1:
            continue
        if kind == "o":
            origin = value
        if kind == "m":
            if session is None:
                session = lines
            elif lines:
                media.append(_media(lines, session))
            lines = []
        lines.append((kind, value))
    if session is None:
        raise SipError("The session description has no m= line.", status=488)
    media.append(_media(lines, session))
    if len(media) > MOST_MEDIA:
        raise SipError(f"The session description has more than {MOST_MEDIA} m= lines.", status=488)
    return SessionDescription(tuple(media), origin)


def negotiate(ours: SessionDescription | bytes, theirs: SessionDescription | bytes) -> MediaParameters:
    """What an offer and its answer agree on, whichever of the two is ours.

    Args:
        ours: our offer, or our answer.
        theirs: the peer's answer, or its offer.

    Raises:
        SipError: the audio is refused, no codec is common, or there is no address to send to.
    """
    mine = (parse(ours) if isinstance(ours, bytes) else ours).audio
    their = (parse(theirs) if isinstance(theirs, bytes) else theirs).audio
    if mine is None or their is None:
        raise SipError("The audio was refused.", status=488)
    offered = [name for _, name, rate in mine.payload_types() if rate == 8000]
    match = _first_codec(their, [codec for codec in CODECS if codec in offered])
    if match is None:
        raise SipError("The two descriptions have no codec in common.", status=488)
    if not their.address:
        raise SipError("The peer's description has no address to send to.", status=488)
    number, codec = match
    dtmf = _dtmf(their) if _dtmf(mine) is not None else None
    ptime = their.ptime if their.ptime is not None and 10 <= their.ptime <= 200 else PTIME
    return MediaParameters(their.address, their.port, codec, number, dtmf, ptime, _MIRROR[_direction(their)])


def _media(lines: list[tuple[str, str]], session: list[tuple[str, str]]) -> Media:
    parts = lines[0][1].split()
    if len(parts) < 3:
        raise SipError("An m= line needs kind, port and protocol.")
    port = parts[1].partition("/")[0]
    if not (port.isascii() and port.isdigit()) or len(port) > 6 or int(port) > 65_535:
        raise SipError("An m= line has a port that does not exist.")
    address, direction, ptime = "", "sendrecv", None
    names: dict[int, tuple[str, int]] = {}
    for kind, value in [*session, *lines[1:]]:
        if kind == "c":
            address = _connection(value) or address
        if kind != "a":
            continue
        name, _, rest = value.partition(":")
        name = name.strip().lower()
        if name in _MIRROR:
            direction = name
        elif name == "ptime" and re.match(r"\s*[0-9]{1,4}(\.[0-9]*)?\s*\Z", rest):
            ptime = int(float(rest))
        elif name == "rtpmap" and (match := _RTPMAP.match(rest.strip())):
            names[int(match[1])] = (match[2].upper(), int(match[3]))
    return Media(
        parts[0].lower(), int(port), parts[2].upper(), tuple(parts[3:]), address, names, _as_direction(direction), ptime
    )


def _as_direction(text: str) -> Direction:
    for direction in _MIRROR:
        if direction == text:
            return direction
    return "sendrecv"


def _connection(value: str) -> str:
    parts = value.split()
    return parts[2].partition("/")[0] if len(parts) >= 3 and parts[0].upper() == "IN" else ""


def _direction(media: Media) -> Direction:
    return "inactive" if media.address in NOWHERE else media.direction


def _first_codec(media: Media, codecs: Sequence[Codec]) -> tuple[int, Codec] | None:
    for number, name, rate in media.payload_types():
        for codec in codecs:
            if name == codec and rate == 8000:
                return number, codec
    return None


def _dtmf(media: Media) -> int | None:
    for number, name, rate in media.payload_types():
        if name == "TELEPHONE-EVENT" and rate == 8000:
            return number
    return None


def _audio(port: int, numbers: list[tuple[int, str]], dtmf: int | None, direction: Direction) -> str:
    formats = [*numbers] if dtmf is None else [*numbers, (dtmf, "telephone-event/8000")]
    lines = [f"m=audio {port} RTP/AVP {' '.join(str(number) for number, _ in formats)}"]
    lines += [f"a=rtpmap:{number} {name}" for number, name in formats]
    if dtmf is not None:
        lines.append(f"a=fmtp:{dtmf} 0-15")
    lines += [f"a=ptime:{PTIME}", f"a={direction}"]
    return "\r\n".join(lines) + "\r\n"


def _refused(media: Media) -> str:
    return f"m={media.kind} 0 {media.protocol} {' '.join(media.formats) or '0'}\r\n"


def _write(address: str, media: list[str], session: int, version: int) -> bytes:
    family = f"IP{ipaddress.ip_address(address).version}"
    head = [
        "v=0",
        f"o=- {session} {version} IN {family} {address}",
        "s=-",
        f"c=IN {family} {address}",
        "t=0 0",
    ]
    return ("\r\n".join(head) + "\r\n" + "".join(media)).encode("utf-8", "surrogateescape")
