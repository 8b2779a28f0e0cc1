"""What a hand-off would do, after everything that could stop it was looked at on both hosts."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.handoff.bundle import check_fits
from fleet_tui.handoff.catalogue import find_threads, read_heads
from fleet_tui.handoff.places import ask_places, slug_of
from fleet_tui.handoff.script import ask
from fleet_tui.journal.moved import Handoff
from fleet_tui.journal.parked import ParkedRows
from fleet_tui.model.errors import FleetError, Refused, UsageError
from fleet_tui.model.ids import is_session, short

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.dispatch.sessions import Sessions
    from fleet_tui.handoff.places import Places
    from fleet_tui.model.host import Host
    from fleet_tui.model.run import Run
    from fleet_tui.model.threads import Thread
    from fleet_tui.transport.base import Connection


@dataclass(frozen=True, slots=True)
class HandoffRequest:
    """What the operator asks for."""

    run: str
    to: str
    workdir: str | None = None
    """The folder on the target; None for the host's own, else its home."""
    takes_tree: bool = False
    """Take the state of the working tree along, as a git bundle."""


@dataclass(frozen=True, slots=True)
class HandoffPlan:
    """Both ends of one move, ready to be carried out."""

    run: Run
    handoff: Handoff
    source: Connection
    target: Connection
    source_places: Places
    target_places: Places
    request: HandoffRequest

    @property
    def staged(self) -> str:
        """Where the transcript lies on the target until the source has let go of it."""
        folder, name = posixpath.split(self.handoff.target_path)
        return f"{folder}/.{name}.{self.handoff.id}"


async def make_plan(
    context: FleetContext, sessions: Sessions, request: HandoffRequest
) -> HandoffPlan:
    """Look at everything first; raises UsageError, Refused, Unreachable, FleetError."""
    run = sessions.free(request.run)
    session = run.session or ""
    before = sessions.moved.get(session) if is_session(session) else None
    if run.agent == "shell" or not is_session(session):
        raise UsageError(f"{short(run.id)} has no session that could be handed over")
    _refuse_if_parked(context, run)
    names = {host.name: host for host in context.config.hosts}
    if request.to not in names:
        raise UsageError(f"no host is called {request.to}", mend="see `fleet-tui hosts`")
    is_half = before is not None and before.step in ("begun", "copied", "aside")
    place = before.source if before is not None and is_half else sessions.place_of(run)[0]
    if place == request.to:
        raise UsageError(f"the session of {short(run.id)} is on {place} already")
    if place not in names:
        raise UsageError(f"the session is on {place}, which is not in fleet.toml any more")
    for host in (names[place], names[request.to]):
        if host.shell != "posix":
            raise UsageError(
                f"{host.name} has no POSIX shell", mend="hand-offs need one on both hosts"
            )
    source = await context.pool.connection(place)
    target = await context.pool.connection(request.to)
    if context.find_agent is not None:
        await context.find_agent(target, run.agent)
    places = await ask_places(source), await ask_places(target)
    if before is not None and is_half:
        (aside,) = (await ask(source, "look", before.aside_path)).lines[:1] or ("-",)
        if aside != "-" and before.target != request.to:
            raise Refused(
                f"this session is half handed over from {before.source} to {before.target}",
                mend=f"complete it: fleet-tui handoff {short(run.id)} --to {before.target}",
            )
        if aside != "-":
            return HandoffPlan(run, before, source, target, *places, request)
    thread = await _thread(source, places[0], run)
    folder = await _folder(target, names[request.to], request)
    name = before.id if before is not None and is_half else context.new_id("h")
    if request.takes_tree:
        await check_fits(target, folder, name)
        if not thread.folder:
            raise FleetError("the transcript does not say in which folder it works")
    path = _target_path(thread, places, folder)
    (there,) = (await ask(target, "look", path)).lines[:1] or ("-",)
    if there != "-":
        raise FleetError(
            "a transcript of this session is there already",
            where=f"{request.to}:{path}",
            mend="move it away, or go on with it there",
        )
    handoff = Handoff(
        id=name,
        session=session,
        agent=run.agent,
        run=run.id,
        source=place,
        target=request.to,
        source_path=thread.path,
        aside_path=f"{thread.path}.moved-{name}",
        target_path=path,
        workdir=folder,
        target_home=places[1].home,
        source_workdir=thread.folder,
        at=context.clock.time(),
        by=context.by,
    )
    return HandoffPlan(run, handoff, source, target, *places, request)


def _refuse_if_parked(context: FleetContext, run: Run) -> None:
    """Raise UsageError when the session goes on by itself, once the limit that ended it is over."""
    for parked, _owner in ParkedRows(context.store).all():
        waiting = context.store.get_run(parked.run)
        if waiting is not None and waiting.session == run.session:
            raise UsageError(
                f"{short(waiting.id)} waits for the end of a limit, and goes on with this session",
                mend=f"let it, or end the wait: fleet-tui cancel {short(waiting.id)}",
            )


async def _thread(source: Connection, places: Places, run: Run) -> Thread:
    files = await source.files()
    found = await find_threads(source.host.name, files, places)
    fitting = [one for one in found if (one.agent, one.session) == (run.agent, run.session)]
    if not fitting:
        raise FleetError(
            f"no transcript of {run.agent} session {run.session} is there",
            where=source.host.name,
            mend=f"see `fleet-tui threads {source.host.name}`",
        )
    (head,) = await read_heads(files, fitting[:1])
    return head.thread


async def _folder(target: Connection, host: Host, request: HandoffRequest) -> str:
    """Return the absolute folder on the target, links resolved; it must exist, or be made."""
    wanted = request.workdir or host.workdir or "~"
    state, folder = (*(await ask(target, "folder", wanted)).lines, "", "")[:2]
    if state != "there" and not request.takes_tree:
        raise UsageError(
            f"{wanted} is not there on {host.name}",
            mend="make it, give another --workdir, or take the working tree along with --bundle",
        )
    return folder


def _target_path(thread: Thread, places: tuple[Places, Places], folder: str) -> str:
    if thread.agent == "codex":
        return f"{places[1].codex}/{thread.path.removeprefix(places[0].codex).lstrip('/')}"
    return f"{places[1].claude}/projects/{slug_of(folder)}/{thread.session}.jsonl"
