"""The bodies of requests and replies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SkipValidation, model_validator

from mirabelle.api import queuecall, xml
from mirabelle.calls import number, profile, schedule
from mirabelle.calls.campaign import Campaign
from mirabelle.calls.gate import Verdict
from mirabelle.calls.profile import Profile
from mirabelle.calls.schedule import Schedule
from mirabelle.store.records import CampaignRules
from mirabelle.store.rule_steps import MOST_KEPT

MOST_CALLS: Final = 10_000
"""The most calls that are added at a time."""

MOST_LISTED: Final = 1000
"""The most objects of a page."""

MOST_STRANGERS: Final = 10
"""Fields that are not ours and are told one by one."""

GREATEST: Final = 2**31 - 1
"""The greatest id."""


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


class Body(BaseModel):
    """What a request holds: nothing else, and each value of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _few_strangers(cls, value: Any) -> Any:
        """Tell a flood of fields that are not ours in one sentence, and not in one for each."""
        if isinstance(value, dict) and len(value) > len(cls.model_fields) + MOST_STRANGERS:
            raise ValueError(f"There are {len(value)} fields; at most {len(cls.model_fields)} are known")
        return value


class Window(Body):
    """Hours of some days of the week."""

    weekdays: Annotated[list[Day], Field(min_length=1, max_length=7, description="The days on which it begins.")]
    start: Annotated[Time, Field(description="From when, such as `09:00`.")]
    end: Annotated[
        Time, Field(description="Until when, up to `24:00`; before the start: on the next day, over midnight.")
    ]


class NewSchedule(Body):
    """A schedule to be made."""

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
    created_at: datetime


class NewProfile(Body):
    """A profile to be made."""

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
    created_at: datetime


class Rules(Body):
    """What a campaign keeps."""

    schedules: Annotated[
        Ids, Field(description="Ids of schedules: calls leave while one of them is open; none: at any time.")
    ] = []
    profiles: Annotated[
        Ids, Field(description="Ids of profiles, which all hold; none: as fast as the trunks carry.")
    ] = []


class NewCampaign(Rules):
    """A campaign to be made."""

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
    changes_at: datetime | None


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
    created_at: datetime


class WhichCampaign(Body):
    """A campaign to be started or stopped."""

    campaign_id: Annotated[Id, Field(description="Which campaign.")]


class NewCall(Body):
    """A call to be added."""

    phone_number: Annotated[
        Text,
        Field(
            min_length=1, max_length=number.MOST_CHARACTERS, description="The number, with `+` and the country code."
        ),
    ]
    message_reference: Annotated[
        Text, Field(description="Your own id of the call; given to start_url and result_url.")
    ] = ""
    call_parameters: Annotated[Text, Field(description="Any text; given to start_url.")] = ""


class NewCalls(WhichCampaign):
    """Calls to be added to a campaign."""

    # Each is looked at off the event loop, and what is wrong with it is told with the rest.
    calls: Annotated[
        list[SkipValidation[NewCall]],
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


class Schedules(BaseModel):
    """A page of schedules."""

    schedules: list[ScheduleReply]
    next: int | None
    """What to give as `after` for the next page; null: this is the last."""


class Profiles(BaseModel):
    """A page of profiles."""

    profiles: list[ProfileReply]
    next: int | None
    """What to give as `after` for the next page; null: this is the last."""


class Campaigns(BaseModel):
    """A page of campaigns."""

    campaigns: list[CampaignReply]
    next: int | None
    """What to give as `after` for the next page; null: this is the last."""


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
