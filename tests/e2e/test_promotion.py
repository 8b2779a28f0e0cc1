"""The primary dies; another machine leads within a minute, by keys, with the whole history."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.roles.pairs import BRANCH, git
from tests.support.program import Program
from tests.support.sshd import SshServer
from tests.support.tmux import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("cc-pc", "hs-pc", "droplet")
ROLES = {"cc-pc": "primary", "hs-pc": "secondary", "droplet": "worker"}
WAITING = "echo begun; while [ ! -e ~/go ]; do sleep 0.1; done; echo ended"


class Machines:
    """Three machines with an sshd and a home each, and the program on the first two."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.remote = folder / "remote.git"
        self.remote.mkdir()
        git(self.remote, "init", "--quiet", "--bare", "-b", BRANCH)
        self.programs = {name: Program(folder / name) for name in NAMES}
        self.servers = {name: stack.enter_context(self._server(folder, name)) for name in NAMES}
        known = folder / "known_hosts"
        known.write_text("".join(each.known_hosts_text() for each in self.servers.values()))
        for name in ("cc-pc", "hs-pc"):
            self._configure(name, known)

    def _server(self, folder: Path, name: str) -> SshServer:
        home = self.programs[name].home
        env = {"HOME": str(home), "XDG_STATE_HOME": str(home / ".local/state")}
        return SshServer(folder, env=env, name=name)

    def _configure(self, here: str, known: Path) -> None:
        hosts = [
            {"name": name, "roles": [ROLES[name]], "connection": "local"}
            if name == here
            else {
                "name": name,
                "roles": [ROLES[name]],
                "address": "127.0.0.1",
                "port": self.servers[name].port,
                "user": self.servers[name].user,
                "key": str(self.servers[name].user_key),
            }
            for name in NAMES
        ]
        program = self.programs[here]
        program.configure(
            hosts,
            more=f'[mirror]\nremote = "{self.remote}"',
            agent_home="~/.claude",
            log="~/.claude/fleet.log",
            known_hosts=known,
        )


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with ExitStack() as stack:
        found = Machines(tmp_path, stack)
        home = found.programs["cc-pc"].home / ".claude"
        home.mkdir()
        (home / "CLAUDE.md").write_text("# Notes\n")
        for name in ("cc-pc", "hs-pc"):
            done = found.programs["cc-pc"].run("mirror", "setup", name)
            assert done.code == 0, done.err
        yield found


def test_any_other_machine_leads_by_p_and_its_name(machines: Machines, tmp_path: Path) -> None:
    old, new = machines.programs["cc-pc"], machines.programs["hs-pc"]
    with old.running("run", "droplet", "--agent", "shell", "--json", "--", WAITING) as run:
        started = run.event("run-started")
        run.event("output")
        assert old.run("mirror", "ship").code == 0
        run.signal(signal.SIGKILL)
        run.end()
    machines.servers["cc-pc"].kill()

    with Terminal(tmp_path / "terminal", new.environment, 120, 40) as terminal:
        terminal.start()
        terminal.until("READ-ONLY", "cc-pc leads the fleet with epoch 1", "hs-pc is secondary")
        terminal.keys("p")
        shown = terminal.until("Type hs-pc and press enter")
        assert "not reached" in shown
        assert "what cc-pc logged after line 1" in shown
        terminal.type("hs-pc")
        terminal.keys("Enter")
        terminal.until("hs-pc leads with epoch 2")
        terminal.keys("Escape")
        terminal.until("hs-pc is primary epoch 2", "begun")
        terminal.gone("READ-ONLY")
        (machines.programs["droplet"].home / "go").touch()
        terminal.until("ended", "1/1 done", "0 running")
        terminal.keys("q")
        assert terminal.ended() == 0

    (found,) = [run for run in new.run("runs", "--json").objects if run["run"] == started["run"]]
    assert found["state"] == "succeeded"
    done = new.run("run", "droplet", "--agent", "shell", "--", "echo led from here")
    assert (done.code, done.lines) == (0, ["led from here"])
    verified = new.run("log", "--verify")
    assert verified.code == 0, verified.err
    events = [line["event"] for line in new.run("log", "--json").objects]
    assert events[:2] == ["dispatch", "promote"]
    (promoted,) = new.run("log", "promote", "--json").objects
    assert (promoted["of"], promoted["last"]) == ("cc-pc", promoted["prev"])

    machines.servers["cc-pc"].start()
    (old.home / ".claude" / "CLAUDE.md").write_text("edited, and never committed\n")
    with Terminal(tmp_path / "again", old.environment, 100, 30) as terminal:
        terminal.start()
        terminal.until("READ-ONLY", "hs-pc leads the fleet with epoch 2", "rescue/cc-pc/")
        terminal.keys("q")
        terminal.until("goes on without this screen")
        terminal.keys("y")
        assert terminal.ended() == 0
    refused = old.run("run", "droplet", "--agent", "shell", "--", "true")
    assert refused.code == 3
    (branch,) = git(machines.remote, "branch", "--list", "rescue/*").split()
    assert git(machines.remote, "show", f"{branch}:CLAUDE.md") == "edited, and never committed"
