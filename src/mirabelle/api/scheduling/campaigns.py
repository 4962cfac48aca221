"""Campaigns: made, shown, started, stopped, and given calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import structlog
from pydantic import ValidationError
from starlette.requests import Request

from mirabelle.api import url
from mirabelle.api.dialable import dialable
from mirabelle.api.scheduling import models
from mirabelle.api.scheduling.access import account_of
from mirabelle.api.scheduling.models import Id, NewCalls, NewCampaign, Rules, WhichCampaign
from mirabelle.api.scheduling.problem import Problem, faults, invalid
from mirabelle.api.scheduling.rules import After, Limit, missing
from mirabelle.api.xml import Fault
from mirabelle.calls import number
from mirabelle.calls.account import Account
from mirabelle.calls.call import NewCall
from mirabelle.calls.campaign import Campaign, CampaignDefaults, CampaignState
from mirabelle.calls.clock import Clock
from mirabelle.calls.gate import Verdict
from mirabelle.calls.schedule import verdict
from mirabelle.settings import Settings
from mirabelle.store.ledger import CampaignExists, Ledger, RuleMissing
from mirabelle.store.records import CampaignRules

_PIECE: Final = 500
"""Calls that are looked at before others have their turn."""

STOPPED: Final = "The campaign is stopped; start it."

Look: TypeAlias = Callable[[Account, str, str], Awaitable[Sequence[Fault]]]
"""Asks the start_url and the result_url of an account once, and says what is wrong with them."""


class CampaignRoutes:
    """The handlers of `/api/campaigns`.

    Args:
        ledger: where they are kept.
        clock: the time.
        settings: `http.allow_private` and `compat.bad_ani` are looked at.
        look: asks addresses before a campaign is made; None: nobody does.
    """

    def __init__(self, ledger: Ledger, clock: Clock, settings: Settings, look: Look | None = None) -> None:
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._look = look
        self._log = structlog.get_logger("mirabelle.api")

    async def add(self, request: Request, body: NewCampaign) -> models.CampaignReply:
        """Make a campaign. It is stopped."""
        account = account_of(request)
        await self._check_addresses(account, body)
        defaults = CampaignDefaults(
            start_url=body.start_url,
            result_url=body.result_url,
            max_retries=body.max_retries,
            retry_interval=body.retry_interval,
        )
        try:
            made = await self._ledger.add_campaign(
                account.account_id,
                body.name,
                body.campaign_parameters,
                self._clock.now(),
                defaults=defaults,
                schedules=body.schedules,
                profiles=body.profiles,
                state=CampaignState.PAUSED,
            )
        except CampaignExists as error:
            raise Problem(409, "Name taken", str(error)) from error
        except RuleMissing as error:
            raise invalid([{"detail": str(error)}]) from error
        return await self._reply(made)

    async def campaigns(self, request: Request, after: After = 0, limit: Limit = 100) -> models.Campaigns:
        """The campaigns of the account, in the order of their ids."""
        account = account_of(request)
        page = await self._ledger.campaigns(account.account_id, after=after, limit=limit)
        following = page[-1].campaign_id if len(page) == limit else None
        return models.Campaigns(campaigns=[await self._reply(each) for each in page], next=following)

    async def campaign(self, request: Request, campaign_id: Id) -> models.CampaignReply:
        """One campaign."""
        account = account_of(request)
        return await self._reply(await self._owned(account, campaign_id))

    async def set_rules(self, request: Request, campaign_id: Id, body: Rules) -> models.CampaignReply:
        """Let a campaign keep these schedules and profiles, and no others."""
        account = account_of(request)
        campaign = await self._owned(account, campaign_id)
        try:
            await self._ledger.set_campaign_rules(campaign_id, body.schedules, body.profiles)
        except RuleMissing as error:
            raise invalid([{"detail": str(error)}]) from error
        return await self._reply(campaign)

    async def start(self, request: Request, body: WhichCampaign) -> models.CampaignReply:
        """Let the calls of a campaign be made. One that is started stays so."""
        account = account_of(request)
        await self._owned(account, body.campaign_id)
        return await self._reply(await self._ledger.resume_campaign(body.campaign_id, self._clock.now()))

    async def stop(self, request: Request, body: WhichCampaign) -> models.CampaignReply:
        """Let no call of a campaign be made any more. Those that ring or are connected go on."""
        account = account_of(request)
        await self._owned(account, body.campaign_id)
        return await self._reply(await self._ledger.pause_campaign(body.campaign_id, self._clock.now()))

    async def add_calls(self, request: Request, body: NewCalls) -> models.Added:
        """Add calls to a campaign, all of them or none."""
        account = account_of(request)
        campaign = await self._owned(account, body.campaign_id)
        if not campaign.defaults.start_url:
            detail = f"Campaign {campaign.campaign_id} was made without a start_url, so calls are not added to it here."
            raise Problem(409, "No application", detail)
        calls, errors = await self._checked(account, campaign, body.calls)
        if errors:
            raise invalid(errors)
        stored = await self._ledger.upload(
            account.account_id, "", "", _pieces(calls), self._clock.now(), into=campaign.campaign_id
        )
        self._log.info("calls added", campaign_id=campaign.campaign_id, queued=stored.queued)
        return models.Added(
            campaign_id=campaign.campaign_id,
            queued=stored.queued,
            first_call_id=stored.first_call_id,
            last_call_id=stored.last_call_id,
        )

    async def _owned(self, account: Account, campaign_id: int) -> Campaign:
        found = await self._ledger.campaign(campaign_id)
        if found is None or found.account_id != account.account_id:
            raise missing("campaign", campaign_id)
        return found

    async def _reply(self, campaign: Campaign) -> models.CampaignReply:
        rules = await self._ledger.campaign_rules(campaign.campaign_id)
        # Many windows take a while to be worked out.
        found = await asyncio.to_thread(calling, campaign, rules, self._clock.now())
        return models.campaign_reply(campaign, rules, found)

    async def _check_addresses(self, account: Account, body: NewCampaign) -> None:
        errors: list[dict[str, Any]] = []
        for field, address in (("start_url", body.start_url), ("result_url", body.result_url)):
            try:
                if address:
                    url.check(address, allow_private=self._settings.http.allow_private)
            except url.UrlError as error:
                errors.append({"detail": str(error), "pointer": f"#/{field}"})
        if not errors and self._look is not None:
            found = await self._look(account, body.start_url, body.result_url)
            errors = [{"detail": fault.reason, "pointer": f"#/{fault.field}"} for fault in found]
        if errors:
            raise invalid(errors)

    async def _checked(
        self, account: Account, campaign: Campaign, asked: Sequence[models.NewCall]
    ) -> tuple[list[NewCall], list[dict[str, Any]]]:
        """The calls that were asked for, and what is wrong with the others; checked off the event loop."""
        calls: list[NewCall] = []
        errors: list[dict[str, Any]] = []

        def check(first: int) -> None:
            for index, each in enumerate(asked[first : first + _PIECE], first):
                try:
                    calls.append(self._call(account, campaign, models.NewCall.model_validate(each)))
                except ValidationError as error:
                    errors.extend(faults(error.errors(include_url=False), ("body", "calls", index)))
                except number.NumberError as error:
                    pointer = f"#/calls/{index}/phone_number"
                    errors.append({"detail": str(error), "pointer": pointer, "index": index})

        for first in range(0, len(asked), _PIECE):
            await asyncio.to_thread(check, first)
        return calls, errors

    def _call(self, account: Account, campaign: Campaign, asked: models.NewCall) -> NewCall:
        text, _ = dialable(
            asked.phone_number.strip(),
            country=account.settings.country,
            bad_ani=self._settings.compat.bad_ani,
        )
        return NewCall(
            account_id=account.account_id,
            campaign_id=campaign.campaign_id,
            phone_number=text,
            start_url=campaign.defaults.start_url,
            result_url=campaign.defaults.result_url,
            message_reference=asked.message_reference,
            call_parameters=asked.call_parameters,
            max_retries=campaign.defaults.max_retries,
            retry_interval=campaign.defaults.retry_interval,
        )


def calling(campaign: Campaign, rules: CampaignRules, now: datetime) -> Verdict:
    """Whether a campaign may call: its state first, then its schedules."""
    if campaign.state is CampaignState.PAUSED:
        return Verdict(False, STOPPED)
    return verdict(rules.schedules, now)


async def _pieces(calls: Sequence[NewCall]) -> AsyncIterator[Sequence[NewCall]]:
    for first in range(0, len(calls), _PIECE):
        yield calls[first : first + _PIECE]
