from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.program import Program


@pytest.fixture
def agent_home(tmp_path: Path) -> Path:
    """The folder that all hosts of `fleet` have as their agent's home."""
    home = tmp_path / "there" / ".claude"
    home.mkdir(parents=True)
    return home


@pytest.fixture
def server(tmp_path: Path, agent_home: Path) -> Iterator[SshServer]:
    """One sshd with a home of its own for each test."""
    with SshServer(tmp_path, env={"HOME": str(agent_home.parent)}) as running:
        yield running


def test_a_conflict_copy_on_a_host_is_found(fleet: Program, agent_home: Path) -> None:
    (agent_home / "CLAUDE.md").write_text("a")
    clean = fleet.run("patterns", "check", "--json")
    assert (clean.code, clean.err) == (0, "")
    assert clean.objects[-1]["faults"] == 0
    (agent_home / "CLAUDE (nas's conflicted copy 2026-05-21).md").write_text("b")
    found = fleet.run("patterns", "check", "--json")
    assert {fault["id"] for fault in found.events("pattern-fault")} == {"conflict-copy"}
    shown = fleet.run("patterns", "check")
    assert "conflict copy of Dropbox" in shown.out
    assert "mend: " in shown.out


def test_advice_comes_with_its_three_answers(fleet: Program) -> None:
    done = fleet.run("patterns", "advise", "--machines", "12", "--no-nas")
    assert done.code == 0
    assert done.out.count("who writes:") == 5
    assert "^tier" in done.out


def test_a_migration_says_what_a_person_has_to_do_and_goes_on(
    fleet: Program, agent_home: Path
) -> None:
    (agent_home / "CLAUDE.md").write_text("a")
    move = ("patterns", "migrate", "primary", "mesh", "--surface", "memory")
    plan = fleet.run(*move, "--dry-run")
    assert plan.code == 0
    assert plan.lines[0].startswith("1. ")
    stopped = fleet.run(*move)
    assert stopped.code == 1
    assert "--confirm sync" in stopped.out
    switch = fleet.run(*move, "--confirm", "sync")
    assert 'put `memory = "mesh"` under [surfaces]' in switch.out
    other = fleet.run("patterns", "migrate", "primary", "hub", "--surface", "skills")
    assert (other.code, other.out) == (2, "")
    assert "another migration is under way" in other.err
    assert fleet.run("patterns", "migrate", "--abandon").code == 0


def test_a_migration_without_its_words_is_refused(fleet: Program) -> None:
    done = fleet.run("patterns", "migrate")
    assert done.code == 2
    assert "say what moves" in done.err
