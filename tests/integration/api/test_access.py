from __future__ import annotations

import asyncio
import base64

import pytest

from mirabelle.api.login import WRONG_AT_ONCE
from mirabelle.settings import load
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from mirabelle.store.records import Role
from tests.integration.api.json import NOW, PIN, World, make_world

CALL = {"phone_number": "+16175550123", "start_url": "http://example.com/start"}


def basic(login: str, pin: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{pin}".encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer mk_nobody",
        "Bearer \xff",
        basic("acme", "00000000"),
        basic("acme", ""),
        "Basic !!!",
        "Digest x",
    ],
)
async def test_a_stranger_is_told_how_to_come_in(world: World, header: str) -> None:
    async with world.stranger() as client:
        headers = [(b"authorization", header.encode("latin-1"))] if header else []
        reply = await client.get("/v1/calls", headers=headers)
    assert (reply.status_code, reply.headers["content-type"]) == (401, "application/problem+json")
    assert reply.headers["www-authenticate"].startswith("Bearer")


async def test_a_login_and_its_pin_open_everything(world: World) -> None:
    async with world.stranger() as client:
        client.headers["Authorization"] = basic("acme", PIN)
        assert (await client.post("/v1/calls", json=CALL)).status_code == 201
        assert (await client.get(f"/v1/accounts/{world.acme.account_id}/keys")).status_code == 200


@pytest.mark.parametrize(
    ("role", "read", "queue", "administer"),
    [("read", 200, 403, 403), ("manager", 200, 201, 403), ("admin", 200, 201, 200)],
)
async def test_a_key_opens_what_its_role_reaches(
    world: World, role: Role, read: int, queue: int, administer: int
) -> None:
    async with world.client(role) as client:
        assert (await client.get("/v1/calls")).status_code == read
        assert (await client.post("/v1/calls", json=CALL)).status_code == queue
        assert (await client.get(f"/v1/accounts/{world.acme.account_id}/keys")).status_code == administer


async def test_a_key_is_made_shown_once_and_revoked(world: World) -> None:
    address = f"/v1/accounts/{world.acme.account_id}/keys"
    async with world.client("admin") as client:
        made = (await client.post(address, json={"role": "read", "name": "dashboard"})).json()
        listed = (await client.get(address)).text
        assert made["key"] not in listed
        assert "dashboard" in listed
        async with world.stranger() as holder:
            holder.headers["Authorization"] = f"Bearer {made['key']}"
            assert (await holder.get("/v1/calls")).status_code == 200
            assert (await client.delete(f"{address}/{made['key_id']}")).status_code == 204
            assert (await holder.get("/v1/calls")).status_code == 401
        assert (await client.delete(f"{address}/{made['key_id']}")).status_code == 404


async def test_a_new_pin_replaces_the_one_before(world: World) -> None:
    async with world.client("admin") as client:
        pin = (await client.post(f"/v1/accounts/{world.acme.account_id}/pin")).json()["pin"]
    async with world.stranger() as client:
        assert (await client.get("/v1/calls", headers={"Authorization": basic("acme", PIN)})).status_code == 401
        assert (await client.get("/v1/calls", headers={"Authorization": basic("acme", pin)})).status_code == 200


async def test_a_new_signing_secret_signs_at_once_and_the_one_before_for_a_day(world: World) -> None:
    address = f"/v1/accounts/{world.acme.account_id}/secret"
    async with world.client("admin") as client:
        secrets = [(await client.post(address)).json()["signing_secret"] for _ in range(2)]
        new = CALL | {"result_url": "http://example.com/result"}
        call = (await client.post("/v1/calls", json=new)).json()
        await client.post(f"/v1/calls/{call['call_id']}/cancel")
        [delivery] = await world.ledger.claim_deliveries(NOW, 1, "one", NOW)
        assert delivery.secrets == (secrets[1], secrets[0])
        last = (await client.post(address, json={"revoke_former": True})).json()["signing_secret"]
        [delivery] = await world.ledger.claim_deliveries(NOW, 1, "one", NOW)
        assert delivery.secrets == (last,)


async def test_settings_are_changed_one_by_one(world: World) -> None:
    address = f"/v1/accounts/{world.acme.account_id}"
    async with world.client("admin") as client:
        await client.patch(address, json={"country": "DE"})
        await client.patch(address, json={"result_literals": "extended"})
        settings = (await client.patch(address, json={"preflight": False})).json()["settings"]
        assert (settings["country"], settings["preflight"], settings["start_method"]) == ("DE", False, "post")
        assert settings["result_literals"] == "extended"
        assert (await client.patch(address, json={"country": "de"})).status_code == 422
        assert (await client.patch(address, json={"start_method": "put"})).status_code == 422


