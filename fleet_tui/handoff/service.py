"""Hand-off as the faces ask for it: one session moves from the host it is on to another."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fleet_tui.dispatch.sessions import Sessions
from fleet_tui.handoff.mover import Mover
from fleet_tui.handoff.places import ask_places
from fleet_tui.handoff.plan import HandoffPlan, HandoffRequest, make_plan
from fleet_tui.model.errors import FleetError, JournalError, Refused, UsageError
from fleet_tui.model.ids import is_session, short
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.threads import WaitingDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.journal.moved import Handoff
    from fleet_tui.model.host import Host
    from fleet_tui.model.run import AgentName, Run
    from fleet_tui.transport.base import Connection

DRY_TURN = "Answer with the one word: ready"
OFFERED_SECONDS = 7 * 86_400.0
"""How long a hand-off document is offered to new runs in its folder."""


def _silent(_text: str) -> None:
    """Tell nobody."""


class HandoffDesk:
    """Moves sessions between hosts; one move of a session at a time, whoever asks."""

    def __init__(self, context: FleetContext) -> None:
        self._context = context
        self._sessions = Sessions(
            context.config, context.store, context.pool, context.find_agent or _no_agent
        )

    async def hand_off(
        self, request: HandoffRequest, told: Callable[[str], None] = _silent
    ) -> Handoff:
        """Move a run's session; `told` gets a sentence for each step that is done.

        What was cut off is completed by the same request. Raises UsageError, Refused,
        Unreachable, JournalError, FleetError.
        """
        with self._alone(self._run(request.run)):
            plan = await make_plan(self._context, self._sessions, request)
            return await Mover(self._context, self._sessions, told).carry_out(plan)

    async def take_back(self, run_id: str, told: Callable[[str], None] = _silent) -> Handoff:
        """Undo the last hand-off of a run's session, if it did not go on at the target since."""
        run = self._sessions.free(run_id)
        session = run.session or ""
        handoff = self._sessions.moved.get(session) if is_session(session) else None
        if handoff is None or handoff.step == "undone":
            raise UsageError(f"the session of {short(run.id)} was not handed over from here")
        with self._alone(run):
            source = await self._context.pool.connection(handoff.source)
            target = await self._context.pool.connection(handoff.target)
            places = await ask_places(source), await ask_places(target)
            asked = HandoffRequest(run_id, handoff.target)
            plan = HandoffPlan(run, handoff, source, target, *places, asked)
            return await Mover(self._context, self._sessions, told).take_back(plan)

    def where(self, host: str, session: str) -> str:
        """Return the host that a session is on now, when it was handed over from `host`."""
        if not is_session(session):
            return host
        moved = self._sessions.moved.get(session)
        return moved.target if moved is not None and moved.step == "done" else host

    async def dry_turn(self, handoff: Handoff) -> Run:
        """Prove that the session goes on at its target by one turn, which is paid for.

        Raises FleetError when it did not; the session stays there all the same.
        """
        if self._context.dispatch is None:
            raise FleetError("nothing can be dispatched from here")
        before = self._run(handoff.run)
        started = await self._context.dispatch(
            DispatchRequest(
                target=handoff.target,
                prompt=DRY_TURN,
                agent=before.agent,
                mode="read",
                session=handoff.session,
                workdir=handoff.workdir,
            )
        )
        (run,) = await started.finished
        if run.state != "succeeded" or run.session != handoff.session:
            raise FleetError(
                f"the dry turn on {handoff.target} ended as {run.state}: "
                f"{run.reason or run.outcome or 'another session'}",
                mend=f"see `fleet-tui runs {short(run.id)}`; take the session back with "
                f"`fleet-tui handoff {short(handoff.run)} --undo`",
            )
        return run

    def waiting(self, hosts: Sequence[str]) -> tuple[WaitingDocument, ...]:
        """Return the hand-off documents that lie in the folders these hosts' runs start in."""
        now = self._context.clock.time()
        by_name = {host.name: host for host in self._context.config.hosts}
        found = []
        for one in self._sessions.moved.all():
            host = by_name.get(one.target)
            if one.target not in hosts or host is None or one.step != "done" or not one.document:
                continue
            if now - one.at > OFFERED_SECONDS or not _starts_in(host, one):
                continue
            found.append(
                WaitingDocument(
                    one.target, one.workdir, one.document, one.session, one.source, one.at
                )
            )
        return tuple(found)

    def _run(self, run_id: str) -> Run:
        run = self._context.store.get_run(run_id)
        if run is None:
            raise UsageError(f"no run {short(run_id)} in the store")
        return run

    @contextlib.contextmanager
    def _alone(self, run: Run) -> Iterator[None]:
        """Hold the lock of a run's session; raises Refused while another program holds it."""
        if not is_session(run.session or ""):
            raise UsageError(f"{short(run.id)} has no session that could be handed over")
        lock = self._sessions.moved.lock(run.session or "")
        with contextlib.ExitStack() as stack:
            stack.callback(lock.close)
            try:
                stack.enter_context(lock.held())
            except JournalError:
                raise Refused(
                    f"another program is handing over the session of {short(run.id)}",
                    mend="wait for the end of that",
                ) from None
            yield


def _starts_in(host: Host, handoff: Handoff) -> bool:
    """Tell whether runs on a host start in the folder that a session was handed to."""
    wanted = (host.workdir or "~").rstrip("/") or "/"
    if wanted == "~" or wanted.startswith("~/"):
        wanted = handoff.target_home + wanted[1:]
    return handoff.workdir == wanted


async def _no_agent(connection: Connection, agent: AgentName) -> str:
    raise FleetError(f"nobody knows where {agent} lies on {connection.host.name}")
