"""The process that speaks: espeak-ng behind two pipes (`python -m mirabelle.speech.espeak_worker`).

espeak-ng is under the GPL, version 3; it is loaded here and nowhere else, and this process shares nothing with
Mirabelle but the frames on its pipes. See docs/decisions/003-speech-in-its-own-process.md.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import os
from collections.abc import Iterator
from typing import Final

import numpy as np

from mirabelle.speech import worker
from mirabelle.speech.frame import Answer, Kind, Order
from mirabelle.speech.level import to_telephone
from mirabelle.speech.mark_places import MarkPlaces
from mirabelle.speech.synthesizer import SpeechError

MOST_SECONDS: Final = 600
"""The longest speech that is made of one text."""

FIX: Final = (
    "Install the Python package espeakng-loader, or espeak-ng itself"
    " (Debian: apt-get install libespeak-ng1; macOS: brew install espeak-ng)."
)

# Values of espeak-ng's speak_lib.h.
_SYNCHRONOUS: Final = 2
_DO_NOT_EXIT: Final = 0x8000
_BY_CHARACTER: Final = 1
_UTF8_SSML_ENDPAUSE: Final = 0x1 | 0x10 | 0x1000

_NO_EVENT: Final = 0
_WORD: Final = 1
_MARK: Final = 3


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_OnSpeech = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))
_OnAudio = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p)


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class Espeak:
    """The library, loaded and ready.

    Raises:
        SpeechError: it is not there, or does not start.
    """

    ordered = Kind.SPEAK
    answered = Kind.SPEECH

    def __init__(self) -> None:
        self._library, self._rate = _load()
        self._pieces: list[bytes] = []
        self._samples = 0
        self._places = MarkPlaces()
        self._parent = os.getppid()
        # The callbacks live as long as the library may call them.
        self._on_speech = _OnSpeech(self._take)
        self._on_audio = _OnAudio(lambda _kind, _uri, _base: 1)
        self._library.espeak_SetSynthCallback(self._on_speech)
        # Without it the library opens, by itself, the files that <audio> names.
        self._library.espeak_SetUriCallback(self._on_audio)

    def greeting(self) -> bytes:
        """See `mirabelle.speech.worker.Engine`: its voices."""
        return json.dumps(self.voices()).encode()

    def answer(self, payload: bytes) -> bytes:
        """See `mirabelle.speech.worker.Engine`: an order, and what it became."""
        return self.speak(Order.decode(payload)).encode()

    def voices(self) -> dict[str, str]:
        """The name of a voice by language tag, in lower case; the library's own preference decides between two."""
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        listed = self._library.espeak_ListVoices(None)
        ranked: dict[str, tuple[int, str]] = {}
        for voice in _until_null(listed):
            for priority, tag in _languages(voice.languages):
                if tag not in ranked or priority < ranked[tag][0]:
                    ranked[tag] = (priority, voice.name.decode("utf-8", "replace"))
        return {tag: name for tag, (_, name) in ranked.items()}

    def speak(self, order: Order) -> Answer:
        """Speak a text.

        Raises:
            SpeechError: no such voice, or too long a speech.
        """
        if self._library.espeak_SetVoiceByName(order.voice.encode()) != 0:
            raise SpeechError(f"espeak-ng has no voice '{order.voice[:60]}'; espeak-ng --voices lists what it has.")
        self._pieces.clear()
        self._samples = 0
        self._places = MarkPlaces()
        text = order.ssml.encode()
        size = ctypes.c_size_t(len(text) + 1)
        failed = self._library.espeak_Synth(text, size, 0, _BY_CHARACTER, 0, _UTF8_SSML_ENDPAUSE, None, None)
        if self._samples > MOST_SECONDS * self._rate:
            raise SpeechError(f"The text takes longer than {MOST_SECONDS} s to say; split it into several prompts.")
        if failed:
            raise SpeechError(f"espeak-ng refused the text (its error {failed}); simplify the SSML.")
        pcm = to_telephone(np.frombuffer(b"".join(self._pieces), np.int16), self._rate)
        return Answer(pcm, self._places.of(order.ssml, self._samples * 1000 // self._rate))

    def _take(self, samples: int | None, count: int, events: ctypes._Pointer[_Event]) -> int:
        """Keep what was spoken; a one stops the library: at the limit, and when nobody is left to hear it."""
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, count * 2))
            self._samples += count
        for event in _until_none(events):
            if event.type == _WORD:
                self._places.words.append((event.text_position, event.audio_position))
            elif event.type == _MARK:
                self._places.marks[(event.id.name or b"").decode("ascii", "replace")] = event.audio_position
        return int(self._samples > MOST_SECONDS * self._rate or os.getppid() != self._parent)


def _load() -> tuple[ctypes.CDLL, int]:
    reasons = []
    for path, data in _candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            reasons.append(str(error))
            continue
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode() if data else None, _DO_NOT_EXIT)
        if rate > 0:
            return library, rate
        reasons.append(f"{path} found no data")
    raise SpeechError(f"espeak-ng cannot be loaded ({'; '.join(reasons) or 'it was not found'}). {FIX}")


def _candidates() -> Iterator[tuple[str, str | None]]:
    """Where the library may be, with its data where that is not in the library's own place."""
    try:
        import espeakng_loader

        yield espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    except (ImportError, RuntimeError):
        pass
    found = ctypes.util.find_library("espeak-ng")
    if found:
        yield found, None
    for path in ("/opt/homebrew/lib/libespeak-ng.dylib", "/usr/local/lib/libespeak-ng.dylib"):
        if os.path.exists(path):  # noqa: PTH110
            yield path, None


def _until_none(told: ctypes._Pointer[_Event]) -> Iterator[_Event]:
    index = 0
    while told and told[index].type != _NO_EVENT:
        yield told[index]
        index += 1


def _until_null(listed: ctypes._Pointer[ctypes._Pointer[_Voice]]) -> Iterator[_Voice]:
    index = 0
    while listed[index]:
        yield listed[index].contents
        index += 1


def _languages(packed: ctypes._Pointer[ctypes.c_char]) -> Iterator[tuple[int, str]]:
    """A list of a priority octet and a tag that a zero ends, until a zero stands for the priority."""
    index = 0
    while (priority := packed[index][0]) != 0:
        tag = bytearray()
        index += 1
        while packed[index] != b"\x00":
            tag += packed[index]
            index += 1
        index += 1
        yield priority, tag.decode("ascii", "replace").lower()


if __name__ == "__main__":
    worker.run(Espeak)
