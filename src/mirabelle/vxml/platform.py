"""The seam between a VoiceXML session and what carries it.

The interpreter is a pure machine: it yields one of the requests below and is sent the reply. A platform (phone line,
browser, terminal) answers them. Times are milliseconds throughout; `None` is "no limit was given".
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from mirabelle.grammar import Grammar, Match


WAV: Final = "audio/x-wav"
RECORDING_TYPES: Final = frozenset({WAV, "audio/wav", "audio/basic", "audio/x-alaw-basic"})
"""What every platform can record (VoiceXML 2.0, appendix E)."""


# --- what is played -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Speech:
    """Words for the synthesiser.

    Attributes:
        ssml: a whole SSML document, `<speak>` included.
        text: the same words without markup, for terminals and logs.
        language: `xml:lang` in effect; empty for the platform's own.
        marks: the names of the `<mark>`s in the SSML, in their order.
    """

    ssml: str
    text: str
    language: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording that was fetched.

    Attributes:
        url: where it came from; `recorded:NAME` for a recording of this session.
        content_type: as the server named it; empty if it did not.
        data: the bytes of the file.
    """

    url: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """A pause of `ms` milliseconds."""

    ms: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two items whose passing is remembered (SSML `<mark>`, VoiceXML 2.1 section 4)."""

    name: str


Item = Speech | Audio | Silence | Mark


@dataclass(frozen=True, slots=True)
class Prompt:
    """One queued prompt (VoiceXML 2.0 section 4.1).

    Attributes:
        items: what to play, in order.
        bargein: whether input may interrupt it.
        bargeintype: `speech` or `hotword`.
        timeout_ms: the silence allowed after it (4.1.7); None where nobody said.
        language: `xml:lang` in effect.
    """

    items: tuple[Item, ...]
    bargein: bool = True
    bargeintype: str = "speech"
    timeout_ms: int | None = None
    language: str = ""

    @property
    def marks(self) -> tuple[str, ...]:
        """The names of its marks, in their order."""
        names: list[str] = []
        for item in self.items:
            match item:
                case Speech():
                    names += item.marks
                case Mark():
                    names.append(item.name)
        return tuple(names)


# --- requests -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fetch:
    """Get a document, script, grammar, recording or data.

    Attributes:
        url: absolute, without a fragment; what a `get` submits is already in its query.
        method: `get` or `post`.
        fields: form fields of a `post`; bytes are recordings and make the body multipart.
        enctype: `application/x-www-form-urlencoded` or `multipart/form-data`; with `body` its content type.
        body: a body that is not a form (raw, JSON, XML); None otherwise.
        headers: extra request headers.
        timeout_ms: fetchtimeout.
        maxage: seconds, for HTTP caching.
        maxstale: seconds.
        purpose: `document`, `script`, `grammar`, `audio` or `data`.
        meanwhile: what the caller hears if that takes a while.
    """

    url: str
    method: str = "get"
    fields: tuple[tuple[str, str | bytes], ...] = ()
    enctype: str = "application/x-www-form-urlencoded"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_ms: int | None = None
    maxage: int | None = None
    maxstale: int | None = None
    purpose: str = "document"
    meanwhile: MeanwhileAudio | None = None


@dataclass(frozen=True, slots=True)
class MeanwhileAudio:
    """What the caller hears while a document is on its way (VoiceXML 2.0, 6.1.1 and 6.3.5).

    Attributes:
        recording: how it is fetched, at the same time as the document; where it cannot be had there is silence.
        delay_ms: how long the document may take before it starts.
        minimum_ms: how long it plays once it has started, from the beginning again where it is shorter.
    """

    recording: Fetch
    delay_ms: int = 0
    minimum_ms: int = 0


@dataclass(frozen=True, slots=True)
class Prefetch:
    """What will be asked for with `Fetch`, for a platform that may fetch ahead (6.1.3). A hint: it has no reply."""

    requests: tuple[Fetch, ...]


@dataclass(frozen=True, slots=True)
class Play:
    """Play to the end; nothing is listened to."""

    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class InputProperties:
    """How input is collected (VoiceXML 2.0 sections 6.3.2, 6.3.3 and appendix D).

    Attributes:
        timeout_ms: silence after the last prompt until noinput.
        interdigit_ms: between two keys.
        term_ms: how long a terminating key is waited for once nothing else can follow.
        termchar: the terminating key; empty for none.
        completetimeout_ms: silence after a complete utterance.
        incompletetimeout_ms: silence after an incomplete utterance.
        maxspeech_ms: the longest utterance.
        confidence: results below it are no match.
        sensitivity: 0.0 deaf, 1.0 alert.
        maxnbest: the most results wanted.
        modes: `dtmf`, `voice`.
        record: whether what is said is to be kept (recordutterance).
        record_type: as what; one of `RECORDING_TYPES`.
    """

    timeout_ms: int = 5000
    interdigit_ms: int = 2000
    term_ms: int = 0
    termchar: str = "#"
    completetimeout_ms: int = 500
    incompletetimeout_ms: int = 1000
    maxspeech_ms: int = 60000
    confidence: float = 0.5
    sensitivity: float = 0.5
    maxnbest: int = 1
    modes: frozenset[str] = frozenset({"dtmf", "voice"})
    record: bool = False
    record_type: str = WAV


@dataclass(frozen=True, slots=True)
class Collect:
    """Play the prompts and wait for the caller.

    Attributes:
        prompts: played first; may be interrupted where they say so.
        grammars: in order of precedence.
        properties: timeouts.
        hotword: whether only a match may interrupt (bargeintype of the last prompt).
    """

    prompts: tuple[Prompt, ...]
    grammars: tuple[Grammar, ...]
    properties: InputProperties = InputProperties()
    hotword: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Play the prompts, beep, and record the caller (section 2.3.6)."""

    prompts: tuple[Prompt, ...]
    beep: bool
    maxtime_ms: int
    finalsilence_ms: int
    dtmfterm: bool
    type: str = WAV
    grammars: tuple[Grammar, ...] = ()
    properties: InputProperties = InputProperties()


