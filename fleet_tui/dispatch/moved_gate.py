"""The gate's question about a named agent session: was it handed to another host?

Every dispatch is asked twice. Before it is logged, what the records here know; and on the host,
before the agent starts there, whether the session's tombstone lies there, which also tells what
another machine handed away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.dispatch.tombstone import moved_away, tombstone_on
from fleet_tui.model.errors import Refused
from fleet_tui.model.ids import is_session

if TYPE_CHECKING:
    from collections.abc import Collection

    from fleet_tui.journal.moved import MovedSessions
    from fleet_tui.model.agent import AgentRequest
    from fleet_tui.transport.base import Connection


def refuse_if_elsewhere(moved: MovedSessions, session: str | None, hosts: Collection[str]) -> None:
    """Raise Refused when a session is on its way, or was handed from or back from one of `hosts`.

    Raises JournalError for a record that is broken.
    """
    if session is None or not is_session(session):
        return
    if moved.is_moving(session):
        raise Refused(
            "this session is being handed over right now", mend="wait for the end of that"
        )
    handoff = moved.get(session)
    if handoff is None:
        return
    ends = {handoff.source, handoff.target}
    if handoff.is_at_source:
        place = handoff.source
    elif handoff.step == "done":
        place = handoff.target
    else:
        place = ""
    wrong = sorted(ends.intersection(hosts) - {place})
    if not wrong:
        return
    if not place:
        raise Refused(
            f"this session is half handed over from {handoff.source} to {handoff.target}",
            mend=f"complete it: fleet-tui handoff {handoff.run} --to {handoff.target}",
        )
    raise Refused(
        f"this session is not on {wrong[0]} but on {place}", mend=f"go on with it on {place}"
    )


async def ask_tombstone(connection: Connection, request: AgentRequest) -> None:
    """Raise Refused when the host says that the session a run names was handed away from it.

    A host that does not answer is a reason too: it may hold one. Raises Unreachable.
    """
    session = request.forks or (request.session if request.resumes else "")
    if not session:
        return
    host = connection.host.name
    try:
        found = await tombstone_on(connection, session)
    except TimeoutError:
        raise Refused(
            f"{host} did not say in time whether this session was handed away from it",
            mend="try again when the host answers faster",
        ) from None
    if found is not None:
        raise moved_away(host, found)
