"""Marks in prompts, over SIP and RTP: the voice is the one that callers hear."""

from __future__ import annotations

from mirabelle.settings.speech import SpeechSettings
from mirabelle.speech.cache import open_synthesizer
from tests.integration.dialer.switch import a_plane, a_switch
from tests.integration.dialer.test_fetch_audio import hears, recording

DOCUMENT = """<?xml version="1.0"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US">
 <var name="pressed"/><var name="since"/><var name="last"/>
 <form>
  <field name="first" type="digits?length=1">
   <prompt><mark name="start"/>Good morning, <mark nameexpr="'mu' + 'sic'"/>here is some music.
    <audio src="http://app/music"/><mark name="end"/></prompt>
   <filled>
    <assign name="pressed" expr="first$.markname"/>
    <assign name="since" expr="first$.marktime"/>
    <assign name="last" expr="application.lastresult$.markname"/>
   </filled>
  </field>
  <field name="second" type="digits?length=1">
   <prompt timeout="50ms">Press one. <mark name="asked"/>Or two.<audio src="http://app/short"/></prompt>
   <catch event="noinput">
    <var name="silent" expr="second$.markname"/>
    <var name="time" expr="second$.marktime"/>
    <submit next="http://app/moved" method="post" namelist="pressed since last silent time"/>
   </catch>
  </field>
 </form>
</vxml>"""


async def test_an_application_learns_how_far_its_callee_has_listened() -> None:
    files = {"music": recording(1000, 30), "short": recording(700, 0.5)}
    synthesizer = await open_synthesizer(SpeechSettings())
    try:
        async with a_plane() as plane, a_switch(plane, document=DOCUMENT, files=files, voice=synthesizer) as switch:
            callee = await switch.callee.sound()
            await hears(callee, 1000)
            await callee.send_digits("1")
            told = await switch.result()
    finally:
        await synthesizer.aclose()
    assert (told["pressed"], told["last"], told["silent"]) == ("music", "music", "asked")
    # The words behind the mark last longer than half a second, and the music was heard for some time.
    assert 500 < int(told["since"]) < 30_000
    # The words behind the mark, and half a second of the recording.
    assert 700 < int(told["time"]) < 2_500
