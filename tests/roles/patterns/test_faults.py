"""Each fault is found when it is planted, and nothing else is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.config import FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.roles.patterns.faults import DAY, PatternCase, faults
from fleet_tui.roles.patterns.survey import HomeSurvey, Surveys

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = (
    Host("desk", roles=frozenset({"primary"})),
    Host("laptop", roles=frozenset({"secondary"})),
    Host("nas", roles=frozenset({"hub"})),
)
FILES = ("settings.json", "CLAUDE.md", "skills/deploy/SKILL.md", "projects/-srv/a.jsonl")


def home(machine: str) -> HomeSurvey:
    return HomeSurvey(
        machine, f"/home/op-{machine}/.claude", files=FILES, is_mirror=True, fetched_ago=600.0
    )


def healthy(**sections: object) -> PatternCase:
    return PatternCase(
        FleetConfig(hosts=HOSTS, sections=sections),
        Surveys({host.name: home(host.name) for host in HOSTS}),
        verified_ago={host.name: DAY for host in HOSTS},
    )


def with_home(case: PatternCase, host: str, **changes: object) -> PatternCase:
    homes = dict(case.surveys.homes)
    homes[host] = replace(homes[host], **changes)  # type: ignore[arg-type]
    return replace(case, surveys=Surveys(homes))


def with_machines(case: PatternCase, count: int) -> PatternCase:
    more = tuple(Host(f"m{number:02}") for number in range(count - 2))
    config = replace(case.config, hosts=(*case.config.hosts, *more))
    ago = {**case.verified_ago, **{host.name: DAY for host in more}}
    return replace(case, config=config, verified_ago=ago)


HUB = {"surfaces": {"queue": "hub"}}
MESH = {"surfaces": {"memory": "mesh"}}

PLANTED: dict[str, Callable[[], PatternCase]] = {
    "two-owners": lambda: with_home(healthy(), "laptop", changed=frozenset({"CLAUDE.md"})),
    "two-syncs": lambda: with_home(healthy(), "laptop", syncs=("OneDrive",)),
    "conflict-copy": lambda: with_home(
        healthy(), "laptop", files=(*FILES, "CLAUDE.sync-conflict-20260521-142201-ABCDEF7.md")
    ),
    "json-in-a-mesh": lambda: healthy(surfaces={"settings": "mesh"}),
    "half-done-migration": lambda: replace(
        healthy(), migration=("primary hub --surface memory", 2 * DAY)
    ),
    "crowded-primary": lambda: with_machines(healthy(), 9),
    "crowded-mesh": lambda: with_machines(healthy(**MESH), 5),
    "hub-unreachable": lambda: replace(healthy(**HUB), unreachable=frozenset({"nas"})),
    "no-hub": lambda: replace(healthy(**HUB), config=FleetConfig(hosts=HOSTS[:2], sections=HUB)),
    "unverified": lambda: replace(
        healthy(), verified_ago={**healthy().verified_ago, "laptop": 91 * DAY}
    ),
    "pulls-stopped": lambda: with_home(healthy(), "laptop", fetched_ago=3 * DAY),
}


def test_a_healthy_fleet_has_none() -> None:
    assert faults(healthy()) == ()
    assert faults(healthy(**HUB)) == ()
    assert faults(healthy(**MESH)) == ()


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found_and_nothing_else(kind: str) -> None:
    found = faults(PLANTED[kind]())
    assert [fault.id for fault in found] == [kind]
    assert found[0].what
    assert found[0].why
    assert found[0].mend


def test_what_is_within_its_limits_is_no_fault() -> None:
    assert faults(with_machines(healthy(), 8)) == ()
    assert faults(with_machines(healthy(**MESH), 4)) == ()
    assert faults(replace(healthy(), migration=("primary hub --surface memory", DAY / 2))) == ()
    assert faults(with_home(healthy(), "desk", changed=frozenset({"CLAUDE.md"}))) == ()
    assert faults(with_home(healthy(), "desk", fetched_ago=None)) == ()


def test_the_hub_that_is_away_is_said_with_what_it_degrades() -> None:
    [fault] = faults(PLANTED["hub-unreachable"]())
    assert "no task is added" in fault.what


def test_a_machine_that_is_new_is_not_said_to_be_forgotten() -> None:
    (never,) = faults(replace(healthy(), verified_ago={"laptop": DAY, "desk": DAY}))
    assert never.what == "nobody verified nas yet"
    (old,) = faults(PLANTED["unverified"]())
    assert old.what == "nobody verified laptop in 90 days"


def test_errors_come_first() -> None:
    case = with_home(with_machines(healthy(), 9), "laptop", fetched_ago=None)
    assert [fault.severity for fault in faults(case)] == ["error", "warning"]
