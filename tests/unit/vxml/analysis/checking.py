"""Analyses small applications, with documents out of a dictionary."""

from __future__ import annotations

from collections.abc import Mapping

from mirabelle.vxml.analysis.application import Extent, Report, analyse
from mirabelle.vxml.machine import Dialect
from mirabelle.vxml.platform import Fetch, Fetched
from tests.unit.vxml.running import BASE


def check(
    documents: str | Mapping[str, str],
    extent: Extent | None = None,
    dialect: Dialect | None = None,
    *,
    start: str = "start.vxml",
    asked: list[Fetch] | None = None,
) -> Report:
    """Analyse `start.vxml`; what is fetched is added to `asked`."""
    shelf = {"start.vxml": documents} if isinstance(documents, str) else documents
    steps = analyse(BASE + start, extent, dialect)
    try:
        request = next(steps)
        while True:
            if asked is not None:
                asked.append(request)
            found = shelf.get(request.url.removeprefix(BASE))
            status = 404 if found is None else 200
            request = steps.send(Fetched(request.url, status, "", (found or "").encode()))
    except StopIteration as stop:
        report: Report = stop.value
        return report


def found(
    documents: str | Mapping[str, str], extent: Extent | None = None, dialect: Dialect | None = None
) -> list[str]:
    """The findings, each as `severity rule: message`."""
    findings = check(documents, extent, dialect).findings
    return [f"{finding.severity} {finding.rule}: {finding.message}" for finding in findings]
