"""`kill -9` in the middle: the log has every dispatch, and the next start closes what was open."""

from __future__ import annotations

import signal
from collections import Counter
from typing import TYPE_CHECKING

from fleet_tui.journal import open_runs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.program import Program
    from tests.support.sshd import SshServer

HOSTS = tuple(f"web{n:02}" for n in range(1, 21))


def until_told(folder: Path) -> str:
    """Return a command that says `up`, and ends with 7 once `folder/go` is there (or too late)."""
    wait = f"for i in $(seq 2400); do [ -e {folder}/go ] && break; sleep 0.05; done"
    return f"echo up; {wait}; echo done; exit 7"


def closed_once(program: Program) -> bool:
    """Tell whether every dispatch of the log has exactly one closing line."""
    lines = program.run("log", "--json").objects
    begun = [line["run"] for line in lines if line["event"] == "dispatch"]
    ended = [line["run"] for line in lines if line["event"] == "result"]
    return Counter(begun) == Counter(ended) and len(set(begun)) == len(begun)


def killed_while_it_runs(program: Program, command: str) -> None:
    """Start `command` everywhere and kill the program once every host has answered."""
    with program.running("run", "all", "--agent", "shell", "--json", "--", command) as run:
        for _ in HOSTS:
            run.event("output", text="up\n")
        run.signal(signal.SIGKILL)
        assert run.end().code == -signal.SIGKILL


def test_attached_runs_are_closed_as_lost_at_the_next_start(
    program: Program, server: SshServer, tmp_path: Path
) -> None:
    program.configure_for(server, *HOSTS, durable=False)
    killed_while_it_runs(program, until_told(tmp_path))
    (tmp_path / "go").touch()
    assert len(open_runs(program.log)) == len(HOSTS)
    assert program.run("log", "--verify").code == 0
    states = {run["host"]: run["state"] for run in program.run("runs", "--json").objects}
    assert states == dict.fromkeys(HOSTS, "lost")
    assert closed_once(program)
    assert program.run("log", "--verify").code == 0
    again = program.run("log", "--json", "result").objects
    program.run("runs")
    assert program.run("log", "--json", "result").objects == again


def test_durable_runs_are_found_again_and_closed_with_their_true_end(
    program: Program, server: SshServer, tmp_path: Path
) -> None:
    program.configure_for(server, *HOSTS)
    killed_while_it_runs(program, until_told(tmp_path))
    (tmp_path / "go").touch()
    while len(program.run("log", "result").lines) < len(HOSTS):
        program.run("runs")
    listed = program.run("runs", "--json").objects
    assert {(run["state"], run["exit_status"]) for run in listed} == {("failed", 7)}
    assert len(listed) == len(HOSTS)
    shown = program.run("runs", listed[0]["run"])
    assert shown.lines[:2] == ["up", "done"]
    assert closed_once(program)
    assert program.run("log", "--verify").code == 0


def test_a_kill_while_the_fan_out_begins_leaves_a_whole_log(
    program: Program, server: SshServer, tmp_path: Path
) -> None:
    program.configure_for(server, *HOSTS, durable=False)
    command = until_told(tmp_path)
    with program.running("run", "all", "--agent", "shell", "--json", "--", command) as run:
        run.event("run-started")
        run.signal(signal.SIGKILL)
        run.end()
    (tmp_path / "go").touch()
    begun = program.run("log", "--json", "dispatch").objects
    assert [line["host"] for line in begun] == list(HOSTS)
    assert program.run("log", "--verify").code == 0
    program.run("runs")
    assert closed_once(program)
