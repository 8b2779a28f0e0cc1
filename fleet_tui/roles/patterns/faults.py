"""What can be wrong with the way a fleet shares its files. Pure: a case in, faults out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.target import fold
from fleet_tui.roles.patterns.conflicts import conflict_copies
from fleet_tui.roles.patterns.surfaces import (
    MAX_IN_A_MESH,
    MAX_ON_ONE_PRIMARY,
    Surface,
    chosen,
    hub_of,
    primary_of,
    surface_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.roles.patterns.survey import Surveys

DAY = 86_400.0
HALF_DONE_AFTER = DAY
UNVERIFIED_AFTER = 90 * DAY
PULLS_STOPPED_AFTER = DAY
_SHOWN = 5

Severity = Literal["error", "warning"]

_WITHOUT_THE_HUB: Mapping[Surface, str] = {
    "settings": "changed settings reach nobody",
    "memory": "agents work with the notes they read last",
    "skills": "new skills reach nobody",
    "queue": "no task is added, claimed or committed",
    "threads": "no thread is handed on or looked up",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what, why it matters, and what mends it. Every string is one clean line."""

    id: str
    severity: Severity
    what: str
    why: str
    mend: str
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatternCase:
    """All that the checks look at."""

    config: FleetConfig
    surveys: Surveys
    verified_ago: Mapping[str, float] = field(default_factory=dict)
    """Host to the seconds since it last said what it is; a host that never did is not in it."""
    unreachable: frozenset[str] = frozenset()
    """Hosts to which no connection could be made."""
    migration: tuple[str, float] | None = None
    """An unfinished migration: what it is called, and the seconds since it began."""


def faults(case: PatternCase) -> tuple[Fault, ...]:
    """Return everything that is wrong, errors first."""
    found = chain.from_iterable(check(case) for check in _CHECKS)
    return tuple(sorted(found, key=lambda fault: (fault.severity != "error", fault.id)))


def _two_owners(case: PatternCase) -> Iterator[Fault]:
    """A file of a one-writer surface that another machine has changed too."""
    patterns = chosen(case.config)
    owner = primary_of(case.config)
    writers: dict[str, set[str]] = defaultdict(set)
    for host, home in case.surveys.homes.items():
        for path in home.changed | home.unpushed:
            surface = surface_of(path)
            if surface is not None and patterns[surface] == "primary":
                writers[path].add(host)
    for path, hosts in sorted(writers.items()):
        others = sorted(hosts - {owner.name if owner else ""})
        if not others:
            continue
        yield Fault(
            "two-owners",
            "error",
            f"{path} belongs to {owner.name if owner else 'the primary'}, and "
            f"{fold(others)} changed it too",
            "its next pull stops there, or one of the two changes is lost",
            f"`fleet-tui mirror edits {others[0]}` shows the change, and carries or reverts it",
            tuple(others),
        )


def _two_syncs(case: PatternCase) -> Iterator[Fault]:
    """A git mirror inside the folder of a file sync: two mechanisms own every file."""
    for host, home in case.surveys.homes.items():
        if home.is_mirror and home.syncs:
            yield Fault(
                "two-syncs",
                "error",
                f"{home.home} is a git mirror and lies in a folder of {home.syncs[0]}",
                "the sync writes beneath git's feet, .git included, and both carry every change",
                f"move it out of that folder on {host}, or let the sync leave it out",
                (host,),
            )


def _conflict_copies(case: PatternCase) -> Iterator[Fault]:
    machines = {host.name for host in case.config.hosts}
    machines |= {home.machine for home in case.surveys.homes.values() if home.machine}
    for host, home in case.surveys.homes.items():
        copies = conflict_copies(home.files, machines)
        if not copies:
            continue
        syncs = ", ".join(sorted({copy.sync for copy in copies}))
        yield Fault(
            "conflict-copy",
            "warning",
            f"{_some(len(copies), 'conflict copy', 'conflict copies')} of {syncs}: "
            + _list(copy.path for copy in copies),
            "two machines wrote at once; agents read the original and never the copy",
            f"compare each with its original on {host}, keep what counts, delete the copy",
            (host,),
        )


def _json_in_a_mesh(case: PatternCase) -> Iterator[Fault]:
    patterns = chosen(case.config)
    files: dict[Surface, set[str]] = defaultdict(set)
    hosts: dict[Surface, set[str]] = defaultdict(set)
    for host, home in case.surveys.homes.items():
        for path in home.files:
            surface = surface_of(path)
            if surface and patterns[surface] == "mesh" and path.endswith(".json"):
                files[surface].add(path)
                hosts[surface].add(host)
    for surface, paths in sorted(files.items()):
        yield Fault(
            "json-in-a-mesh",
            "error",
            f"{surface} is a mesh and holds JSON: {_list(sorted(paths))}",
            "a sync merges by file: one of two edits is lost whole, or the file becomes unreadable",
            f'[surfaces] {surface} = "primary" in fleet.toml, or one Markdown file per machine',
            tuple(sorted(hosts[surface])),
        )


