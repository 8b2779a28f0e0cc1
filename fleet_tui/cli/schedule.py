"""`fleet-tui schedule`: prompts that are sent at a time of day, and when that is next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.cli.console import emit, iso_time, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.cli.daemon import HEAD, cells, fields
from fleet_tui.cli.worker import say

if TYPE_CHECKING:
    import argparse


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `schedule list`; `daemon run` runs schedules too."""
    parser = commands.add_parser("schedule", help="prompts at a time of day: when they start next")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    shown = verbs.add_parser("list", help="schedules: the next times, the last start")
    shown.add_argument("--json", action="store_true", help="one JSON object a line")
    shown.set_defaults(handler=lambda options: run_async(_list(options)))


async def _list(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        daemons = fleet.parts.daemons
        view, now = await daemons.look(), fleet.clock.time()
        rows = [row for row in view.rows if row.kind == "schedule"]
        times = {row.name: await daemons.coming(row.name) for row in rows}
        if options.json:
            for row in rows:
                coming = [iso_time(at) for at in times[row.name]]
                emit("schedule", now, **fields(row, fleet), coming=coming)
        elif not rows:
            say("no schedules: fleet.toml has no [[schedule]]")
        else:
            table([cells(row, now) for row in rows], HEAD)
            for row in rows:
                said = ", ".join(iso_time(at)[:16].replace("T", " ") for at in times[row.name])
                say(f"{row.name}: {said or 'does not start while it is paused'}")
    return 0
