"""The steps of campaigns and of uploads; see `mirabelle.store.steps`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mirabelle.calls.campaign import NO_DEFAULTS, USUAL_DIALING, Campaign, CampaignDefaults, CampaignState, Dialing
from mirabelle.store import audit_steps, rows, schema, statements
from mirabelle.store.asking import Ask, Load, Steps
from mirabelle.store.hot import HotPaths
from mirabelle.store.ledger import CampaignExists, StoreError
from mirabelle.store.records import Uploaded
from mirabelle.store.rows import micros
from mirabelle.store.rule_steps import keep
from mirabelle.store.spool import Spool


def add_campaign(
    account_id: int,
    name: str,
    parameters: str,
    now: datetime,
    defaults: CampaignDefaults = NO_DEFAULTS,
    state: CampaignState = CampaignState.ACTIVE,
    dialing: Dialing = USUAL_DIALING,
) -> Steps[Campaign]:
    """Add a campaign that keeps no rules; see `Ledger.add_campaign`."""
    if not name:
        raise StoreError("A campaign needs a name.")
    values = {
        "account_id": account_id,
        "name": rows.storable("campaign_name", name, schema.NAME),
        "parameters": rows.storable("campaign_parameters", parameters, schema.PARAMETERS),
        "state": state.value,
        "defaults": rows.defaults_text(defaults),
        "dialing": rows.dialing_text(dialing),
        "now": micros(now),
    }
    added = yield Ask(statements.ADD_CAMPAIGN, values)
    if not added:
        raise name_taken(name)
    return rows.campaign_of(added[0])


def add_ruled_campaign(
    account_id: int,
    name: str,
    parameters: str,
    now: datetime,
    defaults: CampaignDefaults,
    state: CampaignState,
    schedules: Collection[int],
    profiles: Collection[int],
    dialing: Dialing,
) -> Steps[Campaign]:
    """See `Ledger.add_campaign`."""
    added = yield from add_campaign(account_id, name, parameters, now, defaults, state, dialing)
    yield from keep(added.campaign_id, account_id, schedules, profiles)
    return added


def name_taken(name: str) -> CampaignExists:
    """The refusal of a campaign's second name-sake."""
    return CampaignExists(f"The account already has a campaign '{name}'; choose another name.")


def campaign(campaign_id: int) -> Steps[Campaign | None]:
    """See `Ledger.campaign`."""
    if not rows.is_key(campaign_id):
        return None
    found = yield Ask(statements.CAMPAIGN, {"campaign_id": campaign_id})
    return rows.campaign_of(found[0]) if found else None


def campaign_by_name(account_id: int, name: str) -> Steps[Campaign | None]:
    """See `Ledger.campaign_by_name`."""
    if not rows.is_key(account_id) or len(name) > schema.NAME or rows.shortened(name) != name:
        return None
    found = yield Ask(statements.CAMPAIGN_BY_NAME, {"account_id": account_id, "name": name})
    return rows.campaign_of(found[0]) if found else None


def campaigns(account_id: int, after: int, limit: int) -> Steps[tuple[Campaign, ...]]:
    """See `Ledger.campaigns`."""
    if not rows.is_key(account_id):
        return ()
    values = {"account_id": account_id, "after": rows.cursor(after), "most": limit}
    found = yield Ask(statements.CAMPAIGNS_AFTER, values)
    return tuple(rows.campaign_of(row) for row in found)


def set_state(campaign_id: int, state: CampaignState, now: datetime) -> Steps[Campaign]:
    """See `Ledger.pause_campaign` and `Ledger.resume_campaign`."""
    if rows.is_key(campaign_id):
        changed = yield Ask(statements.SET_CAMPAIGN_STATE, {"changed": campaign_id, "after": state.value})
        if changed:
            yield from audit_steps.turned(campaign_id, state, now)
            return rows.campaign_of(changed[0])
    raise _no_campaign(campaign_id)


def set_dialing(campaign_id: int, dialing: Dialing) -> Steps[Campaign]:
    """See `Rulebook.set_dialing`."""
    if rows.is_key(campaign_id):
        chosen = rows.dialing_text(dialing)
        changed = yield Ask(statements.SET_DIALING, {"changed": campaign_id, "chosen": chosen})
        if changed:
            return rows.campaign_of(changed[0])
    raise _no_campaign(campaign_id)


def upload(
    hot: HotPaths,
    account_id: int,
    name: str,
    parameters: str,
    into: int | None,
    spool: Spool,
    now: datetime,
    listed: int,
) -> Steps[Uploaded]:
    """See `Ledger.upload`; the rows are in the spool already."""
    if into is None:
        campaign_id = (yield from add_campaign(account_id, name, parameters, now)).campaign_id
    else:
        campaign_id = (yield from owned_campaign(into, account_id)).campaign_id
    [before] = yield Ask(statements.LAST_CALL)
    yield Load(spool, account_id, campaign_id)
    if not spool.rows:
        return Uploaded(campaign_id, 0, 0, 0)
    loaded = {"campaign_id": campaign_id, "before": before["last"] or 0}
    [last] = yield Ask(hot.last_loaded, loaded)
    first = yield Ask(hot.loaded, {**loaded, "most": max(1, min(listed, spool.rows))})
    call_ids = tuple(row["call_id"] for row in first)
    return Uploaded(campaign_id, call_ids[0], last["call_id"], spool.rows, call_ids[: max(0, listed)])


def known_campaign(campaign_id: int) -> Steps[Campaign]:
    """A campaign that must be there."""
    found = yield from campaign(campaign_id)
    if found is None:
        raise _no_campaign(campaign_id)
    return found


def owned_campaign(campaign_id: int, account_id: int) -> Steps[Campaign]:
    """A campaign that must be there and must be the account's."""
    found = yield from campaign(campaign_id)
    if found is None or found.account_id != account_id:
        raise StoreError(f"The account has no campaign {campaign_id}.")
    return found


def _no_campaign(campaign_id: int) -> StoreError:
    return StoreError(f"There is no campaign {campaign_id} in the ledger.")
