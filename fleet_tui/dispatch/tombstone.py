"""What a host remembers of a session that was handed away from it.

`${XDG_STATE_HOME:-~/.local/state}/fleet-tui/moved/<session>.json`, so that every fleet-tui that
reaches the host refuses to take the session up there, whatever its own records say.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, Refused
from fleet_tui.model.ids import is_session
from fleet_tui.model.text import one_line
from fleet_tui.transport.shell import posix_line

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection, Connector

FOLDER = "${XDG_STATE_HOME:-$HOME/.local/state}/fleet-tui/moved"
"""As the host's shell sees it."""
SECONDS = 10.0
SCRIPT = f'cat "{FOLDER}/$1.json" 2>/dev/null'
_LIMIT = 1 << 14


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Where a session went, and how to have it back."""

    session: str
    handoff: str
    target: str
    folder: str
    kept: str
    """The transcript as it was, under a name no agent looks for."""
    undo: str
    undo_by_hand: str
    at: str
    by: str

    def to_json(self) -> bytes:
        """Return the file's content."""
        return json.dumps({"fleet_tombstone": 1, **asdict(self)}, indent=2).encode() + b"\n"


async def tombstone_on(connection: Connection, session: str) -> Tombstone | None:
    """Return the tombstone of a session on a host, None when it has none.

    Raises Unreachable, and TimeoutError when the host does not answer.
    """
    host = connection.host
    if host.shell != "posix" or not is_session(session):
        return None
    line = posix_line(argv=("/bin/sh", "-c", SCRIPT, "fleet", session), env=dict(host.env))
    answer = await connection.run(line, timeout=SECONDS, limit=_LIMIT)
    start = answer.stdout.find(b"{")
    try:
        document = json.loads(answer.stdout[start:]) if start >= 0 else None
    except ValueError:
        return None
    if not isinstance(document, dict) or document.get("fleet_tombstone") != 1:
        return None
    words = {
        name: one_line(str(document.get(name, "")), 4096) for name in Tombstone.__dataclass_fields__
    }
    return Tombstone(**words)


async def refuse_if_moved(connector: Connector, host: str, session: str) -> None:
    """Raise Refused when the host knows that this session was handed away from it.

    A host that cannot be asked is no reason: the run will meet the same trouble, and say so.
    """
    try:
        found = await tombstone_on(await connector.connection(host), session)
    except (FleetError, TimeoutError):
        return
    if found is not None:
        raise moved_away(host, found)


def moved_away(host: str, found: Tombstone) -> Refused:
    """Return why a session is not taken up on the host that has this tombstone."""
    return Refused(
        f"this session was handed from {host} to {found.target} at {found.at} by {found.by}",
        mend=f"go on with it there, in {found.folder}; on {host} it is undone with: "
        f"{found.undo_by_hand}",
    )
