"""`fleet-tui doctor`: what is wrong with hosts, why it matters, and the command that mends it."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from fleet_tui.cli.console import emit, say
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.health.doctor import worst_exit
from fleet_tui.health.doctor_findings import SEVERITIES
from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fleet_tui.health.doctor_findings import Finding, HostReport

MARKS = {"error": "✗", "warning": "!", "note": "·"}
_LAST = len(SEVERITIES)


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `doctor`."""
    parser = commands.add_parser(
        "doctor",
        help="say what is wrong with hosts and the command that mends it",
        description="Examine hosts. Nothing is mended by itself. Exit status: 0 no error, "
        "1 an error was found, 4 a host could not be reached.",
    )
    parser.add_argument("target", nargs="?", default="all", help="only these hosts")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what was not checked")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(handler=doctor_command)


def doctor_command(options: argparse.Namespace) -> int:
    """Examine the hosts of a target and print what was found."""
    return run_async(_doctor(options))


async def _doctor(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        names = resolve(options.target, fleet.config.hosts)
        reports = await fleet.doctor(names)
    if options.json:
        print_json(reports)
    else:
        print_reports(reports, is_verbose=options.verbose)
    return worst_exit(reports)


def print_reports(reports: Sequence[HostReport], *, is_verbose: bool) -> None:
    """Write the reports for a person, the worst host first."""
    for one in sorted(reports, key=_rank):
        if not one.findings and not is_verbose:
            continue
        say(one.host if one.findings else f"{one.host}: nothing found")
        for finding in one.findings:
            _print_finding(finding)
        if is_verbose:
            for gap in one.unchecked:
                say(f"  ? {gap.id} not checked: {gap.why}")
        say()
    say(_summary(reports))


def print_json(reports: Sequence[HostReport]) -> None:
    """Write each finding, each thing not checked, and the counts as one JSON object a line."""
    now = time.time()
    for one in sorted(reports, key=_rank):
        for finding in one.findings:
            emit(
                "finding",
                now,
                host=finding.host,
                hosts=list(finding.hosts or (finding.host,)),
                id=finding.id,
                severity=finding.severity,
                what=finding.what,
                why=finding.why,
                mend=finding.mend,
            )
        for gap in one.unchecked:
            emit("not-checked", now, host=gap.host, id=gap.id, why=gap.why)
    emit(
        "doctor-finished",
        now,
        **{f"{name}s": count for name, count in _counts(reports).items()},
        unreachable=[one.host for one in reports if not one.is_reachable],
    )


def _print_finding(finding: Finding) -> None:
    say(f"  {MARKS[finding.severity]} {finding.what}")
    say(f"    {finding.why}")
    say(f"    mend: {finding.mend}")


def _rank(one: HostReport) -> tuple[int, bool]:
    return (SEVERITIES.index(one.worst) if one.worst else _LAST, one.is_reachable)


def _counts(reports: Sequence[HostReport]) -> dict[str, int]:
    found = Counter(finding.severity for one in reports for finding in one.findings)
    return {name: found[name] for name in SEVERITIES}


def _summary(reports: Sequence[HostReport]) -> str:
    counts = [
        f"{count} {name}{'s' if count != 1 else ''}" for name, count in _counts(reports).items()
    ]
    gaps = sum(len(one.unchecked) for one in reports)
    things = "1 thing" if gaps == 1 else f"{gaps} things"
    more = f"; {things} not checked (-v says why)" if gaps else ""
    return ", ".join(counts) + more
