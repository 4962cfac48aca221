"""A look at the addresses of calls before the shell queues them, as it is done over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mirabelle.cli import terminal
from mirabelle.errors import MirabelleError

if TYPE_CHECKING:
    from mirabelle.api.preflight import Finding
    from mirabelle.api.xml import Fault
    from mirabelle.settings import Settings

Unchecked = Annotated[bool, typer.Option("--unchecked", help="Do not ask the addresses whether they answer.")]


class AddressUnfit(MirabelleError):
    """An address does not answer as calls need it to."""


async def look(settings: Settings, start_url: str, result_url: str, *, unchecked: bool) -> None:
    """Ask the addresses once, and warn of a start_url that gives no VoiceXML.

    Args:
        settings: whose `[http] preflight` may say that nobody looks.
        start_url: where the application is.
        result_url: where results go; empty: nowhere.
        unchecked: nobody is to look.

    Raises:
        AddressUnfit: one of them cannot be used; the message says why, and how to queue all the same.
    """
    if unchecked or not settings.http.preflight:
        return
    found = await _asked(settings, start_url, result_url)
    if found.faults:
        told = "\n".join(map(_sentence, found.faults))
        raise AddressUnfit(f"{told}\nNothing was queued. Queue it all the same with --unchecked.")
    for warning in found.warnings:
        terminal.remark(terminal.harmless(_sentence(warning)))


async def _asked(settings: Settings, start_url: str, result_url: str) -> Finding:
    import mirabelle
    from mirabelle.api.preflight import Preflight
    from mirabelle.calls.clock import SystemClock
    from mirabelle.fetch.fetcher import Fetcher

    http = settings.http
    fetcher = Fetcher(
        allow_private=http.allow_private,
        timeout=http.timeout,
        max_bytes=http.max_bytes,
        user_agent=f"Mirabelle/{mirabelle.__version__}",
    )
    try:
        return await Preflight(fetcher, SystemClock(), timeout=http.preflight_timeout).check(start_url, result_url)
    finally:
        await fetcher.aclose()


def _sentence(fault: Fault) -> str:
    line = f" (line {fault.line})" if fault.line else ""
    return f"{fault.field}: {fault.reason}{line}"
