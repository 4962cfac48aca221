"""Which voice speaks a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mirabelle.speech.synthesizer import LanguageError

ALIASES: Final = {
    "zh": "cmn",
    "zh-cn": "cmn",
    "zh-tw": "cmn",
    "zh-hk": "yue",
    "no": "nb",
    "iw": "he",
    "in": "id",
    "fil": "tl",
    "eng": "en",
    "spa": "es",
    "fra": "fr",
    "fre": "fr",
    "deu": "de",
    "ger": "de",
    "ita": "it",
    "por": "pt",
    "nld": "nl",
    "dut": "nl",
    "jpn": "ja",
    "kor": "ko",
    "zho": "cmn",
    "chi": "cmn",
    "rus": "ru",
}
"""Tags that people write, and the tags under which espeak-ng keeps the voice. Those of three letters are no tags where
there are two letters for the language (RFC 5646, 2.2.1), but plain enough."""


def choose(language: str, default: str, known: Mapping[str, str]) -> str:
    """The voice for a language, by the lookup of RFC 4647 3.4: the tag, then the tag with its end cut off.

    The configured voice wins where its language is the one that was asked for, so that a chosen variant
    (`en-us+f3`) also speaks a document that says `xml:lang="en-US"`.

    Args:
        language: a tag, such as `fr-CA`; empty takes the default.
        default: the configured voice: a tag or the engine's own name, with or without `+` and a variant.
        known: the engine's voices by language tag, in lower case.

    Raises:
        LanguageError: nobody speaks it.
    """
    tag = language.strip().lower().replace("_", "-")
    spoken_by_default, plus, variant = default.lower().partition("+")
    # The engine's own name of a voice is not always a tag; a variant is appended to either.
    default = known[spoken_by_default] + plus + variant if spoken_by_default in known else default
    if not tag:
        return default
    own = (spoken_by_default, spoken_by_default.partition("-")[0])
    while tag:
        for name in (tag, ALIASES.get(tag, tag)):
            if name in own:
                return default
            if name in known:
                return known[name]
        tag = tag.rpartition("-")[0]
    raise LanguageError(
        f"No voice speaks '{language[:40]}'. Use a language that espeak-ng has (espeak-ng --voices lists them)."
    )
