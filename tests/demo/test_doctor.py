"""The doctor finds what is planted on the demo's hosts, and nothing on the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo import doctor_answer, probe_answer
from fleet_tui.demo.host import personality
from fleet_tui.demo.spec import HostSpec
from fleet_tui.health.doctor import examine
from fleet_tui.health.doctor_answers import Answers, ClockReading
from fleet_tui.health.doctor_case import Shared
from fleet_tui.health.doctor_findings import Finding
from fleet_tui.health.doctor_parse import parse_answer
from fleet_tui.health.doctor_script import doctor_line
from fleet_tui.health.probe import probe_line
from fleet_tui.model.host import Host

if TYPE_CHECKING:
    from typing import Any

AGENTS = {"claude": "/usr/local/bin/claude", "codex": "/usr/local/bin/codex"}


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({}, set()),
        ({"mood": "overloaded"}, set()),
        ({"mood": "denied"}, {"api-key-unseen"}),
        ({"mood": "slow"}, {"path-relative"}),
        ({"is_odd": True}, {"agent-old", "key-readable"}),
        ({"kind": "nas"}, {"git-missing", "sshd-sessions"}),
    ],
    ids=["well", "overloaded", "denied", "slow", "older", "nas"],
)
def test_each_host_has_its_own_faults(spec: dict[str, Any], found: set[str]) -> None:
    host = personality(HostSpec("web01", agents=AGENTS, **spec))
    remote = parse_answer(doctor_answer.answer(host), 1000.0)
    assert remote.is_whole
    clock = ClockReading(1000.0, 1000.0, 1000.0, 1e-9)
    results = examine(Host("web01"), Answers(remote=remote, clock=clock), Shared())
    assert {one.id for one in results if isinstance(one, Finding)} == found


def test_it_is_not_taken_for_the_probe_in_it() -> None:
    assert doctor_answer.is_doctor(doctor_line(Host("x")))
    assert not doctor_answer.is_doctor(probe_line({}, shell="posix"))
    assert probe_answer.is_probe(probe_line({}, shell="posix"))
