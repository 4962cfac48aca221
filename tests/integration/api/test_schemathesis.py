"""What the OpenAPI document says, and what the server does with requests that are made from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.meta import TestPhase
from schemathesis.python.asgi import shutdown_lifespans
from starlette.types import Receive, Scope, Send

from mirabelle.calls.account import Account
from mirabelle.settings import load
from mirabelle.store.ledger import Ledger
from mirabelle.store.open import open_ledger
from tests.integration.api.json import NOW, World, make_world

EXAMPLES: Final = 12
"""Requests that are drawn for an operation, beside those that try its limits one by one."""
IDS: Final = 6
"""Requests with an id name one of so many, so that most name something that exists."""
OPERATOR: Final = "ops"
KEY: Final = "Idempotency-Key"
SETTINGS: Final = {
    "MIRABELLE_API_OPERATOR": OPERATOR,
    "MIRABELLE_API_REQUESTS_PER_SECOND": "100000",
    "MIRABELLE_API_BURST": "100000",
}
APPLICATION: Final = {"start_url": "http://example.com/start"}
SCHEDULE: Final = {"zone": "UTC", "windows": [{"weekdays": ["monday"], "start": "09:00", "end": "17:00"}]}
CALL: Final = {
    "phone_number": "+16175550123",
    "result_url": "http://example.com/result",
    **APPLICATION,
}


class Served:
    """The API on a ledger that is opened, and filled, on the event loop of whoever serves it."""

    def __init__(self, store: str) -> None:
        self._store = store
        self._ledger: Ledger | None = None
        self._world: World | None = None
        self._operator: Account | None = None
        self.authorization = ""
        self.campaign_id = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, as ASGI has it."""
        if scope["type"] == "lifespan":
            await receive()
            await self._open()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            assert self._ledger is not None
            await self._ledger.aclose()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert self._world is not None
        # The request before may have revoked it.
        await self._world.key("admin", self._operator)
        await self._world.app(scope, receive, send)

    async def _open(self) -> None:
        self._ledger = await open_ledger(self._store)
        self._world = await make_world(self._ledger, load(None, SETTINGS))
        self._operator = await self._ledger.add_account(OPERATOR, "hashed", NOW)
        self.authorization = await self._world.key("admin", self._operator)
        async with self._world.client("admin", self._operator) as client:
            for name in ("first", "second", "third"):
                made = await client.post("/v1/campaigns", json={"name": name, **APPLICATION})
                self.campaign_id = made.json()["campaign_id"]
            for each in range(IDS):
                await client.post("/api/schedules", json={"name": f"s{each}", **SCHEDULE})
                await client.post("/api/profiles", json={"name": f"p{each}", "channels": 1})
                queued = await client.post("/v1/calls", json=CALL)
                await client.post(queued.headers["Location"] + "/cancel")


@dataclass
class Report:
    """What a run found.

    Attributes:
        operations: all that the document has, as `GET /v1/calls`.
        failures: what does not hold, in words, with the request.
        statuses: what each operation answered.
    """

    operations: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    statuses: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, recorder: ScenarioRecorder) -> None:
        """Add what came of the requests to an operation."""
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is not None and case_id in recorder.cases:
                case, response = recorder.cases[case_id].value, interaction.response
                self.statuses.setdefault(case.operation.label, Counter())[int(response.status_code)] += 1
                if case.operation.path.endswith(".php"):
                    self._see_xml(case.operation.label, response)
        for case_id, node in ((case_id, each) for case_id, nodes in recorder.checks.items() for each in nodes):
            if node.failure_info is not None and not _is_text_all_the_same(node.name, recorder.cases[case_id].value):
                failure, request = node.failure_info.failure, node.failure_info.code_sample
                self.failures.append(f"{recorder.label} [{node.name}] {failure.title}: {failure.message}\n{request}")

    def _see_xml(self, label: str, response: Response) -> None:
        status = ET.fromstring(response.content).get("status")
        if status not in ({"queued", "failed"} if response.status_code == 200 else {"failed"}):
            self.failures.append(f"{label}: {response.status_code} with status {status}")


def _is_text_all_the_same(check: str, case: schemathesis.Case[Any]) -> bool:
    """Whether data that were wrong became right on their way: in plain text, a number is a string like any other."""
    return (
        check == "negative_data_rejection"
        and case.media_type in ("text/csv", "text/plain")
        and not isinstance(case.body, str)
    )


def configured(served: Served) -> SchemathesisConfig:
    """The same requests in every run."""
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "headers": {"Authorization": served.authorization},
            "workers": 1,
            "continue-on-failure": True,
            "generation": {
                "max-examples": EXAMPLES,
                "deterministic": True,
                "no-shrink": True,
                "database": "none",
            },
            # A text that fits the schema of a telephone number need not be one, nor lead anywhere.
            "checks": {"positive_data_acceptance": {"enabled": False}},
            "operations": [
                # They say what is wrong in their XML, with the status 200, as the hosted service did.
                {"include-path-regex": r"\.php$", "checks": {"negative_data_rejection": {"enabled": False}}},
                # A list is large, and seldom drawn right; where it is, it is to fall into a campaign that exists.
                {
                    "include-path": "/v1/campaigns/{campaign_id}/calls",
                    "parameters": {"path.campaign_id": served.campaign_id},
                },
            ],
        }
    )


def map_case(_context: Any, case: schemathesis.Case[Any]) -> schemathesis.Case[Any]:
    """Name what exists, where an id is named that could exist."""
    if case.operation.path.startswith("/api/campaigns/") and isinstance(case.body, dict):
        # Their campaign is named in the body, and the configuration reaches the address only.
        _fold_campaign(case.body)
    if case.meta is None or case.meta.phase.name is TestPhase.STATEFUL:
        # It names what the reply before it made, unless that was the reply to another request of the same key.
        if case.headers and KEY in case.headers:
            case.headers[KEY] = f"{case.headers[KEY]}-{case.id}"
        return case
    _fold(case.path_parameters)
    if isinstance(case.body, dict) and case.meta.generation.mode.is_positive:
        _fold(case.body)
    return case


def _fold_campaign(values: dict[str, Any]) -> None:
    if isinstance(values.get("campaign_id"), int) and 0 < values["campaign_id"] < 2**31:
        values["campaign_id"] = IDS - values["campaign_id"] % 3


def _fold(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name.endswith("_id") and isinstance(value, int) and IDS < value < 2**31:
            values[name] = value % IDS + 1


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """What comes of requests to every operation of the document, with the key of an admin of the operator."""
    served = Served(f"sqlite:///{tmp_path_factory.mktemp('schemathesis')}/ledger.db")
    try:
        document = schemathesis.openapi.from_asgi("/openapi.json", served).raw_schema
        schema = schemathesis.openapi.from_asgi("/openapi.json", served, config=configured(served))
        schema.hook(map_case)
        found = Report(
            {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
        )
        for event in from_schema(schema).execute():
            if isinstance(event, ScenarioFinished):
                found.add(event.recorder)
            elif isinstance(event, NonFatalError):
                found.failures.append(f"{event.label}: {event.value!r}")
        yield found
    finally:
        shutdown_lifespans()


def test_the_api_does_what_its_document_says(report: Report) -> None:
    assert report.failures == [], "\n\n".join(report.failures)


def test_every_operation_of_the_document_was_asked_and_did_what_it_is_for(report: Report) -> None:
    done = {label for label, statuses in report.statuses.items() if any(200 <= each <= 299 for each in statuses)}
    assert done == report.operations
    assert any(label.startswith("POST /v1/") for label in done)
