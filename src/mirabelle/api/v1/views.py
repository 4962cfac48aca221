"""What the JSON API shows of calls, campaigns, results, accounts and keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PlainSerializer

from mirabelle.api.v1.page import Page
from mirabelle.calls.account import Account, BadVxml, ResultLiterals, StartMethod
from mirabelle.calls.attempt import Attempt, AttemptState
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.campaign import Campaign, CampaignState, Dialing
from mirabelle.calls.outcome import Outcome
from mirabelle.store.records import CampaignRules, ResultState, Role, StoredResult


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


Instant = Annotated[datetime, PlainSerializer(_text, return_type=str, when_used="json")]
"""An instant as RFC 3339 has it, in UTC."""


class CallView(BaseModel):
    """A call and where it stands."""

    call_id: int = Field(description="Positive; fits a signed 32-bit integer.")
    campaign_id: int
    state: CallState
    phone_number: str = Field(description="As it is dialled.")
    message_reference: str
    call_parameters: str
    start_url: str
    result_url: str = Field(description="Empty where no result is posted.")
    max_retries: int
    retry_interval: int = Field(description="Seconds from the end of an attempt to the next.")
    queued_at: Instant
    due_at: Instant = Field(description="No attempt before this instant; moves with each retry.")
    expires_at: Instant | None = Field(description="No attempt after this instant; null is never.")
    attempts: int = Field(description="Attempts that counted so far.")
    last_attempt_at: Instant | None
    duration: int = Field(description="Seconds of the answered attempt; 0 where there is none.")
    callee_type: str = Field(description="voice, answeringmachine, fax or unknown.")
    detail: str = Field(description="The reason in words, where it failed.")
    ended_at: Instant | None = Field(description="When it became final.")
    priority: Literal["low", "normal", "high", "urgent"] = Field(
        description="Which due calls of its campaign come first."
    )
    zone: str = Field(description="The callee's time zone where the call names one; empty: the number tells it.")

    @classmethod
    def of(cls, call: Call) -> CallView:
        """The view of a call."""
        own = {name: getattr(call, name) for name in CallView.model_fields}
        return cls.model_construct(**own | {"priority": call.priority.word})


class CallList(Page):
    """A page of calls."""

    calls: list[CallView]


class AttemptView(BaseModel):
    """One INVITE and what came of it."""

    number: int = Field(description="1 for the first attempt of the call.")
    state: AttemptState
    outcome: Outcome | None = Field(description="Null while it goes on.")
    sip_status: int = Field(description="The final SIP status; 0 where none came.")
    detail: str
    trunk: str
    sip_call_id: str = Field(description="The Call-ID of its INVITE.")
    started_at: Instant
    ringing_at: Instant | None
    answered_at: Instant | None
    ended_at: Instant | None
    seconds_to_ringing: float | None = Field(description="Post-dial delay: from the INVITE to the ringing.")
    seconds_to_answer: float | None
    seconds_connected: float | None

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptView:
        """The view of an attempt."""
        own = {name: getattr(attempt, name) for name in cls.model_fields if hasattr(attempt, name)}
        return cls.model_construct(
            **own,
            seconds_to_ringing=_seconds(attempt.started_at, attempt.ringing_at),
            seconds_to_answer=_seconds(attempt.started_at, attempt.answered_at),
            seconds_connected=_seconds(attempt.answered_at, attempt.ended_at),
        )


class AttemptList(BaseModel):
    """The attempts of a call."""

    attempts: list[AttemptView]


class DialingView(BaseModel):
    """How the calls of a campaign are dialled."""

    weight: int = Field(description="Its share against that of other campaigns.")
    retry: str | dict[str, Any] = Field(description="The retry policy: the name of a preset, or its rules.")
    hours: dict[str, Any] | None = Field(description="When callees may be called on their own clocks; null: always.")

    @classmethod
    def of(cls, dialing: Dialing) -> DialingView:
        """The view of it."""
        shown = dialing.as_json()
        return cls.model_construct(weight=dialing.weight, retry=shown["retry"], hours=shown.get("hours"))


class CampaignView(BaseModel):
    """A campaign."""

    campaign_id: int
    name: str
    parameters: str
    state: CampaignState
    created_at: Instant
    start_url: str = Field(description="That of calls that name none; empty: they must.")
    result_url: str = Field(description="That of calls that name none.")
    max_retries: int = Field(description="That of calls that do not say.")
    retry_interval: int = Field(description="That of calls that do not say, in seconds.")
    dialing: DialingView = Field(description="How its calls are dialled.")

    @classmethod
    def of(cls, campaign: Campaign) -> CampaignView:
        """The view of a campaign."""
        shown = set(CampaignView.model_fields) - {"dialing"}
        own = {name: getattr(campaign, name) for name in shown if hasattr(campaign, name)}
        return CampaignView.model_construct(
            **own, **dataclasses.asdict(campaign.defaults), dialing=DialingView.of(campaign.dialing)
        )


class CampaignCounts(CampaignView):
    """A campaign, what it keeps, and how many of its calls are in each state."""

    schedules: list[int] = Field(description="It calls while one of these schedules is open.")
    profiles: list[int] = Field(description="It calls no faster than each of these profiles.")
    calls: dict[CallState, int]

    @classmethod
    def counted(cls, campaign: Campaign, rules: CampaignRules, counts: Mapping[CallState, int]) -> CampaignCounts:
        """The view of a campaign with its calls."""
        return cls.model_construct(
            **dict(CampaignView.of(campaign)),
            schedules=[each.schedule_id for each in rules.schedules],
            profiles=[each.profile_id for each in rules.profiles],
            calls=dict(counts),
        )


class CampaignList(Page):
    """A page of campaigns."""

    campaigns: list[CampaignView]


class ResultView(BaseModel):
    """A result on its way to a `result_url`."""

    result_id: int
    call_id: int
    sequence: int = Field(description="1 for the first result of its call.")
    state: ResultState = Field(description="`pending`: it is posted when it is due; `dead`: given up.")
    url: str
    variables: dict[str, str] = Field(description="What is posted.")
    attempts: int = Field(description="Posts that were begun.")
    due_at: Instant = Field(description="The next post, while it is pending.")
    created_at: Instant
    ended_at: Instant | None = Field(description="When it was taken or given up.")
    reason: str = Field(description="Why the last post failed; empty where none did.")

    @classmethod
    def of(cls, result: StoredResult) -> ResultView:
        """The view of a result."""
        own = {name: getattr(result, name) for name in cls.model_fields if hasattr(result, name)}
        return cls.model_construct(**own, result_id=result.delivery_id, variables=dict(result.form))


class ResultList(Page):
    """A page of results."""

    results: list[ResultView]


class SettingsView(BaseModel):
    """How the calls of an account are treated."""

    preflight: bool
    start_method: StartMethod
    country: str
    bad_vxml: BadVxml
    result_extras: bool
    result_literals: ResultLiterals
    calls_per_second: float = Field(description="The most INVITEs a second, over all campaigns; 0: as the trunks.")
    channels: int = Field(description="The most calls at once; 0: as the trunks.")
    person_attempts: int = Field(description="The most attempts to reach one person in `person_days`; 0: any number.")
    person_answers: int = Field(description="The most of them that are answered; 0: any number.")
    person_days: int = Field(description="The days that those two count.")
    transfer_to: str = Field(description="Whom applications may transfer callees to; empty: as the server says.")


class AccountView(BaseModel):
    """An account. Its PIN and its secret are shown once only, when they are made."""

    account_id: int
    login: str
    default_campaign_id: int = Field(description="Where calls fall that name no campaign.")
    settings: SettingsView

    @classmethod
    def of(cls, account: Account) -> AccountView:
        """The view of an account."""
        shown = {name: getattr(account.settings, name) for name in SettingsView.model_fields}
        return cls.model_construct(
            account_id=account.account_id,
            login=account.login,
            default_campaign_id=account.default_campaign_id,
            settings=SettingsView.model_construct(**shown),
        )


class AccountList(Page):
    """A page of accounts."""

    accounts: list[AccountView]


class KeyView(BaseModel):
    """A bearer key, without the key."""

    key_id: int
    role: Role
    name: str
    created_at: Instant


class KeyList(BaseModel):
    """The keys of an account."""

    keys: list[KeyView]


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else round((end - start).total_seconds(), 3)
