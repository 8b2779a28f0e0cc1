"""What the doctor says, put in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.findings import (
    FLEET,
    HERE,
    SEVERITIES,
    Finding,
    HostReport,
    NotChecked,
    Result,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "FLEET",
    "HERE",
    "SEVERITIES",
    "Finding",
    "HostReport",
    "NotChecked",
    "Result",
    "Severity",
    "report",
]


def report(host: str, results: Iterable[Result], *, is_reachable: bool = True) -> HostReport:
    """Return the results as a report, findings sorted by severity."""
    findings: list[Finding] = []
    unchecked: list[NotChecked] = []
    for result in results:
        if isinstance(result, Finding):
            findings.append(result)
        else:
            unchecked.append(result)
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return HostReport(host, tuple(findings), tuple(unchecked), is_reachable)
