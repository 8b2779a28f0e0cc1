"""`fleet-tui orphans` and `fleet-tui adopt`: runs that hosts keep and no record here knows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.ids import short
from fleet_tui.model.run import exit_code_for
from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fleet_tui.transport.durable_inventory import RemoteRun


SHOWN_ENDED = 20
"""Runs of a host that have ended, of which the list shows the newest."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `orphans` and `adopt`."""
    orphans = commands.add_parser("orphans", help="list runs on hosts that nobody here knows of")
    orphans.add_argument("target", nargs="?", default="all", help="only these hosts")
    orphans.add_argument(
        "--all", action="store_true", help=f"all that have ended, not the newest {SHOWN_ENDED}"
    )
    orphans.add_argument("--json", action="store_true", help="one JSON object a line")
    orphans.set_defaults(handler=lambda options: run_async(_orphans(options)))
    adopt = commands.add_parser("adopt", help="follow a run that another primary started")
    adopt.add_argument("host", help="where it is")
    adopt.add_argument("run", help="its whole id")
    adopt.set_defaults(handler=lambda options: run_async(_adopt(options)))


async def _orphans(options: argparse.Namespace) -> int:
    code = 0
    rows: list[tuple[str, ...]] = []
    left_out = 0
    async with open_fleet(options) as fleet:
        for name in resolve(options.target, fleet.config.hosts):
            if not fleet.config.host(name).keeps_runs:
                continue
            try:
                found = await fleet.recovery.orphans(name)
            except FleetError as error:
                complain(str(error) if error.where else f"{name}: {error}")
                code = max(code, 4 if isinstance(error, Unreachable) else 1)
                continue
            for run in found:
                if options.json:
                    emit("orphan", time.time(), **_fields(name, run))
            shown = found if options.all else newest(found)
            left_out += len(found) - len(shown)
            rows += [_row(name, run) for run in shown]
    if rows and not options.json:
        table(rows, ("host", "run", "state", "age", "bytes", "command"))
        if left_out:
            complain(f"{left_out} more have ended; --all shows them")
        say("follow one with `fleet-tui adopt HOST RUN`")
    elif not options.json and not code:
        say("no unknown runs")
    return code


def newest(runs: Sequence[RemoteRun]) -> list[RemoteRun]:
    """Return the runs that may still run, and the newest of those that have ended."""
    ended = [run for run in runs if run.fate.state == "finished"]
    ended.sort(key=lambda run: run.age if run.age is not None else float("inf"))
    return [run for run in runs if run.fate.state != "finished"] + ended[:SHOWN_ENDED]


def _fields(host: str, run: RemoteRun) -> dict[str, object]:
    return {
        "host": host,
        "run": run.run,
        "state": run.fate.state,
        "age_seconds": run.age,
        "bytes": run.out_bytes + run.err_bytes,
        "command": run.command,
    }


def _row(host: str, run: RemoteRun) -> tuple[str, ...]:
    age = "?" if run.age is None else ago(run.age)
    size = str(run.out_bytes + run.err_bytes)
    return host, run.run, run.fate.state, age, size, run.command[:50]


async def _adopt(options: argparse.Namespace) -> int:
    from fleet_tui.cli.streaming import TextReporter

    async with open_fleet(options) as fleet:
        fleet.require_leading()
        (name,) = resolve(options.host, fleet.config.hosts)[:1]
        reporter = TextReporter(1, is_gathering=False)
        fleet.bus.subscribe(reporter.heard)
        run = await fleet.recovery.adopt(name, options.run)
        live = fleet.live(run.dispatch)
        if live is not None:
            await live.finished
        ended = fleet.store.get_run(run.id) or run
        complain(f"{short(run.id)} on {run.host}: {ended.state}")
        return exit_code_for([ended])
