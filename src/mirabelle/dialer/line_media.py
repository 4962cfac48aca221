"""What a far end says of its sound, carried out on a media stream."""

from __future__ import annotations

from ipaddress import IPv4Address

from mirabelle.media.stream import MediaStream
from mirabelle.sip import sdp
from mirabelle.sip.error import SipError


async def connect(stream: MediaStream, offer: bytes, description: sdp.SessionDescription | None) -> bool:
    """Send media where the far end wants it; where it wants it nowhere, on hold, all stays as it was.

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
    if media.remote_address in sdp.NOWHERE:
        return False
    try:
        IPv4Address(media.remote_address)
    except ValueError as error:
        where = ascii(media.remote_address[:60])[1:-1]
        raise SipError(f"The far end wants its audio at '{where}'; Mirabelle sends to IPv4 addresses.") from error
    await stream.connect(
        (media.remote_address, media.remote_port), media.codec, media.payload_type, media.dtmf_payload_type
    )
    return media.direction == "sendrecv"
