"""The survey sees what is in an agent's home, in every shell, and changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fleet_tui.model.errors import FleetError
from fleet_tui.roles.patterns.survey import HomeSurvey, parse_survey, survey_line
from tests.roles.patterns.homes import run
from tests.support.parts import require

HOME = Path("~/.claude")
SHELLS = (("sh",), ("dash",), ("bash",), ("zsh",), ("fish",), ("tcsh",), ("busybox", "sh"))


def ask(home: Path, shell: tuple[str, ...] = ("sh",)) -> HomeSurvey:
    require(shell[0])
    return parse_survey(run(home, *shell, "-c", survey_line(HOME)).stdout)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A home whose `.claude` is a clone, with a changed file and a commit that is not pushed."""
    require("git")
    for command in (
        "init -q --bare remote",
        "clone -q remote .claude",
        "-C .claude checkout -q -b main",
    ):
        assert run(tmp_path, "git", *command.split()).returncode == 0
    claude = tmp_path / ".claude"
    (claude / "skills").mkdir()
    (claude / "CLAUDE.md").write_text("one\n")
    (claude / "skills" / "ä b.md").write_text("one\n")
    for command in ("add -A", "commit -q -m one", "push -q -u origin main"):
        assert run(claude, "git", *command.split()).returncode == 0
    (claude / "CLAUDE.md").write_text("two\n")
    assert run(claude, "git", "commit", "-q", "-a", "-m", "two").returncode == 0
    (claude / "skills" / "ä b.md").write_text("two\n")
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_a_mirror_is_read_as_it_is(mirror: Path, shell: tuple[str, ...]) -> None:
    before = run(mirror / ".claude", "git", "status", "--porcelain=v2", "--branch").stdout
    found = ask(mirror, shell)
    assert found.is_mirror
    assert Path(found.home) == (mirror / ".claude").resolve()
    assert found.changed == {"skills/ä b.md"}
    assert found.unpushed == {"CLAUDE.md"}
    assert sorted(found.files) == ["CLAUDE.md", "skills/ä b.md"]
    assert found.fetched_ago is None
    assert run(mirror / ".claude", "git", "status", "--porcelain=v2", "--branch").stdout == before


def test_the_age_of_the_last_fetch_is_told_by_the_machines_own_clock(mirror: Path) -> None:
    assert run(mirror / ".claude", "git", "fetch", "-q").returncode == 0
    age = ask(mirror).fetched_ago
    assert age is not None
    assert 0 <= age < 100


def test_a_home_that_is_missing_is_said(tmp_path: Path) -> None:
    found = ask(tmp_path)
    assert found.home == ""
    assert found.files == ()


def test_a_home_in_the_folder_of_a_sync_is_seen(tmp_path: Path) -> None:
    synced = tmp_path / "OneDrive" / "agent"
    synced.mkdir(parents=True)
    (tmp_path / ".claude").symlink_to(synced)
    assert ask(tmp_path).syncs == ("OneDrive",)
    shutil.rmtree(tmp_path / "OneDrive")
    other = tmp_path / "share"
    (other / ".stfolder").mkdir(parents=True)
    (tmp_path / ".claude").unlink()
    (tmp_path / ".claude").symlink_to(other)
    assert ask(tmp_path).syncs == ("Syncthing",)


def test_names_cannot_forge_a_line(tmp_path: Path) -> None:
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "a\nsynced=OneDrive\nfile=b").write_text("")
    (tmp_path / ".claude" / "c\x1b[2Jd").write_text("")
    found = ask(tmp_path)
    assert found.syncs == ()
    assert sorted(found.files) == ["a?synced=OneDrive?file=b", "cd"]


def test_an_answer_that_is_cut_is_refused() -> None:
    with pytest.raises(FleetError, match="cut short"):
        parse_survey(b"machine=x\nhome=/x\nfile=a\n")
