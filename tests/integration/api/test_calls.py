from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mirabelle.calls.call import CallState
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import NextStep
from tests.admission import claim
from tests.integration.api.json import NOW, World

CALL = {"phone_number": "+16175550123", "start_url": "http://example.com/start"}
SECOND = timedelta(seconds=1)


async def queued(world: World, **more: Any) -> int:
    async with world.client() as client:
        reply = await client.post("/v1/calls", json={**CALL, **more})
    assert reply.status_code == 201, reply.text
    call_id: int = reply.json()["call_id"]
    return call_id


async def test_a_call_is_in_the_ledger_as_it_was_asked_for(world: World) -> None:
    async with world.client() as client:
        reply = await client.post(
            "/v1/calls",
            json={
                **CALL,
                "message_reference": "Größe <1> 😀",
                "max_retries": 2,
                "retry_interval": 60,
                "scheduled_time": "tomorrow 9:30 Europe/Berlin",
                "expiration_timestamp": 4102444800,
            },
        )
    call = await world.ledger.call(reply.json()["call_id"])
    assert call is not None
    assert (call.account_id, call.campaign_id) == (world.acme.account_id, world.acme.default_campaign_id)
    assert (call.message_reference, call.max_retries, call.retry_interval) == ("Größe <1> 😀", 2, 60)
    assert call.due_at.isoformat() == "2026-03-02T08:30:00+00:00"
    assert reply.headers["location"] == f"/v1/calls/{call.call_id}"
    assert world.rung == ["queued"]


async def test_the_reply_says_how_a_time_in_words_was_understood(world: World) -> None:
    async with world.client() as client:
        body = {**CALL, "scheduled_time": "2026-03-29 02:30 Europe/Berlin"}
        understood = (await client.post("/v1/calls", json=body)).json()["scheduled_time"]
    assert understood["instant"] == "2026-03-29T01:30:00Z"
    assert understood["zone"] == "Europe/Berlin"
    assert understood["in_gap"]
    assert "does not exist" in understood["warning"]


async def test_every_fault_is_told_at_once(world: World) -> None:
    async with world.client() as client:
        body = {"phone_number": "123", "start_url": "ftp://example.com", "scheduled_time": "soonish"}
        reply = await client.post("/v1/calls", json=body)
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")
    assert [each["field"] for each in reply.json()["errors"]] == ["phone_number", "start_url", "scheduled_time"]
    assert await world.ledger.calls(world.acme.account_id) == ()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**CALL, "max_retries": 11}, "max_retries"),
        ({**CALL, "max_retries": "2"}, "max_retries"),
        ({**CALL, "phone": "1"}, "phone"),
        ({"start_url": "http://example.com"}, "phone_number"),
        ({**CALL, "start_url": "http://127.0.0.1/"}, "start_url"),
        ({**CALL, "start_url": "http://example.com/" + "x" * 300}, "start_url"),
        ({**CALL, "message_reference": "a\0b"}, "message_reference"),
        ({**CALL, "campaign_id": 999}, "campaign_id"),
        ([CALL], "body"),
        (None, "body"),
    ],
)
async def test_a_body_of_another_shape_is_refused(world: World, body: Any, field: str) -> None:
    async with world.client() as client:
        reply = await client.post("/v1/calls", json=body)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == field


async def test_faults_of_shape_and_of_meaning_are_told_together(world: World) -> None:
    body = {"phone_number": "911", "start_url": 7, "max_retries": 2.5, "scheduled_time": "soonish", "campaign_id": 999}
    async with world.client() as client:
        reply = await client.post("/v1/calls", json={**body, "unheard": 1})
    assert reply.status_code == 422
    fields = [each["field"] for each in reply.json()["errors"]]
    assert sorted(fields) == sorted([*body, "unheard"])
    assert await world.ledger.calls(world.acme.account_id) == ()


async def test_a_flood_of_fields_is_told_in_one_sentence(world: World) -> None:
    async with world.client() as client:
        reply = await client.post("/v1/calls", json={f"x{each}": each for each in range(5000)})
    assert [each["field"] for each in reply.json()["errors"]] == ["body"]


async def test_a_call_falls_into_the_campaign_that_it_names(world: World) -> None:
    campaign = await world.ledger.add_campaign(world.acme.account_id, "spring", "", NOW)
    call = await world.ledger.call(await queued(world, campaign_id=campaign.campaign_id))
    assert call is not None
    assert call.campaign_id == campaign.campaign_id


async def test_nobody_queues_into_anothers_campaign(world: World) -> None:
    async with world.client() as client:
        reply = await client.post("/v1/calls", json={**CALL, "campaign_id": world.other.default_campaign_id})
    assert reply.status_code == 422


async def test_pages_lead_through_all_calls(world: World) -> None:
    made = [await queued(world) for _ in range(5)]
    listed: list[int] = []
    async with world.client("read") as client:
        address = "/v1/calls?limit=2&state=queued"
        while address:
            reply = await client.get(address)
            listed += [call["call_id"] for call in reply.json()["calls"]]
            address = reply.links.get("next", {}).get("url", "")
            assert bool(address) == (reply.json()["next"] is not None)
    assert listed == made


