"""What the JSON API says of why a call does not leave."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from mirabelle.api.v1.views import Instant
from mirabelle.calls.explanation import Explanation, Gate
from mirabelle.calls.room import TrunkRoom


class GateView(BaseModel):
    """What may hold a call back."""

    gate: Gate
    open: bool
    reason: str = Field(description="Why, in words.")
    changes_at: Instant | None = Field(description="When the answer could change by itself; null: it does not.")


class TrunkRoomView(BaseModel):
    """A way out, and what is left of it."""

    name: str
    tried: bool = Field(description="Whether it failed the call since its last attempt that counted.")
    left: int = Field(description="How many more calls may leave now.")
    in_use: int = Field(description="Calls at this moment, across the fleet.")
    channels: int
    calls_per_second: float = Field(description="As the settings have it.")
    calls_per_second_now: float = Field(description="The same as it is now, after the trunk said that it has no room.")
    slowed_at: Instant | None = Field(description="When it said so last; null where the rate is whole.")
    blocked_until: Instant | None = Field(description="Until when it asked to be left alone.")

    @classmethod
    def of(cls, room: TrunkRoom) -> TrunkRoomView:
        """The view of a trunk."""
        shown = {name: getattr(room, name) for name in cls.model_fields if hasattr(room, name)}
        return cls.model_construct(**shown, calls_per_second=room.rate, calls_per_second_now=room.rate_now)


class PlaceView(BaseModel):
    """Where a call stands among those that may leave."""

    campaigns: int = Field(description="Campaigns that have due calls now, and share the trunks.")
    before: int = Field(description="Calls of its campaign that are due before it; from 1000 on they are not counted.")


class ExplanationView(BaseModel):
    """Why a call, or the calls of a campaign, do not leave."""

    asked_at: Instant
    open: bool = Field(description="Whether every gate is open.")
    headline: str = Field(description="The answer in a sentence or two.")
    first_closed: Gate | None = Field(description="The first gate that is closed.")
    earliest: Instant | None = Field(
        description="When all gates are open if nobody changes anything; null where that is never, or not foreseen."
    )
    gates: list[GateView]
    place: PlaceView | None = Field(description="Of a call that waits.")
    trunks: list[TrunkRoomView] = Field(description="Those that are meant for the number; all for a campaign.")

    @classmethod
    def of(cls, found: Explanation, now: datetime) -> ExplanationView:
        """The view of an explanation."""
        place = found.place
        return cls(
            asked_at=now,
            open=found.open,
            headline=found.headline,
            first_closed=found.first_closed,
            earliest=found.earliest,
            gates=[
                GateView(gate=gate, open=verdict.open, reason=verdict.reason, changes_at=verdict.changes_at)
                for gate, verdict in found.findings
            ],
            place=None if place is None else PlaceView(campaigns=place.campaigns, before=place.before),
            trunks=[TrunkRoomView.of(each) for each in found.trunks],
        )
