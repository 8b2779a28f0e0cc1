from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.program import Program

BROKEN_THEME = Path(__file__).parents[1] / "tui" / "broken.toml"
BROKEN = """\
[fleet]
nmae = "mine"

[[host]]
name = "a"
port = "22"

[[host]]
name = "a"

[defaults]
agent = "gpt"
"""

SSH_CONFIG = """\
Host web1
  HostName 127.0.0.1
Host nas nas.lan
  User admin
Host *
  ServerAliveInterval 5
"""


def test_every_problem_is_told_with_its_line(program: Program) -> None:
    program.config.write_text(BROKEN)
    done = program.run("check")
    assert (done.code, done.out) == (2, "")
    places = [line.split(": ")[1] for line in done.err.splitlines()]
    assert places == [f"{program.config}:{n}" for n in (2, 6, 9, 12)]
    assert "nmae" in done.err
    assert "name" in done.err.splitlines()[0].rsplit(";", 1)[1]


def test_keys_and_themes_are_checked_as_the_screen_does_at_its_start(program: Program) -> None:
    program.configure(["nas"])
    keys = (
        '\n[keys]\n"dispatch.compose" = "z"\n"dispatch.strt" = "f5"\n"pane.zoom" = "ctrl+bogus"\n'
    )
    program.config.write_text(program.config.read_text() + keys + '[ui]\ntheme = "fleet-drak"\n')
    folder = program.home / ".config" / "fleet-tui" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_bytes(BROKEN_THEME.read_bytes())
    done = program.run("check")
    assert (done.code, done.out) == (2, "")
    told = done.err.splitlines()
    assert [line.split("fleet-tui: ")[-1].split(": ")[1] for line in told[:3]] == [
        "keys.dispatch.compose",
        "keys.dispatch.strt",
        "keys.pane.zoom",
    ]
    assert "z is already pane.zoom" in told[0]
    assert "unknown action" in told[1]
    assert "unknown key name 'bogus'" in told[2]
    lines_of_theme = [line.split("mine.toml:")[1].split(":")[0] for line in told[3:7]]
    assert lines_of_theme == ["3", "5", "8", "11"]
    assert (
        "no theme is called 'fleet-drak'; fleet-dark is used (did you mean fleet-dark?)" in told[7]
    )
    assert len(told) == 8
    assert program.run("runs").code == 0, "none of it stops the program"


def test_other_commands_tell_the_same_problems_and_stop(program: Program) -> None:
    program.config.write_text(BROKEN)
    for command in (["hosts"], ["run", "a", "--", "x"], ["runs"], ["log"]):
        done = program.run(*command)
        assert (done.code, len(done.err.splitlines())) == (2, 4), command


def test_a_good_file_is_praised_shortly(program: Program) -> None:
    program.configure([{"name": "web01", "groups": ["web"]}, "nas"])
    done = program.run("check")
    assert (done.code, done.out) == (0, f"{program.config}: 2 hosts, 1 groups, no problems\n")


def test_the_file_may_be_named_before_and_after_the_command(
    program: Program, tmp_path: Path
) -> None:
    program.configure(["nas"])
    other = tmp_path / "other.toml"
    program.config.rename(other)
    assert program.run("--config", str(other), "check").code == 0
    assert program.run("check", "--config", str(other)).code == 0
    absent = program.run("check")
    assert absent.code == 2
    assert str(program.config) in absent.err


def test_a_first_file_is_drafted_from_the_ssh_configuration(program: Program) -> None:
    ssh = program.home / ".ssh"
    ssh.mkdir(mode=0o700)
    (ssh / "config").write_text(SSH_CONFIG)
    done = program.run("init", "--from-ssh-config")
    assert done.code == 0
    assert f"wrote {program.config}" in done.out
    checked = program.run("check")
    assert (checked.code, checked.err) == (0, "")
    hosts = program.run("hosts", "--offline", "--json").objects
    assert {"web1", "nas"} <= {host["host"] for host in hosts}


def test_an_existing_file_is_never_overwritten(program: Program) -> None:
    program.configure(["nas"])
    before = program.config.read_bytes()
    done = program.run("init", "--output", str(program.config))
    assert done.code == 2
    assert "exists already" in done.err
    assert program.config.read_bytes() == before


def test_a_draft_can_be_printed(program: Program, tmp_path: Path) -> None:
    done = program.run("init", "--output", "-")
    assert done.code == 0
    (tmp_path / "drafted.toml").write_text(done.out)
    assert program.run("check", "--config", str(tmp_path / "drafted.toml")).code == 0


def test_a_drafted_file_is_for_its_owner_only(program: Program, tmp_path: Path) -> None:
    target = tmp_path / "new" / "fleet.toml"
    assert program.run("init", "--output", str(target)).code == 0
    assert target.stat().st_mode & 0o077 == 0


def test_version_and_help_end_well(program: Program) -> None:
    assert program.run("--version").out.startswith("fleet-tui ")
    shown = program.run("--help")
    assert shown.code == 0
    for command in ("run", "runs", "cancel", "hosts", "log", "check", "init", "demo"):
        assert f"\n    {command} " in shown.out
    assert program.run("run", "--help").code == 0
