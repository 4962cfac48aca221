from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from mirabelle.settings.speech import SpeechSettings
from mirabelle.speech import espeak
from mirabelle.speech.cache import open_synthesizer
from mirabelle.speech.espeak import EspeakSynthesizer
from mirabelle.speech.synthesizer import LanguageError, SpeechError, Spoken


@pytest.fixture
async def synthesizer() -> AsyncIterator[EspeakSynthesizer]:
    synthesizer = EspeakSynthesizer()
    yield synthesizer
    await synthesizer.aclose()


def seconds(spoken: Spoken) -> float:
    return len(spoken.pcm) / 2 / 8000


def loudest_db(spoken: Spoken) -> float:
    return float(20 * np.log10(np.abs(np.frombuffer(spoken.pcm, "<i2").astype(float)).max() / 32768))


async def test_a_sentence_is_spoken_at_the_level_of_the_telephone(synthesizer: EspeakSynthesizer) -> None:
    spoken = await synthesizer.synthesize("Hello, this is a call from your dentist. Press one to confirm.")
    assert 3 < seconds(spoken) < 6
    assert -6 <= loudest_db(spoken) <= -3


async def test_a_break_lasts_as_long_as_it_says(synthesizer: EspeakSynthesizer) -> None:
    short = await synthesizer.synthesize('one<break time="500ms"/>two')
    long = await synthesizer.synthesize('one<break time="2s"/>two')
    assert seconds(long) - seconds(short) == pytest.approx(1.5, abs=0.1)


async def test_soft_speech_is_softer_and_slow_speech_slower(synthesizer: EspeakSynthesizer) -> None:
    plain = await synthesizer.synthesize("Good morning, my friend")
    assert loudest_db(await synthesizer.synthesize('<prosody volume="x-soft">Good morning, my friend</prosody>')) < (
        loudest_db(plain) - 3
    )
    assert seconds(await synthesizer.synthesize('<prosody rate="slow">Good morning, my friend</prosody>')) > (
        1.1 * seconds(plain)
    )


async def test_a_mark_is_not_heard(synthesizer: EspeakSynthesizer) -> None:
    marked = await synthesizer.synthesize('Good <mark name="a"/>morning, <mark name="b"/>my friend.<mark name="c"/>')
    plain = await synthesizer.synthesize("Good morning, my friend.")
    assert seconds(marked) == pytest.approx(seconds(plain), abs=0.01)


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("", "Good morning."),
        ("Good morning. ", "How are you?"),
        ("Good morning, ", "my friend"),
        ("Good morning", ""),
    ],
)
async def test_a_mark_is_where_what_stands_before_it_has_been_said(
    synthesizer: EspeakSynthesizer, head: str, tail: str
) -> None:
    spoken = await synthesizer.synthesize(f'{head}<mark name="a &lt; b"/>{tail}')
    ((name, at_ms),) = [(each.name, each.at_ms) for each in spoken.marks]
    assert name == "a < b"
    # The pause at the end of a sentence and between paragraphs is not the same in all of these.
    said = 1000 * seconds(await synthesizer.synthesize(head)) if head else 0
    assert 0.6 * said <= at_ms <= said + 400


async def test_digits_are_read_one_by_one(synthesizer: EspeakSynthesizer) -> None:
    digits = await synthesizer.synthesize('<say-as interpret-as="digits">1234</say-as>')
    assert seconds(digits) < 0.8 * seconds(await synthesizer.synthesize("1234"))


async def test_each_language_has_its_own_voice(synthesizer: EspeakSynthesizer) -> None:
    spoken = {await synthesizer.synthesize("Paris", language=tag) for tag in ("", "en-GB", "fr-FR", "de", "zh-CN")}
    assert len(spoken) == 5


async def test_a_file_that_audio_names_is_never_opened(synthesizer: EspeakSynthesizer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "trap.wav")
    assert (await synthesizer.synthesize(f'<audio src="{tmp_path}/trap.wav">hello</audio>')).pcm


