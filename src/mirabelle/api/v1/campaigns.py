"""`/v1/campaigns`: make one, add calls, pause, resume, cancel, retry."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api import xml
from mirabelle.api.queuecall import DEFAULT_RETRY_INTERVAL
from mirabelle.api.queuecalls import FIELDS
from mirabelle.api.v1 import order, page, problem
from mirabelle.api.v1.additions import Additions, DuplicateScopeQuery, DuplicatesQuery, OnBadLineQuery
from mirabelle.api.v1.asked import Asked
from mirabelle.api.v1.calls import CallsChanged
from mirabelle.api.v1.explanations import ExplanationView
from mirabelle.api.v1.identity import Manager, Reader
from mirabelle.api.v1.own_campaigns import OwnCampaigns, address_faults
from mirabelle.api.v1.page import After, Limit
from mirabelle.api.v1.services import Services
from mirabelle.api.v1.views import CampaignCounts, CampaignList, CampaignView
from mirabelle.api.xml import Fault
from mirabelle.calls import when
from mirabelle.calls.calling_window import CalleeHours
from mirabelle.calls.campaign import USUAL_DIALING, Campaign, CampaignDefaults, CampaignState, Dialing
from mirabelle.calls.fair_share import HEAVIEST
from mirabelle.calls.retry import PRESETS, RetryError, RetryPolicy
from mirabelle.errors import MirabelleError
from mirabelle.store.rule_steps import MOST_KEPT

_MOST: Final = {field.name: field.most for field in FIELDS}

CampaignId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The id of a campaign.")]
"""The campaign that a path names."""

NameFilter = Annotated[
    str | None,
    Query(min_length=1, max_length=_MOST["campaign_name"], description="The campaign of this name only."),
]
"""Which campaign is looked for."""

MOST_RULES: Final = MOST_KEPT
"""The most schedules, and the most profiles, of a campaign."""

RuleId = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""The id of a schedule or a profile."""

_DIALING: Final[dict[str, Any]] = {
    "weight": 5,
    "retry": "reminder",
    "hours": {
        "windows": [{"weekdays": ["monday", "tuesday"], "start": "09:00", "end": "20:00"}],
        "holidays": ["US"],
    },
}


class DialingOrder(Asked):
    """How the calls of a campaign are dialled; what is left out is as usual."""

    model_config = ConfigDict(json_schema_extra={"example": _DIALING})

    weight: int = Field(default=1, ge=1, le=HEAVIEST, description="Its share against that of other campaigns.")
    retry: str | dict[str, Any] = Field(
        default="default", description=f"The retry policy: {', '.join(PRESETS)}, or a table that begins with one."
    )
    hours: dict[str, Any] | None = Field(
        default=None, description="When callees may be called on their own clocks: windows, holidays; null: always."
    )

    def dialing(self, prefix: str = "") -> Dialing:
        """The same, checked.

        Args:
            prefix: in front of the names of fields in what is refused.

        Raises:
            ProblemError: a value cannot be that of a campaign.
        """
        try:
            retry = RetryPolicy.parse(self.retry)
        except RetryError as error:
            raise problem.refused([Fault("retry", str(error))], prefix=prefix) from error
        try:
            hours = None if self.hours is None else CalleeHours.parse(self.hours)
        except MirabelleError as error:
            raise problem.refused([Fault("hours", str(error))], prefix=prefix) from error
        return Dialing(weight=self.weight, retry=retry, hours=hours)


class CampaignOrder(Asked):
    """A campaign."""

    name: str = Field(
        min_length=1, max_length=_MOST["campaign_name"], description="No other campaign of the account has it."
    )
    parameters: str = Field(
        default="", max_length=_MOST["campaign_parameters"], description="Any text; given to start_url with every call."
    )
    start_url: str = Field(default="", max_length=_MOST["start_url"], description="That of calls that name none.")
    result_url: str = Field(default="", max_length=_MOST["result_url"], description="That of calls that name none.")
    max_retries: int = Field(default=0, ge=0, le=10, description="That of calls that do not say.")
    retry_interval: int = Field(
        default=DEFAULT_RETRY_INTERVAL, ge=60, le=172_800, description="That of calls that do not say, in seconds."
    )
    schedules: list[RuleId] = Field(
        default_factory=list, max_length=MOST_RULES, description="It calls while one of these schedules is open."
    )
    profiles: list[RuleId] = Field(
        default_factory=list, max_length=MOST_RULES, description="It calls no faster than each of these profiles."
    )
    paused: bool = Field(default=False, description="Whether its calls wait until it is resumed.")
    dialing: DialingOrder | None = Field(default=None, description="How its calls are dialled; as usual when left out.")


class RulesOrder(Asked):
    """What a campaign keeps from now on."""

    schedules: list[RuleId] = Field(max_length=MOST_RULES)
    profiles: list[RuleId] = Field(max_length=MOST_RULES)


class RetryOrder(Asked):
    """How failed calls are taken back."""

    expiration_time: str | None = Field(
        default=None,
        max_length=when.MOST_CHARACTERS,
        description="The new expiration, in words, of calls whose own has passed; without it those stay as they are.",
    )


