"""Collecting keys: when an input begins, goes on and ends (VoiceXML 2.0, appendix D).

Time is an integer of milliseconds that the caller counts; no clock is read here. The telephone, the browser and the
text platform all collect with this one machine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mirabelle.grammar.grammar import KeyVerdict

MOST_KEYS: Final = 256
"""Keys in one input; the next one makes it match nothing."""

MOST_WAITING: Final = 64
"""Keys that wait in the type-ahead buffer; those after them are dropped."""


class KeyMatcher(Protocol):
    """One grammar, fed with keys; `mirabelle.grammar.Grammar.keys()` makes a fresh one."""

    @property
    def verdict(self) -> KeyVerdict:
        """What the keys so far are; before the first, whether no key at all is a match."""
        ...

    def feed(self, key: str) -> KeyVerdict:
        """Take one more key, and say what all of them are."""
        ...


@dataclass(frozen=True, slots=True)
class Matched:
    """The keys match a grammar.

    Attributes:
        keys: without the terminating key.
        grammar_index: the first of the matchers that accepts them.
        term_key: the key that ended the input; empty where none did.
    """

    keys: str
    grammar_index: int
    term_key: str = ""


@dataclass(frozen=True, slots=True)
class NoMatched:
    """The keys match no grammar.

    Attributes:
        keys: without the terminating key.
    """

    keys: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Nobody pressed a key in time: `noinput`."""


Decision = Matched | NoMatched | TimedOut


class TypeAhead:
    """Keys pressed while nobody was listening, in their order."""

    def __init__(self, limit: int = MOST_WAITING) -> None:
        self._keys: deque[str] = deque()
        self._limit = limit

    def __len__(self) -> int:
        return len(self._keys)

    def press(self, key: str) -> bool:
        """Add a key; False where the buffer is full and the key is dropped."""
        if len(self._keys) >= self._limit:
            return False
        self._keys.append(key)
        return True

    def take(self) -> str:
        """Remove the oldest key and return it; empty where there is none."""
        return self._keys.popleft() if self._keys else ""

    def put_back(self, keys: str) -> None:
        """Put keys in front of those that wait: an input ended without them."""
        self._keys.extendleft(reversed(keys))

    def clear(self) -> None:
        """Forget all; what a prompt without barge-in asks for (VoiceXML 2.0, 4.1.8)."""
        self._keys.clear()


