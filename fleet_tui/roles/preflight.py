"""What is looked at before a promotion, with evidence, and what would be lost, exactly."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.journal import open_runs, verify
from fleet_tui.journal.rotation import rotated_files
from fleet_tui.journal.tail import find_tip, tail_lines
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.roles_view import Check, MirrorView, Preflight, RoleRecord
from fleet_tui.model.text import one_line
from fleet_tui.roles.claim import read_role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.roles_view import Verdict
    from fleet_tui.roles.case import Case
    from fleet_tui.roles.plan import Plan

LEAST_FREE = 200 << 20
CLOCK_SLACK = 5.0
"""Seconds that clocks may differ without a word."""
NO_MIRROR = "the agent home of this machine is no mirror, so nothing can arbitrate"


@dataclass(frozen=True, slots=True)
class Seen:
    """A preflight with what it was made from."""

    preflight: Preflight
    record: RoleRecord | None
    old: MirrorView | None
    candidate: MirrorView


async def look(case: Case, candidate: str, begun: Plan | None) -> Seen:
    """Look at everything that a promotion of `candidate` depends on; changes nothing.

    Raises UsageError for a host that cannot be one.
    """
    hosts = {host.name: host for host in case.context.config.hosts}
    if candidate not in hosts:
        raise UsageError(
            f"no host is called {one_line(candidate, 60)}", mend="see `fleet-tui hosts`"
        )
    checks: list[Check] = []
    record, refusal = await _arbiter(case, checks)
    if record is not None:
        case.standing.learn(record, case.now)
    old = record.primary if record is not None else case.standing.primary
    others = [name for name in dict.fromkeys((old, candidate)) if name in hosts]
    views = await case.mirrors.statuses(others)
    old_view = views.get(old) if old != candidate else None
    is_up = old_view is not None and old_view.state != "unreachable"
    losses: list[str] = []
    if old and old != candidate:
        checks.append(_old_primary(case, old, old_view, losses))
    checks += _candidate(views[candidate], old_view)
    refusal = refusal or _refusal(views[candidate], record, candidate, begun)
    checks.append(_agents(case, candidate))
    checks += await asyncio.gather(_queue(case), *(_hub(case, name) for name in _hubs(case)))
    checks.append(await asyncio.to_thread(_log, case, candidate, old, is_up, losses))
    checks.append(await asyncio.to_thread(_runs, case))
    preflight = Preflight(
        candidate=candidate,
        old_primary=old,
        kind="switchover" if is_up or not old else "failover",
        epoch=record.epoch if record is not None else 1,
        checks=tuple(checks),
        losses=tuple(losses),
        refusal=refusal,
        is_resumed=begun is not None and begun.candidate == candidate and not begun.is_over,
    )
    return Seen(preflight, record, old_view, views[candidate])


async def _arbiter(case: Case, checks: list[Check]) -> tuple[RoleRecord | None, str]:
    """Ask the mirror's remote; returns what it says, and why nothing can be done without it."""
    if not case.git.is_repository:
        mend = f"{NO_MIRROR} (`fleet-tui mirror setup {case.here or 'HOST'}`)"
        checks.append(Check("remote", "bad", mend))
        return None, mend
    try:
        record = await read_role(case.git, case.branch, timeout=10.0)
    except FleetError as error:
        checks.append(Check("remote", "bad", str(error)))
        return None, "the mirror's remote, which decides who leads, cannot be asked"
    if record is None:
        said = "it answers and names nobody yet: this is the first promotion"
    else:
        since = record.since[:16].replace("T", " ")
        said = f"it names {record.primary}, epoch {record.epoch}, since {since}"
    checks.append(Check("remote", "ok", said))
    return record, ""


def _refusal(
    view: MirrorView, record: RoleRecord | None, candidate: str, begun: Plan | None
) -> str:
    unfinished = begun.id if begun is not None and not begun.is_over else None
    is_mine = record is not None and record.plan == unfinished
    if record is not None and record.primary == candidate and not is_mine:
        return f"{candidate} leads already, with epoch {record.epoch}"
    if view.state != "ok":
        return f"{candidate}: {view.why or view.state}"
    if view.has_diverged:
        return (
            f"the mirror of {candidate} has {view.ahead} commits of its own: carry or undo them "
            f"first, `fleet-tui mirror edits {candidate}`"
        )
    return ""


def _old_primary(case: Case, old: str, view: MirrorView | None, losses: list[str]) -> Check:
    topic = f"old primary {old}"
    if view is None or view.state == "unreachable":
        facts = case.context.facts(old) if case.context.facts is not None else None
        last = f"; it last answered {_ago(case.now - facts.probed_at)}" if facts else ""
        why = view.why if view is not None else "it is not in fleet.toml"
        losses.append(f"commits and edits on {old} that were not pushed cannot be seen from here")
        return Check(topic, "warning", f"not reached: {why}{last}")
    if view.state != "ok":
        return Check(topic, "warning", f"reached, but {view.why or view.state}")
    parts = [f"reached, at {view.commit[:9]}"]
    if view.ahead:
        parts.append(f"{_commits(view.ahead)} not pushed: done first")
    if view.edits:
        parts.append(f"{_files(view.edits)} edited: kept in rescue/{old}/…")
    return Check(topic, "warning" if view.edits or view.has_diverged else "ok", "; ".join(parts))


