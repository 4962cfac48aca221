"""The headers of a post by Standard Webhooks (https://www.standardwebhooks.com): which result, when, and signed."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from mirabelle.calls.result import Delivery
from mirabelle.errors import MirabelleError

ID_HEADER: Final = "webhook-id"
"""The header with the name of a result, the same in every post of it."""

TIMESTAMP_HEADER: Final = "webhook-timestamp"
"""The header with the Unix time of this post."""

SIGNATURE_HEADER: Final = "webhook-signature"
"""The header with a signature for each secret, separated by a space."""

PREFIX: Final = "whsec_"
"""What every signing secret begins with."""

SECRET_BYTES: Final = 32
"""How long the secrets are that we make; the scheme asks for 24 to 64."""

FORMER_FOR: Final = timedelta(hours=24)
"""How long results are signed with the secret before too, so that receivers can be told the new one meanwhile."""


class SignatureError(MirabelleError):
    """A result cannot be signed; the message says what to do."""


def new_signing_secret() -> str:
    """A secret that cannot be guessed: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def message_id(delivery: Delivery) -> str:
    """The name of a result, for a receiver that drops repeats."""
    return f"call_{delivery.call_id}_{delivery.sequence}"


def post_headers(delivery: Delivery, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of one post of a result; without a signature where the account has no secret.

    Args:
        delivery: the result.
        body: exactly what is posted.
        now: the time of this post.

    Raises:
        SignatureError: a secret of the account is none, or the body is no text.
    """
    name = message_id(delivery)
    sent_at = now.astimezone(UTC)
    headers = {ID_HEADER: name, TIMESTAMP_HEADER: str(int(sent_at.timestamp()))}
    if delivery.secrets:
        try:
            text = body.decode("utf-8")
            signatures = [Webhook(secret).sign(name, sent_at, text) for secret in delivery.secrets]
        except (ValueError, EmptyWebhookSecretError):
            # Without its cause: that could show the secret.
            raise SignatureError(
                "The result cannot be signed; give its account a new secret with `mirabelle account secret`."
            ) from None
        headers[SIGNATURE_HEADER] = " ".join(signatures)
    return headers
