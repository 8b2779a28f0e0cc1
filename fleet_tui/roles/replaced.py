"""What a primary does that has been replaced: it acts no more, and loses nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry
from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from fleet_tui.journal.entry import FieldValue
    from fleet_tui.model.roles_view import RoleRecord
    from fleet_tui.roles.case import Case


async def replaced(case: Case, record: RoleRecord) -> None:
    """Note that this machine leads no more; what it has is rescued by `rescue`."""
    standing = case.standing
    standing.remember(replace(standing.known, owes_rescue=True))
    text = (
        f"{record.primary} leads since {record.since}, epoch {record.epoch}, by {record.by}: "
        f"this machine may only look. {standing.mend()}"
    )
    case.context.notice("roles/replaced", "error", "demoted", record.primary, text)
    fields: dict[str, FieldValue] = {"host": case.here, "to": record.primary}
    fields |= {"epoch": record.epoch, "by": record.by}
    await case.context.log.append([LogEntry("demote", fields)], durable=True)


async def rescue(case: Case) -> str:
    """Push unpushed commits and uncommitted edits to `rescue/<host>/<time>`; changes no file.

    Returns the branch, empty when there was nothing to rescue. Raises FleetError: then it is
    owed still.
    """
    standing = case.standing
    branch = f"rescue/{case.here}/{case.stamp}"
    commit, word = await case.mirrors.keep(case.here, branch, standing.known.rescued_tree)
    known = replace(standing.known, owes_rescue=False)
    if not commit:
        standing.remember(known)
        return ""
    rescued = (*known.rescued, branch)
    standing.remember(replace(known, rescued=rescued, rescued_tree=word))
    text = f"what only {case.here} had is safe in {branch} of the mirror's remote"
    case.context.notice("roles/rescued", "warning", "rescued", case.here, text)
    return branch


async def rescue_if_owed(case: Case) -> str:
    """Rescue what is owed; returns why it could not be done, empty when all is well."""
    if not case.standing.known.owes_rescue or not case.here:
        return ""
    try:
        await rescue(case)
    except FleetError as error:
        return f"what only {case.here} has is not rescued yet: {error}"
    return ""


def notes(case: Case) -> tuple[str, ...]:
    """Return what a person should know of a machine that was replaced, a sentence each."""
    known = case.standing.known
    record = known.record
    if record is None or record.primary == case.here:
        return ()
    said = [f"rescued: {branch}" for branch in known.rescued[-3:]]
    if known.rescued:
        said.append(
            f"put the mirror right with `fleet-tui mirror edits {case.here} --revert` once you "
            "have looked at it"
        )
    running = [item.run for item in case.context.store.open_runs()]
    if running:
        hosts = ", ".join(sorted({run.host for run in running})[:6])
        runs = (
            "1 run begun here goes" if len(running) == 1 else f"{len(running)} runs begun here go"
        )
        said.append(f"{runs} on ({hosts}): {record.primary} follows")
    return tuple(said)
