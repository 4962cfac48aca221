"""`Idempotency-Key`: a request that is sent again is answered again, and done once."""

from __future__ import annotations

import hashlib
import json
import re
from http import HTTPStatus
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response

from mirabelle.api.v1.problem import FieldError, ProblemError
from mirabelle.store.records import KeptReply, Remembered

HEADER: Final = "Idempotency-Key"
"""The header of a request."""
REPLAYED: Final = "Idempotency-Replayed"
"""The header of a reply that was given before."""
MOST_CHARACTERS: Final = 255
"""The longest key."""

_HAVE_ADDRESSES: Final = frozenset({"account", "call", "campaign", "profile", "schedule"})
"""What a client can look at under an id of its own."""

_KEY: Final = re.compile(r"[\x21-\x7e]{1,%d}" % MOST_CHARACTERS)  # noqa: UP031  the braces of the pattern are its own


class Remembers(Protocol):
    """Where replies are kept."""

    async def remembered(self, account_id: int, key: str) -> Remembered | None:
        """The first reply to a request with this key."""
        ...


class Idempotency:
    """One request with a key, while it is being done.

    What is hashed is the method, the address and the body, as it comes in. Whoever queues calls keeps the reply in the
    transaction that stores them (`kept`); for everything else the reply is kept afterwards, since doing it twice
    changes nothing.
    """

    def __init__(self, key: str, request: Request) -> None:
        """Begin.

        Args:
            key: checked by `key_of`.
            request: of which the body is fed.
        """
        self.key = key
        self.is_kept = False
        self.text_to_keep: str | None = None
        self._digest = hashlib.sha256()
        for part in (request.method, request.url.path, request.url.query):
            data = part.encode("utf-8", "surrogatepass")
            self._digest.update(len(data).to_bytes(8, "big") + data)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self._digest.update(data)

    @property
    def body_hash(self) -> str:
        """What tells this request from another; final when the body has ended."""
        return self._digest.hexdigest()

    def kept(self, status: int, text: str) -> KeptReply:
        """The reply, to be kept together with what is done."""
        self.is_kept = True
        return KeptReply(self.key, self.body_hash, status, text)

    def instead_of_secrets(self, text: str) -> None:
        """Keep this in place of a reply that holds a secret."""
        self.text_to_keep = text


def key_of(request: Request) -> str | None:
    """The key that a request carries; None where it carries none.

    Raises:
        ProblemError: it is empty, too long, or there are several.
    """
    values = request.headers.getlist(HEADER)
    if not values:
        return None
    if len(values) > 1 or not _KEY.fullmatch(values[0]):
        error = FieldError(
            field=HEADER, detail=f"Give one key of 1 to {MOST_CHARACTERS} visible ASCII characters, such as a UUID."
        )
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, error.detail, errors=[error])
    return values[0]


def again(known: Remembered, path: str, body_hash: str) -> Response:
    """The first reply once more.

    Args:
        known: what was answered.
        path: of the present request.
        body_hash: of the present request.

    Raises:
        ProblemError: 422, where this is another request.
    """
    if known.body_hash != body_hash:
        error = FieldError(
            field=HEADER, detail="Another request was sent with this key; take a new key for a new request."
        )
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, error.detail, errors=[error])
    headers = {REPLAYED: "true", "Cache-Control": "no-store"}
    if known.status == HTTPStatus.CREATED and (location := location_of(path, known.reply)):
        headers["Location"] = location
    return Response(known.reply, status_code=known.status, media_type="application/json", headers=headers)


def location_of(path: str, reply: str) -> str | None:
    """Where what was made is; None where a reply names no such thing.

    Args:
        path: of the list that it was added to, such as `/v1/calls`.
        reply: JSON, with an id named after the list, such as `call_id`.
    """
    name = path.rpartition("/")[2].removesuffix("s")
    made = json.loads(reply).get(f"{name}_id")
    return f"{path}/{made}" if isinstance(made, int) and name in _HAVE_ADDRESSES else None


def idempotency_of(request: Request) -> Idempotency | None:
    """The key of a request that was let in, as far as it has one."""
    found: Idempotency | None = getattr(request.state, "idempotency", None)
    return found