@pytest.mark.parametrize(
    ("ssml", "language", "voice", "says"),
    [
        ("<p>", "", "", "not well-formed"),
        ("x", "tlh", "", "No voice speaks 'tlh'"),
        ("x", "", "nobody", "no voice 'nobody'"),
        ('<break time="2000s"/>x', "", "", "longer than 600 s"),
    ],
)
async def test_what_cannot_be_spoken_says_why_and_the_next_text_is_spoken(
    synthesizer: EspeakSynthesizer, ssml: str, language: str, voice: str, says: str
) -> None:
    with pytest.raises(SpeechError, match=says):
        await synthesizer.synthesize(ssml, language=language, voice=voice)
    assert (await synthesizer.synthesize("hello")).pcm


async def test_a_language_nobody_speaks_is_an_error_of_its_own(synthesizer: EspeakSynthesizer) -> None:
    with pytest.raises(LanguageError):
        await synthesizer.synthesize('<speak xml:lang="tlh">nuqneH</speak>')


async def test_many_at_once_are_each_given_their_own(synthesizer: EspeakSynthesizer) -> None:
    texts = ["word " * length for length in (9, 1, 6, 2, 8, 4, 3)]
    spoken = await asyncio.gather(*(synthesizer.synthesize(text) for text in texts))
    assert sorted(texts, key=len) == sorted(texts, key=lambda text: seconds(spoken[texts.index(text)]))


async def test_a_caller_that_gives_up_leaves_the_pipe_in_order(synthesizer: EspeakSynthesizer) -> None:
    leaving = asyncio.create_task(synthesizer.synthesize("goodbye, this is a long farewell"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert 0.3 < seconds(await synthesizer.synthesize("hello")) < 1.0


async def test_a_process_that_was_killed_is_replaced(synthesizer: EspeakSynthesizer) -> None:
    await synthesizer.synthesize("hello")
    before = synthesizer.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert (await synthesizer.synthesize("hello")).pcm
    assert synthesizer.pid != before


async def test_a_text_that_takes_too_long_fails_and_the_next_is_spoken() -> None:
    synthesizer = EspeakSynthesizer(timeout=5.0)
    await synthesizer.synthesize("hello")
    assert synthesizer.pid is not None
    os.kill(synthesizer.pid, signal.SIGSTOP)
    synthesizer._timeout = 0.05
    with pytest.raises(SpeechError, match="longer than"):
        await synthesizer.synthesize("hello")
    synthesizer._timeout = 5.0
    assert (await synthesizer.synthesize("hello")).pcm
    await synthesizer.aclose()


async def test_a_process_that_cannot_start_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    synthesizer = EspeakSynthesizer()
    with pytest.raises(SpeechError, match="espeakng-loader"):
        await synthesizer.synthesize("hello")
    await synthesizer.aclose()


PARENT = """
import asyncio
from mirabelle.speech.espeak import EspeakSynthesizer

async def main():
    synthesizer = EspeakSynthesizer()
    await synthesizer.synthesize("hello")
    print(synthesizer.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_process_dies_with_its_parent() -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(espeak.__file__).parents[2])}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, env=environ
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await asyncio.to_thread(wait_until_gone, child)


def wait_until_gone(pid: int) -> None:
    status = Path(f"/proc/{pid}/stat")
    for _ in range(1000):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        # Dead, and not yet collected by whoever inherited it.
        if status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.01)
    pytest.fail("The process outlived its parent.")


async def test_the_settings_open_a_synthesizer_that_remembers() -> None:
    synthesizer = await open_synthesizer(SpeechSettings(voice="en-gb", cache_mb=1))
    assert await synthesizer.synthesize("hello") is await synthesizer.synthesize("hello")
    await synthesizer.aclose()


async def test_a_voice_that_is_not_there_shows_when_the_server_starts() -> None:
    with pytest.raises(SpeechError, match="no voice 'nobody'"):
        await open_synthesizer(SpeechSettings(voice="nobody"))
