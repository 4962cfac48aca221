"""Campaigns: made, shown, started, stopped, and given calls."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api.scheduling import models
from mirabelle.api.scheduling.models import NewCall, NewCalls, NewCampaign, Rules, WhichCampaign
from mirabelle.api.v1 import page, problem
from mirabelle.api.v1.additions import Additions
from mirabelle.api.v1.campaigns import CampaignId
from mirabelle.api.v1.identity import Manager, Reader
from mirabelle.api.v1.own_campaigns import OwnCampaigns, address_faults
from mirabelle.api.v1.page import After, Limit
from mirabelle.api.v1.problem import FieldError
from mirabelle.api.v1.services import Services
from mirabelle.calls.campaign import Campaign, CampaignDefaults, CampaignState
from mirabelle.calls.gate import Verdict
from mirabelle.calls.schedule import verdict
from mirabelle.store.records import CampaignRules, Uploaded

STOPPED: Final = "The campaign is stopped; start it."


class CampaignRoutes:
    """The handlers of `/api/campaigns`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._ledger = services.ledger
        self._own = OwnCampaigns(services)
        self._additions = Additions(services)

    async def add(self, response: Response, caller: Manager, asked: NewCampaign) -> models.CampaignReply:
        """Make a campaign. It is stopped."""
        allow_private = self._services.settings.http.allow_private
        faults = address_faults(start_url=asked.start_url, result_url=asked.result_url, allow_private=allow_private)
        if faults:
            raise problem.refused(faults)
        finding = await self._services.admission.addresses(caller.account, asked.start_url, asked.result_url)
        if finding.faults:
            raise problem.refused(finding.faults)
        made = await self._own.make(
            caller,
            asked.name,
            asked.campaign_parameters,
            defaults=CampaignDefaults(
                start_url=asked.start_url,
                result_url=asked.result_url,
                max_retries=asked.max_retries,
                retry_interval=asked.retry_interval,
            ),
            schedules=asked.schedules,
            profiles=asked.profiles,
            state=CampaignState.PAUSED,
        )
        response.headers["Location"] = f"/api/campaigns/{made.campaign_id}"
        return await self._reply(made)

    async def campaigns(
        self, request: Request, response: Response, caller: Reader, after: After = 0, limit: Limit = page.USUAL
    ) -> models.Campaigns:
        """The campaigns of the account, in the order of their ids."""
        found = await self._ledger.campaigns(caller.account.account_id, after=after, limit=limit + 1)
        shown, following = page.cut(request, response, found, limit, lambda each: each.campaign_id)
        return models.Campaigns(campaigns=[await self._reply(each) for each in shown], next=following)

    async def campaign(self, caller: Reader, campaign_id: CampaignId) -> models.CampaignReply:
        """One campaign."""
        return await self._reply(await self._own.one(caller, campaign_id))

    async def set_rules(self, caller: Manager, campaign_id: CampaignId, asked: Rules) -> models.CampaignReply:
        """Let a campaign keep these schedules and profiles, and no others."""
        return await self._reply(await self._own.set_rules(caller, campaign_id, asked.schedules, asked.profiles))

    async def start(self, caller: Manager, asked: WhichCampaign) -> models.CampaignReply:
        """Let the calls of a campaign be made. One that is started stays so."""
        return await self._reply(await self._own.resume(caller, asked.campaign_id))

    async def stop(self, caller: Manager, asked: WhichCampaign) -> models.CampaignReply:
        """Let no call of a campaign be made any more. Those that ring or are connected go on."""
        return await self._reply(await self._own.pause(caller, asked.campaign_id))

    async def add_calls(self, request: Request, caller: Manager, asked: NewCalls) -> Response:
        """Add calls to a campaign, all of them or none."""
        campaign = await self._own.one(caller, asked.campaign_id)
        if not campaign.defaults.start_url:
            detail = f"Campaign {campaign.campaign_id} was made without a start_url, so calls are not added to it here."
            raise problem.conflict(detail)

        def text(uploaded: Uploaded, warnings: list[FieldError]) -> str:
            return models.Added(
                campaign_id=campaign.campaign_id,
                queued=uploaded.queued,
                first_call_id=uploaded.first_call_id,
                last_call_id=uploaded.last_call_id,
                warnings=warnings,
            ).model_dump_json()

        return await self._additions.add_listed(request, caller, campaign, asked.calls, NewCall, text)

    async def _reply(self, campaign: Campaign) -> models.CampaignReply:
        rules = await self._ledger.campaign_rules(campaign.campaign_id)
        # Many windows take a while to be worked out.
        found = await asyncio.to_thread(calling, campaign, rules, self._services.clock.now())
        return models.campaign_reply(campaign, rules, found)


def calling(campaign: Campaign, rules: CampaignRules, now: datetime) -> Verdict:
    """Whether a campaign may call: its state first, then its schedules."""
    if campaign.state is CampaignState.PAUSED:
        return Verdict(False, STOPPED)
    return verdict(rules.schedules, now)
