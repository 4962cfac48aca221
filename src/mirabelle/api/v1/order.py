"""A call that is asked for in JSON. What it may hold, and what is wrong with it, is what a queuecall form says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from mirabelle.api import queuecall
from mirabelle.api.queuecall import Order
from mirabelle.api.v1 import problem
from mirabelle.api.v1.asked import Asked
from mirabelle.api.xml import Fault
from mirabelle.calls import when
from mirabelle.calls.account import Account
from mirabelle.settings import Settings

_FIELDS: Final = {field.name: field for field in queuecall.FIELDS}


def _text(name: str, *, default: Any = None) -> Any:
    field = _FIELDS[name]
    return Field(default=default, max_length=field.most, description=field.meaning)


def _number(name: str) -> Any:
    field = _FIELDS[name]
    assert field.between is not None
    return Field(default=None, ge=field.between[0], le=field.between[1], description=field.meaning)


_EXAMPLE: Final[dict[str, Any]] = {
    "phone_number": "+16175550123",
    "start_url": "http://example.com/start.vxml",
    "result_url": "http://example.com/result",
    "message_reference": "order-17",
    "max_retries": 2,
}


class Callee(Asked):
    """Who is called, and what belongs to no other call."""

    phone_number: str = _text("phone_number", default=...)
    message_reference: str | None = _text("message_reference")
    call_parameters: str | None = _text("call_parameters")

    def form(self) -> dict[str, str]:
        """The same as the values of a queuecall form."""
        given = self.model_dump(exclude_none=True, exclude={"campaign_id"})
        return {name: str(value) for name, value in given.items()}


class _Fields(Callee):
    """What may be said of a call; what is left out has its default."""

    result_url: str | None = _text("result_url")
    max_retries: int | None = _number("max_retries")
    retry_interval: int | None = _number("retry_interval")
    scheduled_timestamp: int | None = _number("scheduled_timestamp")
    scheduled_time: str | None = _text("scheduled_time")
    expiration_timestamp: int | None = _number("expiration_timestamp")
    expiration_time: str | None = _text("expiration_time")
    priority: Literal["low", "normal", "high", "urgent"] | None = Field(
        default=None, description="Which due calls of a campaign come first; `normal` when left out."
    )
    zone: str | None = _text("zone")


class CallFields(_Fields):
    """One of several calls of a campaign."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    start_url: str | None = _text("start_url")


class CallOrder(_Fields):
    """One call."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    start_url: str = _text("start_url", default=...)
    campaign_id: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="The campaign it falls into; the account's default when left out."
    )


T = TypeVar("T", bound=Callee)


def read(model: type[T], value: Any) -> tuple[T | None, tuple[Fault, ...]]:
    """What a request asks for, as far as it has the right shape, and what is wrong with the shape of the rest.

    It is None where no field can be told from another.

    Args:
        model: what may be asked for.
        value: JSON.
    """
    try:
        return model.model_validate(value), ()
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
    faults = tuple(Fault(problem.place_of(each), problem.reason_of(each)) for each in errors)
    wrong = {fault.field for fault in faults}
    if problem.WHOLE in wrong:
        return None, faults
    fitting = (model.model_fields.keys() & value.keys()) - wrong
    return model.model_construct(**{name: value[name] for name in fitting}), faults


def check(values: Mapping[str, str], account: Account, settings: Settings, now: datetime) -> Order | tuple[Fault, ...]:
    """See whether the values of a form make a call of this account; see `mirabelle.api.queuecall.check`."""
    return queuecall.check(
        values,
        now=now,
        allow_private=settings.http.allow_private,
        bad_ani=settings.compat.bad_ani,
        country=account.settings.country,
        fields=queuecall.CALL_FIELDS,
    )


def expiration(expression: str, now: datetime) -> datetime:
    """The instant of an expiration in words, which is to come.

    Raises:
        WhenError: it is not understood, or past.
    """
    instant = when.parse(expression, now=now)
    if instant <= now:
        raise when.WhenError("The expiration lies in the past; give one that is to come.")
    return instant
