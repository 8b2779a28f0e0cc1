"""A program and one machine with a real agent on it, which is given MCP servers."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.agents.cases import Case, environment
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.parts import require
from tests.support.program import Program
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fleet_tui.model.run import AgentName
    from tests.support.program import Done

SUM = '[[tool:mcp__{}__add:{{"a":40,"b":2}}]]'
"""What lets the model call the tool of a server once."""


@dataclass(frozen=True, slots=True)
class Given:
    """The program here, the machine `box`, and the model that its agent asks."""

    program: Program
    api: ModelApi
    home: Path
    """Of the agent's user on `box`."""
    server: SshServer

    def run(self, mcp: str, prompt: str = "", *flags: str, mode: str = "write") -> Done:
        """Run a prompt with these servers; without one, a tool of theirs is called."""
        words = prompt or SUM.format(mcp)
        return self.program.run("run", "box", "--mode", mode, "--mcp", mcp, *flags, "--", words)

    @property
    def told(self) -> str:
        """What the model was told last, its tools' results among it."""
        return self.api.seen[-1].conversation

    def traces_of(self, secret: str) -> list[Path]:
        """Return the files, here and on the machine, that hold a text."""
        files = [path for path in self.program.folder.rglob("*") if path.is_file()]
        return [path for path in files if secret.encode() in path.read_bytes()]


def declared(name: str, **keys: object) -> str:
    """Return a `[[mcp]]` of fleet.toml."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"name": name, **keys}.items()]
    return "\n".join(["[[mcp]]", *lines, ""])


@contextmanager
def machine(
    folder: Path, agent: AgentName, *servers: str, env: Mapping[str, str] | None = None
) -> Iterator[Given]:
    """Start sshd and the model; `far` is the same machine under another name, as `box` sees it."""
    home, work, tools = folder / "agent-home", folder / "work", folder / "tools"
    for path in (home, work, tools):
        path.mkdir()
    with ModelApi() as api:
        there = environment(agent, Case("given", "hello", "ok"), api.url, home)
        there |= {"PATH": f"{tools}:{there['PATH']}", "XDG_STATE_HOME": str(home / "state")}
        with SshServer(folder, env=there) as server:
            client = server.client_config("box", "far")
            (tools / "ssh").write_text(
                f'#!/bin/sh\nexec {require("ssh")} -F {client.ssh_config} "$@"\n'
            )
            (tools / "ssh").chmod(0o755)
            program = Program(folder, env=dict(env or {}))
            hosts: list[dict[str, Any]] = [
                {
                    "name": "box",
                    "workdir": str(work),
                    f"agent_paths.{agent}": require_cli(agent),
                },
                {"name": "far"},
            ]
            more = "\n".join((f'[defaults]\nagent = "{agent}"', *servers))
            program.configure(hosts, ssh_config=client.ssh_config, more=more)
            yield Given(program, api, home, server)


def command_lines() -> list[str]:
    """Return what `ps` shows of every process that runs now."""
    table = subprocess.run(
        [shutil.which("ps") or "ps", "-eww", "-o", "args="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return table.splitlines()


def forwards(given: Given) -> list[str]:
    """Return the command lines of forwards that run now to the machine's sshd."""
    config = str(given.server.home / "ssh_config")
    return [line for line in command_lines() if config in line and " -L " in line]