def _candidate(view: MirrorView, old: MirrorView | None) -> list[Check]:
    topic = f"candidate {view.host}"
    if view.state != "ok":
        return [Check(topic, "bad", view.why or view.state)]
    parts = [f"mirror at {view.commit[:9]}"]
    verdict: Verdict = "ok"
    if view.has_diverged:
        verdict = "bad"
        parts.append(f"diverged: {view.ahead} commits of its own, {view.behind} missing")
    elif view.behind:
        pulled = "the edits may keep it there" if view.edits else "they are pulled"
        parts.append(f"{_commits(view.behind)} behind the remote: {pulled}")
    elif view.ahead:
        parts.append(f"{_commits(view.ahead)} ahead of the remote")
    else:
        parts.append("as the remote")
    if old is not None and old.state == "ok":
        same = old.commit == view.commit
        parts.append(f"{'as' if same else 'not as'} {old.host}")
    if view.edits:
        verdict = "warning" if verdict == "ok" else verdict
        parts.append(f"{_files(view.edits)} edited there: see `fleet-tui mirror edits {view.host}`")
    checks = [Check(topic, verdict, ", ".join(parts))]
    if view.disk_free_bytes is not None:
        enough = view.disk_free_bytes > LEAST_FREE
        free = f"{view.disk_free_bytes / 1e9:,.1f} GB free"
        checks.append(Check("disk", "ok" if enough else "bad", free))
    if view.clock_off_seconds is not None:
        off = abs(view.clock_off_seconds)
        checks.append(
            Check("clock", "ok" if off <= CLOCK_SLACK else "warning", f"{off:.0f} s from ours")
        )
    return checks


def _agents(case: Case, candidate: str) -> Check:
    facts = case.context.facts(candidate) if case.context.facts is not None else None
    if facts is None:
        return Check("agents", "warning", f"{candidate} was never asked which agents it has")
    if not facts.agents:
        return Check("agents", "warning", f"{candidate} has none: it can lead, and run nothing")
    named = ", ".join(f"{name} {found.version}" for name, found in sorted(facts.agents.items()))
    return Check("agents", "ok", f"{named}, {_ago(case.now - facts.probed_at)}")


def _hubs(case: Case) -> list[str]:
    return [host.name for host in case.context.config.hosts if "hub" in host.roles]


async def _hub(case: Case, name: str) -> Check:
    return await _reach(case, f"hub {name}", name)


async def _queue(case: Case) -> Check:
    queue = case.context.config.sections.get("queue")
    given: Mapping[str, object] = dict(queue) if hasattr(queue, "keys") else {}  # type: ignore[call-overload]
    host = str(given.get("host", ""))
    if not given:
        return Check("queue", "ok", "fleet.toml has none")
    if host:
        return await _reach(case, "queue", host)
    return Check("queue", "ok", f"{given.get('backend', 'directory')}, as fleet.toml says")


async def _reach(case: Case, topic: str, host: str) -> Check:
    try:
        async with asyncio.timeout(10.0):
            await case.context.pool.connection(host)
    except (FleetError, TimeoutError) as error:
        return Check(topic, "warning", f"{host} is not reached: {one_line(str(error)) or 'late'}")
    return Check(topic, "ok", f"{host} answers")


def _log(case: Case, candidate: str, old: str, is_up: bool, losses: list[str]) -> Check:
    """Say how far the candidate's log goes; blocks."""
    if candidate != case.here:
        tip = find_tip(case.context.log.path)
        return Check("audit log", "ok", f"line {tip.sequence} here; it is shipped to {candidate}")
    if old == case.here or not old:
        tip = find_tip(case.context.log.path)
        return Check("audit log", "ok", f"ours, up to line {tip.sequence}")
    if not rotated_files(case.copy):
        if is_up:
            return Check("audit log", "ok", f"no copy here yet: it is fetched from {old}")
        losses.append(f"the audit log of {old}: no copy was ever shipped here")
        return Check("audit log", "bad", "no copy here")
    checked = verify(case.copy)
    if not checked.ok:
        losses.append(f"the copy of the audit log here is damaged: {checked.reason}")
        return Check("audit log", "bad", f"the copy is damaged: {checked.reason}")
    tip = find_tip(case.copy)
    last = tail_lines(rotated_files(case.copy)[-1], 1)
    age = f", written {_ago(case.now - last[0].time)}" if last and last[0].time else ""
    if not is_up:
        losses.append(f"what {old} logged after line {tip.sequence}{age}")
    return Check("audit log", "ok", f"the copy here holds, up to line {tip.sequence}{age}")


def _runs(case: Case) -> Check:
    """Say which runs go on; blocks."""
    log = case.context.log.path if not rotated_files(case.copy) else case.copy
    running = open_runs(log, is_whole=True)
    if not running:
        return Check("running", "ok", "no run is open in the log")
    hosts = sorted({line.text("host") for line in running.values()})
    return Check(
        "running", "ok", f"{len(running)} runs on {', '.join(hosts[:6])}: the new primary follows"
    )


def _commits(count: int) -> str:
    return "1 commit" if count == 1 else f"{count} commits"


def _files(edits: tuple[str, ...]) -> str:
    return "1 file" if len(edits) == 1 else f"{len(edits)} files"


def _ago(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} s ago"
