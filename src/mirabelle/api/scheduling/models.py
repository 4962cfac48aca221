"""The bodies of requests and replies."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mirabelle.api import queuecall, xml
from mirabelle.api.v1.additions import MOST_CALLS
from mirabelle.api.v1.asked import UNREAD, Asked
from mirabelle.api.v1.order import Callee
from mirabelle.api.v1.page import Page
from mirabelle.api.v1.problem import FieldError
from mirabelle.api.v1.views import Instant
from mirabelle.calls import profile, schedule
from mirabelle.calls.campaign import Campaign
from mirabelle.calls.gate import Verdict
from mirabelle.calls.profile import Profile
from mirabelle.calls.schedule import Schedule
from mirabelle.store.records import CampaignRules
from mirabelle.store.rule_steps import MOST_KEPT

GREATEST: Final = 2**31 - 1
"""The greatest id."""


def _example(value: dict[str, Any]) -> ConfigDict:
    """What the document shows."""
    return ConfigDict(json_schema_extra={"example": value})


def _text(value: str) -> str:
    if not xml.holds(value):
        raise ValueError("The value holds a control character")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("The value is blank")
    return value


Id: TypeAlias = Annotated[int, Field(ge=1, le=GREATEST)]
Text: TypeAlias = Annotated[str, Field(max_length=255), AfterValidator(_text)]
Url: TypeAlias = Annotated[str, Field(max_length=255)]
Name: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=schedule.LONGEST_NAME), AfterValidator(_text), AfterValidator(_not_blank)
]
Day: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Time: TypeAlias = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Ids: TypeAlias = Annotated[list[Id], Field(max_length=MOST_KEPT)]


class Window(Asked):
    """Hours of some days of the week."""

    weekdays: Annotated[list[Day], Field(min_length=1, max_length=7, description="The days on which it begins.")]
    start: Annotated[Time, Field(description="From when, such as `09:00`.")]
    end: Annotated[
        Time, Field(description="Until when, up to `24:00`; before the start: on the next day, over midnight.")
    ]


class NewSchedule(Asked):
    """A schedule to be made."""

    model_config = _example(
        {
            "name": "office hours",
            "zone": "America/New_York",
            "windows": [{"weekdays": ["monday", "tuesday"], "start": "09:00", "end": "17:30"}],
        }
    )

    name: Annotated[Name, Field(description="Unique among the schedules of the account.")]
    zone: Annotated[str, Field(min_length=1, max_length=64, description="The time zone, such as `America/New_York`.")]
    windows: Annotated[
        list[Window],
        Field(min_length=1, max_length=schedule.MOST_WINDOWS, description="When calls may leave, see below."),
    ]


class ScheduleReply(BaseModel):
    """A schedule."""

    schedule_id: int
    name: str
    zone: str
    windows: list[Window]
    created_at: Instant


class NewProfile(Asked):
    """A profile to be made."""

    model_config = _example({"name": "gentle", "calls_per_second": 0.5, "channels": 5})

    name: Annotated[Name, Field(description="Unique among the profiles of the account.")]
    calls_per_second: Annotated[
        float | None,
        Field(ge=profile.SLOWEST, le=profile.FASTEST, allow_inf_nan=False, description="The most calls a second."),
    ] = None
    channels: Annotated[
        int | None, Field(ge=1, le=profile.MOST_CHANNELS, description="The most calls at the same time.")
    ] = None


class ProfileReply(BaseModel):
    """A profile."""

    profile_id: int
    name: str
    calls_per_second: float | None
    channels: int | None
    created_at: Instant


class Rules(Asked):
    """What a campaign keeps."""

    schedules: Ids = Field(
        default_factory=list,
        description="Ids of schedules: calls leave while one of them is open; none: at any time.",
    )
    profiles: Ids = Field(
        default_factory=list, description="Ids of profiles, which all hold; none: as fast as the trunks carry."
    )


class NewCampaign(Rules):
    """A campaign to be made."""

    model_config = _example({"name": "spring", "start_url": "http://example.com/start.vxml", "max_retries": 2})

    name: Annotated[Name, Field(description="Unique among the campaigns of the account.")]
    start_url: Annotated[
        Url, Field(min_length=1, description="Where the VoiceXML application of its calls is, http or https.")
    ]
    result_url: Annotated[Url, Field(description="Where the results are posted; empty: nowhere.")] = ""
    max_retries: Annotated[
        int, Field(ge=0, le=10, description="How many failed attempts of a call may be followed by another.")
    ] = 0
    retry_interval: Annotated[
        int, Field(ge=60, le=172_800, description="Seconds from the end of an attempt to the next.")
    ] = queuecall.DEFAULT_RETRY_INTERVAL
    campaign_parameters: Annotated[Text, Field(description="Any text; given to start_url with every call.")] = ""


class Calling(BaseModel):
    """Whether calls of a campaign may leave at this moment, by its state and its schedules."""

    open: bool
    reason: str
    changes_at: Instant | None


class CampaignReply(BaseModel):
    """A campaign."""

    campaign_id: int
    name: str
    state: Literal["active", "paused"]
    calling: Calling
    start_url: str
    result_url: str
    max_retries: int
    retry_interval: int
    campaign_parameters: str
    schedules: list[int]
    profiles: list[int]
    created_at: Instant


class WhichCampaign(Asked):
    """A campaign to be started or stopped."""

    campaign_id: Annotated[Id, Field(description="Which campaign.")]


class NewCall(Callee):
    """A call to be added."""


class NewCalls(WhichCampaign):
    """Calls to be added to a campaign."""

    model_config = _example(
        {
            "campaign_id": 2,
            "calls": [{"phone_number": "+16175550123", "message_reference": "order-17"}],
        }
    )

    # Each is looked at as a line is, so that what is wrong with it is told with the rest.
    calls: Annotated[
        list[Annotated[NewCall, UNREAD]],
        Field(min_length=1, max_length=MOST_CALLS, description="The calls, see below."),
    ]


class Added(BaseModel):
    """What became of calls that were to be added."""

    campaign_id: int
    queued: int
    first_call_id: int
    """The least id of the calls."""
    last_call_id: int
    """The greatest; where they are not `queued - 1` apart, calls that others queued meanwhile lie between."""
    warnings: list[FieldError] = Field(description="What was accepted and looks wrong.")


class Schedules(Page):
    """A page of schedules."""

    schedules: list[ScheduleReply]


class Profiles(Page):
    """A page of profiles."""

    profiles: list[ProfileReply]


class Campaigns(Page):
    """A page of campaigns."""

    campaigns: list[CampaignReply]


def schedule_reply(made: Schedule) -> ScheduleReply:
    """A schedule, as it is shown."""
    return ScheduleReply(
        schedule_id=made.schedule_id,
        name=made.name,
        zone=made.zone,
        windows=[Window.model_validate(window.as_json()) for window in made.windows],
        created_at=made.created_at,
    )


def profile_reply(made: Profile) -> ProfileReply:
    """A profile, as it is shown."""
    return ProfileReply(
        profile_id=made.profile_id,
        name=made.name,
        calls_per_second=made.calls_per_second,
        channels=made.channels,
        created_at=made.created_at,
    )


def campaign_reply(campaign: Campaign, rules: CampaignRules, verdict: Verdict) -> CampaignReply:
    """A campaign, as it is shown.

    Args:
        campaign: which.
        rules: what it keeps.
        verdict: what its gates say now.
    """
    return CampaignReply(
        campaign_id=campaign.campaign_id,
        name=campaign.name,
        state=campaign.state.value,
        calling=Calling(open=verdict.open, reason=verdict.reason, changes_at=verdict.changes_at),
        start_url=campaign.defaults.start_url,
        result_url=campaign.defaults.result_url,
        max_retries=campaign.defaults.max_retries,
        retry_interval=campaign.defaults.retry_interval,
        campaign_parameters=campaign.parameters,
        schedules=[each.schedule_id for each in rules.schedules],
        profiles=[each.profile_id for each in rules.profiles],
        created_at=campaign.created_at,
    )
