"""What a final answer to an INVITE means: the one place where SIP statuses become outcomes.

Rules, the first that applies:

1. A phrase that speaks of a channel or rate limit is `capacity`, whatever the status.
2. A Q.850 cause in a Reason field (RFC 3326) that the table knows: the telephone network is more exact than SIP.
3. 503 with Retry-After is `capacity`.
4. The status, and for one that is not in the table the x00 of its class (RFC 3261 section 8.1.3.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mirabelle.calls.outcome import Outcome
from mirabelle.sip.error import SipError
from mirabelle.sip.fields import parse_parameters, split_values, unquoted
from mirabelle.sip.headers import Headers

MOST_RETRY_AFTER: Final = 86_400
"""Seconds; a longer Retry-After is read as this."""
MOST_WORDS: Final = 1000
"""Characters of phrases and warnings that are looked through."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of an INVITE.

    Attributes:
        outcome: in one word.
        detail: for people: the status, the phrase, and what more was said.
        retry_after: seconds the answer asked us to wait, None where it asked for nothing.
        elsewhere: whether another trunk could do better; never after a 6xx, which speaks for all (section 21.6).
    """

    outcome: Outcome
    detail: str
    retry_after: int | None = None
    elsewhere: bool = False


BY_STATUS: Final[Mapping[int, Outcome]] = MappingProxyType(
    {
        **dict.fromkeys((300, 301, 302, 305, 380), Outcome.FAILED),
        **dict.fromkeys(
            (400, 401, 402, 405, 406, 407, 409, 411, 412, 413, 414, 415, 416, 417, 420, 421, 422, 423, 424, 425),
            Outcome.FAILED,
        ),
        **dict.fromkeys((428, 429, 430, 433, 436, 437, 438, 439, 440, 469, 470, 481, 482, 483, 485), Outcome.FAILED),
        **dict.fromkeys((488, 489, 491, 493, 494), Outcome.FAILED),
        **dict.fromkeys((500, 501, 502, 503, 504, 505, 513, 555, 580, 606), Outcome.FAILED),
        **dict.fromkeys((486, 600), Outcome.BUSY),
        **dict.fromkeys((408, 480, 487), Outcome.NO_ANSWER),
        **dict.fromkeys((403, 603, 607, 608), Outcome.REJECTED),
        **dict.fromkeys((404, 410, 484, 604), Outcome.UNALLOCATED),
    }
)
"""Every status that we know."""

BY_CAUSE: Final[Mapping[int, Outcome]] = MappingProxyType(
    {
        1: Outcome.UNALLOCATED,  # unallocated number
        2: Outcome.FAILED,  # no route to the transit network
        3: Outcome.FAILED,  # no route to the destination
        17: Outcome.BUSY,  # user busy
        18: Outcome.NO_ANSWER,  # no user responding
        19: Outcome.NO_ANSWER,  # no answer, user alerted
        20: Outcome.NO_ANSWER,  # subscriber absent
        21: Outcome.REJECTED,  # call rejected
        22: Outcome.UNALLOCATED,  # number changed
        27: Outcome.FAILED,  # destination out of order
        28: Outcome.UNALLOCATED,  # invalid number format
        34: Outcome.CAPACITY,  # no circuit available
        38: Outcome.FAILED,  # network out of order
        41: Outcome.FAILED,  # temporary failure
        42: Outcome.CAPACITY,  # switching equipment congestion
        44: Outcome.CAPACITY,  # requested circuit not available
        47: Outcome.CAPACITY,  # resource unavailable
    }
)
"""ITU-T Q.850 causes that say more than the status. The others (16 normal clearing, 31 unspecified) say less."""

_LIMIT: Final = re.compile(
    r"\b(cps|calls? per second|call rate|rate|concurrent(?: calls?)?|simultaneous(?: calls?)?|channels?|call|sessions?"
    r"|ports?|capacity|trunks?|circuits?)\b[ _-]*(limit|exceed|reached|full\b|exhaust|quota)"
    r"|\btoo many (concurrent |simultaneous )?(calls|sessions|channels)\b"
    r"|\b(no|all) (available |free )?(channels?|circuits?|ports?|trunks?)( (are )?(busy|available|in use))?\b"
    r"|\bthrottl|\bcongest|\boverload",
    re.IGNORECASE,
)


def verdict(status: int, reason: str, headers: Headers) -> Verdict:
    """Judge a final answer.

    Args:
        status: 300 to 699.
        reason: its phrase.
        headers: its fields.
    """
    cause, text = _cause(headers)
    retry_after = _retry_after(headers)
    detail = " ".join(f"{status} {reason}".split())[:200]
    if 300 <= status < 400:
        contact = " ".join((headers.get("contact") or "nowhere").split())[:100]
        return Verdict(Outcome.FAILED, f"{detail}: moved to {contact}; redirections are not followed")
    said = f"{reason} {text} {' '.join(headers.all('warning'))}"[:MOST_WORDS]
    if _LIMIT.search(said):
        outcome = Outcome.CAPACITY
    elif cause in BY_CAUSE:
        outcome = BY_CAUSE[cause]
    elif status == 503 and retry_after is not None:
        outcome = Outcome.CAPACITY
    else:
        outcome = BY_STATUS.get(status) or BY_STATUS[status // 100 * 100]
    if cause >= 0:
        detail += f" (Q.850 cause {cause}{': ' + text[:80] if text else ''})"
    if status in (401, 407):
        detail += ": the trunk did not accept our user name and password"
    elsewhere = status < 600 and outcome in (Outcome.FAILED, Outcome.CAPACITY)
    return Verdict(outcome, detail, retry_after, elsewhere)


def _cause(headers: Headers) -> tuple[int, str]:
    """The Q.850 cause and its text; -1 where there is none."""
    found = (cause_of(line) for line in headers.all("reason"))
    return next((each for each in found if each[0] >= 0), (-1, ""))


def cause_of(reason: str) -> tuple[int, str]:
    """The Q.850 cause and its text in the value of a Reason field (RFC 3326); -1 where there is none."""
    try:
        for value in split_values(reason):
            protocol, semicolon, rest = value.partition(";")
            if protocol.strip().upper() != "Q.850":
                continue
            parameters = parse_parameters(semicolon + rest)
            number = (parameters.get("cause") or "").strip('"')
            if number.isascii() and number.isdigit() and len(number) <= 3:
                return int(number), unquoted(parameters.get("text") or "")
    except SipError:
        pass  # a Reason that cannot be read says nothing; the status still does
    return -1, ""


def _retry_after(headers: Headers) -> int | None:
    match = re.match(r"\s*([0-9]{1,20})", headers.get("retry-after") or "")
    return None if match is None else min(int(match[1]), MOST_RETRY_AFTER)
