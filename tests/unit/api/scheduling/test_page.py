"""The page of the service says what the service does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from mirabelle.api.scheduling import models
from mirabelle.api.v1 import page
from mirabelle.api.v1.additions import MOST_CALLS
from mirabelle.api.v1.guard import MOST_BODY_BYTES

from .conftest import Service

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "api/scheduling.md").read_text(encoding="utf-8")
TIMES = "`00:00` to `24:00`"


def limit(schema: dict[str, Any]) -> str:
    """The bounds of a field, as the page tells them."""
    if "anyOf" in schema:
        [schema] = [each for each in schema["anyOf"] if each["type"] != "null"]
    if schema["type"] == "string":
        if "pattern" in schema:
            return TIMES
        least = f"{schema['minLength']} to " if "minLength" in schema else ""
        return f"{least}{schema['maxLength']} characters"
    if schema["type"] == "array":
        return (
            f"{schema['minItems']} to {schema['maxItems']}" if "minItems" in schema else f"up to {schema['maxItems']}"
        )
    return f"{schema['minimum']:g} to {schema['maximum']:.0f}"


def rows(model: type[BaseModel]) -> list[str]:
    schema = model.model_json_schema()
    return [
        f"| `{name}` | {limit(field)} | {'yes ' if name in schema['required'] else ''}| {field['description']} |"
        for name, field in schema["properties"].items()
    ]


@pytest.mark.parametrize("model", [models.NewSchedule, models.Window, models.NewProfile, models.NewCall])
def test_the_page_tells_each_field_as_it_is_checked(model: type[BaseModel]) -> None:
    assert "\n".join(rows(model)) in PAGE


def test_the_page_tells_the_fields_of_a_campaign_its_own_first() -> None:
    kept, own = rows(models.NewCampaign)[:2], rows(models.NewCampaign)[2:]
    assert "\n".join(own + kept) in PAGE


def test_the_page_names_every_request(service: Service) -> None:
    for path, operations in service.app.openapi()["paths"].items():
        for method, operation in operations.items() if path.startswith("/api/") else ():
            assert f"| `{method.upper()} {path}` | {operation['summary']} |" in PAGE


def test_the_page_has_the_bounds() -> None:
    assert f"1 to {MOST_CALLS} of them in at most {MOST_BODY_BYTES // 1_000_000} MB" in PAGE
    assert f"`limit`, 1 to {page.MOST} and {page.USUAL}" in PAGE


async def test_the_commands_on_the_page_work_one_after_the_other(client: httpx.AsyncClient) -> None:
    commands = re.findall(r"^curl http://127\.0\.0\.1:8080/api(\S+) .*?-d '(.*?)'$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(commands) == 5
    for path, body in commands:
        response = await client.post(path, content=body, headers={"content-type": "application/json"})
        assert response.status_code in {200, 201}, response.text
        if path == "/campaigns/add-calls":
            [shown] = re.findall(r'^\{"campaign_id".*"last_call_id".*\}$', PAGE, re.MULTILINE)
            assert json.loads(shown) == response.json()


async def test_the_problem_on_the_page_is_ours(client: httpx.AsyncClient, campaign_id: int) -> None:
    [example] = [block for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if "about:blank" in block]
    body = {"campaign_id": campaign_id, "calls": [{"phone_number": "+16175550123"}, {"phone_number": "911"}]}
    assert (await client.post("/campaigns/add-calls", json=body)).json() == json.loads(example)


def test_the_page_leads_to_pages_that_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (DOCS / "api" / target).exists(), target
