"""What holds back single calls: do-not-call lists, the callee's hours, and how often a person was called already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from mirabelle.calls import calling_window, do_not_call, frequency
from mirabelle.calls.account import AccountSettings
from mirabelle.calls.call import Call
from mirabelle.calls.campaign import Dialing
from mirabelle.calls.do_not_call import DoNotCallEntry
from mirabelle.calls.gate import Verdict, VerdictMemory
from mirabelle.store import admission_statements
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.hot import HotPaths
from mirabelle.store.rows import instant, micros

Reached: TypeAlias = dict[tuple[int, str], list[tuple[datetime, bool]]]
"""When attempts to reach people began and whether they were answered, by account and person."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A call that wants to leave.

    Attributes:
        call: itself.
        e164: whom it reaches.
        dialing: how its campaign is dialled.
        settings: of its account.
    """

    call: Call
    e164: str
    dialing: Dialing
    settings: AccountSettings


def entries_of(hot: HotPaths, asking: Sequence[Asking]) -> Steps[dict[int, list[DoNotCallEntry]]]:
    """The entries of do-not-call lists that mean calls, by the keys of the calls; calls without any are left out."""
    if not asking or not (yield Ask(admission_statements.ANY_DO_NOT_CALL)):
        return {}
    keys = sorted({(each.call.account_id, key) for each in asking for key in do_not_call.lookups(each.e164)})
    found: dict[tuple[int, str], list[DoNotCallEntry]] = {}
    for row in (yield Ask(hot.admission.do_not_call, {"keys": json.dumps(keys)})):
        entry = DoNotCallEntry(row["pattern"], row["campaign_id"] or None, row["reason"])
        found.setdefault((row["account_id"], row["pattern"]), []).append(entry)
    meant: dict[int, list[DoNotCallEntry]] = {}
    for each in asking if found else ():
        entries = [
            entry
            for key in do_not_call.lookups(each.e164)
            for entry in found.get((each.call.account_id, key), ())
            if entry.campaign_id in {None, each.call.campaign_id}
        ]
        if entries:
            meant[each.call.call_id] = entries
    return meant


def listed(hot: HotPaths, asking: Sequence[Asking]) -> Steps[dict[int, Verdict]]:
    """The verdicts of do-not-call lists, by the keys of the calls; open ones are left out."""
    meant = yield from entries_of(hot, asking)
    return {call_id: do_not_call.verdict(entries) for call_id, entries in meant.items()}


def reached(hot: HotPaths, capped: Sequence[Asking], now: datetime) -> Steps[Reached]:
    """The attempts to reach people that may count in the frequency caps of their accounts.

    Args:
        hot: the store's own SQL.
        capped: calls of accounts that have a cap.
        now: the present instant.
    """
    since = min(cap.begins(now) for each in capped if (cap := each.settings.frequency_cap) is not None)
    people = sorted({(each.call.account_id, each.e164) for each in capped})
    found: Reached = {}
    values = {"people": json.dumps(people), "since": micros(since)}
    for row in (yield Ask(hot.admission.reached, values)):
        told = (instant(row["started_at"]), row["answered_at"] is not None)
        found.setdefault((row["account_id"], row["person"]), []).append(told)
    return found


def too_often(hot: HotPaths, asking: Sequence[Asking], now: datetime) -> Steps[dict[int, Verdict]]:
    """The verdicts of frequency caps, by the keys of the calls; open ones are left out."""
    capped = [each for each in asking if each.settings.frequency_cap is not None]
    if not capped:
        return {}
    known = yield from reached(hot, capped, now)
    closed: dict[int, Verdict] = {}
    for each in capped:
        before = known.setdefault((each.call.account_id, each.e164), [])
        verdict = frequency.of_person(each.settings.frequency_cap, before, now)
        if verdict.open:
            # Another call to the same person in this very admission counts as one that was made.
            before.append((now, False))
        else:
            closed[each.call.call_id] = verdict
    return closed


def at_home(each: Asking, now: datetime, memory: VerdictMemory) -> Verdict:
    """The verdict of the callee's hours."""
    return calling_window.at_home(each.dialing.hours, each.e164, each.call.zone, now, memory)


def held(hot: HotPaths, asking: Sequence[Asking], now: datetime, memory: VerdictMemory) -> Steps[Mapping[int, Verdict]]:
    """The verdicts that hold calls back, by the keys of the calls: the first gate that is closed."""
    closed: dict[int, Verdict] = {}
    for each in asking:
        verdict = at_home(each, now, memory)
        if not verdict.open:
            closed[each.call.call_id] = verdict
    # A list is for good, so it is told even where it is night.
    closed |= yield from listed(hot, asking)
    waiting = _without(asking, closed)
    closed |= yield from too_often(hot, waiting, now)
    return closed


def _without(asking: Iterable[Asking], closed: Mapping[int, Verdict]) -> list[Asking]:
    return [each for each in asking if each.call.call_id not in closed]
