"""What holds for a cache whatever is put into it and asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mirabelle.fetch.cache import ResponseCache
from mirabelle.fetch.freshness import Wish
from mirabelle.fetch.request import Response

MOST = 8 * 2_500
OWNERS = st.sampled_from(["ann", "ben"])
NAMES = ("http://a/", "http://b/", "http://c/", "http://d/", "http://e/")
URLS = st.sampled_from(NAMES[:2]) | st.sampled_from(NAMES)
CONTROLS = st.sampled_from(["", "max-age=5", "private, max-age=5", "public, max-age=5", "no-store", "no-cache"])
SENT = st.sampled_from([{}, {}, {"cookie": "a=1"}, {"authorization": "x"}, {"accept": "text/xml"}])
SECONDS = st.none() | st.none() | st.integers(0, 9)
SELDOM = st.sampled_from([False, False, False, True])


@dataclass(frozen=True)
class Step:
    owner: str
    url: str
    sent: Mapping[str, str]
    own_headers: bool
    maxage: int | None
    maxstale: int | None
    control: str
    etag: bool
    cookie: bool
    size: int
    confirmed: bool
    passes: int
    ends: bool


STEPS = st.builds(
    Step,
    OWNERS,
    URLS,
    SENT,
    SELDOM,
    SECONDS,
    SECONDS,
    CONTROLS,
    st.booleans(),
    SELDOM,
    st.integers(0, 1_200),
    st.booleans(),
    st.integers(0, 2),
    SELDOM,
)


class Time:
    seconds = 0.0

    def now(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


def answer(step: Step) -> Response:
    """An answer that says for whom it was made, and whether it is that one's alone."""
    headers = {"cache-control": step.control} if step.control else {}
    headers |= {"etag": '"1"'} if step.etag else {}
    headers |= {"set-cookie": "b=2"} if step.cookie else {}
    alone = "private" in step.control or step.cookie or step.own_headers
    alone = alone or (bool({"cookie", "authorization"} & step.sent.keys()) and "public" not in step.control)
    body = f"{step.owner} {alone} ".encode().ljust(step.size, b".")
    return Response(url=step.url, status=200, content_type="", body=body, headers=headers)


@settings(max_examples=40)
@given(st.lists(STEPS, min_size=30, max_size=40))
def test_no_session_gets_what_is_anothers_and_the_bound_holds(steps: list[Step]) -> None:
    time = Time()
    cache = ResponseCache(time, MOST)
    confirmed: set[tuple[str, bytes]] = set()
    for step in steps:
        time.seconds += step.passes
        wish = Wish(step.maxage, step.maxstale, step.owner)
        exchange = cache.exchange(step.url, step.sent, wish, own_headers=step.own_headers)
        kept = cache.find(exchange)
        if kept is not None and cache.serves(kept, wish):
            made_for, alone, _ = kept.response.body.split(b" ", 2)
            theirs = made_for == step.owner.encode() or (step.owner, kept.response.body) in confirmed
            assert theirs or alone == b"False"
            assert "set-cookie" not in kept.response.headers
            assert "no-cache" not in kept.response.headers.get("cache-control", "")
        elif kept is not None and step.confirmed:
            confirmed.add((step.owner, kept.response.body))
            cache.freshen(exchange, kept, {"etag": '"1"'})
        else:
            cache.keep(exchange, answer(step))
        if step.ends:
            cache.forget(step.owner)
        assert 0 <= cache.size <= MOST
    for url in NAMES:
        for owner in ("ann", "ben"):
            cache.invalidate(url, owner)
    assert (len(cache), cache.size) == (0, 0)
