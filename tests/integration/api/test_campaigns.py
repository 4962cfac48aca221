from __future__ import annotations

import json
from typing import Any

import pytest

from mirabelle.calls.call import CallState
from mirabelle.calls.campaign import CampaignState
from mirabelle.calls.schedule import parse_windows
from tests.admission import claim
from tests.integration.api.json import NOW, World

START = "http://example.com/start"
LINES = {"Content-Type": "application/x-ndjson"}


def numbers(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"phone_number": f"+1617555{each:04}", "start_url": START} for each in range(first, first + count)]


def lines(calls: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(call).encode() + b"\n" for call in calls)


async def made(world: World, name: str = "spring") -> int:
    async with world.client() as client:
        reply = await client.post("/v1/campaigns", json={"name": name, "parameters": "colour=green"})
    assert reply.status_code == 201, reply.text
    campaign_id: int = reply.json()["campaign_id"]
    return campaign_id


async def test_a_campaign_is_made_once(world: World) -> None:
    campaign_id = await made(world)
    async with world.client() as client:
        assert (await client.post("/v1/campaigns", json={"name": " spring "})).status_code == 409
        listed = (await client.get("/v1/campaigns")).json()["campaigns"]
    assert [each["name"] for each in listed] == ["default", "spring"]
    campaign = await world.ledger.campaign(campaign_id)
    assert campaign is not None
    assert campaign.parameters == "colour=green"


@pytest.mark.parametrize("name", ["", "   ", "a\0b", "x" * 129])
async def test_a_name_that_nobody_could_read_is_refused(world: World, name: str) -> None:
    async with world.client() as client:
        assert (await client.post("/v1/campaigns", json={"name": name})).status_code == 422


@pytest.mark.parametrize("streamed", [False, True])
async def test_many_calls_are_queued_in_their_order(world: World, streamed: bool) -> None:
    campaign_id = await made(world)
    async with world.client() as client:
        address = f"/v1/campaigns/{campaign_id}/calls"
        if streamed:
            reply = await client.post(address, content=lines(numbers(2000)), headers=LINES)
        else:
            reply = await client.post(address, json={"calls": numbers(2000)})
        counted = (await client.get(f"/v1/campaigns/{campaign_id}")).json()["calls"]
    assert reply.status_code == 201, reply.text
    assert (reply.json()["queued"], len(reply.json()["call_ids"]), counted["queued"]) == (2000, 1000, 2000)
    calls = await world.ledger.calls(world.acme.account_id, campaign_id=campaign_id, limit=1000)
    assert [call.phone_number for call in calls] == [call["phone_number"] for call in numbers(1000)]
    assert [call.call_id for call in calls] == reply.json()["call_ids"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_call_that_is_wrong_refuses_all(world: World, streamed: bool) -> None:
    campaign_id = await made(world)
    calls = [*numbers(3), {"phone_number": "12", "start_url": START}]
    async with world.client() as client:
        address = f"/v1/campaigns/{campaign_id}/calls"
        if streamed:
            reply = await client.post(address, content=lines(calls), headers=LINES)
        else:
            reply = await client.post(address, json={"calls": calls})
    assert reply.status_code == 422
    [error] = reply.json()["errors"]
    assert (error["field"], error["line"]) == ("phone_number", 4)
    assert await world.ledger.calls(world.acme.account_id, campaign_id=campaign_id) == ()


async def test_a_call_that_is_wrong_is_passed_over_where_that_is_wanted(world: World) -> None:
    campaign_id = await made(world)
    body = lines(numbers(2)) + b'{"phone_number": 5}\nno json\n\n' + lines(numbers(2, first=2)).rstrip()
    async with world.client() as client:
        address = f"/v1/campaigns/{campaign_id}/calls?on_bad_line=skip"
        reply = (await client.post(address, content=body, headers=LINES)).json()
    assert (reply["queued"], reply["skipped"]) == (4, 2)
    assert [error["line"] for error in reply["errors"]] == [3, 4]


@pytest.mark.parametrize(("duplicates", "queued"), [("allow", 3), ("skip", 2), ("refuse", 0)])
async def test_a_number_that_is_there_twice(world: World, duplicates: str, queued: int) -> None:
    campaign_id = await made(world)
    calls = [*numbers(2), {"phone_number": "+1 (617) 555-0000", "start_url": START}]
    async with world.client() as client:
        await client.post(f"/v1/campaigns/{campaign_id}/calls?duplicates={duplicates}", json={"calls": calls})
    assert len(await world.ledger.calls(world.acme.account_id, campaign_id=campaign_id)) == queued


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/x-ndjson", 422),
        (b"\n\n", "application/x-ndjson", 422),
        (b'{"calls": []}', "application/json", 422),
        (b'{"calls": [{}]}', "application/json", 422),
        (b'{"calls": ' + b"[" * 100_000, "application/json", 422),
        (b"[" * 10_000 + b"\n", "application/x-ndjson", 422),
        (b'{"phone_number": "' + b"1" * 20_000 + b'"}', "application/x-ndjson", 422),
        (b"phone_number\n+16175550123\n", "text/csv", 415),
        (b"\xff\xfe\n", "application/x-ndjson", 422),
    ],
)
async def test_a_body_that_holds_no_calls_queues_nothing(world: World, content: bytes, kind: str, status: int) -> None:
    campaign_id = await made(world)
    async with world.client() as client:
        address = f"/v1/campaigns/{campaign_id}/calls"
        reply = await client.post(address, content=content, headers={"Content-Type": kind})
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), reply.text
    assert await world.ledger.calls(world.acme.account_id) == ()