@dataclass(frozen=True, slots=True)
class Transfer:
    """Connect the caller to somebody else (sections 2.3.7 and 2.1: 7).

    Attributes:
        prompts: played first.
        dest: a telephone URI.
        type: `blind`, `bridge` or `consultation`.
        connecttimeout_ms: how long the far end may ring.
        maxtime_ms: how long an answered bridge may last; 0 for ever.
        aai: application to application information.
        audio: what the caller hears until the far end answers.
        grammars: input that ends a bridge (hot words).
    """

    prompts: tuple[Prompt, ...]
    dest: str
    type: str
    connecttimeout_ms: int
    maxtime_ms: int
    aai: str = ""
    audio: Audio | None = None
    grammars: tuple[Grammar, ...] = ()
    properties: InputProperties = InputProperties()


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Hang up. The interpreter goes on without a caller, so that handlers may still submit.

    Attributes:
        values: names and JSON values of the 2.1 namelist, for the platform's log.
    """

    values: tuple[tuple[str, str], ...] = ()


class NoteKind(enum.StrEnum):
    """What a note is about; also the word in front of the line in a terminal."""

    LOG = "log"
    INPUT = "input"
    SUBMIT = "submit"
    TRANSFER = "transfer"
    RECORD = "record"
    EVENT = "event"
    GOTO = "goto"
    EXIT = "exit"
    DISCONNECT = "disconnect"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth a line. It has no reply."""

    kind: NoteKind
    text: str


# --- replies --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fetched:
    """An HTTP answer of any status, or a file (status 200). `url` is the final one, after redirects."""

    url: str
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """There was no answer, or none that may be used.

    Attributes:
        reason: a sentence.
        status: the HTTP status where there was one, else 0.
        timeout: whether time ran out.
        unsupported: the scheme is none that can be fetched.
    """

    reason: str
    status: int = 0
    timeout: bool = False
    unsupported: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """The prompts were played to their end."""


@dataclass(frozen=True, slots=True)
class Result:
    """One hypothesis.

    Attributes:
        grammar: index into the grammars of the request.
        match: what the grammar made of it.
        utterance: the words, or the keys.
        confidence: 0.0 to 1.0.
    """

    grammar: int
    match: Match
    utterance: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Input:
    """The caller said or keyed something that a grammar accepts.

    Attributes:
        mode: `dtmf` or `voice`.
        utterance: the words, or the keys without spaces.
        results: best first; at least one.
        markname: the last mark passed before the prompts ended or were interrupted; empty for none.
        marktime_ms: from that mark to that end (2.1, 4).
        recording: what the caller said, where the request asked for it (2.1, 7.1: recordutterance).
        recording_ms: its length.
        recording_type: its content type.
    """

    mode: str
    utterance: str
    results: tuple[Result, ...]
    markname: str = ""
    marktime_ms: int = 0
    recording: bytes | None = None
    recording_ms: int = 0
    recording_type: str = WAV


