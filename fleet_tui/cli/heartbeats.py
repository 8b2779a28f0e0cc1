"""`fleet-tui heartbeats`: how long ago each sign of life was seen, the stale ones first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async

if TYPE_CHECKING:
    import argparse

    from fleet_tui.model.beats_view import BeatsView, PulseView

SECOND_LOOK = 1.0
"""Seconds before a second look at who might be stale: one look alone calls nobody dead."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `heartbeats`."""
    parser = commands.add_parser(
        "heartbeats", help="age of each sign of life, stale ones first; exit 1 if any is stale"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--watch", type=float, default=0.0, metavar="S", help="look for so many seconds first"
    )
    parser.set_defaults(handler=heartbeats_command)


def heartbeats_command(options: argparse.Namespace) -> int:
    """Print every heartbeat."""
    return run_async(_heartbeats(options))


async def _heartbeats(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        beats = fleet.parts.beats
        view = await beats.look()
        left = options.watch
        if any(pulse.state in ("suspect", "new") for pulse in view.pulses):
            left = max(left, SECOND_LOOK)
        while left > 0:
            pause = min(left, beats.limits.look_every)
            await asyncio.sleep(pause)
            left -= pause
            view = await beats.look()
        _print(view, as_json=options.json)
    return 1 if view.stale else 0


def _print(view: BeatsView, *, as_json: bool) -> None:
    for problem in view.problems:
        complain(problem)
    if as_json:
        for pulse in view.pulses:
            emit("heartbeat", view.made_at, **_fields(pulse, view))
        return
    if not view.pulses:
        say("no heartbeats: no worker, daemon or mirror pull has shown life yet")
        return
    rows: list[tuple[str, ...]] = [
        (
            pulse.name,
            pulse.kind,
            pulse.state,
            "new" if pulse.state == "new" else ago(pulse.silent_for),
            pulse.host,
            ", ".join(pulse.doing),
            pulse.word,
        )
        for pulse in view.pulses
    ]
    table(rows, ("name", "kind", "state", "age", "host", "holds", "last word"))


def _fields(pulse: PulseView, view: BeatsView) -> dict[str, object]:
    return {
        "name": pulse.name,
        "kind": pulse.kind,
        "host": pulse.host,
        "watch": pulse.watch,
        "state": pulse.state,
        "age_seconds": round(pulse.silent_for, 1),
        "stale_after_seconds": view.stale_after,
        "stale_since": pulse.stale_since,
        "episodes": pulse.episodes,
        "holds": list(pulse.doing),
        "word": pulse.word,
    }
