"""The four transaction machines of RFC 3261 section 17, with the Accepted states of RFC 6026, as tables.

A machine knows neither messages nor sockets nor clocks: what happened goes in as an `Input` or an expired `Timer`, what
is to be done comes out as a `Reaction`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


class State(enum.Enum):
    """Where a transaction stands."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Input(enum.Enum):
    """What can happen to a transaction, apart from its timers."""

    START = "start"
    REQUEST = "request"
    """The request again."""
    ACK = "ack"
    PROVISIONAL = "1xx"
    """A 1xx came, or the user of a server transaction sends one."""
    SUCCESS = "2xx"
    FAILURE = "300-699"
    TRANSPORT_ERROR = "transport error"


class Timer(enum.Enum):
    """The timers of RFC 3261 table 4, and L and M of RFC 6026."""

    A = "INVITE retransmission"
    B = "INVITE transaction timeout"
    D = "wait for response retransmissions"
    E = "non-INVITE retransmission"
    F = "non-INVITE transaction timeout"
    G = "INVITE response retransmission"
    H = "wait for ACK"
    I = "wait for ACK retransmissions"  # noqa: E741 - the RFC's own name
    J = "wait for request retransmissions"
    K = "wait for non-INVITE response retransmissions"
    L = "wait for accepted INVITE retransmissions"
    M = "wait for 2xx retransmissions"


class Action(enum.Enum):
    """What the owner of a machine is to do."""

    SEND = "send the request, or the latest response"
    ACK = "send the ACK of this transaction"
    PASS = "hand the message to the transaction user"  # noqa: S105 - no password
    TIMEOUT = "tell the transaction user that nobody answered"
    FAIL = "tell the transaction user that the transport failed"


