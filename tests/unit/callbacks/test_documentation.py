"""docs/api/results.md against the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from standardwebhooks import WebhookVerificationError

from mirabelle.callbacks import outbox
from mirabelle.callbacks.backoff import DELAYS
from mirabelle.callbacks.signature import FORMER_FOR, new_signing_secret, post_headers
from mirabelle.calls.account import AccountSettings
from mirabelle.calls.call import CallState
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.result import Delivery, Extras, outcome_of, result_form, result_word
from tests.unit.calls.test_result import CALL

PAGE = (Path(__file__).parents[3] / "docs" / "api" / "results.md").read_text("utf-8")
SECONDS = {"s": 1, "min": 60, "h": 3600}


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    return re.split(r"^#+ ", PAGE.partition(f"# {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def first_column(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def posted(secret: str, form: dict[str, str]) -> tuple[dict[str, str], bytes]:
    body = urlencode(form).encode()
    delivery = Delivery(delivery_id=1, call_id=1, url="", form=(), secrets=(secret,))
    return post_headers(delivery, body, datetime.now(UTC)), body


def test_the_page_has_the_variables_in_their_order() -> None:
    form = result_form(CALL, AccountSettings(result_extras=True), Extras(campaign_name="x", sequence=1))
    assert first_column(section("Variables")) == [name for name, _ in form]


def test_the_page_has_every_outcome_that_can_be_told() -> None:
    told = set()
    for state in CallState:
        if state.final:
            # Calls end without having been dialled, or with an attempt; one without room is always tried again.
            for outcome in (None, *(each for each in Outcome if each is not Outcome.CAPACITY)):
                extras = Extras(campaign_name="", sequence=1, outcome=outcome)
                told.add(outcome_of(replace(CALL, state=state), extras))
    assert set(first_column(section("outcome"))) == told


@pytest.mark.parametrize(
    ("documented", "extended", "state"),
    re.findall(r"^\| [A-Z][^|]* \| `(\w+)` \| `(\w+)` \| `(\w+)` \|", section("result"), re.MULTILINE),
)
def test_the_page_says_which_words_result_can_be(documented: str, extended: str, state: str) -> None:
    outcome = extended if extended in ("rejected", "expired", "canceled") else "busy"
    assert result_word(CallState(state), outcome, "documented") == documented
    assert result_word(CallState(state), outcome, "extended") == extended


def test_every_final_state_is_in_the_table_of_results() -> None:
    states = re.findall(r"`(\w+)` \|$", section("result"), re.MULTILINE)
    assert {state for state in CallState if state.final} == set(states)


def test_the_page_has_the_headers_of_a_post() -> None:
    ours = {outbox.DELIVERY_HEADER, outbox.ATTEMPT_HEADER, outbox.SEQUENCE_HEADER}
    assert set(first_column(section("Headers"))) == ours | set(posted(new_signing_secret(), {})[0])


def test_the_page_has_the_timetable() -> None:
    rows = re.findall(r"(\d+)(?: to (\d+))? \| (\d+) (s|min|h) ", section("When you do not answer"))
    delays = {
        post: int(amount) * SECONDS[unit]
        for first, last, amount, unit in rows
        for post in range(int(first), int(last or first) + 1)
    }
    assert [delays[post] for post in sorted(delays)] == list(DELAYS)
    assert min(delays) == 2


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    assert "within 30 seconds" in PAGE
    assert outbox.POST_WITHIN == 30
    assert "at most four posts go to one host" in PAGE
    assert outbox.PER_HOST == 4
    assert "For 24 hours" in PAGE
    assert FORMER_FOR.total_seconds() == 24 * 3600


def test_the_example_reads_a_post_and_refuses_another() -> None:
    names: dict[str, Callable[[str, dict[str, str], bytes], dict[str, str]]] = {}
    exec(section("Verify a post").partition("```python\n")[2].partition("```")[0], names)
    secret = new_signing_secret()
    headers, body = posted(secret, {"phone_number": "+1 617", "message_reference": ""})
    assert names["read_result"](secret, headers, body) == {"phone_number": "+1 617", "message_reference": ""}
    with pytest.raises(WebhookVerificationError):
        names["read_result"](secret, headers, body + b"&a=1")


def test_the_worked_example_is_true() -> None:
    found = re.search(r"Secret `(.*)`, id `call_(\d+)_(\d+)`, time `(\d+)` and body `(.*)` give\s+`(.*)`\.", PAGE)
    assert found is not None
    secret, call_id, sequence, time, body, signature = found.groups()
    delivery = Delivery(delivery_id=1, call_id=int(call_id), sequence=int(sequence), url="", form=(), secrets=(secret,))
    headers = post_headers(delivery, body.encode(), datetime.fromtimestamp(int(time), UTC))
    assert headers["webhook-signature"] == signature
