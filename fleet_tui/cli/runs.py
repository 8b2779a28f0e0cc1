"""`fleet-tui runs` and `fleet-tui cancel`: what ran, and ending what still does."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.model.errors import UsageError
from fleet_tui.model.ids import short
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.run import Run

SETTLE_SECONDS = 3.0
"""How long runs that a program which is gone left open are looked for on their hosts."""
LADDER_SECONDS = 20.0
"""How long the whole ladder may take in the program that owns a run, with some slack."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `runs` and `cancel`."""
    runs = commands.add_parser("runs", help="list runs, newest first, or show one")
    runs.add_argument("run", nargs="?", help="show the output of this run (id, or its end)")
    runs.add_argument("--host", help="only this host")
    runs.add_argument("--state", help="only this state, e.g. failed")
    runs.add_argument("--limit", type=int, default=50, metavar="N")
    runs.add_argument("--json", action="store_true", help="one JSON object a line")
    runs.set_defaults(handler=runs_command)
    cancel = commands.add_parser("cancel", help="end runs, whichever program started them")
    cancel.add_argument("run", nargs="+", help="run or dispatch id, or its end")
    cancel.set_defaults(handler=cancel_command)


def runs_command(options: argparse.Namespace) -> int:
    """List runs, or print one run's output."""
    return run_async(_show(options) if options.run else _list(options))


async def _list(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        await fleet.recovery.settle(SETTLE_SECONDS)
        found = fleet.store.runs(host=options.host, state=options.state, limit=options.limit)
        now = time.time()
        if options.json:
            for run in found:
                emit("run", run.created_at, **run_fields(run))
            return 0
        rows = [_row(run, fleet.archive.prompt_of(run), now) for run in found]
        if rows:
            table(rows, ("run", "age", "host", "agent", "mode", "state", "took", "cost", "prompt"))
        else:
            say("no runs yet; start one with `fleet-tui run TARGET -- PROMPT`")
    return 0


async def _show(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        run = find_run(fleet, options.run)
        if options.json:
            emit("run", run.created_at, **run_fields(run))
        source = fleet.archive.lines(run.id)
        first = 0
        while lines := source.read(first, 1000):
            first += len(lines)
            for line in lines:
                if options.json:
                    emit("line", run.created_at, run=run.id, tag=line.tag, text=line.text)
                else:
                    say(line.text)
        if not options.json:
            why = f": {run.reason}" if run.reason else ""
            complain(f"{short(run.id)} on {run.host}: {run.state}{why}")
    return 0


def run_fields(run: Run) -> dict[str, object]:
    """Return a run as the JSON contract names its parts."""
    return {
        "run": run.id,
        "dispatch": run.dispatch,
        "host": run.host,
        "agent": run.agent,
        "mode": run.mode,
        "state": run.state,
        "outcome": run.outcome,
        "exit_status": run.exit_status,
        "cost_usd": run.cost_usd,
        "session": run.session,
        "seconds": _seconds(run),
        "reason": run.reason,
    }


def _seconds(run: Run) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return round(run.finished_at - run.started_at, 3)


def _row(run: Run, prompt: str, now: float) -> tuple[str, ...]:
    took = _seconds(run)
    return (
        short(run.id),
        ago(now - run.created_at),
        run.host,
        run.agent,
        run.mode,
        run.state if run.outcome in (None, "ok", "killed") else f"{run.state} ({run.outcome})",
        "" if took is None else f"{took:.1f}s",
        "?" if run.cost_usd is None else f"${run.cost_usd:.4f}" if run.cost_usd else "",
        one_line(prompt, 40),
    )


def find_run(fleet: Fleet, text: str) -> Run:
    """Return the one run whose id is `text` or ends with it; raises UsageError."""
    wanted = text.removeprefix("r-").upper()
    matching = [run for run in fleet.store.runs(limit=100_000) if run.id.endswith(wanted)]
    if len(matching) == 1:
        return matching[0]
    what = "no run" if not matching else f"{len(matching)} runs"
    raise UsageError(f"{what} with id {one_line(text, 40)}", mend="see `fleet-tui runs`")


def cancel_command(options: argparse.Namespace) -> int:
    """Ask the owners of these runs to end them, and wait until they have."""
    return run_async(_cancel(options))


async def _cancel(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        wanted = _open_runs(fleet, options.run)
        if not wanted:
            say("nothing to cancel: already over")
            return 0
        await fleet.cancel(wanted)
        waiting = set(wanted)
        deadline = time.monotonic() + LADDER_SECONDS
        while waiting and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            for identifier in tuple(waiting):
                run = fleet.store.get_run(identifier)
                if run is not None and not run.is_open:
                    waiting.discard(identifier)
                    say(f"{short(run.id)} on {run.host}: {run.state}")
        for identifier in waiting:
            complain(f"{short(identifier)} has not ended yet; its owner was asked to end it")
    return 1 if waiting else 0


def _open_runs(fleet: Fleet, words: list[str]) -> list[str]:
    found = []
    for word in words:
        if word.startswith("d-"):
            runs = [
                run
                for run in fleet.store.runs(limit=100_000)
                if run.dispatch.endswith(word.removeprefix("d-").upper())
            ]
            if not runs:
                raise UsageError(f"no dispatch with id {word}", mend="see `fleet-tui runs`")
        else:
            runs = [find_run(fleet, word)]
        found += [run.id for run in runs if run.is_open]
    return found
