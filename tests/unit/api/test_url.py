from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.api.url import UrlError, check


@pytest.mark.parametrize(
    "text", ["http://example.com/", "https://example.com:8443/a?b=c#d", "HTTP://EXAMPLE.COM", "http://93.184.216.34/"]
)
def test_a_public_address_is_fine(text: str) -> None:
    check(text, allow_private=False)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "app.localhost",
        "LOCALHOST.",
        "127.0.0.1",
        "10.1.2.3",
        "192.168.1.1:8000",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[fe80::1]",
        "[fc00::1]",
        "[::ffff:127.0.0.1]",
        "user:pass@127.0.0.1",
    ],
)
def test_a_private_address_needs_leave(host: str) -> None:
    check(f"http://{host}/", allow_private=True)
    with pytest.raises(UrlError, match="allow_private"):
        check(f"http://{host}/", allow_private=False)


@pytest.mark.parametrize(
    "text",
    ["", "http://", "http:///x", "file:///etc/passwd", "//example.com/", "http://[::1/", "http://a:99999/", "http://a:0/",
     "http://a b/", "http://a\\@b/", "http://a/\n", "javascript:alert(1)"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UrlError):
        check(text, allow_private=True)


@given(st.text())
def test_any_text_is_fine_or_refused(text: str) -> None:
    for whole in (text, "http://" + text):
        with contextlib.suppress(UrlError):
            check(whole, allow_private=False)
