"""`fleet-tui daemon`: what runs by itself, run without a screen, paused, confirmed, listed."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, iso_time, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.cli.daemon_saying import StandingSaying, StartSaying
from fleet_tui.cli.telling import keep_telling, tell_before_leaving
from fleet_tui.cli.worker import say
from fleet_tui.config.durations import parse_duration
from fleet_tui.health.daemons_seat import holder
from fleet_tui.health.daemons_settings import chosen
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.events import NoticeRaised
from fleet_tui.model.run import exit_code_for

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fleet_tui.fleet import Fleet
    from fleet_tui.health.daemons import Daemons
    from fleet_tui.health.daemons_settings import Duty
    from fleet_tui.model.daemons_view import DutyView, StartView
    from fleet_tui.model.events import Event

WHO = "fleet-tui daemon run"
HEAD = ("NAME", "STATE", "FOR", "WHEN", "NEXT", "LAST", "OUTCOME", "COST", "TARGET", "RUN BY")
NAME = "the name of a [[daemon]] or [[schedule]]"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `daemon` and its verbs."""
    parser = commands.add_parser("daemon", help="what runs by itself: run it here, pause it, list")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    run = verbs.add_parser("run", help="run daemons and schedules here until it is stopped")
    run.add_argument("names", nargs="*", metavar="NAME", help=f"{NAME}; all without one")
    run.add_argument("--once", action="store_true", help="start each once, now, and wait for it")
    run.add_argument(
        "--drain", default="2m", metavar="TIME", help="how long a stop waits for what runs"
    )
    run.set_defaults(handler=run_command)
    shown = verbs.add_parser("list", help="daemons: the last start, the next one, who runs it")
    shown.add_argument("--json", action="store_true", help="one JSON object a line")
    shown.set_defaults(handler=lambda options: run_async(_list(options)))
    for verb, told in (
        ("pause", "let one start nothing by itself, also after a restart"),
        ("resume", "let it go on"),
        ("confirm", "let one write, as it stands in fleet.toml now"),
    ):
        other = verbs.add_parser(verb, help=told)
        other.add_argument("names", nargs="+", metavar="NAME", help=NAME)
        other.set_defaults(handler=_order_command, verb=verb)


# --- lists --------------------------------------------------------------------------------------


