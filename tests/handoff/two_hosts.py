"""Two machines with different homes, each a real sshd with the real Claude Code, and a fleet."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.agents.cases import Case, environment
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.program import Program
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.model.run import AgentName


@dataclass
class Machine:
    """One host."""

    name: str
    home: Path
    work: Path

    @property
    def transcripts(self) -> list[Path]:
        """Everything that lies where agents keep transcripts, hidden files too."""
        places = (self.home / ".claude" / "projects", self.home / ".codex" / "sessions")
        return sorted(
            path for place in places for path in place.rglob("*") if ".jsonl" in path.name
        )

    @property
    def tombstones(self) -> list[Path]:
        return sorted((self.home / "state" / "fleet-tui" / "moved").glob("*"))


@dataclass
class TwoHosts:
    """The fleet: `old` has worked, `new` has not."""

    program: Program
    api: ModelApi
    old: Machine
    new: Machine
    agent: AgentName

    def ask(self, prompt: str, host: str = "old") -> str:
        """Run a prompt; returns the run's id."""
        arguments = ["run", host, "--agent", self.agent, "--mode", "read", "--json", "--", prompt]
        done = self.program.run(*arguments)
        assert done.code == 0, done.err + done.out
        return str(done.events("run-finished")[0]["run"])


def machine(folder: Path, name: str, workdir: str) -> Machine:
    home = folder / f"home of {name}"
    home.mkdir()
    work = folder / workdir
    work.mkdir()
    return Machine(name, home, work)


@contextmanager
def two_hosts(folder: Path, agent: AgentName = "claude") -> Iterator[TwoHosts]:
    """Start both servers and the model."""
    old, new = machine(folder, "old", "work_a"), machine(folder, "new", "other work.b")
    binary = require_cli(agent)
    with ModelApi() as api:
        servers = []
        for one in (old, new):
            env = environment(agent, Case("x", "", "ok"), api.url, one.home)
            env |= {"XDG_STATE_HOME": str(one.home / "state")}
            servers.append(SshServer(folder, env=env, name=one.name))
        with servers[0], servers[1]:
            program = Program(folder)
            configs = [
                server.client_config(server.name).ssh_config.read_text() for server in servers
            ]
            hosts = [
                {"name": one.name, "workdir": str(one.work), "agent": agent} for one in (old, new)
            ]
            program.configure(hosts, ssh_config="\n".join(configs))
            text = program.config.read_text()
            pinned = f"agent_paths = {{ {agent} = {json.dumps(binary)} }}"
            program.config.write_text(
                "".join(
                    f"{line}\n{pinned}\n" if line.startswith("workdir") else f"{line}\n"
                    for line in text.splitlines()
                )
            )
            yield TwoHosts(program, api, old, new, agent)
