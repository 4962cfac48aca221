"""Processor time and memory of a process and all that it started."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def tree_seconds(pid: int) -> float | None:
    """User and system time that a process and its descendants used so far, in seconds; None where there is no /proc."""
    processes = _processes()
    if pid not in processes:
        return None
    return sum(processes[each][1] for each in _tree(pid, processes)) / os.sysconf("SC_CLK_TCK")


def forget_peaks(pid: int) -> None:
    """Let the peaks of `peak_bytes` begin anew."""
    for each in _tree(pid, _processes()):
        with contextlib.suppress(OSError):
            Path(f"/proc/{each}/clear_refs").write_text("5")


def peak_bytes(pid: int) -> dict[int, int]:
    """The most memory that a process and each of its descendants held since `forget_peaks`, by process id.

    What two of them share is counted for both. Empty where there is no /proc.
    """
    found: dict[int, int] = {}
    for each in _tree(pid, _processes()):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{each}/status").read_text().splitlines()
            found[each] = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
    return found


def seconds_by_process(pid: int) -> dict[str, float]:
    """The same for the process and for each child, by what its command line ends in."""
    tick = os.sysconf("SC_CLK_TCK")
    named: dict[str, float] = {}
    for each, (parent, used) in _processes().items():
        if each == pid:
            named["server"] = used / tick
        elif parent == pid:
            words = Path(f"/proc/{each}/cmdline").read_bytes().decode(errors="replace").split("\0")
            name = next((word for word in words if word.startswith("mirabelle.")), f"child {words[0]}")
            named[name] = named.get(name, 0.0) + used / tick
    return named


def _tree(pid: int, processes: dict[int, tuple[int, int]]) -> set[int]:
    """A process and its descendants."""
    ours = {pid}
    while found := {each for each, (parent, _) in processes.items() if parent in ours} - ours:
        ours |= found
    return ours


def _processes() -> dict[int, tuple[int, int]]:
    """The parent and the ticks of every process, those of its ended children included."""
    processes: dict[int, tuple[int, int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        processes[int(folder.name)] = (int(fields[1]), sum(int(each) for each in fields[11:15]))
    return processes