async def test_an_account_sees_itself_alone(world: World) -> None:
    async with world.client("admin") as client:
        accounts = (await client.get("/v1/accounts")).json()["accounts"]
        assert [each["login"] for each in accounts] == ["acme"]
        assert (await client.get(f"/v1/accounts/{world.other.account_id}")).status_code == 404
        assert (await client.get(f"/v1/accounts/{world.other.account_id}/keys")).status_code == 404
        assert (await client.post("/v1/accounts", json={"login": "new"})).status_code == 403


async def test_the_operator_makes_accounts_and_sees_them_all(world: World) -> None:
    ops = await world.ledger.add_account("ops", "hashed", NOW)
    async with world.client("admin", ops) as client:
        made = (await client.post("/v1/accounts", json={"login": "new"})).json()
        assert (await client.post("/v1/accounts", json={"login": "new"})).status_code == 409
        assert (await client.post("/v1/accounts", json={"login": "a:b"})).status_code == 422
        logins = [each["login"] for each in (await client.get("/v1/accounts")).json()["accounts"]]
    assert logins == ["acme", "other", "ops", "new"]
    async with world.stranger() as client:
        client.headers["Authorization"] = basic("new", made["pin"])
        assert (await client.get("/v1/calls")).status_code == 200
    async with world.client("manager", ops) as client:
        assert len((await client.get("/v1/accounts")).json()["accounts"]) == 1


@pytest.fixture
async def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return await open_ledger(f"sqlite:///{tmp_path_factory.mktemp('rate')}/ledger.db")


async def test_too_many_requests_are_told_when_to_come_again(ledger: Ledger) -> None:
    settings = load(None, {"MIRABELLE_API_REQUESTS_PER_SECOND": "0.5", "MIRABELLE_API_BURST": "3"})
    world = await make_world(ledger, settings)
    async with world.client() as client, world.client("read", world.other) as another:
        assert [(await client.get("/v1/calls")).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = await client.get("/v1/calls")
        assert (refused.headers["retry-after"], refused.headers["content-type"]) == ("2", "application/problem+json")
        assert (await another.get("/v1/calls")).status_code == 200
        world.clock.passed += 2
        assert (await client.get("/v1/calls")).status_code == 200
    await ledger.aclose()


async def test_a_pin_cannot_be_guessed(world: World) -> None:
    async with world.stranger() as client:
        guesses = [basic("acme", f"0000{each:04}") for each in range(WRONG_AT_ONCE + 1)]
        replies = [await client.get("/v1/calls", headers={"Authorization": each}) for each in guesses]
        assert [each.status_code for each in replies] == [401] * WRONG_AT_ONCE + [429]
        assert replies[-1].headers["retry-after"] == "6"
        form = {"login": "acme", "pin": PIN, **CALL}
        assert (
            '<error field="login">Too many wrong PINs'
            in (await client.post("/webservice/queuecall.php", data=form)).text
        )
        world.clock.passed += 6
        assert 'status="queued"' in (await client.post("/webservice/queuecall.php", data=form)).text
        await client.get("/v1/calls", headers={"Authorization": basic("acme", "00009999")})
        assert (await client.get("/v1/calls", headers={"Authorization": basic("acme", PIN)})).status_code == 200


async def test_a_repeated_request_is_answered_again_and_done_once(world: World) -> None:
    async with world.client() as client:
        headers = {"Idempotency-Key": "one"}
        first, *more = [await client.post("/v1/calls", json=CALL, headers=headers) for _ in range(3)]
    assert {each.text for each in more} == {first.text}
    assert [each.headers.get("idempotency-replayed") for each in (first, *more)] == [None, "true", "true"]
    assert {each.headers["location"] for each in (first, *more)} == {f"/v1/calls/{first.json()['call_id']}"}
    assert len(await world.ledger.calls(world.acme.account_id)) == 1


async def test_requests_with_one_key_at_once_queue_one_call(world: World) -> None:
    async with world.client() as client:
        headers = {"Idempotency-Key": "one"}
        replies = await asyncio.gather(*(client.post("/v1/calls", json=CALL, headers=headers) for _ in range(8)))
    assert {each.status_code for each in replies} == {201}
    assert len({each.text for each in replies}) == 1
    assert len(await world.ledger.calls(world.acme.account_id)) == 1


@pytest.mark.parametrize(
    ("path", "query", "body"),
    [("calls", {"duplicates": "skip"}, {"calls": [CALL, CALL]}), ("calls", {}, {"calls": [CALL]}), ("pause", {}, None)],
)
async def test_another_request_with_the_same_key_is_refused(
    world: World, path: str, query: dict[str, str], body: object
) -> None:
    campaign = f"/v1/campaigns/{world.acme.default_campaign_id}"
    async with world.client() as client:
        headers = {"Idempotency-Key": "one"}
        await client.post(f"{campaign}/calls", json={"calls": [CALL, CALL]}, headers=headers)
        reply = await client.post(f"{campaign}/{path}", params=query, json=body, headers=headers)
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [("sate=failed", "sate", "takes after, campaign_id,"), ("state=failed&state=queued", "state", "there twice")],
)
async def test_a_filter_that_would_be_passed_over_is_refused(world: World, query: str, field: str, reason: str) -> None:
    async with world.client("read") as client:
        reply = await client.get(f"/v1/calls?{query}")
    [error] = reply.json()["errors"]
    assert (reply.status_code, error["field"]) == (422, field)
    assert reason in error["detail"]