async def test_a_compressed_body_is_refused(world: World) -> None:
    campaign_id = await made(world)
    async with world.client() as client:
        headers = {**LINES, "Content-Encoding": "gzip"}
        reply = await client.post(f"/v1/campaigns/{campaign_id}/calls", content=b"x", headers=headers)
        single = await client.post("/v1/calls", content=b"x", headers={**headers, "Content-Type": "application/json"})
    assert (reply.status_code, single.status_code) == (415, 415)


async def test_after_the_reply_to_a_pause_no_attempt_begins(world: World) -> None:
    campaign_id = await made(world)
    async with world.client() as client:
        await client.post(f"/v1/campaigns/{campaign_id}/calls", json={"calls": numbers(2)})
        paused = (await client.post(f"/v1/campaigns/{campaign_id}/pause")).json()
        assert (paused["state"], paused["calls"]["queued"]) == (CampaignState.PAUSED, 2)
        lease = NOW.replace(hour=13)
        assert await claim(world.ledger, NOW, 10, "one", lease) == ()
        assert (await client.post(f"/v1/campaigns/{campaign_id}/resume")).json()["state"] == CampaignState.ACTIVE
        assert len(await claim(world.ledger, NOW, 10, "one", lease)) == 2


async def test_what_waits_is_withdrawn_and_what_expired_is_tried_again(world: World) -> None:
    campaign_id = await made(world)
    async with world.client() as client:
        calls = [{**numbers(1)[0], "expiration_time": "+1 hour"}, *numbers(1, first=1)]
        await client.post(f"/v1/campaigns/{campaign_id}/calls", json={"calls": calls})
        world.clock.passed = 7200
        assert len(await world.ledger.expire_due(world.clock.now(), 10)) == 1
        address = f"/v1/campaigns/{campaign_id}"
        assert (await client.post(f"{address}/retry")).json() == {"calls": 0}
        assert (await client.post(f"{address}/retry", json={"expiration_time": "-1 hour"})).status_code == 422
        assert (await client.post(f"{address}/retry", json={"expiration_time": "+1 hour"})).json() == {"calls": 1}
        assert (await client.post(f"{address}/cancel")).json() == {"calls": 2}
    counts = await world.ledger.campaign_counts(campaign_id)
    assert counts[CallState.CANCELED] == 2


async def test_a_campaign_is_found_by_its_name(world: World) -> None:
    campaign_id = await made(world, "Frühling & Sommer")
    async with world.client() as client:

        async def found(**query: str) -> list[int]:
            page = (await client.get("/v1/campaigns", params=query)).json()
            assert page["next"] is None
            return [each["campaign_id"] for each in page["campaigns"]]

        assert await found(name="Frühling & Sommer") == [campaign_id]
        assert await found(name="frühling & sommer") == []
        assert await found(name="default") == [world.acme.default_campaign_id]
        assert await found(name="Frühling & Sommer", after=str(campaign_id)) == []
    async with world.client(account=world.other) as client:
        assert await found(name="Frühling & Sommer") == []


async def test_calls_of_a_list_that_have_another_shape_are_passed_over_too(world: World) -> None:
    campaign_id = await made(world)
    async with world.client() as client:
        body = {"calls": [*numbers(2), {"phone_number": 7}, [], {}]}
        reply = await client.post(f"/v1/campaigns/{campaign_id}/calls", params={"on_bad_line": "skip"}, json=body)
    assert (reply.status_code, reply.json()["queued"], reply.json()["skipped"]) == (201, 2, 3)
    told = [(each["field"], each["line"]) for each in reply.json()["errors"]]
    assert told == [("phone_number", 3), ("calls", 4), ("phone_number", 5)]


