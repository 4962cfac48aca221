"""Forms with a list that cannot be taken: each is told why, and nothing is half queued."""

from __future__ import annotations

import gzip
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from mirabelle.api.app import QUEUECALLS_PATHS

PATH = QUEUECALLS_PATHS[0]
GOOD = (("login", b"user"), ("pin", b"98765432"), ("campaign_name", b"autumn"), ("start_url", b"http://example.com/s"))
LIST = ("phone_list", b"+16175550123\n+16175550124\n")


def body(*fields: tuple[str, bytes]) -> bytes:
    """A multipart form of these fields, the list among them as a file."""
    parts = b""
    for name, value in fields:
        file = '; filename="list.csv"' if name == "phone_list" else ""
        parts += f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"
    return parts + b"--b--\r\n"


async def faults(client: httpx.AsyncClient, content: bytes, **headers: str) -> list[tuple[str, str]]:
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    response = await client.post(PATH, content=content, headers=kind | headers)
    root = ET.fromstring(response.content)
    assert (response.status_code, root.tag, root.get("status")) == (200, "queuecalls", "failed")
    return [(each.get("field") or "", each.text or "") for each in root.iter("error")]


def nothing_is_queued(ledger: Any) -> bool:
    return ledger.calls == [] and set(ledger.campaigns) == {"default"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("campaign_parameters", b"x" * 256, "at most 255"),
        ("start_url", b"http://example.com/" + b"x" * 250, "at most 255"),
        ("campaign_parameters", b"\xff\xfe", "not UTF-8"),
        ("campaign_name", b"winter", "more than once"),
        ("campain_name", b"winter", "campaign_name"),
        ("call_parameters", b"a=1", "column of the list"),
        ("result_url", b"http://127.0.0.1/result", "private"),
        ("result_url", b"http://[::1]/result", "private"),
        ("result_url", b"http://169.254.169.254/latest", "private"),
        ("result_url", b"file:///etc/passwd", "http"),
        ("max_retries", b"11", "10"),
        ("scheduled_time", b"next blue moon", "blue"),
        ("on_bad_line", b"panic", "refuse, skip"),
        ("duplicates", b"twice", "allow, skip, refuse"),
    ],
)
async def test_a_field_that_is_wrong_refuses_the_list(
    client: httpx.AsyncClient, ledger: Any, name: str, value: bytes, said: str
) -> None:
    fields = [each for each in GOOD if each[0] != name or name == "campaign_name"]
    found = await faults(client, body(*fields, (name, value), LIST))
    assert any(field == name and said in reason for field, reason in found), found
    assert nothing_is_queued(ledger)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
async def test_a_body_that_is_compressed_is_not_unpacked(client: httpx.AsyncClient, ledger: Any, encoding: str) -> None:
    bomb = gzip.compress(body(*GOOD, ("phone_list", b"+16175550123\n" * 100_000)))
    [(field, reason)] = await faults(client, bomb, **{"Content-Encoding": encoding})
    assert (field, "uncompressed" in reason) == ("body", True)
    assert nothing_is_queued(ledger)


async def test_a_list_that_is_compressed_is_not_unpacked(client: httpx.AsyncClient, ledger: Any) -> None:
    [(field, reason)] = await faults(client, body(*GOOD, ("phone_list", gzip.compress(LIST[1] * 10_000))))
    assert (field, "compressed" in reason) == ("phone_list", True)
    assert nothing_is_queued(ledger)


@pytest.mark.parametrize(
    "content",
    [
        body(*GOOD, LIST, LIST),
        body(*GOOD, *[(f"m{number}", b"") for number in range(80)], LIST),
        body(*GOOD, ("x" * 200, b""), LIST),
        body(*GOOD, LIST)[:-10],
        b"no form at all",
    ],
)
async def test_a_form_that_is_broken_is_refused(client: httpx.AsyncClient, ledger: Any, content: bytes) -> None:
    assert [field for field, _ in await faults(client, content)] == ["body"]
    assert nothing_is_queued(ledger)
