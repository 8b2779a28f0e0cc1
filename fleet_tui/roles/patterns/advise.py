"""Which pattern fits a fleet, by the few facts that decide it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.roles.patterns.surfaces import (
    ANSWERS,
    MANY_MACHINES,
    MAX_IN_A_MESH,
    MAX_ON_ONE_PRIMARY,
    SURFACES,
    Answers,
    Pattern,
    Surface,
)

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig

_NAS_WORDS = ("nas", "hub", "storage", "server")
_MOBILE_WORDS = ("laptop", "mobile", "notebook", "macbook")


@dataclass(frozen=True, slots=True)
class FleetFacts:
    """What decides; each can be said by hand."""

    machines: int
    daily: int = 1
    """Machines a person sits at and edits on."""
    has_nas: bool = False
    """Whether one machine is always on and reached by all."""
    is_mobile: bool = False
    """Whether machines leave the network, asleep or travelling."""
    team: int = 1
    """People who change things."""
    needs_audit: bool = False
    """Whether somebody must be able to tell later who changed what."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A pattern for one surface."""

    surface: Surface
    pattern: Pattern
    because: str

    @property
    def answers(self) -> Answers:
        """Who writes, how others learn, what breaks."""
        return ANSWERS[self.pattern]


def facts_of(config: FleetConfig) -> FleetFacts:
    """Read the facts that fleet.toml gives away; the rest is as for one person at one desk."""

    def has_word(words: tuple[str, ...]) -> bool:
        told = (
            text.casefold()
            for host in config.hosts
            for text in (host.name, host.tier or "", *host.groups, *host.roles)
        )
        return any(word in text for text in told for word in words)

    desks = sum(
        1
        for host in config.hosts
        if host.connection == "local" or host.roles & {"primary", "secondary"}
    )
    return FleetFacts(
        machines=len(config.hosts),
        daily=max(1, desks),
        has_nas=has_word(_NAS_WORDS),
        is_mobile=has_word(_MOBILE_WORDS),
    )


def advise(facts: FleetFacts) -> tuple[Advice, ...]:
    """Return a pattern for every surface, with the reason."""
    return tuple(
        Advice(surface, pattern, because)
        for surface in SURFACES
        for pattern, because in (_RULES[surface](facts),)
    )


def remarks(facts: FleetFacts) -> tuple[str, ...]:
    """Return what to know besides, one sentence each."""
    told = []
    if facts.machines > MANY_MACHINES:
        told.append(
            f"{facts.machines} machines: give each a tier and groups in fleet.toml, and lead them "
            "as ^tier and @group; a list of names is wrong the day a machine comes or goes."
        )
    if facts.team > 1 and not facts.needs_audit:
        told.append("Several people write: `fleet-tui log` tells who did what, keep it shipped.")
    if facts.machines == 1:
        told.append("One machine shares with nobody; a git repository of its home is its backup.")
    return tuple(told)


def _one_writer(facts: FleetFacts, what: str) -> tuple[Pattern, str]:
    if facts.machines > MAX_ON_ONE_PRIMARY and facts.has_nas:
        return "hub", f"{facts.machines} machines are too many for pulls from one desk"
    if facts.needs_audit or facts.team > 1:
        return "primary", f"one writer, and git's history says who changed {what}"
    return "primary", f"{what} change seldom, and by one person"


def _settings(facts: FleetFacts) -> tuple[Pattern, str]:
    return _one_writer(facts, "settings")


def _skills(facts: FleetFacts) -> tuple[Pattern, str]:
    return _one_writer(facts, "skills")


def _memory(facts: FleetFacts) -> tuple[Pattern, str]:
    if facts.needs_audit:
        return "primary", "a sync keeps no history of who wrote which note"
    if facts.daily > 1 and facts.machines <= MAX_IN_A_MESH and facts.team == 1:
        return "mesh", "notes are plain text, written wherever you sit, by one person"
    if facts.has_nas and facts.machines > MAX_ON_ONE_PRIMARY:
        return "hub", "many machines take notes, and one place keeps them"
    return "primary", "two writers of one note lose one of them"


def _queue(facts: FleetFacts) -> tuple[Pattern, str]:
    if facts.has_nas:
        return "hub", "the queue must be awake when workers are, and the NAS always is"
    if facts.team > 1 and facts.is_mobile:
        return "cloud", "nobody's machine is always on, and several people add tasks"
    return "primary", "without a machine that is always on, the queue lives where tasks are made"


def _threads(facts: FleetFacts) -> tuple[Pattern, str]:
    if facts.needs_audit and facts.has_nas:
        return "hub", "transcripts are evidence: one place that is backed up"
    if facts.is_mobile and facts.daily > 1:
        return "primary", "hand a thread over when you change machines; two copies of one diverge"
    return "primary", "a thread runs on one machine at a time"


_RULES = {
    "settings": _settings,
    "memory": _memory,
    "skills": _skills,
    "queue": _queue,
    "threads": _threads,
}
