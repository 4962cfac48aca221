"""The addresses that a request names: start_url and result_url."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from mirabelle.errors import MirabelleError

_NOT_IN_A_URL: Final = re.compile(r"[\x00-\x20\x7f\\<>\"{}|^`]|\s")


class UrlError(MirabelleError):
    """An address that we would not fetch; the message says why."""


def check(text: str, *, allow_private: bool) -> None:
    """Refuse what can be told from the text alone; a name is looked up, and checked again, when it is fetched.

    Args:
        text: the address as it was given.
        allow_private: whether private and loopback addresses are fine.

    Raises:
        UrlError: not an http or https address, or a private one.
    """
    if _NOT_IN_A_URL.search(text):
        raise UrlError("The address holds a space or another character that must be percent-encoded.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UrlError(f"The address cannot be read: {error}.") from error
    if parts.scheme not in {"http", "https"}:
        raise UrlError("The address must begin with http:// or https://.")
    if not host or port == 0:
        raise UrlError("The address names no host, or port 0.")
    if not allow_private and _private(host):
        raise UrlError(
            "The address is private or on this machine; the operator may permit that with allow_private in [http]."
        )


def _private(host: str) -> bool:
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not address.is_global or address.is_multicast
