from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Self
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError, webhooks

from mirabelle.callbacks.signature import SignatureError, new_signing_secret, post_headers
from mirabelle.calls.result import Delivery

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BODY = b"phone_number=%2B16175550123&result=completed"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


class Standing(datetime):
    """A clock that stands at `NOW`."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(NOW.timestamp(), tz)


@pytest.fixture(autouse=True, scope="module")
def standing_clock() -> Iterator[None]:
    """The library compares the timestamp with its own clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webhooks, "datetime", Standing)
        yield


def delivery(*secrets: str, attempts: int = 0) -> Delivery:
    return Delivery(
        delivery_id=7,
        call_id=4711,
        url="http://example.com/r",
        form=(("a", "1"),),
        attempts=attempts,
        sequence=2,
        secrets=secrets,
    )


def verify(secret: str, headers: dict[str, str], body: bytes = BODY) -> None:
    Webhook(secret).verify(body, headers, json_parse=False)


def test_the_signature_is_that_of_the_scheme() -> None:
    named = Delivery(delivery_id=1, call_id=4711, url="", form=(), secrets=(SECRET,))
    headers = post_headers(named, b"test", datetime(2021, 2, 25, 1, 35, 24, tzinfo=UTC))
    assert headers == {
        "webhook-id": "call_4711_1",
        "webhook-timestamp": "1614216924",
        "webhook-signature": "v1,NAy2STjhOH4tWXW/PA3okDJu7dg7S6yuDmD4cFux8Bc=",
    }


def test_a_signed_post_is_verified_by_the_library() -> None:
    verify(SECRET, post_headers(delivery(SECRET), BODY, NOW))


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_whatever_the_form_holds_its_signature_is_verified(form: list[tuple[str, str]]) -> None:
    body = urlencode(form).encode("ascii")
    verify(SECRET, post_headers(delivery(SECRET), body, NOW), body)


@pytest.mark.parametrize("hours", [-11, 0, 5])
def test_the_zone_of_the_clock_changes_nothing(hours: int) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=hours)))
    assert post_headers(delivery(SECRET), BODY, elsewhere) == post_headers(delivery(SECRET), BODY, NOW)


def test_two_posts_of_one_result_share_their_id_and_have_their_own_time() -> None:
    first = post_headers(delivery(SECRET), BODY, NOW)
    second = post_headers(delivery(SECRET, attempts=1), BODY, NOW + timedelta(seconds=10))
    assert first["webhook-id"] == second["webhook-id"] == "call_4711_2"
    assert int(second["webhook-timestamp"]) == int(first["webhook-timestamp"]) + 10
    assert first["webhook-signature"] != second["webhook-signature"]


def test_while_an_old_secret_is_valid_both_verify() -> None:
    new, old = new_signing_secret(), new_signing_secret()
    headers = post_headers(delivery(new, old), BODY, NOW)
    assert headers["webhook-signature"].count("v1,") == 2
    verify(new, headers)
    verify(old, headers)
    with pytest.raises(WebhookVerificationError):
        verify(new_signing_secret(), headers)


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (BODY + b"&", {}),
        (BODY.replace(b"completed", b"failed"), {}),
        (BODY, {"webhook-id": "call_4712_2"}),
        (BODY, {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}),
        (BODY, {"webhook-timestamp": str(int(NOW.timestamp()) - 3600)}),
        (BODY, {"webhook-signature": "v1,AAAA"}),
    ],
)
def test_what_was_tampered_with_fails(body: bytes, changes: dict[str, str]) -> None:
    headers = post_headers(delivery(SECRET), BODY, NOW) | changes
    with pytest.raises(WebhookVerificationError):
        verify(SECRET, headers, body)


def test_without_a_secret_a_post_still_has_its_id() -> None:
    assert set(post_headers(delivery(), BODY, NOW)) == {"webhook-id", "webhook-timestamp"}


def test_secrets_are_random_and_of_the_form_that_libraries_read() -> None:
    one, other = new_signing_secret(), new_signing_secret()
    assert one != other
    assert one.startswith("whsec_")
    assert len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.parametrize("secret", ["whsec_", "whsec_A", "whsec_ä"])
def test_a_secret_that_is_none_is_told_without_showing_it(secret: str) -> None:
    with pytest.raises(SignatureError, match="mirabelle account secret") as caught:
        post_headers(delivery(secret), BODY, NOW)
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_secrets_of_a_result_are_not_shown() -> None:
    assert SECRET not in repr(delivery(SECRET))