@dataclass(frozen=True, slots=True)
class Timers:
    """The base values of RFC 3261 section 17.1.1.1, in seconds."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def give_up(self) -> float:
        """64 * T1: how long an unanswered transaction lives."""
        return 64 * self.t1


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of a table: the next state, what to do, and the timers to start."""

    state: State
    actions: tuple[Action, ...] = ()
    start: tuple[Timer, ...] = ()


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a machine asks for.

    Attributes:
        actions: in this order.
        start: timers with their seconds; one that runs is started anew.
        stop: timers that no longer matter.
    """

    actions: tuple[Action, ...] = ()
    start: tuple[tuple[Timer, float], ...] = ()
    stop: tuple[Timer, ...] = ()


Table = Mapping[tuple[State, Input | Timer], Step]

_S, _I, _T, _A = State, Input, Timer, Action

INVITE_CLIENT: Final[Table] = MappingProxyType(
    {
        (_S.CALLING, _I.START): Step(_S.CALLING, (_A.SEND,), (_T.A, _T.B)),
        (_S.CALLING, _T.A): Step(_S.CALLING, (_A.SEND,), (_T.A,)),
        (_S.CALLING, _T.B): Step(_S.TERMINATED, (_A.TIMEOUT,)),
        (_S.CALLING, _I.TRANSPORT_ERROR): Step(_S.TERMINATED, (_A.FAIL,)),
        (_S.CALLING, _I.PROVISIONAL): Step(_S.PROCEEDING, (_A.PASS,)),
        (_S.CALLING, _I.SUCCESS): Step(_S.ACCEPTED, (_A.PASS,), (_T.M,)),
        (_S.CALLING, _I.FAILURE): Step(_S.COMPLETED, (_A.ACK, _A.PASS), (_T.D,)),
        (_S.PROCEEDING, _I.PROVISIONAL): Step(_S.PROCEEDING, (_A.PASS,)),
        (_S.PROCEEDING, _I.SUCCESS): Step(_S.ACCEPTED, (_A.PASS,), (_T.M,)),
        (_S.PROCEEDING, _I.FAILURE): Step(_S.COMPLETED, (_A.ACK, _A.PASS), (_T.D,)),
        (_S.ACCEPTED, _I.SUCCESS): Step(_S.ACCEPTED, (_A.PASS,)),
        (_S.ACCEPTED, _T.M): Step(_S.TERMINATED),
        (_S.COMPLETED, _I.FAILURE): Step(_S.COMPLETED, (_A.ACK,)),
        (_S.COMPLETED, _I.TRANSPORT_ERROR): Step(_S.TERMINATED, (_A.FAIL,)),
        (_S.COMPLETED, _T.D): Step(_S.TERMINATED),
    }
)
"""RFC 3261 figure 5 as changed by RFC 6026 figure 7."""

NON_INVITE_CLIENT: Final[Table] = MappingProxyType(
    {
        (_S.TRYING, _I.START): Step(_S.TRYING, (_A.SEND,), (_T.E, _T.F)),
        **{(state, _T.E): Step(state, (_A.SEND,), (_T.E,)) for state in (_S.TRYING, _S.PROCEEDING)},
        **{(state, _T.F): Step(_S.TERMINATED, (_A.TIMEOUT,)) for state in (_S.TRYING, _S.PROCEEDING)},
        **{(state, _I.TRANSPORT_ERROR): Step(_S.TERMINATED, (_A.FAIL,)) for state in (_S.TRYING, _S.PROCEEDING)},
        **{(state, _I.PROVISIONAL): Step(_S.PROCEEDING, (_A.PASS,)) for state in (_S.TRYING, _S.PROCEEDING)},
        **{
            (state, final): Step(_S.COMPLETED, (_A.PASS,), (_T.K,))
            for state in (_S.TRYING, _S.PROCEEDING)
            for final in (_I.SUCCESS, _I.FAILURE)
        },
        (_S.COMPLETED, _T.K): Step(_S.TERMINATED),
    }
)
"""RFC 3261 figure 6."""

INVITE_SERVER: Final[Table] = MappingProxyType(
    {
        (_S.PROCEEDING, _I.REQUEST): Step(_S.PROCEEDING, (_A.SEND,)),
        (_S.PROCEEDING, _I.PROVISIONAL): Step(_S.PROCEEDING, (_A.SEND,)),
        (_S.PROCEEDING, _I.SUCCESS): Step(_S.ACCEPTED, (_A.SEND,), (_T.L,)),
        (_S.PROCEEDING, _I.FAILURE): Step(_S.COMPLETED, (_A.SEND,), (_T.G, _T.H)),
        (_S.PROCEEDING, _I.TRANSPORT_ERROR): Step(_S.TERMINATED, (_A.FAIL,)),
        (_S.ACCEPTED, _I.SUCCESS): Step(_S.ACCEPTED, (_A.SEND,)),
        (_S.ACCEPTED, _I.ACK): Step(_S.ACCEPTED, (_A.PASS,)),
        (_S.ACCEPTED, _I.TRANSPORT_ERROR): Step(_S.ACCEPTED, (_A.FAIL,)),
        (_S.ACCEPTED, _T.L): Step(_S.TERMINATED),
        (_S.COMPLETED, _I.REQUEST): Step(_S.COMPLETED, (_A.SEND,)),
        (_S.COMPLETED, _T.G): Step(_S.COMPLETED, (_A.SEND,), (_T.G,)),
        (_S.COMPLETED, _I.ACK): Step(_S.CONFIRMED, (), (_T.I,)),
        (_S.COMPLETED, _T.H): Step(_S.TERMINATED, (_A.TIMEOUT,)),
        (_S.COMPLETED, _I.TRANSPORT_ERROR): Step(_S.TERMINATED, (_A.FAIL,)),
        (_S.CONFIRMED, _T.I): Step(_S.TERMINATED),
    }
)
"""RFC 3261 figure 7 as changed by RFC 6026 figure 5."""

NON_INVITE_SERVER: Final[Table] = MappingProxyType(
    {
        (_S.TRYING, _I.PROVISIONAL): Step(_S.PROCEEDING, (_A.SEND,)),
        **{
            (state, final): Step(_S.COMPLETED, (_A.SEND,), (_T.J,))
            for state in (_S.TRYING, _S.PROCEEDING)
            for final in (_I.SUCCESS, _I.FAILURE)
        },
        (_S.PROCEEDING, _I.PROVISIONAL): Step(_S.PROCEEDING, (_A.SEND,)),
        **{(state, _I.REQUEST): Step(state, (_A.SEND,)) for state in (_S.PROCEEDING, _S.COMPLETED)},
        **{(state, _I.TRANSPORT_ERROR): Step(_S.TERMINATED, (_A.FAIL,)) for state in (_S.PROCEEDING, _S.COMPLETED)},
        (_S.COMPLETED, _T.J): Step(_S.TERMINATED),
    }
)
"""RFC 3261 figure 8."""

_FIRST: Final = MappingProxyType(
    {
        id(INVITE_CLIENT): _S.CALLING,
        id(NON_INVITE_CLIENT): _S.TRYING,
        id(INVITE_SERVER): _S.PROCEEDING,
        id(NON_INVITE_SERVER): _S.TRYING,
    }
)
_LIVES_ON: Final = MappingProxyType({_S.PROCEEDING: frozenset({_T.E, _T.F})})
_NOTHING: Final = Reaction()


class Machine:
    """One transaction on its way through a table.

    Attributes:
        state: where it stands.
        running: the timers that are to be running now.
    """

    __slots__ = ("_repeats", "_table", "_timers", "running", "state")

    def __init__(self, table: Table, timers: Timers) -> None:
        """Args: table: one of the four above. timers: the base values."""
        self._table = table
        self._timers = timers
        self._repeats = 0
        self.state = _FIRST[id(table)]
        self.running: set[Timer] = set()

    def handle(self, event: Input | Timer) -> Reaction:
        """Take one step. What the table does not hold changes nothing."""
        if isinstance(event, Timer):
            if event not in self.running:
                return _NOTHING
            self.running.discard(event)
        step = self._table.get((self.state, event))
        if step is None:
            return _NOTHING
        stop: tuple[Timer, ...] = ()
        if step.state is not self.state:
            stop = tuple(self.running - _LIVES_ON.get(step.state, frozenset()))
            self.running.difference_update(stop)
            self.state = step.state
        start = tuple((timer, self._seconds(timer)) for timer in step.start)
        self.running.update(step.start)
        return Reaction(step.actions, start, stop)

    def _seconds(self, timer: Timer) -> float:
        match timer:
            case Timer.A:
                return self._doubled(self._timers.give_up)
            case Timer.E if self.state is State.PROCEEDING:
                return self._timers.t2
            case Timer.E | Timer.G:
                return self._doubled(self._timers.t2)
            case Timer.I | Timer.K:
                return self._timers.t4
            case _:
                return self._timers.give_up

    def _doubled(self, most: float) -> float:
        seconds = min(self._timers.t1 * float(2**self._repeats), most)
        self._repeats += 1
        return seconds
