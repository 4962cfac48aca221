"""Digest authentication as a client (RFC 7616, RFC 2617, RFC 8760)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mirabelle.sip.error import SipError
from mirabelle.sip.fields import unquoted
from mirabelle.sip.message import Request, Response

_PAIR: Final = re.compile(r'([A-Za-z0-9_\-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]+)', re.DOTALL)
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BEGINNING: Final = re.compile(r"(?:\A|,)\s*(?=[A-Za-z0-9_\-]+\s+[A-Za-z0-9_\-]+\s*=)")
MOST_CHARACTERS: Final = 4096
"""The longest challenge that is read."""
_HASHES: Final[MappingProxyType[str, Callable[[bytes], str]]] = MappingProxyType(
    {
        "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
        "SHA-256-SESS": lambda data: hashlib.sha256(data).hexdigest(),
        "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "MD5-SESS": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    }
)
_STRENGTH: Final = ("SHA-256-SESS", "SHA-256", "MD5-SESS", "MD5")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to a trunk. The password is never shown."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One Digest challenge.

    Attributes:
        realm: whose password is asked for.
        nonce: the server's.
        algorithm: in upper case; MD5 where none is named.
        qop: in lower case; empty for a server of RFC 2069.
        opaque: to be sent back; None where there is none.
        stale: whether only the nonce was too old, not the password wrong.
    """

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: tuple[str, ...] = ()
    opaque: str | None = None
    stale: bool = False


def parse_challenge(text: str) -> Challenge:
    """Read the value of a WWW-Authenticate or Proxy-Authenticate field.

    Raises:
        SipError: another scheme, no nonce, or too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise SipError(f"The challenge is longer than {MOST_CHARACTERS} characters.")
    scheme, *others = text.split(maxsplit=1) or [""]
    rest = "".join(others)
    if scheme.lower() != "digest":
        raise SipError(f"The authentication scheme '{ascii(scheme[:20])[1:-1]}' is not Digest.")
    given = {match[1].lower(): unquoted(match[2]) for match in _PAIR.finditer(rest)}
    if "nonce" not in given:
        raise SipError("The challenge has no nonce.")
    return Challenge(
        realm=given.get("realm", ""),
        nonce=given["nonce"],
        algorithm=given.get("algorithm", "MD5").upper(),
        qop=tuple(word.strip().lower() for word in given.get("qop", "").split(",") if word.strip()),
        opaque=given.get("opaque"),
        stale=given.get("stale", "").lower() == "true",
    )


def split_challenges(text: str) -> list[str]:
    """Take challenges apart that share one field: RFC 3261 (20.44) forbids it, RFC 9110 (11.6.1) does not."""
    bare = _QUOTED.sub(lambda match: '"' * len(match[0]), text[:MOST_CHARACTERS])
    starts = [match.end() for match in _BEGINNING.finditer(bare)] or [0]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def strongest(challenges: Iterable[Challenge]) -> Challenge | None:
    """The challenge with the best algorithm that we can answer, None where we can answer none."""
    able = [challenge for challenge in challenges if _answerable(challenge)]
    return min(able, key=lambda challenge: _STRENGTH.index(challenge.algorithm), default=None)


def _answerable(challenge: Challenge) -> bool:
    return challenge.algorithm in _HASHES and (not challenge.qop or bool({"auth", "auth-int"} & set(challenge.qop)))


def authorization(
    challenge: Challenge,
    credentials: Credentials,
    *,
    method: str,
    uri: str,
    cnonce: str,
    count: int = 1,
    body: bytes = b"",
) -> str:
    """The value of the Authorization or Proxy-Authorization field (RFC 7616 section 3.4).

    Args:
        challenge: one that `strongest` chose.
        credentials: ours.
        method: the request's.
        uri: the Request-URI.
        cnonce: ours, fresh.
        count: how often this nonce was used, this time included.
        body: the request's, for the quality `auth-int`.
    """
    digest = _HASHES[challenge.algorithm]

    def hashed(*parts: str) -> str:
        return digest(":".join(parts).encode("utf-8", "surrogateescape"))

    secret = hashed(credentials.username, challenge.realm, credentials.password)
    if challenge.algorithm.endswith("-SESS"):
        secret = hashed(secret, challenge.nonce, cnonce)
    qop = "auth" if "auth" in challenge.qop else "auth-int" if "auth-int" in challenge.qop else ""
    what = hashed(method, uri, digest(body)) if qop == "auth-int" else hashed(method, uri)
    counted = f"{count:08x}"
    middle = (challenge.nonce, counted, cnonce, qop) if qop else (challenge.nonce,)
    fields = [
        f"username={_quoted(credentials.username)}",
        f"realm={_quoted(challenge.realm)}",
        f"nonce={_quoted(challenge.nonce)}",
        f"uri={_quoted(uri)}",
        f'response="{hashed(secret, *middle, what)}"',
        f"algorithm={challenge.algorithm.replace('SESS', 'sess')}",
    ]
    if qop or challenge.algorithm.endswith("-SESS"):
        fields.append(f'cnonce="{cnonce}"')
    if challenge.opaque is not None:
        fields.append(f"opaque={_quoted(challenge.opaque)}")
    if qop:
        fields += [f"qop={qop}", f"nc={counted}"]
    return "Digest " + ", ".join(fields)


def answer(
    request: Request, response: Response, credentials: Credentials, cnonce: str, *, refused: frozenset[str]
) -> tuple[list[tuple[str, str]], frozenset[str]]:
    """The fields that answer a 401 or 407.

    Args:
        request: the one that was challenged; method, URI and body are those of its successor.
        response: the challenge, which may hold several.
        credentials: ours.
        cnonce: ours, fresh.
        refused: the realms that were answered before: again only if the server calls the nonce stale.

    Returns:
        The fields, and the realms answered so far. No field: there is nothing we could say.
    """
    fields: list[tuple[str, str]] = []
    answered = set(refused)
    for asked, told in (("www-authenticate", "Authorization"), ("proxy-authenticate", "Proxy-Authorization")):
        realms: dict[str, list[Challenge]] = {}
        for value in (each for text in response.headers.all(asked) for each in split_challenges(text)):
            try:
                challenge = parse_challenge(value)
            except SipError:
                continue  # another scheme beside Digest; if it stands alone nothing is answered, which the caller sees
            realms.setdefault(challenge.realm, []).append(challenge)
        for realm, challenges in realms.items():
            chosen = strongest(challenges)
            if chosen is None or (realm in refused and not chosen.stale):
                continue
            value = authorization(
                chosen, credentials, method=request.method, uri=request.uri, cnonce=cnonce, body=request.body
            )
            fields.append((told, value))
            answered.add(realm)
    return fields, frozenset(answered)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