@dataclass(frozen=True, slots=True)
class NoInput:
    """Silence until the timeout; marks as in `Input`."""

    markname: str = ""
    marktime_ms: int = 0


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Input that no active grammar accepts.

    Attributes:
        utterance: the words, or the keys; may be empty.
        mode: `dtmf` or `voice`.
        too_long: the caller spoke past maxspeechtimeout.
        recording: what the caller said, as in `Input`.
        recording_ms: its length.
        recording_type: its content type.
        markname: as in `Input`.
        marktime_ms: as in `Input`.
    """

    utterance: str = ""
    mode: str = "dtmf"
    too_long: bool = False
    recording: bytes | None = None
    recording_ms: int = 0
    recording_type: str = WAV
    markname: str = ""
    marktime_ms: int = 0


@dataclass(frozen=True, slots=True)
class NoResource:
    """What is needed to understand the caller is not there: `error.noresource`.

    Attributes:
        detail: a sentence.
    """

    detail: str


@dataclass(frozen=True, slots=True)
class Unspoken:
    """A prompt is in a language that no voice speaks: `error.unsupported.language` (VoiceXML 2.0, 5.2.6).

    Attributes:
        detail: a sentence.
    """

    detail: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone.

    Attributes:
        recording: what was recorded until then, where a recording ran.
        duration_ms: the length of that recording, or of an answered bridge.
    """

    recording: bytes | None = None
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording.

    Attributes:
        data: the file; empty where the caller keyed something before there was any sound.
        content_type: its type.
        duration_ms: its length.
        termchar: the key that ended it; empty if none did.
        maxtime: whether it ended because it was as long as allowed.
        input: what matched one of the request's grammars and thereby ended it.
        markname: as in `Input`.
        marktime_ms: as in `Input`.
    """

    data: bytes
    content_type: str
    duration_ms: int
    termchar: str = ""
    maxtime: bool = False
    input: Input | None = None
    markname: str = ""
    marktime_ms: int = 0


class TransferResult(enum.StrEnum):
    """How a transfer ended; the first seven are the values of the form item variable."""

    BUSY = "busy"
    NOANSWER = "noanswer"
    NETWORK_BUSY = "network_busy"
    NEAR_END_DISCONNECT = "near_end_disconnect"
    FAR_END_DISCONNECT = "far_end_disconnect"
    NETWORK_DISCONNECT = "network_disconnect"
    MAXTIME_DISCONNECT = "maxtime_disconnect"
    UNKNOWN = "unknown"
    TRANSFERRED = "transferred"
    """A blind or consultation transfer went through: this session has no caller any more."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """The transfer is over.

    Attributes:
        result: how.
        duration_ms: how long the two talked.
        input: the hot word that ended it.
        error: an `error.connection...` event instead of a result; empty otherwise.
        detail: a sentence about the error.
        markname: as in `Input`.
        marktime_ms: as in `Input`.
    """

    result: TransferResult
    duration_ms: int = 0
    input: Input | None = None
    error: str = ""
    detail: str = ""
    markname: str = ""
    marktime_ms: int = 0


Request = Fetch | Play | Collect | Record | Transfer | Disconnect | Note | Prefetch
Reply = (
    Fetched
    | FetchFailed
    | Played
    | Input
    | NoInput
    | NoMatch
    | NoResource
    | Unspoken
    | HungUp
    | Recorded
    | Transferred
    | None
)  # None: to Disconnect, Note and Prefetch


class Platform(Protocol):
    """What carries a session."""

    async def fetch(self, request: Fetch) -> Fetched | FetchFailed:
        """Get what the request names; every failure is a reply, never an exception."""

    def prefetch(self, request: Fetch) -> None:
        """Begin to get what will be asked for, or leave it; what fails is nobody's business until it is needed."""

    async def play(self, request: Play) -> Played | Unspoken | HungUp:
        """Play to the end."""

    async def collect(self, request: Collect) -> Input | NoInput | NoMatch | NoResource | Unspoken | HungUp:
        """Play, listen, match."""

    async def record(self, request: Record) -> Recorded | NoInput | Unspoken | HungUp:
        """Play, beep, record."""

    async def transfer(self, request: Transfer) -> Transferred | Unspoken | HungUp:
        """Connect the caller elsewhere."""

    async def disconnect(self, request: Disconnect) -> None:
        """Hang up on the caller."""

    def note(self, note: Note) -> None:
        """Write a line down."""
