"""`fleet-tui mirror`: the agents' settings as a git repository on every machine."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.model.errors import FleetError, Unreachable, UsageError
from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.roles_view import MirrorView, RolesView


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `mirror`."""
    parser = commands.add_parser("mirror", help="the agents' settings, the same on every machine")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    status = verbs.add_parser("status", help="who leads, and how each mirror stands")
    status.add_argument("target", nargs="?", help="only these hosts")
    status.add_argument("--json", action="store_true", help="one JSON object a line")
    status.set_defaults(handler=lambda options: run_async(_status(options)))
    setup = verbs.add_parser("setup", help="make a host's agent home a mirror; keeps a copy of it")
    setup.add_argument("host", help="whose agent home; the primary first")
    setup.add_argument("--remote", help="the git repository; without it, as fleet.toml says")
    setup.set_defaults(handler=lambda options: run_async(_setup(options)))
    pull = verbs.add_parser("pull", help="bring mirrors up to date, by fast-forward only")
    pull.add_argument("target", help="hosts, or all")
    pull.set_defaults(handler=lambda options: run_async(_pull(options)))
    edits = verbs.add_parser("edits", help="what a host has that the fleet has not")
    edits.add_argument("host", help="whose edits")
    choice = edits.add_mutually_exclusive_group()
    choice.add_argument("--carry", action="store_true", help="take it over on the primary")
    choice.add_argument("--revert", action="store_true", help="undo it; a branch keeps it")
    edits.set_defaults(handler=lambda options: run_async(_edits(options)))
    timer = verbs.add_parser("schedule", help="the timer by which a host pulls by itself")
    timer.add_argument("host", help="which pulls")
    timer.add_argument(
        "--timer",
        choices=("systemd", "cron", "launchd", "schtasks"),
        help="of which kind; without it, what the host has",
    )
    timer.add_argument("--install", action="store_true", help="put it in place; else it is shown")
    timer.set_defaults(handler=lambda options: run_async(_schedule(options)))
    ship = verbs.add_parser("ship", help="bring the audit log to the other mirrors now")
    ship.set_defaults(handler=lambda options: run_async(_ship(options)))


def _hosts(fleet: Fleet, target: str | None) -> list[str]:
    if target is None:
        return fleet.parts.roles.case.members()
    if target == "all":
        return fleet.parts.roles.case.members()
    return list(resolve(target, fleet.config.hosts))


