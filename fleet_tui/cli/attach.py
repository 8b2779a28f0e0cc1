"""`fleet-tui attach` and `fleet-tui resume`: coming back to a run, and going on after it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain, say
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.cli.runs import find_run
from fleet_tui.model.errors import UsageError
from fleet_tui.model.ids import short
from fleet_tui.model.run import exit_code_for

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.run import Run

LOOK_SECONDS = 0.1
_WINDOW = 1000


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `attach` and `resume`."""
    attach = commands.add_parser("attach", help="follow a run live, from its first line or now")
    attach.add_argument("run", help="run id, or its end")
    attach.add_argument("--from-now", action="store_true", help="leave out what was said before")
    attach.set_defaults(handler=attach_command)
    resume = commands.add_parser(
        "resume",
        help="send another prompt to the agent session of a run that has ended",
        usage="fleet-tui resume RUN [--fork] [--without-mcp] [--json] -- PROMPT",
    )
    resume.add_argument("run", help="run id, or its end")
    resume.add_argument(
        "--fork", action="store_true", help="go on in a copy; the session itself stays as it is"
    )
    resume.add_argument(
        "--without-mcp",
        action="store_true",
        help="leave out the MCP servers that the run was given",
    )
    resume.add_argument("--json", action="store_true", help="one JSON object a line")
    resume.set_defaults(handler=resume_command)


def attach_command(options: argparse.Namespace) -> int:
    """Print a run's lines as they come; the exit status is the run's."""
    return run_async(_attach(options))


async def _attach(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        run = find_run(fleet, options.run)
        await fleet.recovery.find_left_open()
        source = fleet.archive.lines(run.id)
        printed = source.count if options.from_now else 0
        while True:
            run = _now(fleet, run)
            lines = source.read(printed, _WINDOW)
            printed += len(lines)
            for line in lines:
                say(line.text)
            if lines:
                sys.stdout.flush()
            elif not run.is_open:
                break
            else:
                await asyncio.sleep(LOOK_SECONDS)
        why = f": {run.reason}" if run.reason else ""
        complain(f"{short(run.id)} on {run.host}: {run.state}{why}")
        return exit_code_for([run])


def _now(fleet: Fleet, run: Run) -> Run:
    """Return the newest record, whichever program follows the run."""
    return fleet.store.get_run(run.id) or run


def resume_command(options: argparse.Namespace) -> int:
    """Go on with a session and stream the answer; the exit status is the new run's."""
    words: list[str] | None = options.prompt_words
    if not words:
        raise UsageError("no prompt", mend="give it after --: fleet-tui resume RUN -- PROMPT")
    return run_async(_resume(options, " ".join(words)))


async def _resume(options: argparse.Namespace, prompt: str) -> int:
    from fleet_tui.cli.streaming import JsonReporter, TextReporter

    async with open_fleet(options) as fleet:
        run = find_run(fleet, options.run)
        reporter = JsonReporter() if options.json else TextReporter(1, is_gathering=False)
        fleet.bus.subscribe(reporter.heard)
        live = await fleet.resume(
            run.id, prompt, forks=options.fork, keeps_servers=not options.without_mcp
        )
        return exit_code_for(await live.finished)
