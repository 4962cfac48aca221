"""The steps of an admission on the tables of a ledger, in one transaction.

Admissions of a fleet come one after the other, and what they take is counted from leases. So no rate and no channel is
given twice, whichever process asks, and what a dead process holds comes back with its leases. How an admission decides
is in `mirabelle.store.admission`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from mirabelle.calls import pace
from mirabelle.calls.audit import Decision, Note
from mirabelle.calls.call import Call
from mirabelle.calls.campaign import CampaignState
from mirabelle.calls.gate import Verdict
from mirabelle.calls.pace import Pace
from mirabelle.calls.room import Limit, Room
from mirabelle.store import admission_statements, audit_steps, gate_steps, rows
from mirabelle.store.admission import FAIR, Admission, Asked, CampaignFacts, Due
from mirabelle.store.asking import Ask, Steps
from mirabelle.store.call_steps import report
from mirabelle.store.gate_steps import Asking
from mirabelle.store.hot import HotPaths
from mirabelle.store.records import Admitted
from mirabelle.store.rows import micros

FEW: Final = 500
"""Due calls up to which the campaigns with due calls are found by those calls."""


def admit(hot: HotPaths, asked: Asked) -> Steps[Admitted]:
    """See `Ledger.admit`."""
    return Admission(_Tables(hot, asked), asked).run()


def slow_down(hot: HotPaths, trunk: str, now: datetime, retry_after: int | None) -> Steps[None]:
    """Use a trunk more slowly that said it has no room.

    Args:
        hot: the store's own SQL.
        trunk: its name.
        now: the present instant.
        retry_after: seconds that it asked us to wait.
    """
    yield Ask(hot.admission.lock)
    name = f"trunk:{trunk}"
    kept = yield Ask(hot.admission.paces, {"names": json.dumps([name])})
    before = rows.pace_of(kept[0]) if kept else pace.fresh(None, now)
    slowed = rows.pace_row(name, pace.refused(before, now, retry_after))
    yield Ask(hot.admission.save_paces, {"paces": json.dumps([slowed])})


def room_of(hot: HotPaths, limits: Mapping[str, Limit], now: datetime) -> Steps[Room]:
    """What is left of rates and channels, across the fleet.

    Args:
        hot: the store's own SQL.
        limits: of trunks, accounts and campaigns, by name.
        now: the present instant.
    """
    in_use: dict[str, int] = {}
    for row in (yield Ask(admission_statements.IN_USE)):
        for name in (f"trunk:{row['trunk']}", f"account:{row['account_id']}", f"campaign:{row['campaign_id']}"):
            in_use[name] = in_use.get(name, 0) + row["calls"]
    known = yield Ask(hot.admission.paces, {"names": json.dumps([FAIR, *limits])})
    return Room(now, limits, {row["name"]: rows.pace_of(row) for row in known}, in_use)


class _Tables:
    """The tables of a ledger as the source of an admission."""

    def __init__(self, hot: HotPaths, asked: Asked) -> None:
        self._hot = hot
        self._asked = asked
        self._now = micros(asked.now)

    def due(self) -> Steps[Due]:
        """See `AdmissionSource.due`.

        Mostly few calls are due, and they say it themselves. Where many are, each campaign that has calls is looked at.
        """
        [first] = yield Ask(self._hot.admission.next_due, {"now": self._now})
        if first["at"] is None:
            return Due({}, ())
        if first["at"] > self._now:
            return Due({}, (rows.instant(first["at"]),))
        found = yield Ask(self._hot.admission.first_due, {"now": self._now, "most": FEW})
        if sum(row["calls"] for row in found) >= FEW:
            found = yield Ask(self._hot.admission.waiting)
        priorities: dict[int, list[int]] = {}
        later: list[datetime] = []
        for row in found:
            if row["due_at"] is not None and row["due_at"] > self._now:
                later.append(rows.instant(row["due_at"]))
            elif row["campaign_id"] is not None:
                priorities.setdefault(row["campaign_id"], []).append(row["priority"])
        return Due(priorities, later)

    def facts(self, campaigns: Collection[int]) -> Steps[Sequence[CampaignFacts]]:
        """See `AdmissionSource.facts`."""
        found = yield Ask(self._hot.admission.facts, {"campaigns": json.dumps(sorted(campaigns))})
        return [
            CampaignFacts(
                row["campaign_id"],
                row["account_id"],
                CampaignState(row["state"]),
                rows.dialing_of(row["dialing"]),
                rows.settings_of(row["settings"]),
                rows.campaign_rules_of(row["schedules"], row["profiles"]),
            )
            for row in found
        ]

    def room(self, limits: Mapping[str, Limit]) -> Steps[Room]:
        """See `AdmissionSource.room`."""
        return room_of(self._hot, limits, self._asked.now)

    def calls(self, wanted: Sequence[tuple[int, int]], most: int) -> Steps[Iterable[Call]]:
        """See `AdmissionSource.calls`."""
        values = {"wanted": json.dumps(wanted), "now": self._now, "most": most}
        return map(rows.call_of, (yield Ask(self._hot.admission.due, values)))

    def held(self, asking: Sequence[Asking]) -> Steps[Mapping[int, Verdict]]:
        """See `AdmissionSource.held`."""
        return gate_steps.held(self._hot, asking, self._asked.now, self._asked.memory)

    def take(self, taken: Sequence[Call]) -> Steps[None]:
        """See `AdmissionSource.take`."""
        values = {
            "owner": rows.owner_name(self._asked.owner),
            "until": micros(self._asked.lease_until),
            "taken": json.dumps([(call.call_id, call.trunk) for call in taken]),
        }
        yield Ask(self._hot.admission.take, values)

    def defer(self, deferred: Sequence[tuple[Call, datetime, str]]) -> Steps[None]:
        """See `AdmissionSource.defer`."""
        later = [{"deferred": call.call_id, "later": micros(until)} for call, until, _ in deferred]
        yield Ask(admission_statements.DEFER, later)
        yield from audit_steps.held(self._hot, deferred, self._asked.now, self._asked.owner)

    def refuse(self, refused: Sequence[Call]) -> Steps[None]:
        """See `AdmissionSource.refuse`."""
        ended = [{"refused": call.call_id, "now": self._now, "reason": call.detail} for call in refused]
        yield Ask(admission_statements.REFUSE, ended)
        notes = (Note(Decision.REFUSED, call.call_id, reason=call.detail) for call in refused)
        yield from audit_steps.note(notes, self._asked.now, self._asked.owner)
        yield from report(self._hot, tuple(refused), self._asked.now)

    def save(self, paces: Mapping[str, Pace]) -> Steps[None]:
        """See `AdmissionSource.save`."""
        kept = [rows.pace_row(name, each) for name, each in paces.items()]
        yield Ask(self._hot.admission.save_paces, {"paces": json.dumps(kept)})