class Campaigns:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger
        self._clock = services.clock
        self._trunks = services.settings.trunks
        self._allow_private = services.settings.http.allow_private
        self._own = OwnCampaigns(services)
        self._additions = Additions(services)

    async def make(self, response: Response, caller: Manager, asked: CampaignOrder) -> CampaignView:
        """Make a campaign without calls."""
        faults = _faults(asked, allow_private=self._allow_private)
        if faults:
            raise problem.refused(faults)
        campaign = await self._own.make(
            caller,
            asked.name.strip(),
            asked.parameters,
            defaults=CampaignDefaults(
                start_url=asked.start_url.strip(),
                result_url=asked.result_url.strip(),
                max_retries=asked.max_retries,
                retry_interval=asked.retry_interval,
            ),
            schedules=asked.schedules,
            profiles=asked.profiles,
            state=CampaignState.PAUSED if asked.paused else CampaignState.ACTIVE,
            dialing=USUAL_DIALING if asked.dialing is None else asked.dialing.dialing("dialing."),
        )
        response.headers["Location"] = f"/v1/campaigns/{campaign.campaign_id}"
        return CampaignView.of(campaign)

    async def listed(
        self,
        request: Request,
        response: Response,
        caller: Reader,
        name: NameFilter = None,
        after: After = 0,
        limit: Limit = page.USUAL,
    ) -> CampaignList:
        """The campaigns of the account, the oldest first; `default` is the one of calls that name none."""
        if name is not None:
            one = await self._ledger.campaign_by_name(caller.account.account_id, name)
            return CampaignList(campaigns=[CampaignView.of(one)] if one and one.campaign_id > after else [])
        found = await self._ledger.campaigns(caller.account.account_id, after=after, limit=limit + 1)
        campaigns, following = page.cut(request, response, found, limit, lambda each: each.campaign_id)
        return CampaignList(campaigns=[CampaignView.of(each) for each in campaigns], next=following)

    async def one(self, caller: Reader, campaign_id: CampaignId) -> CampaignCounts:
        """A campaign, and how many of its calls are in each state."""
        return await self._counted(await self._own.one(caller, campaign_id))

    async def add(
        self,
        request: Request,
        caller: Manager,
        campaign_id: CampaignId,
        on_bad_line: OnBadLineQuery = "refuse",
        duplicates: DuplicatesQuery = "allow",
        duplicate_scope: DuplicateScopeQuery = "campaign",
    ) -> Response:
        """Queue many calls, all or none of them: a JSON list, or any number as lines of JSON that are streamed."""
        campaign = await self._own.one(caller, campaign_id)
        return await self._additions.add(request, caller, campaign, on_bad_line, duplicates, duplicate_scope)

    async def pause(self, caller: Manager, campaign_id: CampaignId) -> CampaignCounts:
        """Let no attempt begin any more. After the reply no INVITE of the campaign leaves."""
        return await self._counted(await self._own.pause(caller, campaign_id))

    async def resume(self, caller: Manager, campaign_id: CampaignId) -> CampaignCounts:
        """Let its calls be dialled again."""
        return await self._counted(await self._own.resume(caller, campaign_id))

    async def cancel(self, caller: Manager, campaign_id: CampaignId) -> CallsChanged:
        """Withdraw all calls that wait. Those that are dialled go on."""
        await self._own.one(caller, campaign_id)
        return CallsChanged(calls=await self._ledger.cancel_campaign(campaign_id, self._clock.now()))

    async def retry(self, caller: Manager, campaign_id: CampaignId, asked: RetryOrder | None = None) -> CallsChanged:
        """Queue failed and expired calls once more, with all their retries; never one that was answered."""
        await self._own.one(caller, campaign_id)
        now = self._clock.now()
        expires_at = None
        if asked is not None and asked.expiration_time is not None:
            try:
                expires_at = order.expiration(asked.expiration_time, now)
            except when.WhenError as error:
                raise problem.refused([Fault("expiration_time", str(error))]) from error
        return CallsChanged(calls=await self._ledger.retry_failed(campaign_id, now, expires_at=expires_at))

    async def set_rules(self, caller: Manager, campaign_id: CampaignId, asked: RulesOrder) -> CampaignCounts:
        """Let it keep these schedules and profiles and no others."""
        return await self._counted(await self._own.set_rules(caller, campaign_id, asked.schedules, asked.profiles))

    async def set_dialing(self, caller: Manager, campaign_id: CampaignId, asked: DialingOrder) -> CampaignCounts:
        """Let its calls be dialled so. A call that waits already keeps the time at which it is due."""
        await self._own.one(caller, campaign_id)
        return await self._counted(await self._ledger.set_dialing(campaign_id, asked.dialing()))

    async def explain(self, caller: Reader, campaign_id: CampaignId) -> ExplanationView:
        """Why its calls do not leave: each gate that they have in common, and when it could change."""
        await self._own.one(caller, campaign_id)
        now = self._clock.now()
        found = await self._ledger.explain_campaign(campaign_id, self._trunks, now)
        if found is None:
            raise problem.not_found(f"campaign {campaign_id}")
        return ExplanationView.of(found, now)

    async def _counted(self, campaign: Campaign) -> CampaignCounts:
        rules = await self._ledger.campaign_rules(campaign.campaign_id)
        return CampaignCounts.counted(campaign, rules, await self._ledger.campaign_counts(campaign.campaign_id))


def _faults(asked: CampaignOrder, *, allow_private: bool) -> list[Fault]:
    faults = [
        Fault(name, "The value holds a control character that XML cannot carry.")
        for name, text in (("name", asked.name), ("parameters", asked.parameters))
        if not xml.holds(text)
    ]
    if not asked.name.strip():
        faults.append(Fault("name", "The name is blank; give one."))
    return faults + address_faults(
        start_url=asked.start_url.strip(), result_url=asked.result_url.strip(), allow_private=allow_private
    )
