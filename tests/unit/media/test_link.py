from __future__ import annotations

from typing import Any

import pytest

from mirabelle.calls.clock import SystemClock
from mirabelle.media import link as link_module
from mirabelle.media.link import Link
from mirabelle.media.ports import MediaError


class Talker(Link):
    """A link that only notes what it would say."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), lambda _: None)
        self.said: list[tuple[str, int]] = []

    async def say(self, fields: dict[str, Any], payload: bytes = b"") -> None:
        self.said.append((fields["do"], len(payload)))


async def test_a_clip_is_sent_once_however_often_it_is_played() -> None:
    link = Talker()
    first, again = await link.teach([b"aa", b"bb"]), await link.teach([b"bb", b"aa", b"aa"])
    assert again == [first[1], first[0], first[0]]
    assert link.said == [("clip", 2), ("clip", 2)]


async def test_a_long_clip_is_sent_in_pieces_of_whole_packets() -> None:
    link = Talker()
    names = await link.teach([bytes(400_000)])
    assert len(names) == 3
    assert names[0] == names[1]
    assert link.said == [("clip", 160_000), ("clip", 80_000)]
    assert link_module.PIECE % 320 == 0


async def test_clips_not_used_for_longest_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "KNOWN_OCTETS", 5)
    link = Talker()
    for clip in (b"aa", b"bb", b"aa", b"cc"):
        await link.teach([clip])
    assert [what for what, _ in link.said] == ["clip", "clip", "clip", "forget"]
    await link.teach([b"aa"])
    assert len(link.said) == 4


async def test_too_much_audio_at_once_is_refused_before_any_is_sent() -> None:
    link = Talker()
    with pytest.raises(MediaError, match="in parts"):
        await link.teach([b"ab"] * 1001)
    assert link.said == []


async def test_a_link_that_was_never_started_says_so() -> None:
    with pytest.raises(MediaError, match="is gone"):
        await Link(SystemClock(), lambda _: None).say({"do": "stop"})
