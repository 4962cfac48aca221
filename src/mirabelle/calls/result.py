"""The result of a call, as it is posted to `result_url`."""

from __future__ import annotations

from dataclasses import dataclass, field

from mirabelle.calls.call import Call, CallState


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


def result_form(call: Call) -> tuple[tuple[str, str], ...]:
    """The eight variables that a receiver of `result_url` reads, in order.

    Args:
        call: in a final state.
    """
    result = "completed" if call.state is CallState.COMPLETED else "failed"
    last = "" if call.last_attempt_at is None else str(int(call.last_attempt_at.timestamp()))
    return (
        ("phone_number", call.phone_number),
        ("message_reference", call.message_reference),
        ("call_id", str(call.call_id)),
        ("result", result),
        ("callee_type", call.callee_type),
        ("attempts", str(call.attempts)),
        ("last_attempt_timestamp", last),
        ("duration", str(call.duration)),
    )


def start_form(call: Call) -> tuple[tuple[str, str], ...]:
    """The five variables that are posted to `start_url` when somebody answered, in order."""
    return (
        ("phone_number", call.phone_number),
        ("message_reference", call.message_reference),
        ("call_id", str(call.call_id)),
        ("call_parameters", call.call_parameters),
        ("campaign_parameters", call.campaign_parameters),
    )