def _half_done(case: PatternCase) -> Iterator[Fault]:
    if case.migration is not None and case.migration[1] > HALF_DONE_AFTER:
        name, age = case.migration
        yield Fault(
            "half-done-migration",
            "error",
            f"the migration {name} began {_days(age)} ago and is not finished",
            "some machines follow the old pattern and some the new one",
            f"`fleet-tui patterns migrate {name}` goes on with it; --abandon gives it up",
        )


def _crowded(case: PatternCase) -> Iterator[Fault]:
    patterns = chosen(case.config)
    machines = [host.name for host in case.config.hosts if host.roles != {"hub"}]
    following = sorted(surface for surface, pattern in patterns.items() if pattern == "primary")
    if following and len(machines) > MAX_ON_ONE_PRIMARY:
        yield Fault(
            "crowded-primary",
            "warning",
            f"{len(machines)} machines hang on one primary ({', '.join(following)})",
            f"beyond {MAX_ON_ONE_PRIMARY} somebody always has an old copy when it matters",
            "keep these surfaces on a hub, or split the fleet by tier",
            tuple(machines),
        )
    meshed = sorted(surface for surface, pattern in patterns.items() if pattern == "mesh")
    if meshed and len(machines) > MAX_IN_A_MESH:
        yield Fault(
            "crowded-mesh",
            "warning",
            f"{len(machines)} machines are in one mesh ({', '.join(meshed)})",
            f"beyond {MAX_IN_A_MESH} conflicts come faster than a person resolves them",
            "give these surfaces one writer (primary) or one place (hub)",
            tuple(machines),
        )


def _hub(case: PatternCase) -> Iterator[Fault]:
    kept = sorted(surface for surface, pattern in chosen(case.config).items() if pattern == "hub")
    hub = hub_of(case.config)
    if not kept:
        return
    if hub is None:
        yield Fault(
            "no-hub",
            "error",
            f"{', '.join(kept)} belong on a hub, and no host is one",
            "nobody knows where the one copy is",
            'give a host roles = ["hub"] in fleet.toml',
        )
    elif hub.name in case.unreachable:
        yield Fault(
            "hub-unreachable",
            "error",
            f"{hub.name}, the hub, cannot be reached: "
            + "; ".join(_WITHOUT_THE_HUB[surface] for surface in kept),
            "the only copy is there",
            f"`fleet-tui doctor {hub.name}`",
            (hub.name,),
        )


def _unverified(case: PatternCase) -> Iterator[Fault]:
    old = [
        host.name
        for host in case.config.hosts
        if case.verified_ago.get(host.name, float("inf")) > UNVERIFIED_AFTER
    ]
    if old:
        is_new = not any(name in case.verified_ago for name in old)
        since = "yet" if is_new else f"in {UNVERIFIED_AFTER / DAY:.0f} days"
        yield Fault(
            "unverified",
            "warning",
            f"nobody verified {fold(old)} {since}",
            "a forgotten machine keeps old skills, old keys and an old agent",
            f"`fleet-tui doctor {','.join(old[:_SHOWN])}`, or take it out of fleet.toml",
            tuple(old),
        )


def _pulls(case: PatternCase) -> Iterator[Fault]:
    owner = primary_of(case.config)
    patterns = chosen(case.config)
    if "primary" not in patterns.values():
        return
    for host, home in case.surveys.homes.items():
        if not home.is_mirror or (owner is not None and owner.name == host):
            continue
        if home.fetched_ago is None or home.fetched_ago > PULLS_STOPPED_AFTER:
            since = "ever" if home.fetched_ago is None else f"in {_days(home.fetched_ago)}"
            yield Fault(
                "pulls-stopped",
                "error",
                f"{host} has not pulled its mirror {since}",
                "its agents work with old settings, notes and skills, and nothing says so",
                f"`fleet-tui mirror pull {host}`, then see its timer or cron line",
                (host,),
            )


_CHECKS: tuple[Callable[[PatternCase], Iterator[Fault]], ...] = (
    _two_owners,
    _two_syncs,
    _conflict_copies,
    _json_in_a_mesh,
    _half_done,
    _crowded,
    _hub,
    _unverified,
    _pulls,
)


def _some(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {many}"


def _list(names: Iterable[str]) -> str:
    kept = list(names)
    more = f" and {len(kept) - _SHOWN} more" if len(kept) > _SHOWN else ""
    return ", ".join(kept[:_SHOWN]) + more


def _days(seconds: float) -> str:
    days = int(seconds // DAY)
    return "a day" if days <= 1 else f"{days} days"
