from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mirabelle.sandbox.child import Child, ChildError


class Stage:
    """Starts children of a few lines, and ends them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = directory / "child.log"
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.children: list[Child] = []

    async def start(self, source: str) -> Child:
        name = f"act{len(self.children)}"
        (self.directory / f"{name}.py").write_text("import signal, sys, time\n" + source)
        child = await Child.start(
            *("child", name, ()), pipe="stdout", log=self.log, on_event=lambda *event: self.told.append(event)
        )
        self.children.append(child)
        return child


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    stage = Stage(tmp_path)
    yield stage
    for child in stage.children:
        child.kill()
        await child.end(10)


async def test_events_are_heard_and_everything_is_kept_in_the_log(stage: Stage) -> None:
    child = await stage.start("""print('hello'); print('{"event": "ready", "port": 7}'); print('[1]'); print('{}')""")
    assert await child.tells("ready", 20) == {"port": 7}
    await child.ended()
    await child.end(10)
    assert stage.told == [("ready", {"port": 7})]
    assert stage.log.read_text().splitlines() == ["hello", '{"event": "ready", "port": 7}', "[1]", "{}"]


async def test_a_child_that_ends_too_early_is_quoted(stage: Stage) -> None:
    child = await stage.start("print('no room here')")
    with pytest.raises(ChildError, match=r"The child ended\. Its last words: no room here"):
        await child.tells("ready", 20)


async def test_a_child_that_says_nothing_is_not_waited_for_for_ever(stage: Stage) -> None:
    child = await stage.start("time.sleep(60)")
    with pytest.raises(ChildError, match=r"said nothing of 'ready' within 0\.05 s.*child\.log"):
        await child.tells("ready", 0.05)


async def test_a_line_without_end_is_passed_over(stage: Stage) -> None:
    child = await stage.start("""print('x' * 5_000_000); print('{"event": "ready"}')""")
    assert await child.tells("ready", 20) == {}


async def test_a_child_that_will_not_end_is_made_to(stage: Stage) -> None:
    child = await stage.start(
        """signal.signal(signal.SIGTERM, signal.SIG_IGN); print('{"event": "ready"}', flush=True); time.sleep(60)"""
    )
    await child.tells("ready", 20)
    await child.end(0.05)
    assert child.process.returncode == -9


async def test_a_child_is_asked_to_end_first(stage: Stage) -> None:
    child = await stage.start(
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        """print('{"event": "ready"}', flush=True); time.sleep(60)"""
    )
    await child.tells("ready", 20)
    await child.end(20)
    assert child.process.returncode == 3
