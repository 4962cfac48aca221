"""`mirabelle vxml test`: the cases of test files, run and told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from mirabelle.cli.terminal import coloured, harmless, print_json, remark
from mirabelle.cli.vxml_run import dialect, fetching
from mirabelle.settings import Settings
from mirabelle.vxml.cases.case import Case, read_cases
from mirabelle.vxml.cases.transcript import Entry, transcribe
from mirabelle.vxml.cases.verdict import Verdict, judge

_RED: Final = "\x1b[31m"
_GREEN: Final = "\x1b[32m"
_PLAIN: Final = "\x1b[0m"
_COLOURS: Final = {"-": _GREEN, "+": _RED, "FAIL": _RED, "ok": _GREEN}


def test(files: Sequence[Path], settings: Settings, *, as_json: bool) -> int:
    """Run the cases of some files, and tell of each.

    Args:
        files: where the cases are.
        settings: of these, the limits of requests, and the dialect.
        as_json: whether JSON was asked for.

    Returns:
        The exit status: 1 where a case fails.

    Raises:
        CaseError: a file cannot be understood; then no case is run.
    """
    every = [(path, read_cases(path)) for path in files]
    verdicts: list[tuple[Path, Verdict]] = []
    colour = coloured(sys.stdout)
    for path, cases in every:
        if not as_json:
            print(harmless(str(path)), flush=True)
        for case in cases:
            verdict = judge(case, asyncio.run(_transcribed(case, settings)))
            verdicts.append((path, verdict))
            for line in () if as_json else told(verdict, colour=colour):
                print(line, flush=True)
    failed = sum(not verdict.passed for _, verdict in verdicts)
    if as_json:
        print_json(_as_json(verdicts, failed))
    else:
        remark(f"{len(verdicts) - failed} passed, {failed} failed.")
    return 1 if failed else 0


async def _transcribed(case: Case, settings: Settings) -> tuple[Entry, ...]:
    # Cookies are kept for one session, so that each case has a fetcher of its own.
    async with fetching(settings) as fetcher:
        return await transcribe(case, fetcher, dialect(settings.compat))


def told(verdict: Verdict, *, colour: bool) -> Iterator[str]:
    """A case as lines: whether it passed, and where it did not, why and what happened instead."""
    name = harmless(verdict.case.name)
    if verdict.passed:
        yield f"  {_painted('ok', colour)}    {name}"
        return
    yield f"  {_painted('FAIL', colour)}  {name}"
    yield f"        step {verdict.failed}: {_line(verdict.reason)}"
    for line in verdict.diff:
        shown = f"        {_line(line)}"
        yield f"{_COLOURS[line[0]]}{shown}{_PLAIN}" if colour and line[0] in _COLOURS else shown


def _painted(word: str, colour: bool) -> str:
    return f"{_COLOURS[word]}{word}{_PLAIN}" if colour else word


def _line(text: str) -> str:
    return harmless(text.replace("\n", " "))


def _as_json(verdicts: Sequence[tuple[Path, Verdict]], failed: int) -> dict[str, Any]:
    return {
        "passed": len(verdicts) - failed,
        "failed": failed,
        "cases": [
            {
                "file": str(path),
                "name": verdict.case.name,
                "passed": verdict.passed,
                "step": verdict.failed or None,
                "reason": verdict.reason,
                "diff": verdict.diff,
                "transcript": [str(entry) for entry in verdict.entries if entry.kind != "taken"],
            }
            for path, verdict in verdicts
        ],
    }
