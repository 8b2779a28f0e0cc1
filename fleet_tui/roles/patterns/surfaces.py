"""The five kinds of files a fleet shares, and the four ways in which it can share them."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host

Pattern = Literal["primary", "mesh", "hub", "cloud"]
Surface = Literal["settings", "memory", "skills", "queue", "threads"]

PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
SURFACES: tuple[Surface, ...] = get_args(Surface)

MAX_ON_ONE_PRIMARY = 8
"""Machines, the primary included, up to which one writer and its mirrors stay manageable."""
MAX_IN_A_MESH = 4
"""Machines up to which a mesh is: with n of them, n(n-1)/2 pairs can disagree."""
MANY_MACHINES = 10
"""From more than so many on, machines are led by tier and group instead of by name."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The three answers that make a pattern: to be read together, before choosing it."""

    who_writes: str
    how_others_learn: str
    what_breaks: str


ANSWERS: Mapping[Pattern, Answers] = MappingProxyType(
    {
        "primary": Answers(
            "one machine, the primary",
            "they pull its git mirror, fast-forward only",
            "while the primary is away nothing can be changed, until another is promoted",
        ),
        "mesh": Answers(
            "every machine",
            "a file sync carries every change to every machine, in some order",
            "two that write at once make conflict copies, and a JSON file is torn apart",
        ),
        "hub": Answers(
            "every machine, into the one copy that the hub keeps",
            "they read it on the hub",
            "while the hub is away nobody reads or writes it",
        ),
        "cloud": Answers(
            "a service, for whoever is logged in",
            "they ask the service",
            "without the network, the account or the service there is nothing; others hold it",
        ),
    }
)

FILES: Mapping[Surface, tuple[str, ...]] = MappingProxyType(
    {
        "settings": ("settings.json", "keybindings.json", ".mcp.json", "mcp.json", "config.toml"),
        "memory": ("CLAUDE.md", "AGENTS.md", "memory/*", "rules/*", "projects/*/memory/*"),
        "skills": ("skills/*", "commands/*", "agents/*", "output-styles/*"),
        "queue": ("queue/*",),
        "threads": ("projects/*.jsonl", "sessions/*.jsonl"),
    }
)
"""Paths below the agent's home, as patterns in which `*` matches slashes too."""

_BY_DEFAULT: Mapping[Surface, Pattern] = MappingProxyType(dict.fromkeys(SURFACES, "primary"))


def surface_of(path: str) -> Surface | None:
    """Return which surface a path below the agent's home belongs to; None for the rest."""
    for surface, globs in FILES.items():
        if any(fnmatch.fnmatchcase(path, glob) for glob in globs):
            return surface
    return None


def chosen(config: FleetConfig) -> dict[Surface, Pattern]:
    """Return the pattern of every surface; what `[surfaces]` leaves out follows the primary.

    A queue that is kept on a host follows the hub.
    """
    patterns = dict(_BY_DEFAULT)
    queue = cast("Mapping[str, object]", config.sections.get("queue", {}))
    if queue.get("host"):
        patterns["queue"] = "hub"
    given = cast("Mapping[Surface, Pattern]", config.sections.get("surfaces", {}))
    patterns.update(given)
    return patterns


def primary_of(config: FleetConfig) -> Host | None:
    """Return the host that fleet.toml calls the primary, else the local one."""
    by_role = (host for host in config.hosts if "primary" in host.roles)
    local = (host for host in config.hosts if host.connection == "local")
    return next(by_role, None) or next(local, None)


def hub_of(config: FleetConfig) -> Host | None:
    """Return the hub: the host with that role, else the one that keeps the queue."""
    queue = cast("Mapping[str, object]", config.sections.get("queue", {}))
    by_role = (host for host in config.hosts if "hub" in host.roles)
    by_queue = (host for host in config.hosts if host.name == queue.get("host"))
    return next(by_role, None) or next(by_queue, None)
