"""`fleet-tui handoff`: the session of a run moves to another host."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fleet_tui.cli.console import emit, say
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.cli.runs import find_run
from fleet_tui.model.errors import UsageError
from fleet_tui.model.ids import short

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet
    from fleet_tui.journal.moved import Handoff
    from fleet_tui.model.run import Run


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `handoff`."""
    parser = commands.add_parser(
        "handoff",
        help="move the agent session of a run to another host, or take that back",
        description="The transcript is copied and checked, set aside where it was, and only then "
        "named on the other host: the session is never in two places. Given again, the command "
        "completes what was cut off.",
    )
    parser.add_argument("run", help="run id, or its end")
    parser.add_argument("--to", metavar="HOST", help="where the session goes on")
    parser.add_argument("--workdir", metavar="DIR", help="its folder there; else the host's own")
    parser.add_argument(
        "--bundle",
        action="store_true",
        help="take the working tree's state along: commits, changes, untracked files",
    )
    parser.add_argument(
        "--dry-turn", action="store_true", help="prove it by one turn there, which is paid for"
    )
    parser.add_argument("--undo", action="store_true", help="take the last hand-off back")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(handler=handoff_command)


def handoff_command(options: argparse.Namespace) -> int:
    """Move a session, or take it back."""
    if bool(options.to) == options.undo:
        raise UsageError("give either --to HOST or --undo")
    if options.undo and (options.workdir or options.bundle or options.dry_turn):
        raise UsageError("--undo takes no other option")
    return run_async(_handoff(options))


async def _handoff(options: argparse.Namespace) -> int:
    from fleet_tui.handoff.plan import HandoffRequest

    async with open_fleet(options) as fleet:
        fleet.require_keeping()
        if fleet.is_read_only:
            raise UsageError("--read-only changes nothing", mend="leave it out")
        run = find_run(fleet, options.run)
        desk = fleet.parts.handoff
        told = (lambda _text: None) if options.json else say
        if options.undo:
            return _told_back(options, await desk.take_back(run.id, told))
        request = HandoffRequest(run.id, options.to, options.workdir, options.bundle)
        handoff = await desk.hand_off(request, told)
        if options.json:
            emit("handoff", time.time(), **handoff_fields(handoff))
        else:
            _print_done(handoff)
        if options.dry_turn:
            await _prove(options, fleet, handoff)
    return 0


async def _prove(options: argparse.Namespace, fleet: Fleet, handoff: Handoff) -> None:
    proof: Run = await fleet.parts.handoff.dry_turn(handoff)
    if options.json:
        emit("handoff-proven", time.time(), run=proof.id, cost_usd=proof.cost_usd)
    else:
        cost = "?" if proof.cost_usd is None else f"${proof.cost_usd:.4f}"
        say(f"proven: {short(proof.id)} went on with the session on {proof.host} ({cost})")


def _print_done(handoff: Handoff) -> None:
    say(f"{handoff.session} is on {handoff.target} now, in {handoff.workdir}")
    say(f"go on: fleet-tui resume {short(handoff.run)} -- PROMPT")
    say(f"take it back: fleet-tui handoff {short(handoff.run)} --undo")


def _told_back(options: argparse.Namespace, handoff: Handoff) -> int:
    if options.json:
        emit("handoff-undone", time.time(), **handoff_fields(handoff))
    else:
        say(f"{handoff.session} is on {handoff.source} again")
    return 0


def handoff_fields(handoff: Handoff) -> dict[str, object]:
    """Return a hand-off as the JSON contract names its parts."""
    return {
        "id": handoff.id,
        "run": handoff.run,
        "session": handoff.session,
        "agent": handoff.agent,
        "host": handoff.source,
        "to": handoff.target,
        "workdir": handoff.workdir,
        "path": handoff.target_path,
        "kept": handoff.aside_path,
        "sha256": handoff.digest,
        "document": handoff.document,
        "bundle": handoff.bundle,
        "step": handoff.step,
    }