async def test_calls_are_found_by_what_they_are(world: World) -> None:
    campaign = await world.ledger.add_campaign(world.acme.account_id, "spring", "", NOW)
    plain = await queued(world)
    ours = await queued(world, message_reference="order 7", campaign_id=campaign.campaign_id)
    await world.ledger.cancel_call(plain, NOW)
    async with world.client("read") as client:
        for query, wanted in (
            ("", [plain, ours]),
            ("?state=canceled", [plain]),
            (f"?campaign_id={campaign.campaign_id}", [ours]),
            ("?message_reference=order+7", [ours]),
            ("?message_reference=order+7&state=canceled", []),
            (f"?campaign_id={world.other.default_campaign_id}", []),
        ):
            calls = (await client.get(f"/v1/calls{query}")).json()["calls"]
            assert [call["call_id"] for call in calls] == wanted, query


async def carried(world: World) -> int:
    """A call that was busy once and then answered, with a result."""
    call_id = await queued(world, result_url="http://example.com/result", max_retries=1)
    now = world.clock.now()
    for number, outcome in enumerate((Outcome.BUSY, Outcome.ANSWERED)):
        await claim(world.ledger, now, 10, "one", now + 60 * SECOND)
        attempt = await world.ledger.begin_attempt(call_id, f"{number}@here", "main", now, "one")
        answered = outcome is Outcome.ANSWERED
        if answered:
            await world.ledger.attempt_ringing(attempt.attempt_id, now + 2 * SECOND)
            await world.ledger.attempt_answered(attempt.attempt_id, now + 5 * SECOND)
        await world.ledger.end_attempt(
            attempt.attempt_id,
            outcome=outcome,
            now=now + 15 * SECOND,
            sip_status=200 if answered else 486,
            detail="" if answered else "Busy Here",
            step=NextStep(CallState.COMPLETED, None) if answered else NextStep(CallState.QUEUED, now + 20 * SECOND),
            duration=10 if answered else 0,
        )
        now += 20 * SECOND
    return call_id


async def test_a_call_shows_its_attempts_with_status_and_timings(world: World) -> None:
    call_id = await carried(world)
    async with world.client("read") as client:
        call = (await client.get(f"/v1/calls/{call_id}")).json()
        assert (await client.get(f"/v1/calls/{call_id}/attempts")).json()["attempts"] == call["attempt_history"]
        assert (await client.get(f"/v1/calls/{call_id}/results")).json()["results"] == call["results"]
    first, second = call["attempt_history"]
    assert (first["outcome"], first["sip_status"], first["detail"]) == ("busy", 486, "Busy Here")
    assert (second["seconds_to_ringing"], second["seconds_to_answer"], second["seconds_connected"]) == (2.0, 5.0, 10.0)
    assert [(each["state"], each["sequence"]) for each in call["results"]] == [("pending", 1)]
    assert call["results"][0]["variables"]["result"] == "completed"


async def test_the_log_of_a_call_tells_what_happened_in_order(world: World) -> None:
    call_id = await carried(world)
    [delivery] = await world.ledger.claim_deliveries(NOW + 60 * SECOND, 1, "one", NOW + 90 * SECOND)
    await world.ledger.delivery_done(delivery.delivery_id, NOW + 61 * SECOND)
    async with world.client("read") as client:
        events = (await client.get(f"/v1/calls/{call_id}/events")).json()["events"]
    assert [(each["event"], each["attempt"]) for each in events] == [
        ("queued", None),
        ("dialing", 1),
        ("attempt_ended", 1),
        ("dialing", 2),
        ("ringing", 2),
        ("connected", 2),
        ("attempt_ended", 2),
        ("completed", None),
        ("result_posted", None),
    ]
    assert events[2]["detail"] == "busy (486): Busy Here"


async def test_a_call_that_waits_is_withdrawn(world: World) -> None:
    call_id = await queued(world)
    async with world.client() as client:
        for _ in range(2):
            reply = await client.post(f"/v1/calls/{call_id}/cancel")
            assert (reply.status_code, reply.json()["state"]) == (200, "canceled")


async def test_a_call_that_is_dialled_is_not_withdrawn(world: World) -> None:
    call_id = await queued(world)
    await claim(world.ledger, NOW, 10, "one", NOW + 60 * SECOND)
    async with world.client() as client:
        reply = await client.post(f"/v1/calls/{call_id}/cancel")
    assert reply.status_code == 409
    assert "being dialled" in reply.json()["detail"]


@pytest.mark.parametrize("suffix", ["", "/attempts", "/results", "/events"])
async def test_anothers_call_is_not_there(world: World, suffix: str) -> None:
    call_id = await queued(world)
    async with world.client("admin", world.other) as client:
        assert (await client.get(f"/v1/calls/{call_id}{suffix}")).status_code == 404
        assert (await client.get("/v1/calls")).json()["calls"] == []
        assert (await client.post(f"/v1/calls/{call_id}/cancel")).status_code == 404


@pytest.mark.parametrize(("form", "first"), [("csv", b"call_id,"), ("ndjson", b'{"call_id":')])
async def test_all_calls_come_as_a_file(world: World, form: str, first: bytes) -> None:
    made = [await queued(world) for _ in range(3)]
    async with world.client("read") as client:
        reply = await client.get(f"/v1/calls/export?format={form}")
    assert reply.content.startswith(first)
    assert len(reply.content.splitlines()) == len(made) + (form == "csv")
    assert f'filename="calls.{form}"' in reply.headers["content-disposition"]
