"""The result of a call, as it is posted to `result_url`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from mirabelle.calls.account import AccountSettings, ResultLiterals
from mirabelle.calls.call import Call, CallState
from mirabelle.calls.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A result on its way to a customer.

    Attributes:
        delivery_id: the store's key; also sent, so that a receiver can drop a repeat.
        call_id: the call it reports.
        url: where it goes.
        form: the fields, in order.
        attempts: posts made so far.
        sequence: 1 for the first result of its call; a call that is retried by hand reports again.
        secrets: what signs it, the newest first; nothing where its account has none.
    """

    delivery_id: int
    call_id: int
    url: str
    form: tuple[tuple[str, str], ...]
    attempts: int = 0
    sequence: int = 1
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a result may tell of a call that is final, beside the call itself.

    Attributes:
        campaign_name: the name of its campaign.
        sequence: 1 for the first result of the call.
        outcome: of the last attempt since the result before; None where there was none.
        sip_status: of that attempt; 0 where no final answer came.
        answered_at: when that attempt was answered; None where it was not.
    """

    campaign_name: str
    sequence: int
    outcome: Outcome | None = None
    sip_status: int = 0
    answered_at: datetime | None = None


Form: TypeAlias = tuple[tuple[str, str], ...]
"""Variables and their values, in order."""


def needs_extras(wishes: AccountSettings) -> bool:
    """Whether the results of an account tell more than their calls know."""
    return wishes.result_extras or wishes.result_literals == "extended"


def result_form(call: Call, wishes: AccountSettings, extras: Extras | None = None) -> Form:
    """The variables that a receiver of `result_url` reads, in order: eight, or twenty where the account has extras.

    Args:
        call: in a final state.
        wishes: of its account.
        extras: where `needs_extras` says so.
    """
    outcome = outcome_of(call, extras)
    eight = (
        ("phone_number", call.phone_number),
        ("message_reference", call.message_reference),
        ("call_id", str(call.call_id)),
        ("result", result_word(call.state, outcome, wishes.result_literals)),
        ("callee_type", call.callee_type),
        ("attempts", str(call.attempts)),
        ("last_attempt_timestamp", _timestamp(call.last_attempt_at)),
        ("duration", str(call.duration)),
    )
    if not wishes.result_extras or extras is None:
        return eight
    return (
        *eight,
        ("outcome", outcome),
        ("state", call.state.value),
        ("sip_status", str(extras.sip_status or "")),
        ("detail", call.detail),
        ("campaign_id", str(call.campaign_id)),
        ("campaign_name", extras.campaign_name),
        ("call_parameters", call.call_parameters),
        ("campaign_parameters", call.campaign_parameters),
        ("queued_timestamp", _timestamp(call.queued_at)),
        ("answered_timestamp", _timestamp(extras.answered_at)),
        ("ended_timestamp", _timestamp(call.ended_at)),
        ("sequence", str(extras.sequence)),
    )


def outcome_of(call: Call, extras: Extras | None) -> str:
    """What came of a call in one word: of its last attempt, unless it ended without one.

    Args:
        call: in a final state.
        extras: None where nothing is known of its attempts.
    """
    if call.state in (CallState.EXPIRED, CallState.CANCELED):
        return call.state.value
    if extras is not None and extras.outcome is not None:
        return extras.outcome.value
    return (Outcome.ANSWERED if call.state is CallState.COMPLETED else Outcome.FAILED).value


def result_word(state: CallState, outcome: str, literals: ResultLiterals) -> str:
    """The value of `result`.

    Args:
        state: final.
        outcome: as `outcome_of` says it.
        literals: which words may come.
    """
    if state is CallState.COMPLETED:
        return "completed"
    if literals == "extended" and outcome in ("expired", "canceled", "rejected"):
        return outcome
    return "failed"


def _timestamp(instant: datetime | None) -> str:
    return "" if instant is None else str(int(instant.timestamp()))


def start_form(call: Call) -> tuple[tuple[str, str], ...]:
    """The five variables that are posted to `start_url` when somebody answered, in order."""
    return (
        ("phone_number", call.phone_number),
        ("message_reference", call.message_reference),
        ("call_id", str(call.call_id)),
        ("call_parameters", call.call_parameters),
        ("campaign_parameters", call.campaign_parameters),
    )
