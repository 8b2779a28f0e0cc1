"""Machines that are folders: their programs are run by a real shell, with that folder as home."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from fleet_tui.model.errors import Unreachable
from fleet_tui.roles.patterns.survey import Surveys, survey
from fleet_tui.transport.base import Completed, ExitStatus

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.transport.base import Connection

GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "op",
    "GIT_AUTHOR_EMAIL": "op@example.net",
    "GIT_COMMITTER_NAME": "op",
    "GIT_COMMITTER_EMAIL": "op@example.net",
}


def run(home: Path, *argv: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    env = {"PATH": os.environ["PATH"], "HOME": str(home), **GIT}
    return subprocess.run(argv, input=stdin, capture_output=True, env=env, cwd=home, check=False)


@dataclass
class FolderConnection:
    """Runs lines in `sh`, with `home` as its home."""

    host: Host
    home: Path

    async def run(
        self, line: str, *, stdin: bytes | None = None, timeout: float, limit: int = 1 << 20
    ) -> Completed:
        done = run(self.home, "sh", "-c", line, stdin=stdin or b"")
        return Completed(ExitStatus(done.returncode), done.stdout[:limit], done.stderr[:limit])


@dataclass
class FolderMachines:
    """A fleet of such machines; those in `away` do not answer."""

    config: FleetConfig
    root: Path
    away: set[str] = field(default_factory=set)

    def home(self, host: str) -> Path:
        home = self.root / host
        home.mkdir(parents=True, exist_ok=True)
        return home

    def put(self, host: str, path: str, text: str) -> None:
        file = self.home(host) / ".claude" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, host: str, path: str) -> str:
        return (self.home(host) / ".claude" / path).read_text()

    async def connection(self, host: str) -> Connection:
        if host in self.away:
            raise Unreachable("it is away", host=host, fault="silent")
        made: Any = FolderConnection(self.config.host(host), self.home(host))
        return cast("Connection", made)

    async def survey(self) -> Surveys:
        homes, silent = {}, {}
        for host in self.config.hosts:
            try:
                connection = await self.connection(host.name)
                homes[host.name] = await survey(connection, self.config.agent_home)
            except Unreachable as error:
                silent[host.name] = error.what
        return Surveys(homes, silent)
