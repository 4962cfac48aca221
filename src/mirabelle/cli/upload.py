"""`mirabelle campaign upload`: a list of numbers becomes a campaign, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import (
    CallPriority,
    Config,
    Duplicates,
    DuplicateScope,
    ExpirationTime,
    ExpirationTimestamp,
    Json,
    Login,
    MaxRetries,
    OnBadLine,
    ResultUrl,
    RetryInterval,
    ScheduledTime,
    ScheduledTimestamp,
    ShowNumbers,
    StartUrl,
    Zone,
    fields,
    settings_from,
)
from mirabelle.cli.owner import LOCAL_LOGIN
from mirabelle.cli.preflight import Unchecked, look
from mirabelle.errors import MirabelleError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping
    from datetime import datetime

    from mirabelle.api.intake import Intake
    from mirabelle.api.queuecalls import CampaignOrder
    from mirabelle.api.xml import Fault
    from mirabelle.calls.account import Account
    from mirabelle.calls.call import NewCall
    from mirabelle.calls.campaign import Campaign
    from mirabelle.cli.progress import Shown
    from mirabelle.settings import Settings
    from mirabelle.store.ledger import Ledger
    from mirabelle.store.records import Uploaded

ListFile = Annotated[
    str, typer.Argument(metavar="FILE", help="The list; - for the standard input.", show_default=False)
]
NewName = Annotated[
    str,
    typer.Option(metavar="NAME", help="Of the new campaign; no other of the account has it.", show_default=False),
]
Into = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="A campaign that is there, by name or number, in place of --name.", show_default=False
    ),
]
Parameters = Annotated[
    str, typer.Option(metavar="TEXT", help="Any text for the application, with every call.", show_default=False)
]

_REFUSED: Final = "The list is refused, and nothing was queued"

T = TypeVar("T")


class CampaignRefused(MirabelleError):
    """A campaign that cannot be queued as it was asked for."""


def upload(
    file: ListFile,
    start_url: StartUrl,
    name: NewName = "",
    into: Into = "",
    result_url: ResultUrl = "",
    parameters: Parameters = "",
    max_retries: MaxRetries = 0,
    retry_interval: RetryInterval = 300,
    scheduled_time: ScheduledTime = "",
    scheduled_timestamp: ScheduledTimestamp = None,
    expiration_time: ExpirationTime = "",
    expiration_timestamp: ExpirationTimestamp = None,
    priority: CallPriority = "normal",
    zone: Zone = "",
    on_bad_line: OnBadLine = "refuse",
    duplicates: Duplicates = "allow",
    duplicate_scope: DuplicateScope = "campaign",
    unchecked: Unchecked = False,
    show_numbers: ShowNumbers = False,
    login: Login = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Queue the calls of a list, all or none.

    They make a new campaign, or are added to one. A line is a number, then perhaps a message_reference, then perhaps
    call_parameters, as for queuecalls.php. Bad lines are told on stderr. Ctrl-C while the list is read leaves nothing;
    once it is being stored, it is stored to the end. The addresses are asked first whether they answer.
    """
    if bool(name) == bool(into) or (into and parameters):
        raise typer.BadParameter(
            "Give the name of the new campaign, or one that is there, which has its parameters already.",
            param_hint="--name or --into",
        )
    settings = settings_from(config)
    from mirabelle.calls.clock import SystemClock

    values = fields(
        campaign_name=name or into,
        start_url=start_url,
        result_url=result_url,
        campaign_parameters=parameters,
        max_retries=max_retries,
        retry_interval=retry_interval,
        scheduled_time=scheduled_time,
        scheduled_timestamp=scheduled_timestamp,
        expiration_time=expiration_time,
        expiration_timestamp=expiration_timestamp,
        priority=priority,
        zone=zone,
        on_bad_line=on_bad_line,
        duplicates=duplicates,
        duplicate_scope=duplicate_scope,
    )
    now = SystemClock().now()
    order = _order(values, settings, now)
    stored, intake, called = _run(
        settings, file, order, login, now, into=into, unchecked=unchecked, show_numbers=show_numbers
    )
    _report(stored, intake, called, as_json=as_json, show_numbers=show_numbers)


def _order(values: Mapping[str, str], settings: Settings, now: datetime) -> CampaignOrder:
    from mirabelle.api import queuecalls

    allow_private = settings.http.allow_private
    order = queuecalls.check(values, now=now, allow_private=allow_private, fields=queuecalls.CAMPAIGN_FIELDS)
    if not isinstance(order, queuecalls.CampaignOrder):
        raise CampaignRefused("\n".join(f"{fault.field}: {fault.reason}" for fault in order))
    return order


