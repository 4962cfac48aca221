from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import sys
from collections.abc import AsyncIterator

import numpy as np
import pytest

from mirabelle import grammar
from mirabelle.grammar import Grammar
from mirabelle.speech.recogniser import Listening, Question, RecogniserGone, Understanding, Verdict

if importlib.util.find_spec("pocketsphinx") is None:
    pytest.skip("no wheel of pocketsphinx for this Python", allow_module_level=True)

from mirabelle.speech.espeak import EspeakSynthesizer
from mirabelle.speech.sphinx_recogniser import SphinxRecogniser

QUIET = bytes(6400)


def words(rules: str) -> Grammar:
    text = f"#ABNF 1.0; language en-US; mode voice; root $r; $r = {rules};"
    return grammar.load(text.encode(), uri="http://app/g", media_type="application/srgs")


DEPARTMENTS = words("sales | technical support | opening hours | Speak to an operator | billing")


@pytest.fixture
async def synthesizer() -> AsyncIterator[EspeakSynthesizer]:
    synthesizer = EspeakSynthesizer()
    yield synthesizer
    await synthesizer.aclose()


@pytest.fixture
async def recogniser() -> AsyncIterator[SphinxRecogniser]:
    recogniser = SphinxRecogniser(processes=1, timeout=60)
    yield recogniser
    await recogniser.aclose()


def question(*grammars: Grammar, confidence: float = 0.5) -> Question:
    return Question(grammars, Listening(confidence=confidence, incomplete_ms=200), "en-US")


async def pieces(*sounds: bytes) -> AsyncIterator[bytes]:
    for sound in sounds:
        for start in range(0, len(sound), 1600):
            yield sound[start : start + 1600]


async def heard(recogniser: SphinxRecogniser, asked: Question, said: bytes) -> Understanding:
    return await recogniser.recognise(asked, pieces(QUIET, said, QUIET), lambda: None)


def said(found: Understanding) -> list[tuple[str, ...]]:
    return [each.tokens for each in found.hypotheses]


async def test_what_the_grammars_accept_is_understood(
    synthesizer: EspeakSynthesizer, recogniser: SphinxRecogniser
) -> None:
    yes = (await synthesizer.synthesize("yes")).pcm
    operator = (await synthesizer.synthesize("speak to an operator")).pcm
    both = question(DEPARTMENTS, grammar.builtin("boolean", "voice"))
    (agreed,) = said(await heard(recogniser, both, yes))
    assert (match := both.grammars[1].match(agreed)) is not None
    assert match.interpretation is True
    found = await heard(recogniser, both, operator)
    assert said(found) == [("Speak", "to", "an", "operator")]
    assert 0.5 <= found.hypotheses[0].confidence <= 1
    assert found.reason == ""


async def test_other_words_are_not_understood(synthesizer: EspeakSynthesizer, recogniser: SphinxRecogniser) -> None:
    weather = (await synthesizer.synthesize("the weather is very nice today")).pcm
    found = await heard(recogniser, question(grammar.builtin("boolean", "voice")), weather)
    assert (found.verdict, found.hypotheses) == (Verdict.NOT_UNDERSTOOD, ())


async def test_words_without_a_pronunciation_are_told_once_and_the_others_understood(
    synthesizer: EspeakSynthesizer, recogniser: SphinxRecogniser
) -> None:
    pcm = (await synthesizer.synthesize("technical support")).pcm
    asked = question(words("xyzzyfoo | technical support"))
    first, second = await heard(recogniser, asked, pcm), await heard(recogniser, asked, pcm)
    assert "'xyzzyfoo'" in first.reason
    assert "'technical'" not in first.reason
    assert second.reason == ""
    assert said(first) == said(second) == [("technical", "support")]


async def test_a_grammar_of_unknown_words_alone_says_so(
    synthesizer: EspeakSynthesizer, recogniser: SphinxRecogniser
) -> None:
    pcm = (await synthesizer.synthesize("yes")).pcm
    found = await heard(recogniser, question(words("1 | 2")), pcm)
    assert found.verdict is Verdict.NOT_UNDERSTOOD
    assert "'1', '2'" in found.reason


async def test_silence_is_nothing_said_and_starts_no_process(recogniser: SphinxRecogniser) -> None:
    assert (await heard(recogniser, question(DEPARTMENTS), b"")).verdict is Verdict.NOTHING_SAID
    assert recogniser.pids == ()


async def test_after_its_process_died_the_next_utterance_is_understood(
    synthesizer: EspeakSynthesizer, recogniser: SphinxRecogniser
) -> None:
    pcm = (await synthesizer.synthesize("technical support")).pcm
    assert said(await heard(recogniser, question(DEPARTMENTS), pcm))
    (first,) = recogniser.pids
    os.kill(first, signal.SIGKILL)
    assert said(await heard(recogniser, question(DEPARTMENTS), pcm)) == [("technical", "support")]
    assert recogniser.pids != (first,)


async def test_utterances_at_once_share_the_processes(
    synthesizer: EspeakSynthesizer, recogniser: SphinxRecogniser
) -> None:
    pcm = (await synthesizer.synthesize("technical support")).pcm
    found = await asyncio.gather(*(heard(recogniser, question(DEPARTMENTS), pcm) for _ in range(3)))
    assert [said(each) for each in found] == [[("technical", "support")]] * 3
    assert len(recogniser.pids) == 1


async def test_a_caller_that_hangs_up_leaves_the_process_to_the_next_one(
    synthesizer: EspeakSynthesizer, recogniser: SphinxRecogniser
) -> None:
    pcm = (await synthesizer.synthesize("technical support")).pcm
    assert said(await heard(recogniser, question(DEPARTMENTS), pcm))
    gone = asyncio.create_task(heard(recogniser, question(DEPARTMENTS), pcm))
    while recogniser.pids:  # noqa: ASYNC110 - that a process was given the utterance has no event
        await asyncio.sleep(0)
    gone.cancel()
    assert said(await heard(recogniser, question(DEPARTMENTS), pcm)) == [("technical", "support")]


async def test_an_utterance_that_takes_too_long_is_not_understood_and_leaves_no_process(
    synthesizer: EspeakSynthesizer,
) -> None:
    pcm = (await synthesizer.synthesize("technical support")).pcm
    hasty = SphinxRecogniser(processes=1, timeout=1e-6)
    found = await heard(hasty, question(DEPARTMENTS), pcm)
    assert found.verdict is Verdict.NOT_UNDERSTOOD
    assert "raise [recognition] processes" in found.reason
    assert hasty.pids == ()
    await hasty.aclose()


async def test_a_process_that_cannot_start_says_how_to_mend_it(
    recogniser: SphinxRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    tone = (6000 * np.sin(np.arange(8000) / 3)).astype("<i2").tobytes()
    with pytest.raises(RecogniserGone, match=r"pip install 'mirabelle\[pocketsphinx\]'"):
        await heard(recogniser, question(DEPARTMENTS), tone)


async def test_another_language_is_refused(recogniser: SphinxRecogniser) -> None:
    german = Question([DEPARTMENTS], Listening(), "de-DE")
    with pytest.raises(RecogniserGone, match="English, not 'de-DE'"):
        await recogniser.recognise(german, pieces(QUIET), lambda: None)


async def test_a_rule_that_refers_to_itself_is_not_understood_and_says_why(recogniser: SphinxRecogniser) -> None:
    tone = (6000 * np.sin(np.arange(8000) / 3)).astype("<i2").tobytes()
    found = await heard(recogniser, question(words("a [$r]")), tone)
    assert found.verdict is Verdict.NOT_UNDERSTOOD
    assert "refers to itself" in found.reason
