"""`mirabelle vxml check`: what is wrong with an application, one line for each finding."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from mirabelle.cli.progress import Shown, progress
from mirabelle.cli.terminal import coloured, harmless, print_json, remark
from mirabelle.cli.vxml_run import address_of, dialect, fetching
from mirabelle.settings import Settings
from mirabelle.vxml.analysis.application import Extent, Report, analyse
from mirabelle.vxml.analysis.finding import Finding, Severity
from mirabelle.vxml.text import DocumentFetcher

_COLOURS: Final = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m"}
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"


def check(urls: Sequence[str], extent: Extent, settings: Settings, *, as_json: bool) -> int:
    """Look for faults, and print them.

    Args:
        urls: where the documents are; a path is a file.
        extent: how far to go from each of them.
        settings: of these, the limits of requests, and the dialect.
        as_json: whether JSON was asked for.

    Returns:
        The exit status: 1 where there is an error.
    """
    with progress("Documents", None, "entries") if extent.follow else nullcontext() as shown:
        report = asyncio.run(_analysed(urls, extent, settings, shown))
    if as_json:
        print_json(_as_json(report))
    else:
        for finding in report.findings:
            print(line(finding, colour=coloured(sys.stdout)), flush=True)
        remark(summary(report))
    return 1 if report.errors else 0


async def _analysed(urls: Sequence[str], extent: Extent, settings: Settings, shown: Shown | None) -> Report:
    async with fetching(settings) as fetcher:
        reports = [await _driven(address_of(url), extent, settings, fetcher, shown) for url in urls]
    documents = dict.fromkeys(document for report in reports for document in report.documents)
    findings = dict.fromkeys(finding for report in reports for finding in report.findings)
    return Report(tuple(documents), tuple(findings), sum(report.left_out for report in reports))


async def _driven(
    url: str, extent: Extent, settings: Settings, fetcher: DocumentFetcher, shown: Shown | None
) -> Report:
    steps = analyse(url, extent, dialect(settings.compat))
    try:
        request = next(steps)
        while True:
            answer = await fetcher.fetch(request)
            if shown is not None and request.purpose == "document":
                shown.advance(1)
            request = steps.send(answer)
    except StopIteration as stop:
        report: Report = stop.value
        return report


def line(finding: Finding, *, colour: bool) -> str:
    """A finding as compilers print theirs, so that editors find the place."""
    place = f"{path_of(finding.uri)}:{finding.line}:{finding.column}" if finding.line else path_of(finding.uri)
    place, severity, message = harmless(place), str(finding.severity), harmless(" ".join(finding.message.split()))
    if colour:
        place, severity = f"{_BOLD}{place}{_PLAIN}", f"{_COLOURS[finding.severity]}{severity}{_PLAIN}"
    return f"{place}: {severity}: {message}"


def summary(report: Report) -> str:
    """How many there are, as a sentence."""
    counts = [
        _counted(number, what) for number, what in ((report.errors, "error"), (report.warnings, "warning")) if number
    ]
    documents = _counted(len(report.documents), "document")
    told = f"{' and '.join(counts) or 'Nothing wrong'} in {documents}."
    if report.left_out:
        told += f" {_counted(report.left_out, 'document')} not looked at; --most-documents allows more."
    return told


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def path_of(uri: str) -> str:
    """How a person names a document: a file by its path from here, anything else by its address."""
    if not uri.startswith("file:"):
        return uri
    path = Path(unquote(urlsplit(uri).path))
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "documents": [path_of(document) for document in report.documents],
        "errors": report.errors,
        "warnings": report.warnings,
        "left_out": report.left_out,
        "findings": [
            {
                "file": path_of(finding.uri),
                "line": finding.line,
                "column": finding.column,
                "severity": finding.severity,
                "rule": finding.rule,
                "message": finding.message,
            }
            for finding in report.findings
        ],
    }
