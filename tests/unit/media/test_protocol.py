from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.media.events import Digit, DigitsSent, MediaEvent, PlayFinished, PlayStarted, as_fields, from_fields
from mirabelle.media.protocol import MAX_PAYLOAD, Frame, FrameReader, ProtocolError, pack

fields = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=9), max_size=4
)
frames = st.builds(Frame, fields, st.binary(max_size=50))


@given(st.lists(frames, max_size=6), st.integers(1, 40))
def test_frames_are_read_as_they_were_written_however_they_are_cut(sent: list[Frame], size: int) -> None:
    stream = b"".join(pack(frame.fields, frame.payload) for frame in sent)
    reader, read = FrameReader(), list[Frame]()
    for start in range(0, len(stream), size):
        read += reader.feed(stream[start : start + size])
    assert read == sent


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("!II", 1 << 20, 0),
        struct.pack("!II", 2, MAX_PAYLOAD + 1),
        struct.pack("!II", 2, 0) + b"{]",
        struct.pack("!II", 2, 0) + b"[]",
        struct.pack("!II", 2, 0) + b"\xff\xfe",
    ],
    ids=["long header", "long payload", "no JSON", "no object", "no text"],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        FrameReader().feed(data)


def test_too_much_at_once_is_not_sent() -> None:
    with pytest.raises(ProtocolError, match="too large"):
        pack({}, bytes(MAX_PAYLOAD + 1))


@pytest.mark.parametrize("event", [Digit("5", 1.5, 100), PlayStarted(1, 2.5), PlayFinished(1, True, 400), DigitsSent()])
def test_an_event_crosses_as_it_is(event: MediaEvent) -> None:
    assert from_fields(as_fields(event)) == event
