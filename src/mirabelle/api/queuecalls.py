"""What a queuecalls request holds beside its list, and what is wrong with it. Pure: the clock is an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, cast, get_args

from mirabelle.api import queuecall
from mirabelle.api.form import Part
from mirabelle.api.queuecall import Field, Order
from mirabelle.api.xml import Fault

SERVICE: Final = "queuecalls"
"""The root element of the replies."""

OnBadLine: TypeAlias = Literal["refuse", "skip"]
"""What becomes of a list with a bad line in it: it is refused, or the line is passed over."""
Duplicates: TypeAlias = Literal["allow", "skip", "refuse"]
"""What becomes of a number that the list holds twice: it is called twice, once, or the list is refused."""

DuplicateScope: TypeAlias = Literal["campaign", "account"]
"""Where a number is looked for beside the list: in the campaign, or also among all calls of the account that are not
over."""

PHONE_LIST: Final = "phone_list"
"""The field that holds the list."""
PHONE_LIST_ALIASES: Final = ("phone_number_list", "phone_numbers", "file", "upload")
"""Other names of that field."""

CALLS_OF: Final = "/v1/calls?campaign_id={}"
"""Where all calls of a campaign are listed, of which a reply has only the first."""

_COLUMNS: Final = ("phone_number", "message_reference", "call_parameters")

_QUEUECALL: Final = {field.name: field for field in queuecall.FIELDS}
_NAME = "The campaign's name, which no other campaign of the account has."
FIELDS: Final = (
    _QUEUECALL["login"],
    _QUEUECALL["pin"],
    Field("campaign_name", 128, _NAME, required=True),
    Field("campaign", 128, "Another spelling of `campaign_name`."),
    _QUEUECALL["start_url"],
    _QUEUECALL["result_url"],
    Field("campaign_parameters", 255, "Any text; given to start_url with every call."),
    *(
        _QUEUECALL[name]
        for name in (
            "max_retries",
            "max_retry",
            "retry_interval",
            "scheduled_timestamp",
            "scheduled_time",
            "expiration_timestamp",
            "expiration_time",
            "priority",
            "zone",
        )
    ),
    Field("on_bad_line", 10, "`refuse`: a bad line refuses the list, as when left out; `skip`: it is passed over."),
    Field("duplicates", 10, "A number that is there twice: `allow`, as when left out, `skip` or `refuse`."),
    Field(
        "duplicate_scope",
        10,
        "Where: `campaign`, as when left out, is the list; `account` also the account's calls that are not over.",
    ),
)
"""Every field but the list, in the order of the documentation."""

CAMPAIGN_FIELDS: Final = tuple(field for field in FIELDS if field.name not in {"login", "pin"})
"""Those that describe the campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOrder:
    """A campaign that was asked for, before we know by whom.

    Attributes:
        name: of the campaign.
        parameters: of the campaign.
        call: what all its calls have in common.
        on_bad_line: what becomes of a bad line.
        duplicates: what becomes of a number that is there twice.
        duplicate_scope: where it is looked for.
    """

    name: str
    parameters: str
    call: Order
    on_bad_line: OnBadLine
    duplicates: Duplicates
    duplicate_scope: DuplicateScope = "campaign"


def check(
    values: Mapping[str, str], *, now: datetime, allow_private: bool, fields: Sequence[Field] = FIELDS
) -> CampaignOrder | tuple[Fault, ...]:
    """See whether the values make a campaign.

    Args:
        values: of the known fields; one that is missing counts as empty.
        now: the present instant, aware.
        allow_private: whether start_url and result_url may be private addresses.
        fields: the fields to look at: all, or `CAMPAIGN_FIELDS` where nobody logs in.

    Returns:
        The campaign that is asked for, or every fault, in the order of the fields.
    """
    name, alias = (values.get(each, "").strip() for each in ("campaign_name", "campaign"))
    found = queuecall.check(
        {**values, "campaign_name": name or alias}, now=now, allow_private=allow_private, fields=fields
    )
    faults = [] if isinstance(found, Order) else list(found)
    if name and alias and name != alias:
        faults.append(Fault("campaign", "The value differs from that of 'campaign_name'; give one of them."))
    on_bad_line = _one_of(OnBadLine, "on_bad_line", values, faults)
    duplicates = _one_of(Duplicates, "duplicates", values, faults)
    duplicate_scope = _one_of(DuplicateScope, "duplicate_scope", values, faults)
    if faults or not isinstance(found, Order):
        return in_order(faults)
    return CampaignOrder(
        name=name or alias,
        parameters=values.get("campaign_parameters", ""),
        call=found,
        on_bad_line=cast("OnBadLine", on_bad_line),
        duplicates=cast("Duplicates", duplicates),
        duplicate_scope=cast("DuplicateScope", duplicate_scope),
    )


def misplaced(parts: Iterable[Part]) -> tuple[Fault, ...]:
    """Fields of a single call that came with a list, where they would be lost."""
    reason = "This field is a column of the list; it does not apply to all calls."
    return tuple(Fault(part.name, reason) for part in parts if part.name in _COLUMNS and part.data)


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Faults in the order of the fields that they name, then of the lines; what names none of ours comes last."""
    return queuecall.in_order(faults, FIELDS)


def _one_of(choices: Any, name: str, values: Mapping[str, str], faults: list[Fault]) -> str:
    """The value of a field that knows a few words; the first of them where it is empty."""
    words: Sequence[str] = get_args(choices)
    word = values.get(name, "").strip().lower() or words[0]
    if word not in words and all(fault.field != name for fault in faults):
        faults.append(Fault(name, f"The value must be one of {', '.join(words)}."))
    return word
