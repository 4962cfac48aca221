"""REFER: asking the peer of a call to call somebody else, and what it tells of that (RFC 3515). Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mirabelle.sip.error import SipError
from mirabelle.sip.events import ReferralTold
from mirabelle.sip.fields import parse_parameters
from mirabelle.sip.headers import Headers
from mirabelle.sip.message import Request
from mirabelle.sip.uri import Uri
from mirabelle.sip.user_to_user import HEADER, user_to_user

EVENT: Final = "refer"
"""The event package of the implicit subscription (RFC 3515 section 2.4.4)."""
MOST_REASON: Final = 200
"""Characters of a phrase that are kept."""

_STATUS: Final = re.compile(rb"\s*SIP/[0-9]+\.[0-9]+[ \t]+([1-6][0-9]{2})(?:[ \t]+([^\r\n]*))?", re.IGNORECASE)


def refer_to(target: Uri, aai: str = "") -> str:
    """The value of a Refer-To field.

    Args:
        target: whom the peer is to call.
        aai: what it is to tell them in a User-to-User field (RFC 3261 section 19.1.1, RFC 7433); empty for nothing.

    Raises:
        SipError: `aai` is too long.
    """
    if not aai:
        return f"<{target}>"
    carried = f"{HEADER}={user_to_user(aai).replace(';', '%3B').replace('=', '%3D')}"
    return f"<{replace(target, headers='&'.join(filter(None, (target.headers, carried))))}>"


def told(request: Request) -> ReferralTold:
    """What a NOTIFY says of the call that the peer was asked to make.

    Raises:
        SipError: it is of another event package (RFC 6665 section 8.2.1), or its body holds no status.
    """
    headers = request.headers
    if _first(headers, "event") != EVENT:
        raise SipError("A NOTIFY is not of the event package 'refer'.", status=489)
    over = _first(headers, "subscription-state") == "terminated"
    match = _STATUS.match(request.body)
    if match is None:
        if over and not request.body:
            return ReferralTold(0, "", over=True)
        raise SipError("A NOTIFY of a REFER holds no status line.", status=400)
    status = int(match[1])
    reason = (match[2] or b"").decode("utf-8", "replace").strip()[:MOST_REASON]
    return ReferralTold(status, reason, over=over or status >= 200)


def is_of(request: Request, cseq: int) -> bool:
    """Whether a NOTIFY tells of the REFER with this number, and not of one before (RFC 3515 section 2.4.6).

    Peers that name none mean the only one that they know of.
    """
    _, semicolon, rest = (request.headers.get("event") or "").partition(";")
    try:
        named = parse_parameters(semicolon + rest).get("id")
    except SipError:
        return True
    return named is None or named == str(cseq)


def _first(headers: Headers, name: str) -> str:
    return (headers.get(name) or "").partition(";")[0].strip().lower()
