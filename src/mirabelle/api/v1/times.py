"""Times in words, and what was understood."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import BaseModel, Field

from mirabelle.api.v1.identity import Reader
from mirabelle.api.v1.problem import FieldError, ProblemError
from mirabelle.api.v1.services import Services
from mirabelle.api.v1.views import Instant
from mirabelle.calls import when


class TimeView(BaseModel):
    """What a time in words means."""

    expression: str
    instant: Instant
    timestamp: int = Field(description="The same as Unix time.")
    zone: str = Field(description="The zone that the expression was read in.")
    seconds_from_now: int
    in_gap: bool = Field(
        description="The clocks are put forward past it: it does not exist, and a later one was taken."
    )
    in_fold: bool = Field(description="The clocks are put back past it: it comes twice, and one of the two was taken.")
    warning: str = Field(description="The same in words; empty where there is nothing to warn of.")

    @classmethod
    def of(cls, expression: str, now: datetime) -> TimeView:
        """The view of a time in words.

        Raises:
            WhenError: it is not understood.
        """
        understood = when.explain(expression, now=now)
        return cls(
            expression=expression,
            instant=understood.instant,
            timestamp=int(understood.instant.timestamp()),
            zone=understood.zone,
            seconds_from_now=int((understood.instant - now).total_seconds()),
            in_gap=understood.in_gap,
            in_fold=understood.in_fold,
            warning=understood.warning,
        )


class Times:
    """`/v1/when`."""

    def __init__(self, services: Services) -> None:
        self._clock = services.clock

    async def explain(
        self,
        _caller: Reader,
        expression: Annotated[
            str,
            Query(
                max_length=when.MOST_CHARACTERS,
                description="A time in words.",
                openapi_examples={"morning": {"value": "tomorrow 9:30"}},
            ),
        ],
        zone: Annotated[
            str, Query(max_length=64, description="The zone of what names none, such as Europe/Berlin.")
        ] = "UTC",
    ) -> TimeView:
        """Say what a time in words means, as scheduled_time and expiration_time understand it."""
        now = self._clock.now().replace(microsecond=0).astimezone(_zone(zone))
        try:
            return TimeView.of(expression, now)
        except when.WhenError as error:
            raise _refused("expression", str(error)) from error


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise _refused("zone", "This is not a zone of the time zone database.") from error


def _refused(field: str, reason: str) -> ProblemError:
    error = FieldError(field=field, detail=reason)
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, reason, errors=[error])
