"""`fleet-tui runs` and `fleet-tui cancel`: what ran, and ending what still does."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.model.errors import UsageError
from fleet_tui.model.ids import short
from fleet_tui.model.run import mode_shown
from fleet_tui.model.run_filter import parse_filter, time_of, with_hosts
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.parking_view import ParkedRun
    from fleet_tui.model.run import Run
    from fleet_tui.model.run_filter import RunFilter

SETTLE_SECONDS = 3.0
"""How long runs that a program which is gone left open are looked for on their hosts."""
LADDER_SECONDS = 20.0
"""How long the whole ladder may take in the program that owns a run, with some slack."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `runs` and `cancel`."""
    runs = commands.add_parser(
        "runs",
        help="list or search runs, newest first; show one, or compare two",
        usage="fleet-tui runs [--search TEXT] [--host TARGET] [--since 2h] …\n"
        "       fleet-tui runs RUN [--markdown]\n"
        "       fleet-tui runs compare RUN RUN",
    )
    runs.add_argument("words", nargs="*", metavar="RUN", help="show this run (id, or its end)")
    runs.add_argument("--search", metavar="TEXT", help="said in prompt, answer or reason")
    runs.add_argument("--host", metavar="TARGET", help="names, globs, @group, %%role …")
    runs.add_argument("--agent", help="claude, codex or shell")
    runs.add_argument("--state", help="states or outcomes, e.g. failed,rate-limited")
    runs.add_argument("--min-cost", type=float, metavar="USD", help="cost at least so much")
    runs.add_argument("--since", metavar="WHEN", help="2h, 3d, 2026-11-20, 2026-11-20T14:30")
    runs.add_argument("--until", metavar="WHEN", help="not after then")
    runs.add_argument("--limit", type=int, default=50, metavar="N", help="runs of a page")
    runs.add_argument("--page", type=int, default=1, metavar="N", help="older ones: 2, 3 …")
    runs.add_argument("--markdown", action="store_true", help="write a run as Markdown")
    runs.add_argument("--json", action="store_true", help="one JSON object a line")
    runs.set_defaults(handler=runs_command)
    cancel = commands.add_parser("cancel", help="end runs, whichever program started them")
    cancel.add_argument("run", nargs="+", help="run or dispatch id, or its end")
    cancel.set_defaults(handler=cancel_command)


def runs_command(options: argparse.Namespace) -> int:
    """List runs, print one run's output, or how two answers differ."""
    words = options.words
    if words[:1] == ["compare"]:
        if len(words) != 3:
            raise UsageError("compare takes two runs", mend="fleet-tui runs compare RUN RUN")
        return run_async(_compare(options, words[1], words[2]))
    if len(words) > 1:
        raise UsageError("one run, or compare with two", mend="see `fleet-tui runs --help`")
    if options.markdown and not words:
        raise UsageError("--markdown writes one run", mend="name it: runs RUN --markdown")
    return run_async(_show(options, words[0]) if words else _list(options))


def _filter(options: argparse.Namespace, now: float) -> RunFilter:
    """Return what the options ask for; raises UsageError."""
    if options.limit < 1 or options.page < 1:
        raise UsageError("--limit and --page take a number from 1")
    named = {"host": options.host, "agent": options.agent, "state": options.state}
    line = " ".join(f'{name}:"{value}"' for name, value in named.items() if value)
    found = parse_filter(line, now)
    return replace(
        found,
        text=(options.search,) if options.search else (),
        min_cost=options.min_cost,
        since=time_of(options.since, now) if options.since else None,
        until=time_of(options.until, now) if options.until else None,
    )


async def _list(options: argparse.Namespace) -> int:
    now = time.time()
    wanted = _filter(options, now)
    async with open_fleet(options) as fleet:
        wanted = with_hosts(wanted, fleet.config.hosts)
        await fleet.recovery.settle(SETTLE_SECONDS)
        first = (options.page - 1) * options.limit
        found = fleet.store.history(wanted, options.limit + 1, first)
        shown = found[: options.limit]
        parked = fleet.parts.parking.all()
        if options.json:
            for past in shown:
                until = parked[past.run.id].due_at if past.run.id in parked else None
                more = {"prompt": past.prompt, "parked_until": until}
                emit("run", past.run.created_at, **run_fields(past.run), **more)
            return 0
        rows = [_row(past.run, past.prompt, now, parked.get(past.run.id)) for past in shown]
        if rows:
            table(rows, ("run", "age", "host", "agent", "mode", "state", "took", "cost", "prompt"))
            if len(found) > options.limit:
                complain(f"there are older ones: --page {options.page + 1}")
        elif wanted.is_empty and not first:
            say("no runs yet; start one with `fleet-tui run TARGET -- PROMPT`")
        else:
            say("no run is like that")
    return 0


async def _compare(options: argparse.Namespace, left: str, right: str) -> int:
    from fleet_tui.handoff.compare import compare

    async with open_fleet(options) as fleet:
        runs = find_run(fleet, left), find_run(fleet, right)
        found = compare(fleet.archive, fleet.store, *runs)
    if options.json:
        emit(
            "comparison",
            time.time(),
            left=runs[0].id,
            right=runs[1].id,
            equal=not found.difference,
            difference=list(found.difference),
            cut_lines=found.cut_lines,
        )
    else:
        for line in found.difference:
            say(line)
        if found.cut_lines:
            complain(f"{found.cut_lines} more lines differ")
        if not found.difference:
            complain(f"{short(runs[0].id)} and {short(runs[1].id)} answered the same")
    return 1 if found.difference else 0


async def _show(options: argparse.Namespace, name: str) -> int:
    async with open_fleet(options) as fleet:
        run = find_run(fleet, name)
        if options.markdown:
            from fleet_tui.handoff.export import export_markdown

            prompt = fleet.archive.prompt_of(run)
            sys.stdout.write(export_markdown(run, prompt, fleet.archive.lines(run.id)))
            return 0
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


def _row(run: Run, prompt: str, now: float, parked: ParkedRun | None) -> tuple[str, ...]:
    took = _seconds(run)
    state = run.state if run.outcome in (None, "ok", "killed") else f"{run.state} ({run.outcome})"
    if parked is not None:
        state = f"parked, on in {ago(parked.due_at - now)}"
    return (
        short(run.id),
        ago(now - run.created_at),
        run.host,
        run.agent,
        mode_shown(run.agent, run.mode),
        state,
        "" if took is None else f"{took:.1f}s",
        "?" if run.cost_usd is None else f"${run.cost_usd:.4f}" if run.cost_usd else "",
        one_line(prompt, 40),
    )


def find_run(fleet: Fleet, text: str) -> Run:
    """Return the one run whose id is `text` or ends with it; raises UsageError."""
    wanted = text.removeprefix("r-").upper()
    matching = fleet.store.runs_named(wanted)
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
        parked = fleet.parts.parking.all()
        found += [run.id for run in runs if run.is_open or run.id in parked]
    return found
