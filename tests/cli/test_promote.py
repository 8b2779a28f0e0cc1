"""Mirrors and promotion from the command line: one machine that leads, and one that does not."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.roles.pairs import BRANCH, git
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path


def machine(folder: Path, here: str, remote: Path) -> Program:
    """Return the program on one of two machines; the other is switched off."""
    program = Program(folder / here)
    names = ("cc-pc", "hs-pc")
    hosts = [
        {
            "name": name,
            "connection": "local" if name == here else "ssh",
            "address": "127.0.0.1",
            "port": 1,
            "roles": ["primary" if name == "cc-pc" else "secondary"],
        }
        for name in names
    ]
    for host in hosts:
        if host["connection"] == "local":
            del host["address"], host["port"]
    program.configure(
        hosts,
        more=f'[mirror]\nremote = "{remote}"',
        agent_home="~/.claude",
        log="~/.claude/fleet.log",
    )
    return program


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    place = tmp_path / "remote.git"
    place.mkdir()
    git(place, "init", "--quiet", "--bare", "-b", BRANCH)
    return place


@pytest.fixture
def primary(tmp_path: Path, remote: Path) -> Program:
    program = machine(tmp_path, "cc-pc", remote)
    (program.home / ".claude").mkdir()
    (program.home / ".claude" / "CLAUDE.md").write_text("# Notes\n")
    assert program.run("mirror", "setup", "cc-pc").code == 0
    return program


@pytest.fixture
def secondary(tmp_path: Path, remote: Path, primary: Program) -> Program:
    program = machine(tmp_path, "hs-pc", remote)
    assert program.run("mirror", "setup", "hs-pc").code == 0
    return program


def test_an_observer_is_refused_with_the_way_back(secondary: Program) -> None:
    for words in (["run", "hs-pc", "--agent", "shell", "--", "true"], ["mirror", "ship"]):
        done = secondary.run(*words)
        assert done.code == 3, words
        assert "promote" in done.err


def test_the_status_says_who_leads_and_how_each_mirror_stands(secondary: Program) -> None:
    (secondary.home / ".claude" / "CLAUDE.md").write_text("edited\n")
    done = secondary.run("mirror", "status", "--json")
    assert done.code == 4
    (roles,) = done.events("roles")
    assert (roles["this_host"], roles["primary"], roles["epoch"]) == ("hs-pc", "cc-pc", 1)
    here = next(found for found in done.events("mirror") if found["host"] == "hs-pc")
    assert (here["state"], here["dirty"], here["edits"]) == ("ok", True, [" M CLAUDE.md"])
    assert here["last_pull_age_seconds"] is not None
    text = secondary.run("mirror", "status")
    assert "cc-pc leads, epoch 1" in text.out
    assert "cc-pc: 127.0.0.1:1 refused the connection" in text.err


def test_edits_are_shown_and_undone_by_choice(secondary: Program, remote: Path) -> None:
    notes = secondary.home / ".claude" / "CLAUDE.md"
    notes.write_text("edited here\n")
    shown = secondary.run("mirror", "edits", "hs-pc")
    assert shown.code == 1
    assert "+edited here" in shown.out
    assert "--carry" in shown.err
    assert notes.read_text() == "edited here\n"
    done = secondary.run("mirror", "edits", "hs-pc", "--revert")
    assert done.code == 0, done.err
    assert notes.read_text() == "# Notes\n"
    (branch,) = git(remote, "branch", "--list", "rescue/*").split()
    assert git(remote, "show", f"{branch}:CLAUDE.md") == "edited here"


def test_a_dry_run_shows_what_was_checked_and_changes_nothing(
    secondary: Program, remote: Path
) -> None:
    done = secondary.run("promote", "hs-pc", "--dry-run")
    assert done.code == 0, done.err
    assert "failover: cc-pc leads with epoch 1, hs-pc is to lead" in done.out
    assert "old primary cc-pc: not reached" in done.out
    assert "What the new primary would not have:" in done.out
    assert "fleet/role.toml" not in git(remote, "ls-tree", "-r", "--name-only", BRANCH)
    (found,) = secondary.run("promote", "hs-pc", "--dry-run", "--json").events("preflight")
    assert {"kind", "checks", "losses", "old_primary", "refusal"} <= found.keys()


def test_the_name_has_to_be_given_again(secondary: Program) -> None:
    done = secondary.run("promote", "hs-pc")
    assert done.code == 3
    assert "--yes-promote hs-pc" in done.err
    assert secondary.run("promote", "hs-pc", "--yes-promote", "cc-pc").code == 3


def test_a_secondary_promotes_itself_and_leads(secondary: Program, primary: Program) -> None:
    done = secondary.run("promote", "hs-pc", "--yes-promote", "hs-pc")
    assert done.code == 0, done.err
    assert "hs-pc leads with epoch 2" in done.out
    ran = secondary.run("run", "hs-pc", "--agent", "shell", "--", "echo", "led from here")
    assert (ran.code, ran.lines) == (0, ["led from here"])
    assert secondary.run("log", "--verify").code == 0
    old = primary.run("run", "cc-pc", "--agent", "shell", "--", "true")
    assert old.code == 3
    assert "primary" in old.err
    again = secondary.run("promote", "hs-pc", "--yes-promote", "hs-pc")
    assert (again.code, "leads already" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("timer", "sign"),
    [
        ("systemd", "OnUnitActiveSec=10min"),
        ("cron", "*/10 * * * *"),
        ("launchd", "<integer>600</integer>"),
        ("schtasks", "/SC MINUTE /MO 10"),
    ],
)
def test_each_timer_is_shown_before_it_is_installed(
    secondary: Program, timer: str, sign: str
) -> None:
    done = secondary.run("mirror", "schedule", "hs-pc", "--timer", timer)
    assert done.code == 0, done.err
    assert sign in done.out
    assert not (secondary.home / ".local/state/fleet-tui/mirror-pull.sh").exists()


def test_an_installed_timer_pulls_and_leaves_a_beat(secondary: Program) -> None:
    bin_folder = secondary.folder / "bin"
    bin_folder.mkdir()
    crontab = bin_folder / "crontab"
    crontab.write_text(
        '#!/bin/sh\nif [ "$1" = - ]; then cat >"$HOME/tab"; else cat "$HOME/tab"; fi\n'
    )
    crontab.chmod(0o755)
    path = f"{bin_folder}:{secondary.environment['PATH']}"
    with_cron = Program(secondary.folder, {"PATH": path})
    done = with_cron.run("mirror", "schedule", "hs-pc", "--timer", "cron", "--install")
    assert done.code == 0, done.err
    (entry,) = (secondary.home / "tab").read_text().splitlines()
    beat = secondary.home / ".local/state/fleet-tui/beats/mirror-pull-hs-pc"
    before = int(beat.read_text().split()[0])
    command = entry.split("* * * * ")[1].split(" >")[0]
    subprocess.run(["/bin/sh", "-c", command], env=with_cron.environment, check=True)
    assert int(beat.read_text().split()[0]) == before + 1
