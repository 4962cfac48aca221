"""A look at the addresses of a call before it is queued: does each answer, and is the first an application?"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from mirabelle.api.xml import Fault
from mirabelle.calls.clock import Clock
from mirabelle.errors import MirabelleError
from mirabelle.fetch.request import FetchError, Request, Response
from mirabelle.vxml.document import parse_document
from mirabelle.vxml.errors import DocumentError

REMEMBERED_SECONDS: Final = 30.0
"""How long an address that answered well is not asked again."""
WARNED_SECONDS: Final = 5.0
"""The same for a start_url whose document is to be warned of, so that one who mends it need not wait long."""
MOST_REMEMBERED: Final = 2_000
"""The most addresses that are remembered."""
MOST_AT_ONCE: Final = 200
"""The most addresses that are asked at the same time."""

_MOST_PARSED_AT_ONCE: Final = 2
_GOOD: Final = 200

AddressField = Literal["start_url", "result_url"]
"""The fields that name an address."""


class PreflightBusy(MirabelleError):
    """Too many addresses are being asked; the request is to be sent again later."""


class Fetches(Protocol):
    """What fetches the addresses."""

    async def fetch(self, request: Request) -> Response:
        """Ask, follow redirects, and bring the body.

        Raises:
            FetchError: there is no response.
        """
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What the addresses of a call are worth.

    Attributes:
        faults: addresses that cannot be used.
        warnings: addresses that answer, with something that is no application.
    """

    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the addresses answered as they should; only that is remembered."""
        return not self.faults


def judged(field: AddressField, url: str, answer: Response | FetchError, seconds: float) -> Finding:
    """What an answer to the GET means, the document left aside.

    Args:
        field: which address it is.
        url: as it was given.
        answer: what came.
        seconds: how long it took.
    """
    took = f"after {seconds:.1f} s"
    if isinstance(answer, FetchError):
        sentence = str(answer).removeprefix(f"{answer.url[:200]}: ")
        place = "" if answer.url == url else f" at {answer.url[:200]}"
        return Finding((Fault(field, f"GET {url} failed {took}{place}: {sentence}"),))
    if answer.status != _GOOD:
        place = "" if answer.url == url else f" at {answer.url[:200]}"
        reason = f"GET {url} was answered with HTTP status {answer.status}{place} {took}; 200 is needed."
        return Finding((Fault(field, reason),))
    return Finding()


def read(data: bytes, uri: str) -> Finding:
    """What is wrong with the document that start_url gave, as a warning.

    Args:
        data: its bytes.
        uri: where it came from, after redirects.
    """
    try:
        parse_document(data, uri)
    except DocumentError as error:
        return Finding(warnings=(Fault("start_url", f"This is no valid VoiceXML: {error.reason}", error.line),))
    return Finding()


class Preflight:
    """Asks each address once with GET, without the variables of a call.

    An address that answered well is not asked again for half a minute, and requests that come in together share one
    question; so a burst of calls to one application is one question to it.
    """

    def __init__(self, fetcher: Fetches, clock: Clock, *, timeout: float) -> None:
        """Make a preflight.

        Args:
            fetcher: how addresses are fetched.
            clock: only its monotonic side is used.
            timeout: seconds that an address has to answer.
        """
        self._fetcher = fetcher
        self._clock = clock
        self._timeout = timeout
        self._asked: OrderedDict[tuple[AddressField, str], tuple[float, asyncio.Task[Finding]]] = OrderedDict()
        self._running = 0
        self._turn = asyncio.Semaphore(_MOST_PARSED_AT_ONCE)

    async def check(self, start_url: str, result_url: str) -> Finding:
        """Ask both addresses, at once.

        Args:
            start_url: where the application is.
            result_url: where the result goes; empty: nowhere.

        Raises:
            PreflightBusy: too many others are being asked.
        """
        addresses: list[tuple[AddressField, str]] = [("start_url", start_url)]
        if result_url:
            addresses.append(("result_url", result_url))
        findings = await asyncio.gather(*[asyncio.shield(self._task(field, url)) for field, url in addresses])
        return _together(findings)

    def _task(self, field: AddressField, url: str) -> asyncio.Task[Finding]:
        """The question to an address: one that runs or was answered well lately, or a new one."""
        now = self._clock.monotonic()
        known = self._asked.get((field, url))
        if known is not None and now - known[0] <= _worth(known[1]):
            return known[1]
        if self._running >= MOST_AT_ONCE:
            raise PreflightBusy("Too many addresses are being checked; send the request again in a moment.")
        self._running += 1
        task = asyncio.create_task(self._ask(field, url))
        self._asked[field, url] = (now, task)
        self._asked.move_to_end((field, url))
        while len(self._asked) > MOST_REMEMBERED:
            self._asked.popitem(last=False)

        def ended(task: asyncio.Task[Finding]) -> None:
            self._running -= 1
            good = not task.cancelled() and task.exception() is None and task.result().good
            known = self._asked.get((field, url))
            if not good and known is not None and known[1] is task:
                del self._asked[field, url]

        task.add_done_callback(ended)
        return task

    async def _ask(self, field: AddressField, url: str) -> Finding:
        began = self._clock.monotonic()
        answer: Response | FetchError
        try:
            answer = await self._fetcher.fetch(Request(url=url, timeout=self._timeout))
        except FetchError as error:
            answer = error
        finding = judged(field, url, answer, self._clock.monotonic() - began)
        if field == "start_url" and finding.good and isinstance(answer, Response):
            async with self._turn:
                finding = await asyncio.to_thread(read, answer.body, answer.url)
        return finding


def _worth(task: asyncio.Task[Finding]) -> float:
    """Seconds that a question, asked and perhaps answered, stands for another like it."""
    warned = task.done() and not task.cancelled() and task.exception() is None and task.result().warnings
    return WARNED_SECONDS if warned else REMEMBERED_SECONDS


def _together(findings: Sequence[Finding]) -> Finding:
    return Finding(
        tuple(fault for finding in findings for fault in finding.faults),
        tuple(warning for finding in findings for warning in finding.warnings),
    )
