"""Audio for the time of a fetch, over SIP and RTP."""

from __future__ import annotations

import asyncio
import io
import wave

from mirabelle.calls.second_leg import Declined, Want
from mirabelle.media.stream import MediaStream
from tests.integration.dialer.switch import THE_END, a_plane, a_switch
from tests.integration.dialer.test_transfer import heard, tone


def recording(hertz: int, seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(tone(hertz, seconds))
    return file.getvalue()


async def hears(stream: MediaStream, hertz: int) -> None:
    """Wait until a far end hears a tone."""
    async with asyncio.timeout(20):
        while await heard(stream) != hertz:
            pass


async def test_a_callee_hears_music_until_the_next_document_is_there_and_then_that() -> None:
    music = '<property name="fetchaudio" value="http://app/music"/>'
    files = {"music": recording(1000, 0.2), "words": recording(700, 3)}
    # The transfer that is refused is what leads to the submit that takes its time.
    declined = Declined(Want.ROOM, "so it is")
    async with a_plane() as plane, a_switch(plane, inside=music, files=files, declined=declined) as switch:
        switch.web.end = THE_END.replace("<block/>", '<block><audio src="http://app/words"/></block>')
        switch.web.answers.clear()
        callee = await switch.callee.sound()
        await hears(callee, 1000)
        assert await heard(callee) == 1000
        switch.web.answers.set()
        await hears(callee, 700)
        assert await heard(callee) == 700
