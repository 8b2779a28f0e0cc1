"""`fleet-tui run`: one prompt to a target, every answer as it comes."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet_tui.cli.console import complain
from fleet_tui.cli.context import LEAVE, open_fleet, run_async
from fleet_tui.cli.telling import hear_notices, tell_before_leaving
from fleet_tui.cli.waiting import with_waiting_document
from fleet_tui.model.errors import UsageError
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.run import exit_code_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_tui.dispatch.dispatcher import LiveDispatch
    from fleet_tui.fleet import Fleet
    from fleet_tui.model.events import Event
    from fleet_tui.model.run import Run


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `run`."""
    parser = commands.add_parser(
        "run",
        help="send a prompt or a command to a target and stream the answers",
        usage="fleet-tui run TARGET [options] -- PROMPT",
    )
    parser.add_argument(
        "target", help="hosts: names, globs, @group, %%role, ^tier, web[01-20], , & !"
    )
    parser.add_argument(
        "--agent", choices=("claude", "codex", "shell"), help="default: each host's"
    )
    parser.add_argument(
        "--mode",
        choices=("read", "write", "unrestricted"),
        help="what the agent may do; default: defaults.mode of fleet.toml",
    )
    parser.add_argument("--model", metavar="NAME", help="default: the agent's own")
    parser.add_argument("--stdin", type=Path, metavar="FILE", help="input for every run; - is ours")
    parser.add_argument(
        "--budget",
        type=_dollars,
        metavar="USD",
        help="cap of each run; default: defaults.budget_usd",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        metavar="S",
        help="end a run after S seconds; default: defaults.timeout",
    )
    parser.add_argument(
        "--confirm",
        action="append",
        default=[],
        metavar="HOST",
        help="name a host again, as mode unrestricted asks",
    )
    parser.add_argument(
        "--open-hooks",
        action="append_const",
        dest="opens",
        const="hooks",
        help="let the repository's own hooks run, with the settings they stand in",
    )
    parser.add_argument(
        "--open-mcp",
        action="append_const",
        dest="opens",
        const="mcp",
        help="start the MCP servers of the repository's .mcp.json",
    )
    parser.add_argument(
        "--mcp",
        action="append",
        default=[],
        metavar="NAME[,NAME]",
        help="give the agent these MCP servers of fleet.toml, and no others",
    )
    parser.add_argument(
        "--on-limit",
        choices=("wait", "fail"),
        help="what to do when a usage limit or an overload ends a run; wait goes on after it",
    )
    parser.add_argument(
        "--handoff", action="store_true", help="have the hand-off document there read first"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--gather", action="store_true", help="fold equal answers at the end")
    parser.set_defaults(handler=run_command)


def run_command(options: argparse.Namespace) -> int:
    """Dispatch and stream; the exit status is that of the worst run."""
    words: list[str] | None = options.prompt_words
    if not words:
        raise UsageError("no prompt", mend="give it after --: fleet-tui run TARGET -- PROMPT")
    request = DispatchRequest(
        target=options.target,
        prompt=" ".join(words),
        agent=options.agent,
        mode=options.mode,
        budget_usd=options.budget,
        timeout_seconds=options.timeout,
        model=options.model,
        stdin=_read_stdin(options.stdin),
        named_hosts=frozenset(options.confirm),
        opens=frozenset(options.opens or ()),
        mcp=_names(options.mcp),
        on_limit=options.on_limit,
    )
    return run_async(_run(options, request))


async def _run(options: argparse.Namespace, request: DispatchRequest) -> int:
    from fleet_tui.cli.streaming import JsonReporter, TextReporter

    async with open_fleet(options) as fleet:
        preview = fleet.preview(request)
        hosts = preview.hosts
        request = with_waiting_document(fleet, request, hosts, is_wanted=options.handoff)
        if preview.cost and not options.json and fleet.config.budget.usd_per_day is not None:
            complain(preview.cost)
        reporter = JsonReporter() if options.json else TextReporter(len(hosts), options.gather)
        hear_notices(fleet)
        gone: asyncio.Future[OSError] = asyncio.get_running_loop().create_future()
        fleet.bus.subscribe(_until_the_reader_goes(reporter.heard, gone))
        live = await fleet.dispatch(request)
        ending = asyncio.create_task(_ends(fleet, live))
        try:
            waited: set[asyncio.Future[Any]] = {ending, gone}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError as why:
            if LEAVE in why.args:
                complain("runs on hosts that keep them go on; come back with `fleet-tui attach`")
                ending.cancel()
            else:
                await _cancel_all(fleet, ending)
            raise
        if gone.done():
            await _cancel_all(fleet, ending)
            raise gone.result()
        runs = await ending
        await tell_before_leaving(fleet)
        if options.gather and not options.json:
            for group in fleet.archive.gather(live.dispatch.id):
                reporter.gathered(group)
        return exit_code_for(runs)


def _until_the_reader_goes(
    heard: Callable[[Event], None], gone: asyncio.Future[OSError]
) -> Callable[[Event], None]:
    """Return a listener that falls silent, and tells `gone` why, once nothing takes its output."""

    def listener(event: Event) -> None:
        if not gone.done():
            try:
                heard(event)
            except OSError as fault:
                gone.set_result(fault)

    return listener


async def _ends(fleet: Fleet, live: LiveDispatch) -> tuple[Run, ...]:
    """Return how the runs ended, with what went on by itself after a limit."""
    runs = await live.finished
    return await fleet.parts.parking.outcome(runs) if live.dispatch.on_limit == "wait" else runs


async def _cancel_all(fleet: Fleet, ending: asyncio.Task[tuple[Run, ...]]) -> None:
    """End all that this program follows by the ladder, and wait for the closing lines."""
    mine = [item.run.id for item in fleet.store.open_runs() if item.owner == fleet.owner.id]
    await fleet.cancel([*mine, *fleet.parts.parking.mine])
    await asyncio.shield(ending)


def _read_stdin(path: Path | None) -> bytes:
    if path is None:
        return b""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"--stdin {path}: {error.strerror}", mend="name a readable file") from None


def _names(given: Sequence[str]) -> tuple[str, ...]:
    words = (word.strip() for text in given for word in text.split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def _dollars(text: str) -> float:
    return _positive(text, "US dollars")


def _seconds(text: str) -> float:
    return _positive(text, "seconds")


def _positive(text: str, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of {unit}")
    return value
