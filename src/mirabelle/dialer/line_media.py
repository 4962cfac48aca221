"""What a far end says of its sound, carried out on a media stream."""

from __future__ import annotations

from typing import Final

from mirabelle.media.stream import MediaStream
from mirabelle.sip import sdp
from mirabelle.sip.error import SipError

NOWHERE: Final = "0.0.0.0"  # noqa: S104  an address that says hold (RFC 3264, 8.4)


async def connect(stream: MediaStream, offer: bytes, description: sdp.SessionDescription | None) -> bool:
    """Send media where the far end wants it.

    Args:
        stream: our end.
        offer: what we offered.
        description: what the far end answered.

    Returns:
        Whether both send: neither holds the other.

    Raises:
        SipError: it said nothing that we can use.
        MediaError: the stream is lost.
    """
    if description is None:
        raise SipError("The far end answered without saying where its audio comes from and goes to.")
    media = sdp.negotiate(offer, description)
    await stream.connect(
        (media.remote_address, media.remote_port), media.codec, media.payload_type, media.dtmf_payload_type
    )
    return media.direction == "sendrecv" and media.remote_address != NOWHERE
