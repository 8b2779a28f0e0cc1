"""`fleet-tui costs`: what runs have cost, by day, host, agent or model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.dispatch.cost_report import as_csv, cost_report
from fleet_tui.dispatch.costs import dollars
from fleet_tui.model.costs_view import GROUPINGS, sparkline

if TYPE_CHECKING:
    import argparse

    from fleet_tui.model.costs_view import CostReport, Grouping

SPARKS = 60
"""Days that a line of bars may show."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `costs`."""
    costs = commands.add_parser("costs", help="what runs have cost, by day, host, agent or model")
    costs.add_argument("--days", type=int, default=14, metavar="N", help="so many days, with today")
    costs.add_argument("--by", choices=GROUPINGS, default="day", help="what a row stands for")
    form = costs.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="write CSV")
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    costs.set_defaults(handler=costs_command)


def costs_command(options: argparse.Namespace) -> int:
    """Print a report."""
    return run_async(_costs(options))


async def _costs(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        report = cost_report(fleet.store, fleet.spending, fleet.clock, fleet.config, options.days)
        now = fleet.clock.time()
    if options.csv:
        sys.stdout.write(as_csv(report, (options.by,)))
    elif options.json:
        for row in report.rows[options.by]:
            about = {
                "usd": round(row.usd, 6),
                "runs": row.runs,
                "runs_of_unknown_cost": row.unknown,
            }
            emit(
                "cost",
                now,
                by=options.by,
                name=row.name,
                **about,
                priced_as_of=row.priced_as_of or None,
            )
    else:
        _print(report, options.by)
    return 0


def _print(report: CostReport, grouping: Grouping) -> None:
    rows: list[tuple[str, ...]] = [
        (
            row.name,
            dollars(row.usd),
            str(row.runs),
            str(row.unknown) if row.unknown else "",
            "" if grouping == "day" else sparkline(row.by_day[-SPARKS:]),
        )
        for row in report.rows[grouping]
    ]
    if not report.runs:
        say("no agent has run in these days")
        return
    table(rows, (grouping, "cost", "runs", "unknown", ""))
    if grouping == "day":
        say(sparkline([row.usd for row in report.rows["day"]][-SPARKS:]))
    left = "" if report.left_usd is None else f", {dollars(report.left_usd)} left today"
    say(f"{dollars(report.usd)} in {len(report.days)} days{left}")
    if report.unknown:
        complain(f"the cost of {report.unknown} runs is not known; it counts as over a cap")
    if report.priced_as_of:
        complain(f"partly priced from the table of {report.priced_as_of} in fleet.toml")