async def _status(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        roles = fleet.parts.roles
        await roles.learn()
        found = await roles.look_at_mirrors(_hosts(fleet, options.target))
        view = roles.view()
        now = time.time()
        if options.json:
            emit("roles", now, **_role_fields(view))
            for mirror in found.values():
                emit("mirror", now, **_mirror_fields(mirror))
        else:
            _tell(view, found)
    if any(mirror.state == "unreachable" for mirror in found.values()):
        return 4
    return 0 if all(mirror.state == "ok" for mirror in found.values()) else 1


def _tell(view: RolesView, found: Mapping[str, MirrorView]) -> None:
    leads = view.primary or "nobody"
    say(f"{leads} leads, epoch {view.epoch}; {view.proof}")
    for note in (view.why_observer, *view.notes):
        if note:
            say(note)
    rows = [_row(mirror) for mirror in found.values()]
    if rows:
        table(rows, ("host", "mirror", "commit", "ahead", "behind", "edits", "pulled", "epoch"))
    else:
        say("no host has the role primary or secondary, so none has a mirror")
    for mirror in found.values():
        if mirror.why:
            complain(f"{mirror.host}: {mirror.why.removeprefix(f'{mirror.host}: ')}")


def _row(mirror: MirrorView) -> tuple[str, ...]:
    state: str = "diverged" if mirror.has_diverged else mirror.state
    if mirror.remote_reachable is False:
        state += ", remote not reached"
    pulled = mirror.pulled_seconds_ago
    return (
        mirror.host,
        state,
        mirror.commit[:9],
        str(mirror.ahead or ""),
        str(mirror.behind or ""),
        str(len(mirror.edits) or ""),
        "never" if pulled is None else f"{ago(pulled)} ago",
        str(mirror.seen_epoch or ""),
    )


def _role_fields(view: RolesView) -> dict[str, object]:
    return {
        "this_host": view.this_host or None,
        "role": view.role,
        "primary": view.primary or None,
        "epoch": view.epoch,
        "since": view.since or None,
        "by": view.by or None,
        "observer": view.why_observer or None,
        "notes": list(view.notes),
    }


def _mirror_fields(mirror: MirrorView) -> dict[str, object]:
    return {
        "host": mirror.host,
        "state": mirror.state,
        "why": mirror.why or None,
        "commit": mirror.commit or None,
        "branch": mirror.branch or None,
        "remote_reachable": mirror.remote_reachable,
        "ahead": mirror.ahead,
        "behind": mirror.behind,
        "dirty": mirror.is_dirty,
        "diverged": mirror.has_diverged,
        "edits": list(mirror.edits),
        "last_pull_age_seconds": mirror.pulled_seconds_ago,
        "pulls": mirror.pulls,
        "size_bytes": mirror.size_bytes,
        "unfit": list(mirror.unfit),
        "seen_epoch": mirror.seen_epoch or None,
    }


async def _setup(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        roles = fleet.parts.roles
        (host,) = resolve(options.host, fleet.config.hosts)[:1]
        if host != roles.case.here:
            fleet.require_leading()
        remote = options.remote or roles.case.settings.remote
        if not remote:
            raise UsageError(
                "the mirror's remote is not known", mend="give --remote, or [mirror] in fleet.toml"
            )
        may_begin = host == (roles.case.standing.primary or host)
        case = roles.case
        done = await case.mirrors.setup(host, remote, case.stamp, may_begin=may_begin)
        if done.was_there:
            say(f"{host}: it is a mirror already, at {done.commit[:9]}")
        else:
            say(f"{host}: a mirror now, at {done.commit[:9]}")
        if done.kept:
            say(f"what was there is kept in {done.kept}")
        for path in done.replaced:
            say(f"now as in the mirror: {path}")
    return 0


async def _pull(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        roles = fleet.parts.roles
        hosts = _hosts(fleet, options.target)
        mirrors = roles.case.mirrors
        done = await asyncio.gather(*(mirrors.pull(name) for name in hosts), return_exceptions=True)
        worst = 0
        for host, found in zip(hosts, done, strict=True):
            if isinstance(found, FleetError):
                complain(str(found) if found.where else f"{host}: {found}")
                worst = max(worst, 4 if isinstance(found, Unreachable) else 1)
            elif isinstance(found, BaseException):
                raise found
            else:
                say(f"{host}: at {found[:9]}")
        await roles.look_at_mirrors(hosts, ask_remote=False)
    return worst


async def _edits(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        case = fleet.parts.roles.case
        (host,) = resolve(options.host, fleet.config.hosts)[:1]
        found = await case.mirrors.edits(host)
        if found.are_none:
            say(f"{host} has nothing that the fleet has not")
            return 0
        if not (options.carry or options.revert):
            for line in found.unpushed:
                say(f"not pushed: {line}")
            for line in found.diff:
                say(line)
            complain(f"take it over with --carry, or undo it with --revert: mirror edits {host}")
            return 1
        primary = case.standing.primary
        if options.carry and host == primary:
            raise UsageError(
                f"{host} is the primary: its edits are the fleet's own",
                mend="commit and push them there",
            )
        branch = f"{'carry' if options.carry else 'rescue'}/{host}/{case.stamp}"
        commit, _ = await case.mirrors.keep(host, branch)
        if options.carry:
            await case.mirrors.merge(primary, branch, host)
            say(f"{primary} has taken it over")
        await case.mirrors.revert(host, commit)
        say(f"{host} is as the fleet again; {branch} keeps what it had")
    return 0


async def _schedule(options: argparse.Namespace) -> int:
    from fleet_tui.roles.installing import install, planned

    async with open_fleet(options) as fleet:
        case = fleet.parts.roles.case
        (host,) = resolve(options.host, fleet.config.hosts)[:1]
        plan = await planned(case, host, options.timer)
        if options.install:
            await install(case, host, plan)
            say(f"{host}: pulls by itself now, by {plan.timer}")
            say(f"it is removed with: {plan.remove}")
            return 0
        for path, text in plan.files.items():
            say(f"# ~/{path}")
            say(text)
        say("# and then:")
        say(plan.install)
    return 0


async def _ship(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        await fleet.parts.roles.ready()
        fleet.require_leading()
        for host, said in (await fleet.parts.roles.ship()).items():
            say(f"{host}: {said}")
    return 0