async def test_anothers_campaign_is_not_there(world: World) -> None:
    campaign_id = await made(world)
    async with world.client("admin", world.other) as client:
        assert (await client.get(f"/v1/campaigns/{campaign_id}")).status_code == 404
        for action in ("pause", "resume", "cancel", "retry", "calls"):
            reply = await client.post(f"/v1/campaigns/{campaign_id}/{action}", json={})
            assert reply.status_code == 404, action


async def test_calls_have_what_their_campaign_says_unless_they_say_it_themselves(world: World) -> None:
    async with world.client() as client:
        campaign = {
            "name": "reminders",
            "start_url": START,
            "result_url": "http://example.com/result",
            "max_retries": 3,
            "retry_interval": 900,
            "paused": True,
        }
        made = (await client.post("/v1/campaigns", json=campaign)).json()
        assert made["state"] == "paused"
        calls = [{"phone_number": "+16175550123"}, {"phone_number": "+16175550124", "max_retries": 0}]
        await client.post(f"/v1/campaigns/{made['campaign_id']}/calls", json={"calls": calls})
    first, second = await world.ledger.calls(world.acme.account_id, campaign_id=made["campaign_id"])
    assert (first.start_url, first.result_url) == (START, "http://example.com/result")
    assert (first.max_retries, second.max_retries, second.retry_interval) == (3, 0, 900)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start_url", "ftp://example.com"),
        ("result_url", "http://127.0.0.1/"),
        ("max_retries", 11),
        ("retry_interval", 5),
        ("schedules", [99]),
        ("profiles", [0]),
    ],
)
async def test_a_campaign_that_cannot_be_is_refused(world: World, field: str, value: object) -> None:
    async with world.client() as client:
        reply = await client.post("/v1/campaigns", json={"name": "spring", field: value})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"].startswith(field)


async def test_a_campaign_keeps_the_rules_that_it_is_given(world: World) -> None:
    windows = parse_windows([{"weekdays": ["monday"], "start": "09:00", "end": "17:00"}])
    schedule = await world.ledger.add_schedule(world.acme.account_id, "office", "Europe/Berlin", windows, NOW)
    profile = await world.ledger.add_profile(world.acme.account_id, "slow", 1.0, None, NOW)
    theirs = await world.ledger.add_profile(world.other.account_id, "slow", 1.0, None, NOW)
    campaign_id = await made(world)
    async with world.client() as client:
        address = f"/v1/campaigns/{campaign_id}/rules"
        rules = {"schedules": [schedule.schedule_id], "profiles": [profile.profile_id]}
        kept = (await client.put(address, json=rules)).json()
        assert {name: kept[name] for name in rules} == rules
        refused = await client.put(address, json={"schedules": [], "profiles": [theirs.profile_id]})
        assert refused.status_code == 422
        assert (await client.get(f"/v1/campaigns/{campaign_id}")).json()["profiles"] == [profile.profile_id]


@pytest.mark.parametrize(("scope", "held"), [("campaign", 2), ("account", 1)])
async def test_a_number_that_another_campaign_calls_is_there_where_the_account_is_looked_through(
    world: World, scope: str, held: int
) -> None:
    one, other = await made(world), await made(world, name="other")
    async with world.client() as client:
        await client.post(f"/v1/campaigns/{one}/calls", json={"calls": numbers(2)})
        address = f"/v1/campaigns/{other}/calls?duplicates=skip&duplicate_scope={scope}"
        await client.post(address, json={"calls": numbers(2, first=1)})
    assert len(await world.ledger.calls(world.acme.account_id, campaign_id=other)) == held


@pytest.mark.parametrize(("duplicates", "held"), [("allow", 4), ("skip", 3), ("refuse", 2)])
async def test_a_number_that_the_campaign_holds_is_there_already(world: World, duplicates: str, held: int) -> None:
    campaign_id = await made(world)
    async with world.client() as client:
        address = f"/v1/campaigns/{campaign_id}/calls"
        await client.post(address, json={"calls": numbers(2)})
        await client.post(f"{address}?duplicates={duplicates}", json={"calls": numbers(2, first=1)})
    assert len(await world.ledger.calls(world.acme.account_id, campaign_id=campaign_id)) == held
