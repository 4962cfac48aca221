"""The campaigns of whoever asks: found, made and ruled, for `/v1` and `/api` alike."""

from __future__ import annotations

from collections.abc import Sequence

from mirabelle.api import url
from mirabelle.api.v1 import problem
from mirabelle.api.v1.identity import Identity
from mirabelle.api.v1.services import Services
from mirabelle.api.xml import Fault
from mirabelle.calls.campaign import USUAL_DIALING, Campaign, CampaignDefaults, CampaignState, Dialing
from mirabelle.store.ledger import CampaignExists, RuleMissing


class OwnCampaigns:
    """What both services do with campaigns; whatever goes wrong is a problem."""

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger
        self._clock = services.clock

    async def one(self, caller: Identity, campaign_id: int) -> Campaign:
        """A campaign of the account.

        Raises:
            ProblemError: 404.
        """
        campaign = await self._ledger.campaign(campaign_id)
        if campaign is None or campaign.account_id != caller.account.account_id:
            raise problem.not_found(f"campaign {campaign_id}")
        return campaign

    async def make(
        self,
        caller: Identity,
        name: str,
        parameters: str,
        *,
        defaults: CampaignDefaults,
        schedules: Sequence[int],
        profiles: Sequence[int],
        state: CampaignState,
        dialing: Dialing = USUAL_DIALING,
    ) -> Campaign:
        """Make a campaign; see `Ledger.add_campaign`.

        Raises:
            ProblemError: 409 where the name is taken, 422 where the account has no such schedule or profile.
        """
        try:
            return await self._ledger.add_campaign(
                caller.account.account_id,
                name,
                parameters,
                self._clock.now(),
                defaults=defaults,
                schedules=schedules,
                profiles=profiles,
                state=state,
                dialing=dialing,
            )
        except CampaignExists as error:
            raise problem.conflict(str(error)) from error
        except RuleMissing as error:
            raise problem.refused([Fault(error.field, str(error))]) from error

    async def set_rules(
        self, caller: Identity, campaign_id: int, schedules: Sequence[int], profiles: Sequence[int]
    ) -> Campaign:
        """Let a campaign keep these and no others.

        Raises:
            ProblemError: 404 where there is no such campaign, 422 where there is no such schedule or profile.
        """
        campaign = await self.one(caller, campaign_id)
        try:
            await self._ledger.set_campaign_rules(campaign_id, schedules, profiles)
        except RuleMissing as error:
            raise problem.refused([Fault(error.field, str(error))]) from error
        return campaign

    async def pause(self, caller: Identity, campaign_id: int) -> Campaign:
        """Let no attempt begin any more.

        Raises:
            ProblemError: 404.
        """
        await self.one(caller, campaign_id)
        return await self._ledger.pause_campaign(campaign_id, self._clock.now())

    async def resume(self, caller: Identity, campaign_id: int) -> Campaign:
        """Let its calls be dialled again.

        Raises:
            ProblemError: 404.
        """
        await self.one(caller, campaign_id)
        return await self._ledger.resume_campaign(campaign_id, self._clock.now())


def address_faults(*, start_url: str, result_url: str, allow_private: bool) -> list[Fault]:
    """What is wrong with the addresses of a campaign; an empty one is none.

    Args:
        start_url: without blanks around it.
        result_url: without blanks around it.
        allow_private: whether they may lead to private networks.
    """
    faults: list[Fault] = []
    for name, text in (("start_url", start_url), ("result_url", result_url)):
        try:
            if text:
                url.check(text, allow_private=allow_private)
        except url.UrlError as error:
            faults.append(Fault(name, str(error)))
    return faults
