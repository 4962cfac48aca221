from __future__ import annotations

import json

from mirabelle.calls.call import CallState, Priority
from tests.admission import claim
from tests.integration.api.json import NOW, World

BOSTON = "+16175550123"
CALL = {"phone_number": BOSTON, "start_url": "http://example.com/start"}
CSV = {"Content-Type": "text/csv"}
NDJSON = {"Content-Type": "application/x-ndjson"}


async def test_a_number_is_added_found_listed_and_removed(world: World) -> None:
    async with world.client() as client:
        added = await client.post("/v1/do-not-call", json={"number": "+1 617 555-0123", "reason": "by letter"})
        assert (added.status_code, added.json()["added"], added.json()["known"]) == (201, 1, 0)
        assert (await client.post("/v1/do-not-call", json={"number": BOSTON})).json()["known"] == 1
        found = (await client.post("/v1/do-not-call/find", json={"number": BOSTON})).json()["entries"]
        [entry] = (await client.get("/v1/do-not-call")).json()["entries"]
        assert found == [entry]
        assert (entry["number"], entry["reason"], entry["campaign_id"]) == (BOSTON, "by letter", None)
        address = f"/v1/do-not-call/entries/{entry['entry_id']}"
        assert (await client.delete(address)).status_code == 204
        assert (await client.delete(address)).status_code == 404


async def test_of_a_list_with_wrong_lines_the_others_are_added(world: World) -> None:
    async with world.client() as client:
        campaign_id = (await client.post("/v1/campaigns", json={"name": "spring"})).json()["campaign_id"]
        content = (
            "number,why\n+16175550123,by letter\nnobody\n\n+1900*\n+16175550123\n" + "1" * 5000 + "\n+442079460000"
        )
        told = (await client.post(f"/v1/do-not-call?campaign_id={campaign_id}", content=content, headers=CSV)).json()
        assert (told["added"], told["known"], told["skipped"]) == (3, 1, 2)
        assert [each["line"] for each in told["errors"]] == [3, 7]
        assert "nobody" not in json.dumps(told)
        listed = (await client.get(f"/v1/do-not-call?campaign_id={campaign_id}&limit=2")).json()
        assert [each["number"] for each in listed["entries"]] == [BOSTON, "+1900*"]
        rest = (await client.get(f"/v1/do-not-call?campaign_id={campaign_id}&after={listed['next']}")).json()
        assert ([each["number"] for each in rest["entries"]], rest["next"]) == (["+442079460000"], None)
        assert (await client.get("/v1/do-not-call?campaign_id=0")).json()["entries"] == []


async def test_lines_of_json_are_taken(world: World) -> None:
    lines = b'{"number": "+16175550123", "reason": "x"}\n{"number": 7}\n[]\n{"number": "+1617*"}\n'
    async with world.client() as client:
        told = (await client.post("/v1/do-not-call", content=lines, headers=NDJSON)).json()
    assert (told["added"], told["skipped"]) == (2, 2)


async def test_what_is_no_number_or_no_campaign_is_refused(world: World) -> None:
    async with world.client() as client:
        assert (await client.post("/v1/do-not-call", json={"number": "nobody"})).status_code == 422
        assert (await client.post("/v1/do-not-call?campaign_id=99", json={"number": BOSTON})).status_code == 422
        assert (await client.post("/v1/do-not-call", content=b"x", headers={"Content-Type": "a/b"})).status_code == 415
        assert (await client.post("/v1/do-not-call/find", json={"number": "nobody"})).status_code == 422


async def test_a_call_has_a_priority_and_a_zone_and_is_explained(world: World) -> None:
    async with world.client() as client:
        queued = (await client.post("/v1/calls", json={**CALL, "priority": "high", "zone": "America/New_York"})).json()
        assert (queued["priority"], queued["zone"]) == ("high", "America/New_York")
        wrong = await client.post("/v1/calls", json={**CALL, "zone": "America/Bosten"})
        assert "America/" in wrong.json()["errors"][0]["detail"]
        await client.post("/v1/do-not-call", json={"number": BOSTON})
        told = (await client.get(f"/v1/calls/{queued['call_id']}/explain")).json()
        assert (told["open"], told["first_closed"], told["earliest"]) == (False, "do_not_call", None)
        assert told["place"] == {"campaigns": 1, "before": 0}
        await client.post(f"/v1/calls/{queued['call_id']}/cancel")
        over = (await client.get(f"/v1/calls/{queued['call_id']}/explain")).json()
        assert over["headline"].startswith("It is canceled since")


async def test_lines_of_calls_have_their_own_priority_and_zone(world: World) -> None:
    async with world.client() as client:
        campaign_id = (await client.post("/v1/campaigns", json={"name": "spring"})).json()["campaign_id"]
        lines = [CALL, {**CALL, "priority": "urgent"}, {**CALL, "priority": "low", "zone": "Asia/Tokyo"}]
        content = "\n".join(map(json.dumps, lines))
        reply = await client.post(f"/v1/campaigns/{campaign_id}/calls", content=content, headers=NDJSON)
        assert reply.status_code == 201
    calls = await world.ledger.calls(world.acme.account_id, campaign_id=campaign_id)
    assert [(call.priority, call.zone) for call in calls] == [
        (Priority.NORMAL, ""),
        (Priority.URGENT, ""),
        (Priority.LOW, "Asia/Tokyo"),
    ]
    first = (await claim(world.ledger, NOW, 1, "one", NOW))[0]
    assert (first.priority, first.state) == (Priority.URGENT, CallState.DIALING)


async def test_a_campaign_is_dialled_as_it_is_told(world: World) -> None:
    hours = {"windows": [{"weekdays": ["monday"], "start": "09:00", "end": "20:00"}], "holidays": ["US"]}
    dialing = {"weight": 5, "retry": "reminder", "hours": hours}
    async with world.client() as client:
        made = (await client.post("/v1/campaigns", json={"name": "spring", "dialing": dialing})).json()
        assert made["dialing"] == dialing
        address = f"/v1/campaigns/{made['campaign_id']}"
        changed = (await client.put(f"{address}/dialing", json={"retry": {"busy": {"after": 60}}})).json()["dialing"]
        assert (changed["weight"], changed["retry"]["busy"]["after"], changed["hours"]) == (1, 60, None)
        for wrong, field in (({"retry": "often"}, "retry"), ({"hours": {"holidays": ["XX"]}}, "hours")):
            refused = await client.put(f"{address}/dialing", json=wrong)
            assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
        assert (await client.get(f"{address}/explain")).json()["first_closed"] == "due_time"


async def test_the_limits_of_an_account_are_among_its_settings(world: World) -> None:
    limits = {"calls_per_second": 2.5, "channels": 7, "person_attempts": 3, "person_answers": 1, "person_days": 7}
    async with world.client("admin") as client:
        address = f"/v1/accounts/{world.acme.account_id}"
        changed = (await client.patch(address, json=limits)).json()["settings"]
        assert {name: changed[name] for name in limits} == limits
        assert (await client.patch(address, json={"channels": -1})).status_code == 422


async def test_whom_an_accounts_applications_may_transfer_to_is_among_its_settings(world: World) -> None:
    async with world.client("admin") as client:
        address = f"/v1/accounts/{world.acme.account_id}"
        changed = (await client.patch(address, json={"transfer_to": "country,+1416"})).json()["settings"]
        assert changed["transfer_to"] == "country,+1416"
        refused = await client.patch(address, json={"transfer_to": "everywhere"})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "transfer_to")
