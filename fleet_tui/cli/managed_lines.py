"""The conversation of a cloud session on the command line, past and going on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain, emit, say
from fleet_tui.cli.telling import hear_notices, tell_before_leaving
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.ids import short
from fleet_tui.model.managed_view import OVER

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fleet_tui.fleet import Fleet
    from fleet_tui.managed.follower import Follower
    from fleet_tui.model.managed_view import ManagedRow, ManagedSession, ManagedState
    from fleet_tui.model.snapshot import LineTag, ViewLine

MARKS: dict[LineTag, str] = {"c": "$ ", "r": "| ", "x": "! ", "k": "~ ", "q": "? ", "d": "! "}
WELL: frozenset[ManagedState] = frozenset({"idle", "ended", "archived"})
"""States in which a session that was followed has done what it was to do."""


def session_fields(row: ManagedRow, now: float) -> dict[str, object]:
    """Return a session as the JSON contract names its parts."""
    session = row.session
    return {
        "id": session.id,
        "session": session.session or None,
        "title": session.title,
        "state": session.shown_state(now),
        "last_state": session.state,
        "state_at": session.state_at,
        "heard_at": session.heard_at or None,
        "cost_usd": session.cost_usd,
        "budget_usd": session.budget_usd,
        "agent": session.agent,
        "model": session.model,
        "origin": session.origin,
        "by": session.by,
        "created_at": session.created_at,
        "last_word": session.last_word,
        "why": session.why,
        "trouble": row.trouble,
        "asks": [{"use": ask.use, "tool": ask.tool, "text": ask.text} for ask in row.asks],
    }


def print_lines(identifier: str, lines: Sequence[ViewLine], now: float, *, is_json: bool) -> None:
    """Print lines of a conversation."""
    for line in lines:
        if is_json:
            emit("managed-line", now, id=identifier, tag=line.tag, text=line.text)
        else:
            say(MARKS.get(line.tag, "") + line.text)
    sys.stdout.flush()


async def follow(
    fleet: Fleet,
    session: ManagedSession,
    options: argparse.Namespace,
    *,
    stays: bool = False,
    said: str = "",
) -> int:
    """Print a session as it goes on, until it rests, or with `stays` until it is over.

    With `said` nothing is printed from before that was said. Returns 0 when it has done its work.
    """
    if not session.session:
        raise UsageError("the service has not named it yet", where=short(session.id))
    agents = fleet.parts.managed
    if why := agents.deafness():
        raise FleetError(why, where=short(session.id))
    hear_notices(fleet)
    follower = agents.follow(session)
    if said:
        await follower.is_live.wait()
    printed = _first_line(follower, said)
    trouble = ""
    asked: set[str] = set()
    while True:
        story = follower.story
        lines = story.read(printed)
        printed = story.told
        print_lines(session.id, lines, fleet.clock.time(), is_json=options.json)
        if follower.trouble != trouble:
            trouble = follower.trouble
            complain(f"{short(session.id)}: {trouble or 'heard again'}")
        for ask in story.asks:
            if ask.use not in asked:
                asked.add(ask.use)
                _tell_ask(session, ask.tool, ask.text)
        is_over = story.state in OVER
        if is_over or (story.is_at_rest and follower.is_live.is_set() and not stays):
            break
        await follower.changed()
    await tell_before_leaving(fleet)
    kept = agents.named(session.id)
    if options.json:
        now = fleet.clock.time()
        emit("managed-session", now, **session_fields(agents.row(kept), now))
    elif kept.state not in WELL:
        complain(f"{short(session.id)} is {kept.state}{f': {kept.why}' if kept.why else ''}")
    return 0 if kept.state in WELL else 1


def _first_line(follower: Follower, said: str) -> int:
    """Return the number of the line with which the newest text begins that was sent."""
    if not said:
        return 0
    first = f"> {said.splitlines()[0]}"
    lines = follower.story.read(0)
    found = [number for number, line in enumerate(lines) if line.text == first]
    return found[-1] if found else 0


def _tell_ask(session: ManagedSession, tool: str, text: str) -> None:
    name = short(session.id)
    complain(
        f"{name} asks to use {tool}: {text} "
        f"(answer with `fleet-tui managed allow {name}` or `fleet-tui managed deny {name}`)"
    )
