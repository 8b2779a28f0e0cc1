"""Machines that share this one: each with a home of its own, real sh and real git, no SSH."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fleet_tui.clock import SystemClock
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import Unreachable
from fleet_tui.model.host import Host, LinkStatus
from fleet_tui.roles.mirrors import Mirrors
from fleet_tui.roles.settings import MirrorSettings
from fleet_tui.transport.local import LocalConnection
from fleet_tui.transport.shell import posix_line
from tests.roles.pairs import BRANCH, git
from tests.support.parts import require

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    from fleet_tui.transport.base import ProcessSink
    from fleet_tui.transport.local_process import LocalProcess

NAMES = ("cc-pc", "hs-pc", "droplet")
ROLES = {"cc-pc": "primary", "hs-pc": "secondary", "droplet": "secondary"}


class HomeConnection(LocalConnection):
    """This machine, as somebody whose home is elsewhere."""

    def __init__(self, host: Host, home: Path) -> None:
        super().__init__(host)
        self._env = {"HOME": str(home), "XDG_STATE_HOME": str(home / ".local/state")}

    def _moved(self, line: str) -> str:
        return posix_line(argv=["/bin/sh", "-c", line], env=self._env)

    async def start(
        self, line: str, sink: ProcessSink, *, stdin: bytes | Literal["open"] | None = None
    ) -> LocalProcess:
        return await super().start(self._moved(line), sink, stdin=stdin)


class HomePool:
    """Stands in for the connection pool; `down` are machines that are switched off."""

    def __init__(self, hosts: Iterable[Host], homes: Mapping[str, Path]) -> None:
        self._hosts = {host.name: host for host in hosts}
        self._homes = homes
        self.down: set[str] = set()
        self._open: dict[str, HomeConnection] = {}

    async def connection(self, host: str) -> HomeConnection:
        if host in self.down:
            raise Unreachable("connection refused", host=host, fault="refused")
        if host not in self._open:
            self._open[host] = HomeConnection(self._hosts[host], self._homes[host])
        return self._open[host]

    async def reconnect(self, host: str) -> HomeConnection:
        return await self.connection(host)

    def warm(self, host: str) -> HomeConnection | None:
        return None if host in self.down else self._open.get(host)

    def status(self, host: str) -> LinkStatus:
        return LinkStatus(host, "down" if host in self.down else "up", 0.0)

    def keep(self, hosts: Iterable[str]) -> None: ...

    async def closed(self) -> AsyncIterator[str]:
        names: tuple[str, ...] = ()
        for name in names:
            yield name

    async def close(self) -> None:
        for connection in self._open.values():
            connection.close()
            await connection.wait_closed()


class Site:
    """A bare remote and the homes of the machines; mirrors are set up by `begin`."""

    def __init__(self, folder: Path, names: Iterable[str] = NAMES) -> None:
        require("git")
        self.folder = folder
        self.names = tuple(names)
        self.homes = {name: folder / "homes" / name for name in self.names}
        for home in self.homes.values():
            home.mkdir(parents=True)
        self.remote = folder / "remote.git"
        self.remote.mkdir()
        git(self.remote, "init", "--quiet", "--bare", "-b", BRANCH)

    @classmethod
    def at(cls, folder: Path) -> Site:
        """Return a site that another process has made."""
        site = cls.__new__(cls)
        site.folder, site.names, site.remote = folder, NAMES, folder / "remote.git"
        site.homes = {name: folder / "homes" / name for name in NAMES}
        return site

    def agent_home(self, name: str) -> Path:
        """Return a machine's agent home."""
        return self.homes[name] / ".claude"

    def config(self, here: str = "", *, roles: Mapping[str, str] = ROLES) -> FleetConfig:
        """Return fleet.toml as it is on one of the machines."""
        hosts = tuple(
            Host(
                name,
                connection="local" if name == here else "ssh",
                roles=frozenset({roles[name]}),  # type: ignore[arg-type]
            )
            for name in self.names
        )
        home = self.homes[here] if here else self.folder
        return FleetConfig(
            hosts=hosts,
            agent_home=home / ".claude",
            data_dir=home / ".local/state/fleet-tui",
            ssh_config=self.folder / "no-ssh-config",
            this_host=here,
            sections={"mirror": {"remote": str(self.remote), "folder": "~/.claude"}},
        )

    def pool(self, here: str = "") -> HomePool:
        """Return connections to the machines."""
        return HomePool(self.config(here).hosts, self.homes)

    def mirrors(self, pool: HomePool) -> Mirrors:
        """Return who looks after the mirrors."""
        config = self.config()
        return Mirrors(config, MirrorSettings.of(config), pool, SystemClock())

    async def begin(self, *names: str) -> None:
        """Set up the mirrors, the primary's first."""
        pool = self.pool()
        mirrors = self.mirrors(pool)
        notes = self.agent_home(self.names[0])
        notes.mkdir()
        (notes / "CLAUDE.md").write_text("# Notes\n")
        for name in names or self.names:
            await mirrors.setup(name, str(self.remote), "0", may_begin=name == self.names[0])
        await pool.close()
