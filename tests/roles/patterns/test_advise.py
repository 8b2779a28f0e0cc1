"""The advice follows the facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet_tui.model.config import FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.roles.patterns.advise import FleetFacts, advise, facts_of, remarks
from fleet_tui.roles.patterns.surfaces import MAX_IN_A_MESH, SURFACES

ONE_PERSON = FleetFacts(machines=3, daily=2)


def patterns(facts: FleetFacts) -> dict[str, str]:
    return {advice.surface: advice.pattern for advice in advise(facts)}


def test_every_surface_gets_one_pattern_with_its_three_answers() -> None:
    found = advise(ONE_PERSON)
    assert tuple(advice.surface for advice in found) == SURFACES
    assert all(
        advice.because and advice.answers.who_writes and advice.answers.what_breaks
        for advice in found
    )


@pytest.mark.parametrize(
    ("facts", "surface", "pattern"),
    [
        (ONE_PERSON, "memory", "mesh"),
        (replace(ONE_PERSON, machines=MAX_IN_A_MESH + 1), "memory", "primary"),
        (replace(ONE_PERSON, team=2), "memory", "primary"),
        (replace(ONE_PERSON, needs_audit=True), "memory", "primary"),
        (replace(ONE_PERSON, daily=1), "memory", "primary"),
        (ONE_PERSON, "settings", "primary"),
        (replace(ONE_PERSON, machines=12, has_nas=True), "settings", "hub"),
        (replace(ONE_PERSON, machines=12), "settings", "primary"),
        (ONE_PERSON, "queue", "primary"),
        (replace(ONE_PERSON, has_nas=True), "queue", "hub"),
        (replace(ONE_PERSON, team=3, is_mobile=True), "queue", "cloud"),
        (replace(ONE_PERSON, needs_audit=True, has_nas=True), "threads", "hub"),
        (ONE_PERSON, "threads", "primary"),
    ],
)
def test_a_fact_decides(facts: FleetFacts, surface: str, pattern: str) -> None:
    assert patterns(facts)[surface] == pattern


def test_json_is_never_advised_into_a_mesh() -> None:
    for machines in (1, 3, 20):
        for team in (1, 4):
            for audit in (False, True):
                facts = FleetFacts(machines, daily=machines, team=team, needs_audit=audit)
                assert patterns(facts)["settings"] != "mesh"


def test_a_large_fleet_is_told_of_tiers() -> None:
    assert any("tier" in remark for remark in remarks(replace(ONE_PERSON, machines=11)))
    assert not any("tier" in remark for remark in remarks(replace(ONE_PERSON, machines=10)))


def test_facts_are_read_from_the_configuration() -> None:
    config = FleetConfig(
        hosts=(
            Host("desk", connection="local", roles=frozenset({"primary"})),
            Host("air", roles=frozenset({"secondary"}), tier="laptop"),
            Host("box", groups=("nas",), roles=frozenset({"hub"})),
        )
    )
    assert facts_of(config) == FleetFacts(3, daily=2, has_nas=True, is_mobile=True)
