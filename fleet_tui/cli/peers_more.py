"""More of `fleet-tui peers`: conferences, reservations, waiting for a peer, serving the broker."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fleet_tui.cli import peers as group
from fleet_tui.cli.console import emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.config.durations import parse_duration
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.peer import OPERATOR, parse_scope
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.run import exit_code_for
from fleet_tui.peers.conference import as_markdown
from fleet_tui.peers.framing import is_done

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.peer import Message

LOOK_SECONDS = 0.5


class Declares(Protocol):
    """Adds options that several verbs share."""

    def __call__(self, parser: argparse.ArgumentParser, handler: object) -> None:
        """Add them."""


class Waits(Protocol):
    """Adds how long to wait."""

    def __call__(self, parser: argparse.ArgumentParser) -> None:
        """Add it."""


def add_verbs(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: Declares, waiting: Waits
) -> None:
    """Declare `conference`, `reserve`, `wait-for` and `serve`."""
    confer = verbs.add_parser(
        "conference",
        help="ask all sessions of a scope the same questions",
        usage="fleet-tui peers conference [options] -- QUESTION [QUESTION…]",
    )
    confer.add_argument("--scope", default="fleet", help=group.SCOPE_HELP)
    confer.add_argument("--show", metavar="ID", help="show one that was asked before")
    confer.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there too")
    waiting(confer)
    common(confer, conference_command)
    reserve = verbs.add_parser("reserve", help="announce a path you change, or list what others do")
    reserve.add_argument("path", nargs="?", help="a file, folder or glob")
    reserve.add_argument("--reason", default="", help="what others are told")
    reserve.add_argument("--for", dest="lasts", default="30m", metavar="TIME", help="e.g. 45m, 2h")
    reserve.add_argument("--release", metavar="ID", help="end one")
    common(reserve, reserve_command)
    wait = verbs.add_parser(
        "wait-for",
        help="wait until a session says DONE, then run something",
        usage="fleet-tui peers wait-for PEER [--run TARGET -- PROMPT]",
    )
    wait.add_argument("peer", help="its name, or the beginning of its session id")
    wait.add_argument("--run", metavar="TARGET", help="where to send the prompt then")
    wait.add_argument("--timeout", default="1h", metavar="TIME", help="how long to wait")
    common(wait, wait_command)
    tools = verbs.add_parser("tools", help="print how to give an agent on a host the fleet's tools")
    tools.add_argument("--channel", action="store_true", help="push messages by Claude channels")
    common(tools, tools_command)
    serve = verbs.add_parser("serve", help="keep the broker open and carry messages, no screen")
    common(serve, serve_command)


def conference_command(options: argparse.Namespace) -> int:
    """Ask, and print the table as answers come."""
    return run_async(_conference(options))


async def _conference(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        service = fleet.parts.peers
        if options.show:
            view = service.conferences.view(options.show)
            await service.carry()
        else:
            group.refuse_read_only(options)
            questions = list(options.prompt_words or ())
            await service.refresh()
            identifier = await service.conferences.ask(parse_scope(options.scope), questions)
            deadline = time.monotonic() + options.wait
            while True:
                await service.carry()
                view = service.conferences.view(identifier)
                left = deadline - time.monotonic()
                if not view.missing or left <= 0:
                    break
                await asyncio.sleep(min(LOOK_SECONDS, left))
        view = service.conferences.view(view.id)
        if options.json:
            for row in view.rows:
                emit(
                    "answer",
                    row.answered_at or row.asked_at,
                    conference=view.id,
                    peer=row.peer,
                    state=row.rung,
                    gone=row.is_gone,
                    answers=list(row.answers) if row.answered_at else None,
                )
        else:
            say(as_markdown(view, time.time()))
        if options.markdown:
            text = as_markdown(view, time.time())
            await asyncio.to_thread(_write, options.markdown, text)
    return 1 if view.missing else 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FleetError(f"cannot write the table: {error.strerror}", where=str(path)) from error


def reserve_command(options: argparse.Namespace) -> int:
    """Announce a path, end a reservation, or list all."""
    return run_async(_reserve(options))


async def _reserve(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        service = fleet.parts.peers
        if options.release or options.path:
            group.refuse_read_only(options)
        if options.release:
            mine = [r.id for r in service.reservations.open() if r.id.endswith(options.release)]
            if len(mine) != 1:
                raise UsageError(f"no reservation {options.release}")
            service.reservations.release(mine[0])
            return 0
        made = None
        if options.path:
            seconds = seconds_of(options.lasts)
            made = await service.reservations.make(OPERATOR, options.path, options.reason, seconds)
        now = time.time()
        everyone = service.reservations.open()
        if options.json:
            for one in everyone:
                emit(
                    "reservation",
                    one.made_at,
                    id=one.id,
                    holder=one.holder,
                    path=one.path,
                    reason=one.reason,
                    seconds_left=round(one.expires_at - now),
                    conflicts=list(one.conflicts),
                )
        elif everyone:
            heads = ("id", "holder", "path", "left", "why", "conflicts with")
            table([group.reservation_row(one, now) for one in everyone], heads)
        else:
            say("nothing is reserved")
    return 1 if made is not None and made.conflicts else 0


def wait_command(options: argparse.Namespace) -> int:
    """Wait for DONE, then dispatch."""
    return run_async(_wait(options))


async def _wait(options: argparse.Namespace) -> int:
    prompt = group.prompt_text(options) if options.run else ""
    seconds = seconds_of(options.timeout)
    async with open_fleet(options) as fleet:
        service = fleet.parts.peers
        await group.look_if_unknown(service, options.peer)
        peer = service.post.resolve(options.peer)
        begun = fleet.clock.time()
        deadline = time.monotonic() + seconds
        while (said := _done_by(fleet, peer.name, begun)) is None:
            if time.monotonic() > deadline:
                raise FleetError(f"{peer.name} did not say DONE within {options.timeout}")
            await service.carry()
            await asyncio.sleep(LOOK_SECONDS)
        if options.json:
            emit("message", said.created_at, **group.message_fields(said))
        else:
            group.show_message(said)
        if not options.run:
            return 0
        group.refuse_read_only(options)
        # The operator wrote the prompt, but a peer chose the moment: it opens what a peer may.
        live = await fleet.dispatch(
            DispatchRequest(target=options.run, prompt=prompt, origin="peer")
        )
        runs = await live.finished
        for run in runs:
            say(f"{run.host}: {run.state}")
    return exit_code_for(runs)


def seconds_of(text: str) -> float:
    """Return a length of time as seconds; raises UsageError."""
    seconds = parse_duration(text)
    if seconds is None:
        raise UsageError(f"{text!r} is not a length of time", mend="write it like 45m or 2h")
    return seconds


def _done_by(fleet: Fleet, peer: str, since: float) -> Message | None:
    said = fleet.parts.peers.store.messages("sender = ? AND created_at >= ?", peer, since)
    return next((message for message in said if is_done(message.text)), None)


def tools_command(options: argparse.Namespace) -> int:
    """Print an MCP configuration; the program it names is left on a host with its key."""
    script = 'exec python3 "${XDG_STATE_HOME:-$HOME/.local/state}/fleet-tui/peers-tools.py"'
    flag = " --channel" if options.channel else ""
    server = {"command": "sh", "args": ["-c", f"{script}{flag}"]}
    say(json.dumps({"mcpServers": {"fleet-peers": server}}, indent=None if options.json else 2))
    if not options.json:
        say("# for `claude --mcp-config FILE`; the broker leaves that program on hosts it reaches")
    return 0


def serve_command(options: argparse.Namespace) -> int:
    """Be the broker until interrupted."""
    return run_async(_serve(options))


async def _serve(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        service = fleet.parts.peers
        if not service.settings.has_broker:
            raise UsageError(
                "[peers] broker is not configured", mend='write broker = "127.0.0.1:7899"'
            )
        fleet.keep_connected()
        last = ""
        while True:
            line = service.view().broker
            if line != last:
                say(f"broker: {line}")
                last = line
            await asyncio.sleep(1.0)
