from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

import mirabelle


async def demo(directory: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mirabelle.cli.main", "demo"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(Path(mirabelle.__file__).parents[1])},
    )


def living_in(directory: Path) -> list[str]:
    """The processes that run in a directory; the children of the demonstration, and theirs, run in its own."""
    if not Path("/proc/self/cwd").exists():
        pytest.skip("This system does not tell where a process runs (no /proc).")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == directory:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def wait_until_nobody_lives_in(directory: Path) -> None:
    for _ in range(250):
        if not living_in(directory):
            return
        time.sleep(0.02)
    pytest.fail(f"Left behind: {living_in(directory)}")


async def test_one_call_goes_the_whole_way(tmp_path: Path) -> None:
    process = await demo(tmp_path)
    told, complaints = await process.communicate()
    story = told.decode()
    assert (process.returncode, complaints.decode()) == (0, "")
    order = [
        "queued as call",
        "phone rings",
        "answered",
        "first audio",
        "presses 1",
        "hears the key 1",
        "submits to",
        "received the key 1",
        "hangs up",
        "result_url was posted: completed",
        "listen to it in",
        "calls show 1 --config demo-output/mirabelle.toml",
        "docs/getting-started.md",
    ]
    assert [text for text in order if text not in story] == []
    # The telephone may ring before the reply of the queue is there to be told.
    assert sorted(order[1:], key=story.index) == order[1:]
    assert "\x1b" not in story
    assert re.search(r"heard ([2-9]|[1-9][0-9])\.[0-9] s of speech", story)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    process = await demo(tmp_path)
    assert process.stdout is not None
    while b"takes requests" not in (line := await process.stdout.readline()):
        assert line
    assert len(await asyncio.to_thread(living_in, tmp_path)) >= 4
    process.send_signal(number)
    await process.communicate()
    assert process.returncode == 130
    await asyncio.to_thread(wait_until_nobody_lives_in, tmp_path)


async def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo-output").write_text("in the way")
    process = await demo(tmp_path)
    _, complaint = await process.communicate()
    assert process.returncode == 1
    assert b"demo-output/ cannot be written here" in complaint
