"""The settings of speech, in both directions."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from mirabelle.settings.section import Section


class SpeechSettings(Section):
    """Text to speech."""

    engine: Literal["espeak"] = Field(default="espeak", description="Who speaks: `espeak`.")
    voice: str = Field(
        default="en-us", min_length=1, max_length=100, description="The voice, where the application names none."
    )
    cache_mb: int = Field(default=64, ge=0, le=100_000, description="Megabytes of spoken prompts to keep in memory.")


class RecognitionSettings(Section):
    """Speech to text."""

    engine: Literal["http", "pocketsphinx"] = Field(
        default="http",
        description="Who writes words down: `http`, a server at `url`; or `pocketsphinx`, here, for small grammars in "
        "English, with `pip install 'mirabelle[pocketsphinx]'`.",
    )
    processes: int = Field(
        default=1, ge=1, le=100, description="Utterances that `pocketsphinx` searches at once; those beyond wait."
    )
    url: str = Field(
        default="",
        max_length=2_000,
        description="Where utterances are posted to be written down, as docs/speech.md says; empty: words are not "
        "understood on the telephone, and grammars for them are left alone.",
    )
    token: SecretStr = Field(
        default=SecretStr(""), description="Goes along as `Authorization: Bearer`; empty: nothing does."
    )
    timeout: float = Field(
        default=10, gt=0, le=120, description="Seconds that a reply may take in all, waiting for its turn included."
    )
    most: int = Field(default=100, ge=1, le=10_000, description="Requests at once; those beyond wait.")

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not url:
            return url
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ValueError("write it as http://host:port/path or https://..., with a secret in 'token' alone")
        return url

    @model_validator(mode="after")
    def _has_one_engine(self) -> RecognitionSettings:
        if self.engine != "http" and self.url:
            raise ValueError(f"'url' is for the engine 'http'; leave it out, or the engine '{self.engine}'")
        return self
