"""Runs outlive the program and the connection: nothing of what they say is lost or doubled."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.program import Program
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = 300
EXPECTED = [str(n) for n in range(1, LINES + 1)]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SshServer]:
    """A server of its own, since it is killed here."""
    home = tmp_path / "home-there"
    home.mkdir()
    env = {"HOME": str(home), "XDG_STATE_HOME": str(home / ".local/state")}
    folder = tmp_path / "sshd"
    folder.mkdir()
    with SshServer(folder, env=env) as running:
        yield running


@pytest.fixture
def fleet(tmp_path: Path, host: SshServer) -> Program:
    """One host, which keeps its runs."""
    program = Program(tmp_path / "here")
    program.configure_for(host, "web1")
    return program


def counting(fleet: Program) -> str:
    """Return a command that counts, and waits in the midst of it until `goes_on`."""
    wait = f"until [ -e '{fleet.folder}/go' ]; do sleep 0.05; done"
    return f"for i in $(seq {LINES}); do echo $i; [ $i != 100 ] || {wait}; sleep 0.01; done"


def goes_on(fleet: Program) -> None:
    """Let it count to the end."""
    (fleet.folder / "go").touch()


def spooled(fleet: Program) -> list[str]:
    """Return the raw bytes of the only run's standard output, as lines."""
    (out,) = fleet.state.glob("runs/*/out")
    return out.read_text().splitlines()


def test_a_killed_program_is_followed_by_the_next_from_the_last_byte(fleet: Program) -> None:
    with fleet.running("run", "web1", "--agent", "shell", "--json", "--", counting(fleet)) as run:
        started = run.event("run-started")
        run.event("output")
        run.signal(signal.SIGKILL)
        run.end()
    goes_on(fleet)
    attached = fleet.run("attach", started["run"])
    assert attached.code == 0
    assert attached.lines == EXPECTED
    assert spooled(fleet) == EXPECTED
    assert "succeeded" in attached.err


def test_so_it_is_when_sshd_was_killed_in_between(fleet: Program, host: SshServer) -> None:
    with fleet.running("run", "web1", "--agent", "shell", "--json", "--", counting(fleet)) as run:
        started = run.event("run-started")
        run.event("output")
        host.kill()
        run.signal(signal.SIGKILL)
        run.end()
    goes_on(fleet)
    host.restart()
    attached = fleet.run("attach", started["run"])
    assert attached.code == 0
    assert attached.lines == EXPECTED
    assert spooled(fleet) == EXPECTED


def test_a_program_that_lives_finds_its_run_again_by_itself(
    fleet: Program, host: SshServer
) -> None:
    with fleet.running("run", "web1", "--agent", "shell", "--json", "--", counting(fleet)) as run:
        run.event("output")
        host.kill()
        host.kill_connections()
        goes_on(fleet)
        host.restart()
        done = run.end()
    assert done.code == 0
    assert spooled(fleet) == EXPECTED
    (finished,) = done.events("run-finished")
    assert (finished["state"], finished["exit_status"]) == ("succeeded", 0)


def test_a_program_whose_terminal_goes_leaves_its_run_alone(fleet: Program) -> None:
    with fleet.running("run", "web1", "--agent", "shell", "--json", "--", counting(fleet)) as run:
        started = run.event("run-started")
        run.event("output")
        run.signal(signal.SIGHUP)
        assert "go on" in run.end().err
    goes_on(fleet)
    assert fleet.run("attach", started["run"]).lines == EXPECTED
