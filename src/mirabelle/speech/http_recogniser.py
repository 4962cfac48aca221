"""A recogniser behind HTTP: one request for each utterance. What crosses is in `docs/speech.md`."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import httpx

from mirabelle.errors import MirabelleError
from mirabelle.grammar.vocabulary import vocabulary
from mirabelle.speech.endpoint import Phase
from mirabelle.speech.recogniser import (
    Hypothesis,
    Question,
    RecogniserGone,
    Understanding,
    Verdict,
)
from mirabelle.speech.utterance import first_utterance
from mirabelle.speech.wav import encode_wave

MOST_HINTS: Final = 500
MOST_REPLY: Final = 65_536
"""Octets of a reply."""

MOST_ALTERNATIVES: Final = 100
MOST_CHARACTERS: Final = 2_000
"""Of a transcript."""

_MARKS: Final = '.,;:!?¿¡"“”«»()'
"""What a transcript may have around its words, and no grammar has."""

CONNECT: Final = 3.0
"""Seconds after which nobody is taken to be there."""

_NOBODY: Final[Mapping[int, str]] = MappingProxyType(
    {
        401: "it does not know the token",
        403: "it does not let us in",
        404: "nothing is there",
        405: "it takes no POST",
        503: "it is out of service",
    }
)
"""Statuses after which asking again is of no use."""


class ReplyError(MirabelleError):
    """A recogniser answered something that cannot be used."""


class HttpRecogniser:
    """Finds the utterance itself, and has a server write down what was said.

    Args:
        url: where utterances are posted.
        token: goes along as `Authorization: Bearer`; empty for none.
        timeout: seconds that a reply may take in all, and waiting for its turn with it.
        most: requests at once; those beyond wait.
    """

    def __init__(self, url: str, *, token: str = "", timeout: float, most: int) -> None:
        self._url = url
        self._timeout = timeout
        # Where it is, and that it may be this machine, is the operator's word: no rule for addresses applies.
        self._client = httpx.AsyncClient(
            headers={"authorization": f"Bearer {token}"} if token else {},
            timeout=httpx.Timeout(None, connect=min(CONNECT, timeout / 2)),
            limits=httpx.Limits(max_connections=most, max_keepalive_connections=most),
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def recognise(
        self, question: Question, sound: AsyncIterable[bytes], on_speech: Callable[[], None]
    ) -> Understanding:
        """Listen to one utterance; see `mirabelle.speech.recogniser.Recogniser`."""
        phase, pcm = await first_utterance(question.listening, sound, on_speech)
        if phase is Phase.WAITING:
            return Understanding(Verdict.NOTHING_SAID)
        if phase is Phase.TOO_LONG:
            return Understanding(Verdict.TOO_LONG, pcm=pcm)
        try:
            heard = hypotheses(await self._ask(question, pcm))
        except ReplyError as error:
            return Understanding(Verdict.NOT_UNDERSTOOD, pcm=pcm, reason=str(error))
        sure = tuple(each for each in heard if each.confidence >= question.listening.confidence)
        return Understanding(Verdict.UNDERSTOOD if sure else Verdict.NOT_UNDERSTOOD, sure, pcm)

    async def _ask(self, question: Question, pcm: bytes) -> bytes:
        wanted = {
            "session": question.session,
            "language": question.language,
            "alternatives": min(question.listening.most, MOST_ALTERNATIVES),
            "hints": vocabulary(question.grammars, MOST_HINTS),
        }
        parts = {
            "request": ("request.json", json.dumps(wanted).encode(), "application/json"),
            "audio": ("utterance.wav", encode_wave(pcm), "audio/wav"),
        }
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream("POST", self._url, files=parts) as response,
            ):
                return await _body(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise RecogniserGone(f"The recogniser cannot be reached; look at [recognition] url. ({error})") from error
        except TimeoutError as error:
            raise ReplyError(f"The recogniser did not answer within {self._timeout:g} s.") from error
        except httpx.HTTPError as error:
            raise ReplyError(f"The recogniser broke off: {type(error).__name__} {error}") from error


async def _body(response: httpx.Response) -> bytes:
    """The body of a good answer.

    Raises:
        RecogniserGone: of a status that will not change by asking again.
        ReplyError: of any other but 200, or too long.
    """
    status = response.status_code
    if status in _NOBODY:
        raise RecogniserGone(f"The recogniser answered {status}: {_NOBODY[status]}. Look at [recognition].")
    if status != httpx.codes.OK:
        raise ReplyError(f"The recogniser answered {status}; 200 is wanted.")
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_REPLY:
            raise ReplyError(f"The recogniser's reply has more than {MOST_REPLY} octets.")
    return bytes(body)


def hypotheses(body: bytes) -> tuple[Hypothesis, ...]:
    """Read a reply: the alternatives with at least one word, the surest first.

    Args:
        body: `{"alternatives": [{"transcript": "...", "confidence": 0.9}]}`; without a confidence, 1.

    Raises:
        ReplyError: it is something else; nothing of what was said is in the message.
    """
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReplyError("The recogniser's reply is no JSON.") from error
    alternatives = reply.get("alternatives") if isinstance(reply, dict) else None
    if not isinstance(alternatives, list):
        raise ReplyError("The recogniser's reply has no list 'alternatives'.")
    found = [_hypothesis(each) for each in alternatives[:MOST_ALTERNATIVES]]
    return tuple(sorted((each for each in found if each.tokens), key=lambda each: -each.confidence))


def _hypothesis(alternative: Any) -> Hypothesis:
    if not isinstance(alternative, dict):
        raise ReplyError("An alternative in the recogniser's reply is no object.")
    transcript, confidence = alternative.get("transcript"), alternative.get("confidence", 1.0)
    if not isinstance(transcript, str) or len(transcript) > MOST_CHARACTERS:
        raise ReplyError(f"A transcript in the recogniser's reply is no text of up to {MOST_CHARACTERS} characters.")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not _is_share(confidence):
        raise ReplyError("A confidence in the recogniser's reply is no number from 0 to 1.")
    words = (word.strip(_MARKS) for word in transcript.split())
    return Hypothesis(tuple(word for word in words if word), float(confidence))


def _is_share(number: float) -> bool:
    return math.isfinite(number) and 0 <= number <= 1