async def test_a_method_that_an_address_does_not_take_is_told_those_that_it_takes(world: World) -> None:
    async with world.stranger() as client:
        reply = await client.delete(f"/v1/accounts/{world.acme.account_id}")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, PATCH")


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"max_retries": 1' + b"0" * 5000 + b"}", b"[" * 100_000])
async def test_a_body_that_is_no_json_is_named_as_such(world: World, body: bytes) -> None:
    async with world.client() as client:
        reply = await client.post("/v1/calls", content=body, headers={"Content-Type": "application/json"})
    [error] = reply.json()["errors"]
    assert (reply.status_code, error["field"]) == (422, "body")
    assert "no JSON" in error["detail"]


async def test_a_request_that_was_refused_may_be_corrected_under_its_key(world: World) -> None:
    async with world.client() as client:
        headers = {"Idempotency-Key": "one"}
        assert (await client.post("/v1/calls", json={**CALL, "phone_number": "1"}, headers=headers)).status_code == 422
        assert (await client.post("/v1/calls", json=CALL, headers=headers)).status_code == 201


async def test_each_account_has_keys_of_its_own(world: World) -> None:
    headers = {"Idempotency-Key": "one"}
    async with world.client() as ours, world.client("manager", world.other) as theirs:
        first = (await ours.post("/v1/calls", json=CALL, headers=headers)).json()
        second = (await theirs.post("/v1/calls", json=CALL, headers=headers)).json()
    assert first["call_id"] != second["call_id"]


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_list_that_is_sent_again_is_queued_once(world: World, streamed: bool) -> None:
    body = b'{"calls": [{"phone_number": "+16175550123", "start_url": "http://example.com/start"}]}'
    kind = "application/json"
    if streamed:
        body, kind = body[11:-2] + b"\n", "application/x-ndjson"
    address = f"/v1/campaigns/{world.acme.default_campaign_id}/calls"
    async with world.client() as client:
        headers = {"Idempotency-Key": "list", "Content-Type": kind}
        first = await client.post(address, content=body, headers=headers)
        again = await client.post(address, content=body, headers=headers)
        other = await client.post(address, content=body + b" ", headers=headers)
    assert first.status_code == 201, first.text
    assert (again.text, other.status_code) == (first.text, 422)
    assert len(await world.ledger.calls(world.acme.account_id)) == 1


async def test_a_repeated_reply_holds_no_secret(world: World) -> None:
    address = f"/v1/accounts/{world.acme.account_id}/keys"
    async with world.client("admin") as client:
        headers = {"Idempotency-Key": "key"}
        first, again = [(await client.post(address, json={"role": "read"}, headers=headers)).json() for _ in range(2)]
        assert len((await client.get(address)).json()["keys"]) == 2
    assert first["key"].startswith("mk_")
    assert again == {**first, "key": None}


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "\xe9"])
async def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    async with world.client() as client:
        headers = {b"Idempotency-Key": key.encode("latin-1")}
        assert (await client.post("/v1/calls", json=CALL, headers=headers)).status_code == 422


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(world: World) -> None:
    async with world.client() as client:
        headers = {"Content-Type": "application/json", "Content-Length": str(10**10)}
        reply = await client.post("/v1/calls", content=b"x", headers=headers)
    assert reply.status_code == 413


async def test_a_body_of_another_kind_is_refused(world: World) -> None:
    async with world.client() as client:
        assert (await client.post("/v1/calls", data=CALL)).status_code == 415


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/nothing", 404), ("PUT", "/v1/calls", 405)])
async def test_what_is_not_there_is_a_problem_too(world: World, method: str, path: str, status: int) -> None:
    async with world.client() as client:
        reply = await client.request(method, path)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