async def _list(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        view, now = await fleet.parts.daemons.look(), fleet.clock.time()
        rows = [row for row in view.rows if row.kind == "daemon"]
        if options.json:
            for row in rows:
                emit("daemon", now, **fields(row, fleet))
        elif not rows:
            say("no daemons: fleet.toml has no [[daemon]]")
        else:
            table([cells(row, now) for row in rows], HEAD)
    return 0


def cells(row: DutyView, now: float) -> tuple[str, ...]:
    """Return the cells of one."""
    last = row.last
    since = ago(now - row.state_since) if row.state_since is not None else "-"
    return (
        row.name,
        row.state,
        since,
        row.rhythm,
        _in(row.next_at, now),
        f"{ago(now - last.begun_at)} ago" if last else "never",
        _outcome(last),
        _money(last),
        row.target,
        row.holder or "nobody",
    )


def _in(at: float | None, now: float) -> str:
    if at is None:
        return "-"
    return "due" if at <= now else f"in {ago(at - now)}"


def _outcome(last: StartView | None) -> str:
    if last is None:
        return "-"
    if last.ended_at is None:
        return "open"
    return last.outcome if last.runs < 2 else f"{last.outcome} {last.succeeded}/{last.runs}"


def _money(last: StartView | None) -> str:
    if last is None or last.ended_at is None:
        return "-"
    if last.cost_usd is None:
        return "-" if last.cost_is_complete else "?"
    return f"${last.cost_usd:.2f}" + ("" if last.cost_is_complete else "+?")


def fields(row: DutyView, fleet: Fleet) -> dict[str, object]:
    """Return what `--json` says of one; `next` is null while it is paused."""
    last = row.last
    told: dict[str, object] = {
        "name": row.name,
        "target": row.target,
        "rhythm": row.rhythm,
        "mode": row.mode,
        "agent": row.agent or None,
        "mcp": list(row.mcp),
        "state": row.state,
        "state_since": _iso(row.state_since),
        "next": _iso(row.next_at),
        "holder": row.holder or None,
        "failures": row.failures,
        "skipped": row.skipped,
        "last": None,
    }
    if last is not None:
        told["last"] = {
            "dispatch": last.dispatch,
            "runs": [run.id for run in fleet.store.runs_of(last.dispatch)],
            "begun": _iso(last.begun_at),
            "ended": _iso(last.ended_at),
            "outcome": last.outcome or None,
            "said": last.said,
            "cost_usd": last.cost_usd,
            "cost_is_complete": last.cost_is_complete,
            "by_hand": last.is_by_hand,
        }
    return told


def _iso(at: float | None) -> str | None:
    return None if at is None else iso_time(at)


# --- orders -------------------------------------------------------------------------------------


def _order_command(options: argparse.Namespace) -> int:
    return run_async(_order(options))


async def _order(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        fleet.require_leading()
        daemons = fleet.parts.daemons
        for duty in chosen(daemons.duties, options.names):
            if options.verb == "confirm":
                await daemons.confirm(duty.name)
                say(f"{duty.name} may write now, with this prompt on {duty.target}")
            else:
                await daemons.pause(duty.name, options.verb == "pause")
                say(f"{duty.name} {'is paused' if options.verb == 'pause' else 'goes on'}")
    return 0


# --- run ----------------------------------------------------------------------------------------


def run_command(options: argparse.Namespace) -> int:
    """Run daemons and schedules until a signal comes, or each once."""
    drain = parse_duration(options.drain)
    if drain is None:
        raise UsageError(f"{options.drain!r} is no duration", mend="write it like 90s or 2m")
    return run_async(_once(options) if options.once else _serve(options, drain))


async def _once(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        daemons = fleet.parts.daemons
        duties = _some(daemons, options.names)
        await fleet.parts.roles.ready()
        await keep_telling(fleet)
        fleet.bus.subscribe(_tell)
        worst = 0
        ends = await asyncio.gather(*(daemons.run_once(d.name, WHO) for d in duties))
        for end in ends:
            say(f"{end.name}: {end.outcome}: {end.said} ({end.dispatch})")
            runs = fleet.store.runs_of(end.dispatch)
            code = exit_code_for(runs) if runs else 3 if end.outcome == "refused" else 1
            worst = max(worst, 0 if end.outcome == "ok" else code or 1)
        await tell_before_leaving(fleet)
    return worst


async def _serve(options: argparse.Namespace, drain: float) -> int:
    async with open_fleet(options) as fleet:
        fleet.require_keeping()
        if fleet.is_read_only:
            raise Refused("this program is read-only", mend="start it without --read-only")
        daemons = fleet.parts.daemons
        duties = _some(daemons, options.names)
        _refuse_a_second(fleet, duties)
        fleet.bus.subscribe(_tell)
        standing = StandingSaying(", ".join(duty.name for duty in duties))
        fleet.bus.subscribe(standing.heard)
        fleet.bus.subscribe(StartSaying().heard)
        await fleet.recovery.find_left_open()
        await fleet.parts.parking.start()
        await fleet.parts.roles.start()
        await keep_telling(fleet)
        stop = asyncio.Event()
        _listen(stop)
        standing.tell(daemons.why_not())
        daemons.serve(duties, WHO)
        await stop.wait()
        daemons.leave()
        complain("starts nothing more; waits for what runs")
        stop.clear()
        ending = [asyncio.create_task(daemons.settled()), asyncio.create_task(stop.wait())]
        await asyncio.wait(ending, timeout=drain, return_when=asyncio.FIRST_COMPLETED)
        for task in ending:
            task.cancel()
        await daemons.look()
        await tell_before_leaving(fleet)
        say("has ended")
    return 0


def _some(daemons: Daemons, names: Sequence[str]) -> Sequence[Duty]:
    duties = chosen(daemons.duties, names)
    if not duties:
        raise UsageError(
            "nothing runs by itself here", mend="add a [[daemon]] or a [[schedule]] to fleet.toml"
        )
    return duties


def _refuse_a_second(fleet: Fleet, duties: Sequence[Duty]) -> None:
    """Refuse what another `daemon run` runs; the screen hands it over when it is closed."""
    for duty in duties:
        who = holder(fleet.data_dir, duty.name)
        if who.startswith(WHO):
            raise Refused(f"{duty.name} is run by {who} already", mend="stop that one first")
        if who:
            complain(f"{duty.name} is run by {who}; it is taken over when that ends")


def _listen(stop: asyncio.Event) -> None:
    """Let the first signal drain, and the second one end it at once."""
    if os.name == "posix":
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)


def _tell(event: Event) -> None:
    if isinstance(event, NoticeRaised):
        complain(f"{event.notice.source}: {event.notice.text}")