def _run(
    settings: Settings,
    file: str,
    order: CampaignOrder,
    login: str | None,
    now: datetime,
    *,
    into: str,
    unchecked: bool,
    show_numbers: bool,
) -> tuple[Uploaded, Intake, str]:
    """Store the campaign; returns what became of it, of the list, and the campaign's name.

    Raises:
        AddressUnfit: an address does not answer.
        CampaignRefused: the list is not taken.
        ListUnreadable: it cannot be read.
        StoreError: it cannot be stored, such as for its name.
    """
    import asyncio

    from mirabelle.api.batches import batches
    from mirabelle.api.intake import Intake, ListRefused
    from mirabelle.api.seen_numbers import learn
    from mirabelle.cli.ledger import ask
    from mirabelle.cli.list_file import opened
    from mirabelle.cli.progress import progress

    storing = asyncio.Event()

    def begin(shown: Shown) -> None:
        shown.phase("storing")
        storing.set()

    with opened(file) as source, progress("reading", source.size, "bytes") as shown:

        async def store(ledger: Ledger) -> tuple[Uploaded, Intake, str]:
            account, campaign = await _place(ledger, login, into, now)
            await look(settings, order.call.start_url, order.call.result_url, unchecked=unchecked)
            named, place = (campaign.name, campaign.campaign_id) if campaign else (order.name, None)
            intake = Intake(order, account, bad_ani=settings.compat.bad_ani, most_listed=0)
            calls = _then(batches(intake, source, shown.advance), lambda: begin(shown))
            try:
                scope = order.duplicate_scope
                await learn(ledger, intake, account_id=account.account_id, campaign_id=place, scope=scope)
                uploading = ledger.upload(account.account_id, order.name, order.parameters, calls, now, into=place)
                return await unless_begun(uploading, storing), intake, named
            except ListRefused as error:
                told = _told(intake.faults, show_numbers=show_numbers)
                skippable = order.on_bad_line == "refuse" and order.duplicates != "refuse" and intake.faults[0].line
                remedy = "; --on-bad-line skip passes over bad lines" if skippable else ""
                raise CampaignRefused(f"{_REFUSED}{remedy}:\n{told}") from error
            finally:
                source.stop()

        try:
            return ask(settings, store)
        except KeyboardInterrupt:
            known = f"look for the campaign '{order.name}'" if storing.is_set() else "nothing was queued"
            terminal.complain(f"Interrupted; {known}.")
            raise


async def _place(ledger: Ledger, login: str | None, into: str, now: datetime) -> tuple[Account, Campaign | None]:
    """Whose the calls will be, and the campaign where it is there already."""
    from mirabelle.cli.owner import account_for_calls, account_of_campaign, campaign_of

    if not into:
        return await account_for_calls(ledger, login or LOCAL_LOGIN, now), None
    campaign = await campaign_of(ledger, login, into)
    return await account_of_campaign(ledger, campaign), campaign


async def _then(pieces: AsyncIterator[Sequence[NewCall]], last: Callable[[], None]) -> AsyncIterator[Sequence[NewCall]]:
    """What comes, and a word when the last has come."""
    async for piece in pieces:
        yield piece
    last()


async def unless_begun(work: Awaitable[T], begun: asyncio.Event) -> T:
    """Do some work that may be cancelled until `begun` is set; from then on it is done to the end.

    Raises:
        CancelledError: it was cancelled in time.
    """
    import asyncio

    doing = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        if begun.is_set():
            return await doing
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        raise


def _report(stored: Uploaded, intake: Intake, name: str, *, as_json: bool, show_numbers: bool) -> None:
    bad = [{"line": fault.line, "reason": _reason(fault, show_numbers=show_numbers)} for fault in intake.faults]
    if as_json:
        counts = {"queued": stored.queued, "skipped": intake.skipped}
        terminal.print_json({"campaign_id": stored.campaign_id, "name": name, **counts, "bad_lines": bad})
        return
    if bad:
        terminal.remark(_told(intake.faults, show_numbers=show_numbers))
    print(
        terminal.harmless(
            f"Campaign {stored.campaign_id} '{name}': {_count(stored.queued, 'call')} queued,"
            f" {_count(intake.skipped, 'line')} passed over."
        )
    )


def _told(faults: Sequence[Fault], *, show_numbers: bool) -> str:
    from mirabelle.api.intake import MOST_FAULTS

    lines = [
        f"line {fault.line}: {_reason(fault, show_numbers=show_numbers)}" if fault.line else fault.reason
        for fault in faults
    ]
    if len(faults) >= MOST_FAULTS:
        lines.append(f"These are the first {MOST_FAULTS} bad lines; there may be more.")
    return terminal.harmless("\n".join(lines))


def _reason(fault: Fault, *, show_numbers: bool) -> str:
    return fault.reason if show_numbers else terminal.without_numbers(fault.reason)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
