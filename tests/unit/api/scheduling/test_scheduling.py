from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mirabelle.api.body import Body
from mirabelle.api.preflight import Finding
from mirabelle.api.v1.additions import MOST_CALLS
from mirabelle.api.v1.guard import MOST_BODY_BYTES
from mirabelle.api.xml import Fault
from mirabelle.calls.account import Account, AccountSettings
from mirabelle.calls.call import CallState
from mirabelle.store.ledger import CampaignPaused, Ledger, StoreError
from tests.admission import claim

from .conftest import NOW, OFFICE, Service

LEASE = NOW + timedelta(minutes=1)
PROFILE: dict[str, Any] = {"name": "slow", "calls_per_second": 0.5, "channels": 3}
CAMPAIGN: dict[str, Any] = {"name": "spring", "start_url": "http://example.com/start"}
CALL = {"phone_number": "+16175550123"}


def problem(response: httpx.Response, status: int) -> list[dict[str, Any]]:
    """The faults of a reply that must be a problem."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    errors: list[dict[str, Any]] = body.get("errors", [])
    return errors


async def test_a_schedule_is_made_and_shown(client: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    response = await client.post("/schedules", json=OFFICE)
    assert response.status_code == 201
    made = response.json()
    assert made == OFFICE | {"schedule_id": made["schedule_id"], "created_at": "2026-03-02T15:00:00Z"}
    assert (await reader.get(f"/schedules/{made['schedule_id']}")).json() == made
    assert (await reader.get("/schedules")).json() == {"schedules": [made], "next": None}


async def test_a_profile_is_made_and_shown(client: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    response = await client.post("/profiles", json=PROFILE)
    assert response.status_code == 201
    made = response.json()
    assert made == PROFILE | {"profile_id": made["profile_id"], "created_at": "2026-03-02T15:00:00Z"}
    assert (await reader.get(f"/profiles/{made['profile_id']}")).json() == made
    assert (await reader.get("/profiles")).json() == {"profiles": [made], "next": None}


@pytest.mark.parametrize(("what", "body"), [("schedules", OFFICE), ("profiles", PROFILE), ("campaigns", CAMPAIGN)])
async def test_lists_come_in_pages(client: httpx.AsyncClient, what: str, body: dict[str, Any]) -> None:
    for name in ("one", "two", "three"):
        assert (await client.post(f"/{what}", json=body | {"name": name})).status_code == 201
    names: list[str] = []
    after: int | None = 0
    pages = 0
    while after is not None:
        page = (await client.get(f"/{what}", params={"after": after, "limit": 2})).json()
        names += [each["name"] for each in page[what]]
        after, pages = page["next"], pages + 1
    assert [name for name in names if name != "default"] == ["one", "two", "three"]
    assert pages in {2, 3}


@pytest.mark.parametrize(("what", "body"), [("schedules", OFFICE), ("profiles", PROFILE), ("campaigns", CAMPAIGN)])
async def test_a_name_is_given_once(client: httpx.AsyncClient, what: str, body: dict[str, Any]) -> None:
    await client.post(f"/{what}", json=body)
    problem(await client.post(f"/{what}", json=body), 409)


@pytest.mark.parametrize(("what", "body"), [("schedules", OFFICE), ("profiles", PROFILE)])
async def test_a_rule_that_is_not_in_use_is_deleted(client: httpx.AsyncClient, what: str, body: dict[str, Any]) -> None:
    key = (await client.post(f"/{what}", json=body)).json()[f"{what[:-1]}_id"]
    response = await client.delete(f"/{what}/{key}")
    assert (response.status_code, response.content) == (204, b"")
    problem(await client.get(f"/{what}/{key}"), 404)
    problem(await client.delete(f"/{what}/{key}"), 404)


@pytest.mark.parametrize("what", ["schedules", "profiles"])
async def test_a_rule_in_use_is_deleted_when_the_campaign_keeps_it_no_more(
    client: httpx.AsyncClient, campaign_id: int, what: str
) -> None:
    [key] = (await client.get(f"/campaigns/{campaign_id}")).json()[what]
    problem(await client.delete(f"/{what}/{key}"), 409)
    changed = await client.put(f"/campaigns/{campaign_id}/rules", json={})
    assert (changed.json()["schedules"], changed.json()["profiles"]) == ([], [])
    assert (await client.delete(f"/{what}/{key}")).status_code == 204


async def test_a_campaign_is_made_stopped(client: httpx.AsyncClient, campaign_id: int) -> None:
    campaign = (await client.get(f"/campaigns/{campaign_id}")).json()
    assert campaign == {
        "campaign_id": campaign_id,
        "name": "spring",
        "state": "paused",
        "calling": {"open": False, "reason": "The campaign is stopped; start it.", "changes_at": None},
        "start_url": "http://example.com/start",
        "result_url": "http://example.com/result",
        "max_retries": 2,
        "retry_interval": 600,
        "campaign_parameters": "colour=green",
        "schedules": campaign["schedules"],
        "profiles": campaign["profiles"],
        "created_at": "2026-03-02T15:00:00Z",
    }


async def test_a_campaign_that_is_started_says_when_it_calls(client: httpx.AsyncClient, campaign_id: int) -> None:
    response = await client.post("/campaigns/start", json={"campaign_id": campaign_id})
    assert response.status_code == 200
    assert response.json()["state"] == "active"
    assert response.json()["calling"] == {
        "open": True,
        "reason": "Open until 2026-03-02 17:30 America/New_York by schedule 'office'.",
        "changes_at": "2026-03-02T22:30:00Z",
    }
    assert (await client.post("/campaigns/start", json={"campaign_id": campaign_id})).json() == response.json()


async def test_when_a_campaign_is_stopped_nothing_more_leaves(
    client: httpx.AsyncClient, ledger: Ledger, campaign_id: int
) -> None:
    await client.post("/campaigns/add-calls", json={"campaign_id": campaign_id, "calls": [CALL]})
    await client.post("/campaigns/start", json={"campaign_id": campaign_id})
    [claimed] = await claim(ledger, NOW, 1, "one", LEASE)
    response = await client.post("/campaigns/stop", json={"campaign_id": campaign_id})
    assert (response.status_code, response.json()["state"]) == (200, "paused")
    with pytest.raises(CampaignPaused):
        await ledger.begin_attempt(claimed.call_id, "a@b", "main", NOW, "one")


async def test_added_calls_are_those_of_the_campaign(
    client: httpx.AsyncClient, ledger: Ledger, account: Account, campaign_id: int
) -> None:
    calls = [
        {"phone_number": " +16175550123;postd=12", "message_reference": "order-17", "call_parameters": "room=4"},
        {"phone_number": "16175550124"},
    ]
    response = await client.post("/campaigns/add-calls", json={"campaign_id": campaign_id, "calls": calls})
    assert response.status_code == 201
    first, second = await ledger.calls(account.account_id, campaign_id=campaign_id)
    assert response.json() == {
        "campaign_id": campaign_id,
        "queued": 2,
        "first_call_id": first.call_id,
        "last_call_id": second.call_id,
        "warnings": [],
    }
    assert (first.phone_number, second.phone_number) == ("+16175550123;postd=12", "16175550124")
    assert (first.message_reference, first.call_parameters, second.message_reference) == ("order-17", "room=4", "")
    assert (first.start_url, first.result_url) == ("http://example.com/start", "http://example.com/result")
    assert (first.max_retries, first.retry_interval, first.campaign_parameters) == (2, 600, "colour=green")
    assert (first.state, first.due_at) == (CallState.QUEUED, NOW)


@pytest.mark.parametrize("count", [20, 5000])
async def test_a_flood_of_fields_that_are_not_ours_is_told_in_one_sentence(
    client: httpx.AsyncClient, campaign_id: int, count: int
) -> None:
    flood = CALL | {f"x{index}": 1 for index in range(count)}
    [one] = problem(await client.post("/profiles", json=flood | {"y": 1}), 422)
    assert one["field"] == "body"
    body = {"campaign_id": campaign_id, "calls": [CALL, flood | {"y": 1}]}
    [one] = problem(await client.post("/campaigns/add-calls", json=body), 422)
    assert (one["field"], one["line"]) == ("calls", 2)


async def test_bad_calls_are_told_by_their_index_and_none_is_added(
    client: httpx.AsyncClient, ledger: Ledger, account: Account, campaign_id: int
) -> None:
    calls = [CALL, {"phone_number": "911"}, *[CALL] * 600, {"phone_number": "+1617"}, {"phone_number": 7}]
    response = await client.post("/campaigns/add-calls", json={"campaign_id": campaign_id, "calls": calls})
    errors = problem(response, 422)
    assert [(each["line"], each["field"]) for each in errors] == [
        (2, "phone_number"),
        (603, "phone_number"),
        (604, "phone_number"),
    ]
    assert "country code" in errors[0]["detail"]
    assert await ledger.calls(account.account_id, campaign_id=campaign_id) == ()


async def test_the_country_of_the_account_is_looked_at(
    client: httpx.AsyncClient, ledger: Ledger, account: Account, campaign_id: int
) -> None:
    await ledger.update_settings(account.account_id, AccountSettings(country="GB"))
    body = {"campaign_id": campaign_id, "calls": [{"phone_number": "020 7946 0000"}]}
    assert (await client.post("/campaigns/add-calls", json=body)).status_code == 201
    [call] = await ledger.calls(account.account_id, campaign_id=campaign_id)
    assert call.phone_number == "+442079460000"


@pytest.mark.parametrize(
    ("call", "field"),
    [
        ({}, "phone_number"),
        ({"phone_number": ""}, "phone_number"),
        ({"phone_number": 16175550123}, "phone_number"),
        ({"phone_number": "+1" * 100}, "phone_number"),
        (CALL | {"message_reference": "x" * 256}, "message_reference"),
        (CALL | {"call_parameters": "a\0b"}, "call_parameters"),
        (CALL | {"start_url": "http://example.com/"}, "start_url"),
        ("+16175550123", "calls"),
    ],
)
async def test_a_call_that_is_none_is_told_by_its_place(
    client: httpx.AsyncClient, campaign_id: int, call: object, field: str
) -> None:
    body = {"campaign_id": campaign_id, "calls": [CALL, call]}
    [error] = problem(await client.post("/campaigns/add-calls", json=body), 422)
    assert (error["field"], error["line"]) == (field, 2)


@pytest.mark.parametrize("calls", [[], [CALL] * (MOST_CALLS + 1), None])
async def test_there_are_from_one_to_ten_thousand_calls(
    client: httpx.AsyncClient, campaign_id: int, calls: object
) -> None:
    body = {"campaign_id": campaign_id, "calls": calls}
    [error] = problem(await client.post("/campaigns/add-calls", json=body), 422)
    assert error["field"] == "calls"


async def test_a_campaign_without_an_application_takes_no_calls(client: httpx.AsyncClient, account: Account) -> None:
    body = {"campaign_id": account.default_campaign_id, "calls": [CALL]}
    problem(await client.post("/campaigns/add-calls", json=body), 409)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "x" * 65}, "zone"),
        ({"windows": []}, "windows"),
        ({"windows": OFFICE["windows"] * 51}, "windows"),
        ({"windows": [{"weekdays": ["monday"], "start": "9:00", "end": "17:00"}]}, "windows.0.start"),
        ({"windows": [{"weekdays": ["Monday"], "start": "09:00", "end": "17:00"}]}, "windows.0.weekdays.0"),
        ({"windows": [{"weekdays": [], "start": "09:00", "end": "17:00"}]}, "windows.0.weekdays"),
        ({"windows": [{"weekdays": ["monday"], "start": "24:00", "end": "01:00"}]}, "windows"),
        ({"windows": [{"weekdays": ["monday"], "start": "09:00", "end": "09:00"}]}, "windows"),
        ({"holidays": []}, "holidays"),
    ],
)
async def test_a_schedule_that_is_none_is_refused(
    client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    [error] = problem(await client.post("/schedules", json=OFFICE | change), 422)
    assert error["field"] == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "slow"}, "body"),
        ({"name": "slow", "calls_per_second": 0}, "calls_per_second"),
        ({"name": "slow", "calls_per_second": 1001}, "calls_per_second"),
        ({"name": "slow", "calls_per_second": "1"}, "calls_per_second"),
        ({"name": "slow", "channels": 0}, "channels"),
        ({"name": "slow", "channels": 1.5}, "channels"),
        ({"name": "slow", "channels": True}, "channels"),
    ],
)
async def test_a_profile_that_is_none_is_refused(client: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    [error] = problem(await client.post("/profiles", json=body), 422)
    assert error["field"] == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start_url": ""}, "start_url"),
        ({"start_url": "ftp://example.com/"}, "start_url"),
        ({"start_url": "http://127.0.0.1/"}, "start_url"),
        ({"start_url": "http://example.com/" + "x" * 240}, "start_url"),
        ({"result_url": "http://localhost/"}, "result_url"),
        ({"max_retries": 11}, "max_retries"),
        ({"retry_interval": 59}, "retry_interval"),
        ({"campaign_parameters": "x" * 256}, "campaign_parameters"),
        ({"schedules": [0]}, "schedules.0"),
        ({"schedules": list(range(1, 12))}, "schedules"),
        ({"profiles": [2**31]}, "profiles.0"),
    ],
)
async def test_a_campaign_that_is_none_is_refused(
    client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    [error] = problem(await client.post("/campaigns", json=CAMPAIGN | change), 422)
    assert error["field"] == field


async def test_a_campaign_whose_application_does_not_answer_is_refused(
    client: httpx.AsyncClient, service: Service, ledger: Ledger, account: Account
) -> None:
    service.looks.finding = Finding((Fault("start_url", "It answered 500 after 0.1 s."),))
    [error] = problem(await client.post("/campaigns", json=CAMPAIGN), 422)
    assert error == {"detail": "It answered 500 after 0.1 s.", "field": "start_url"}
    assert await ledger.campaign_by_name(account.account_id, "spring") is None


async def test_what_another_account_has_is_not_there(
    stranger: httpx.AsyncClient, client: httpx.AsyncClient, campaign_id: int
) -> None:
    campaign = (await client.get(f"/campaigns/{campaign_id}")).json()
    for what in ("schedules", "profiles"):
        [key] = campaign[what]
        problem(await stranger.get(f"/{what}/{key}"), 404)
        problem(await stranger.delete(f"/{what}/{key}"), 404)
        problem(await stranger.post("/campaigns", json=CAMPAIGN | {what: [key]}), 422)
        assert (await stranger.get(f"/{what}")).json()[what] == []
    problem(await stranger.get(f"/campaigns/{campaign_id}"), 404)
    problem(await stranger.put(f"/campaigns/{campaign_id}/rules", json={}), 404)
    for verb in ("start", "stop"):
        problem(await stranger.post(f"/campaigns/{verb}", json={"campaign_id": campaign_id}), 404)
    problem(await stranger.post("/campaigns/add-calls", json={"campaign_id": campaign_id, "calls": [CALL]}), 404)


async def test_rules_that_are_not_there_are_not_kept(client: httpx.AsyncClient, campaign_id: int) -> None:
    before = (await client.get(f"/campaigns/{campaign_id}")).json()
    [error] = problem(await client.put(f"/campaigns/{campaign_id}/rules", json={"schedules": [999]}), 422)
    assert "no schedule 999" in error["detail"]
    assert (await client.get(f"/campaigns/{campaign_id}")).json() == before


WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/schedules", OFFICE),
    ("DELETE", "/schedules/1", None),
    ("POST", "/profiles", PROFILE),
    ("DELETE", "/profiles/1", None),
    ("POST", "/campaigns", CAMPAIGN),
    ("PUT", "/campaigns/1/rules", {}),
    ("POST", "/campaigns/start", {"campaign_id": 1}),
    ("POST", "/campaigns/stop", {"campaign_id": 1}),
    ("POST", "/campaigns/add-calls", {"campaign_id": 1, "calls": [CALL]}),
]
READS: list[tuple[str, str, Any]] = [
    ("GET", f"/{what}{one}", None) for what in ("schedules", "profiles", "campaigns") for one in ("", "/1")
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_a_reader_changes_nothing(reader: httpx.AsyncClient, method: str, path: str, body: object) -> None:
    problem(await reader.request(method, path, json=body), 403)


@pytest.mark.parametrize(("method", "path", "body"), WRITES + READS)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nobody"}, {"authorization": "Basic YTpi"}])
async def test_without_a_key_nothing_is_done(
    service: Service, account: Account, method: str, path: str, body: object, headers: dict[str, str]
) -> None:
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mirabelle.test/api") as nobody:
        response = await nobody.request(method, path, json=body, headers=headers)
    problem(response, 401)
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/schedules/0", f"/schedules/{2**31}", "/schedules?limit=1001", "/schedules?name=x"])
async def test_an_address_that_cannot_be_is_refused(client: httpx.AsyncClient, path: str) -> None:
    problem(await client.get(path), 422)


@pytest.mark.parametrize("path", ["/schedules/x", "/profiles/-1", "/campaigns/add", f"/campaigns/{'9' * 5000}", "/x"])
async def test_an_address_without_a_number_leads_nowhere(client: httpx.AsyncClient, path: str) -> None:
    problem(await client.get(path), 404)


@pytest.mark.parametrize("verb", ["start", "stop", "add-calls"])
async def test_what_is_posted_is_not_read(client: httpx.AsyncClient, verb: str) -> None:
    response = await client.get(f"/campaigns/{verb}")
    problem(response, 405)
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("content", [b"{", b"", b"\xff", b"[]", b"null", b"[" * 100_000, b'{"name": NaN}'])
async def test_a_body_that_is_no_object_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    response = await client.post("/schedules", content=content, headers={"content-type": "application/json"})
    assert response.status_code in {400, 422}


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_that_is_too_large_is_refused(client: httpx.AsyncClient, told: bool) -> None:
    async def pieces() -> Any:
        for _ in range(MOST_BODY_BYTES // 65_536 + 1):
            yield b" " * 65_536

    content = b" " * (MOST_BODY_BYTES + 1) if told else pieces()
    problem(await client.post("/campaigns/add-calls", content=content), 413)


@pytest.mark.parametrize(
    ("content", "field"),
    [(rb'"\ud800": 1', "body"), (b'"a/b~c": 1', "a/b~c"), (b'"' + b"x" * 999 + b'": 1', "x" * 200)],
)
async def test_a_field_that_is_not_ours_is_told_whatever_its_name(
    client: httpx.AsyncClient, content: bytes, field: str
) -> None:
    body = b'{"name": "slow", "channels": 1, ' + content + b"}"
    response = await client.post("/profiles", content=body, headers={"content-type": "application/json"})
    [error] = problem(response, 422)
    assert error["field"] == field


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    problem(await client.post("/schedules", content=b"x", headers={"content-encoding": "gzip"}), 415)


async def test_a_body_that_does_not_come_is_given_up(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*args: object) -> AsyncIterator[bytes]:
        raise TimeoutError

    monkeypatch.setattr(Body, "chunks", too_slow)
    problem(await client.post("/schedules", json=OFFICE), 408)


async def test_a_ledger_that_does_not_answer_is_told(
    client: httpx.AsyncClient, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*args: object, **fields: object) -> None:
        raise StoreError("PostgreSQL cannot be reached.")

    monkeypatch.setattr(ledger, "add_schedule", gone)
    problem(await client.post("/schedules", json=OFFICE), 503)


def test_the_openapi_document_names_every_route_its_key_and_its_problems(service: Service) -> None:
    document = service.app.openapi()
    operations = [
        operation
        for path, methods in document["paths"].items()
        if path.startswith("/api/")
        for operation in methods.values()
    ]
    assert len(operations) == len(WRITES) + len(READS)
    for operation in operations:
        assert operation["security"] == [{"HTTPBearer": []}, {"HTTPBasic": []}]
        assert operation["x-role"] in {"read", "manager"}
        assert {"401", "403", "422", "429"} <= set(operation["responses"])
        assert list(operation["responses"]["422"]["content"]) == ["application/problem+json"]
    assert len({operation["operationId"] for operation in operations}) == len(operations)


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [("/schedules", OFFICE, "schedule"), ("/profiles", PROFILE, "profile"), ("/campaigns", CAMPAIGN, "campaign")],
)
async def test_what_is_sent_again_is_made_once(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], name: str
) -> None:
    first, again = [await client.post(path, json=body, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert again.headers["location"] == first.headers["location"] == f"/api{path}/{first.json()[name + '_id']}"
    assert (await client.get(first.headers["location"].removeprefix("/api"))).json() == first.json()


async def test_calls_that_are_sent_again_are_added_once(
    client: httpx.AsyncClient, service: Service, ledger: Ledger, account: Account, campaign_id: int
) -> None:
    body = {"campaign_id": campaign_id, "calls": [CALL, CALL]}
    headers = {"Idempotency-Key": "one"}
    first, again = await asyncio.gather(
        *(client.post("/campaigns/add-calls", json=body, headers=headers) for _ in range(2))
    )
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, first.json())
    assert len(await ledger.calls(account.account_id, campaign_id=campaign_id)) == 2
    assert service.rung == 1
    changed = {"campaign_id": campaign_id, "calls": [CALL]}
    [error] = problem(await client.post("/campaigns/add-calls", json=changed, headers=headers), 422)
    assert error["field"] == "Idempotency-Key"


async def test_an_application_that_does_not_answer_gets_no_calls(
    client: httpx.AsyncClient, service: Service, ledger: Ledger, account: Account, campaign_id: int
) -> None:
    body = {"campaign_id": campaign_id, "calls": [CALL]}
    service.looks.finding = Finding((Fault("start_url", "It answered 500 after 0.1 s."),))
    [error] = problem(await client.post("/campaigns/add-calls", json=body), 422)
    assert error["field"] == "start_url"
    assert await ledger.calls(account.account_id, campaign_id=campaign_id) == ()
    service.looks.finding = Finding((), (Fault("start_url", "Line 3 is no VoiceXML."),))
    warned = await client.post("/campaigns/add-calls", json=body)
    assert warned.json()["warnings"] == [{"field": "start_url", "detail": "Line 3 is no VoiceXML.", "line": None}]


async def test_what_is_wrong_with_a_schedule_is_told_at_once(client: httpx.AsyncClient) -> None:
    windows = [{"weekdays": ["monday"], "start": "09:00", "end": "09:00"}]
    errors = problem(await client.post("/schedules", json=OFFICE | {"zone": "Mars/Olympus", "windows": windows}), 422)
    assert [each["field"] for each in errors] == ["zone", "windows"]