class KeyCollector:
    """One input, from the prompt to the decision.

    Call `key` for every key, `prompt_finished` when the last prompt has ended, and `tick` when `deadline` is
    reached. Each may return the decision; after it the collector takes nothing more.

    Keys are tried on all grammars at once. The input ends

    - with the first key after which no grammar can match: `NoMatched`;
    - when a grammar matches and none could take another key: at once, or where there is a terminating key and
      `term_ms` is not 0, after that time or with the terminating key;
    - with the terminating key, unless a grammar takes it as one of its own: `Matched` or `NoMatched`, by the keys
      before it;
    - `interdigit_ms` after the last key otherwise: `Matched` or `NoMatched`;
    - `timeout_ms` after the prompt, where no key came: `TimedOut`.

    Args:
        matchers: fresh matchers, the grammar of highest precedence first.
        timeout_ms: how long after the prompt the first key may take; None waits for ever.
        interdigit_ms: how long each further key may take.
        term_ms: how long the terminating key may take once no other is possible.
        termchar: the terminating key; empty for none.
        now_ms: the time now, where no prompt plays; None where one does.
        bargein: whether a key may interrupt the prompt; without it keys during the prompt are lost.
    """

    def __init__(
        self,
        matchers: Sequence[KeyMatcher],
        *,
        timeout_ms: int | None,
        interdigit_ms: int,
        term_ms: int,
        termchar: str,
        now_ms: int | None = None,
        bargein: bool = True,
    ) -> None:
        self._matchers = tuple(matchers)
        self._verdicts = [matcher.verdict for matcher in self._matchers]
        self._timeout = timeout_ms
        self._interdigit = interdigit_ms
        self._term = term_ms
        self._termchar = termchar
        self._bargein = bargein
        self._keys = ""
        self._playing = now_ms is None
        self._interrupts = False
        self._deadline: int | None = None
        self._decision: Decision | None = None
        self._unused = ""
        if now_ms is not None:
            self._await_first(now_ms)

    @property
    def interrupts_prompt(self) -> bool:
        """Whether a key came while the prompt was playing: stop it now."""
        return self._interrupts

    @property
    def keys(self) -> str:
        """The keys of the input so far."""
        return self._keys

    @property
    def decision(self) -> Decision | None:
        """How the input ended, or None while it goes on."""
        return self._decision

    @property
    def unused(self) -> str:
        """Keys that were given but came after the input had ended; put them back into the type-ahead buffer."""
        return self._unused

    def deadline(self) -> int | None:
        """When `tick` is wanted, in milliseconds; None where only a key or the end of the prompt matters."""
        return self._deadline if self._decision is None else None

    def prompt_started(self, *, bargein: bool) -> None:
        """Say that the next prompt of the queue plays now, and whether keys may interrupt it."""
        if self._playing:
            self._bargein = bargein

    def prompt_finished(self, now: int) -> None:
        """Say that the last prompt ended by itself: the time for the first key begins."""
        if self._playing:
            self._playing = False
            self._await_first(now)

    def key(self, key: str, now: int) -> Decision | None:
        """Take a key. One that comes after the decision is kept in `unused`."""
        if self.tick(now) is not None:
            self._unused += key
            return self._decision
        if self._playing:
            if not self._bargein:
                return None
            self._playing, self._interrupts = False, True
        return self._take(key, now)

    def take_from(self, buffer: TypeAhead, now: int) -> Decision | None:
        """Take keys out of the type-ahead buffer until the input ends or the buffer is empty.

        While a prompt plays that may not be interrupted the buffer is left as it is.
        """
        while self._decision is None and len(buffer) and (self._bargein or not self._playing):
            self.key(buffer.take(), now)
        if self._unused:
            buffer.put_back(self._unused)
            self._unused = ""
        return self._decision

    def tick(self, now: int) -> Decision | None:
        """Let time pass; the decision once it is taken, however often it is asked."""
        if self._decision is None and self._deadline is not None and now >= self._deadline:
            self._decision = self._judge() if self._keys else TimedOut()
        return self._decision

    def _await_first(self, now: int) -> None:
        self._deadline = None if self._timeout is None else now + self._timeout

    def _take(self, key: str, now: int) -> Decision | None:
        before = self._matching()
        if self._full() and key != self._termchar:
            # Nothing more fits: what is there counts, and the key belongs to the next input.
            self._unused = key
            self._decision = self._judge()
            return self._decision
        if len(self._keys) == MOST_KEYS:
            self._decision = NoMatched(self._keys)
            return self._decision
        self._verdicts = [
            matcher.feed(key) if verdict is not KeyVerdict.NO_MATCH else verdict
            for matcher, verdict in zip(self._matchers, self._verdicts, strict=True)
        ]
        if key == self._termchar and all(verdict is KeyVerdict.NO_MATCH for verdict in self._verdicts):
            self._decision = NoMatched(self._keys) if before is None else Matched(self._keys, before, key)
            return self._decision
        self._keys += key
        self._decision = self._go_on(now)
        return self._decision

    def _go_on(self, now: int) -> Decision | None:
        """Decide after a key, or set the time for the next."""
        if all(verdict is KeyVerdict.NO_MATCH for verdict in self._verdicts):
            return NoMatched(self._keys)
        if not self._full():
            self._deadline = now + self._interdigit
        elif self._termchar and self._term > 0:
            self._deadline = now + self._term
        else:
            return self._judge()
        return None

    def _full(self) -> bool:
        """Whether some grammar matches and none could take another key."""
        lively = [verdict for verdict in self._verdicts if verdict is not KeyVerdict.NO_MATCH]
        return bool(lively) and bool(self._keys) and all(verdict is KeyVerdict.MATCH for verdict in lively)

    def _matching(self) -> int | None:
        matching = (KeyVerdict.MATCH, KeyVerdict.MATCH_AND_CONTINUES)
        return next((index for index, verdict in enumerate(self._verdicts) if verdict in matching), None)

    def _judge(self) -> Decision:
        index = self._matching()
        return NoMatched(self._keys) if index is None else Matched(self._keys, index)
