"""The move itself, in steps that may each be cut off and asked for again.

    begun    the `handoff` line is in the log, then the record
    copied   the transcript and what lies beside it (sidefiles.py) are on the target under names
             no agent looks for, checksums agree; the working tree and the document are there, if
             they were asked for
    aside    the source has the tombstone, and its transcript and side files other names: from
             now on nobody can take the session up
    done     the transcript has its name on the target; the closing line is in the log

The session is never in two places: what is killed between `aside` and `done` is completed by the
same command, or taken back by its undo.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet_tui.dispatch.tombstone import Tombstone
from fleet_tui.handoff.bundle import take_along
from fleet_tui.handoff.copy import copy
from fleet_tui.handoff.document import Turn, write_document
from fleet_tui.handoff.entries import BrokenLine, read_entry
from fleet_tui.handoff.script import StepFailed, ask
from fleet_tui.handoff.sidefiles import SideFiles
from fleet_tui.handoff.slices import Purse, lines_of
from fleet_tui.journal import LogEntry
from fleet_tui.model.errors import FleetError, Refused
from fleet_tui.model.ids import short
from fleet_tui.model.threads import DOCUMENT
from fleet_tui.transport.shell import quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.context import FleetContext
    from fleet_tui.dispatch.sessions import Sessions
    from fleet_tui.handoff.plan import HandoffPlan
    from fleet_tui.journal.moved import Handoff, Step

MOST_READ = 64 << 20
"""Bytes of a transcript that are looked through for the files it touched."""


class Mover:
    """Carries out one plan, or takes one back."""

    def __init__(
        self, context: FleetContext, sessions: Sessions, told: Callable[[str], None]
    ) -> None:
        self._context = context
        self._sessions = sessions
        self._moved = sessions.moved
        self._told = told

    async def carry_out(self, plan: HandoffPlan) -> Handoff:
        """Go from where it stands to the end; raises Unreachable, FleetError, JournalError."""
        handoff = plan.handoff
        (aside,) = (await ask(plan.source, "look", handoff.aside_path)).lines[:1] or ("-",)
        if aside == "-":
            handoff = await self._bring(plan, handoff)
            handoff = await self._set_aside(plan, handoff)
        else:
            handoff = await self._after_aside(plan, handoff, aside)
        await SideFiles(plan).publish()
        await ask(
            plan.target,
            "publish",
            plan.staged,
            handoff.target_path,
            handoff.session,
            handoff.digest,
        )
        await self._log(handoff, "done")
        return self._record(handoff, "done")

    async def _bring(self, plan: HandoffPlan, handoff: Handoff) -> Handoff:
        await self._log(handoff, "begin")
        handoff = self._record(handoff, "begun")
        digest = await copy(plan.source, handoff.source_path, plan.target, plan.staged)
        self._told(f"transcript copied, sha256 {digest[:16]}… on both sides")
        handoff = replace(handoff, digest=digest)
        beside = SideFiles(plan)
        count = await beside.bring(beside.source)
        if count:
            self._told(f"{count} files of its subagents and tools copied, each with its checksum")
        if plan.request.takes_tree:
            commit = await take_along(
                plan.source,
                handoff.source_workdir,
                plan.target,
                handoff.workdir,
                state=(plan.source_places.state, plan.target_places.state),
                name=handoff.id,
            )
            handoff = replace(handoff, bundle=commit)
            self._told(f"working tree brought along as commit {commit[:12]}")
        handoff = await self._write_document(plan, handoff)
        return self._record(handoff, "copied")

    async def _set_aside(self, plan: HandoffPlan, handoff: Handoff) -> Handoff:
        self._sessions.free(handoff.run)
        stone = self._tombstone(handoff, SideFiles(plan))
        told = await ask(
            plan.source,
            "aside",
            handoff.source_path,
            handoff.aside_path,
            handoff.session,
            stdin=stone.to_json(),
        )
        return await self._after_aside(plan, handoff, told.first)

    async def _after_aside(self, plan: HandoffPlan, handoff: Handoff, aside: str) -> Handoff:
        """Make sure that what is on the target is what was set aside, to the last line."""
        (staged, there) = (
            *(await ask(plan.target, "look", plan.staged, handoff.target_path)).lines,
            "-",
            "-",
        )[:2]
        if aside not in (staged, there):
            aside = await copy(plan.source, handoff.aside_path, plan.target, plan.staged)
        beside = SideFiles(plan)
        await beside.set_aside()
        await beside.bring(beside.aside)
        self._told(f"set aside on {handoff.source} as {handoff.aside_path}")
        return self._record(replace(handoff, digest=aside), "aside")

    async def take_back(self, plan: HandoffPlan) -> Handoff:
        """Put the session back to its source; raises Refused when it went on at the target."""
        handoff = plan.handoff
        kept = f"{handoff.target_path}.taken-back-{handoff.id}"
        (there, gone) = (
            *(await ask(plan.target, "look", handoff.target_path, kept)).lines,
            "-",
            "-",
        )[:2]
        if there != "-":
            await self._withdraw(plan, kept)
        elif gone == "-":
            await ask(plan.target, "remove", plan.staged)
        beside = SideFiles(plan)
        if handoff.step in ("aside", "done"):
            await beside.withdraw(f"taken-back-{handoff.id}")
        await beside.take_back()
        await ask(plan.source, "restore", handoff.source_path, handoff.aside_path, handoff.session)
        await self._log(handoff, "undone")
        return self._record(handoff, "undone")

    async def _withdraw(self, plan: HandoffPlan, kept: str) -> None:
        handoff = plan.handoff
        try:
            await ask(plan.target, "withdraw", handoff.target_path, kept, handoff.digest)
        except StepFailed as error:
            if error.status != 3:
                raise
            raise Refused(
                f"the session went on at {handoff.target} since it was handed over",
                mend=f"hand it back: fleet-tui handoff {short(handoff.run)} --to {handoff.source}",
            ) from None

    async def _write_document(self, plan: HandoffPlan, handoff: Handoff) -> Handoff:
        store = self._context.store
        turns = []
        for run in store.runs_of_session(handoff.session):
            dispatch = store.get_dispatch(run.dispatch)
            turns.append(Turn(run, dispatch.prompt if dispatch else "", store.answer(run.id)))
        touched = await self._touched(plan, handoff)
        text = write_document(handoff, turns, touched)
        older = f"SESSION-HANDOFF.before-{handoff.id}.md"
        await ask(plan.target, "document", handoff.workdir, DOCUMENT, older, stdin=text.encode())
        self._told(f"{DOCUMENT} written in {handoff.workdir} on {handoff.target}")
        return replace(handoff, document=DOCUMENT)

    async def _touched(self, plan: HandoffPlan, handoff: Handoff) -> list[str]:
        files = await plan.source.files()
        found: dict[str, None] = {}
        try:
            async for line in lines_of(files, handoff.source_path, Purse(MOST_READ)):
                if not line:
                    continue
                try:
                    entry = read_entry(plan.run.agent, line)
                except BrokenLine:
                    continue
                found |= dict.fromkeys(entry.touched)
        except OSError as error:
            raise FleetError(
                f"cannot be read: {error.strerror}", where=handoff.source_path
            ) from None
        return list(found)

    def _record(self, handoff: Handoff, step: Step) -> Handoff:
        recorded = replace(handoff, step=step)
        self._moved.put(recorded)
        return recorded

    async def _log(self, handoff: Handoff, phase: str) -> None:
        fields: dict[str, str | int | float | None] = {
            "id": handoff.id,
            "phase": phase,
            "run": handoff.run,
            "host": handoff.source,
            "to": handoff.target,
            "agent": handoff.agent,
            "session": handoff.session,
            "workdir": handoff.workdir,
            "by": self._context.by,
            "epoch": self._context.epoch(),
        }
        if handoff.digest:
            fields["sha256"] = handoff.digest
        await self._context.log.append([LogEntry("handoff", fields)], durable=True)

    def _tombstone(self, handoff: Handoff, beside: SideFiles) -> Tombstone:
        stone = f'"${{XDG_STATE_HOME:-$HOME/.local/state}}/fleet-tui/moved/{handoff.session}.json"'
        back = f"mv -- {quote(handoff.aside_path)} {quote(handoff.source_path)}"
        if beside.are_kept:
            back += f" && {{ [ ! -d {quote(beside.aside)} ] || "
            back += f"mv -- {quote(beside.aside)} {quote(beside.source)}; }}"
        return Tombstone(
            session=handoff.session,
            handoff=handoff.id,
            target=handoff.target,
            folder=handoff.workdir,
            kept=handoff.aside_path,
            undo=f"fleet-tui handoff {handoff.run} --undo",
            undo_by_hand=f"{back} && rm {stone}",
            at=_iso(self._context.clock.time()),
            by=handoff.by,
        )


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="seconds")
