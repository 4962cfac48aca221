"""An answer to an INVITE that this agent does not know: the process that had the address before sent it, and died.

RFC 3261 section 13.3.1.4 has the far end repeat its 2xx until it is acknowledged, for 32 s. Whoever comes back within
them can learn that somebody answered, and hang up in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mirabelle.sip.core import Core
from mirabelle.sip.dialog import Dialog
from mirabelle.sip.exchange import Address
from mirabelle.sip.leg import Pending
from mirabelle.sip.message import Response

MOST: Final = 1_000
"""Late answers that are remembered at once; more are dropped, and come again."""


class LateAnswer:
    """A 2xx to an INVITE, and all that is known about it.

    Attributes:
        call_id: the Call-ID of the INVITE.
    """

    def __init__(self, core: Core, response: Response) -> None:
        """Nothing is sent before `hang_up`: until then the far end repeats its answer."""
        self.call_id = response.call_id
        self._core = core
        self._invite = response.cseq.number
        self._dialog = Dialog.answered(response)
        self._next_hop = self._dialog.next_hop()
        self._ack: tuple[bytes, Address] | None = None

    @property
    def over(self) -> bool:
        """Whether it was acknowledged."""
        return self._ack is not None

    def hang_up(self) -> None:
        """Acknowledge it and end the call; once more, and the ACK alone is repeated."""
        if self._ack is not None:
            self._core.layer.send_outside(*self._ack)
            return
        self._core.locate(self._next_hop, self._located)

    def _located(self, address: Address | None, _error: str) -> None:
        if address is None or self._ack is not None:
            return
        ack = self._dialog.request("ACK", via=self._core.via(address), cseq=self._invite)
        self._ack = ack.encode(), address
        self._core.layer.send_outside(*self._ack)
        bye = self._dialog.request("BYE", via=self._core.via(address))
        self._core.layer.send_request(bye, address, Pending(lambda _response, _error: None))


class LateAnswers:
    """Every late answer of one agent, each told of until it is hung up on.

    Args:
        core: the agent's.
        told: called with each, and again when the far end repeats it.
    """

    def __init__(self, core: Core, told: Callable[[LateAnswer], None]) -> None:
        self._core = core
        self._told = told
        self._known: dict[tuple[str, str], LateAnswer] = {}

    def hear(self, response: Response) -> None:
        """Take a response that belongs to no call; anything but a 2xx to an INVITE is dropped (section 18.1.2)."""
        if response.cseq.method != "INVITE" or not 200 <= response.status < 300:
            return
        key = response.call_id, response.to.tag
        late = self._known.get(key)
        if late is None:
            if len(self._known) >= MOST:
                return
            late = self._known[key] = LateAnswer(self._core, response)
            self._core.scheduler.call_later(self._core.layer.timers.give_up, self._known.pop, key, None)
        if late.over:
            late.hang_up()
        else:
            self._told(late)
