"""What hosts said they are, remembered between starts, and where their agents lie."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tomllib
from typing import TYPE_CHECKING

import tomli_w

from fleet_tui.health.probe import parse_probe, probe_line
from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import HostProbed
from fleet_tui.model.host import AgentInstall, HostFacts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.events import Event
    from fleet_tui.model.run import AgentName
    from fleet_tui.transport.base import Connection

FRESH_SECONDS = 24 * 3600.0
"""How long a remembered path of an agent is used without asking the host again."""
PROBE_TIMEOUT = 20.0


class FactsKeeper:
    """Probes hosts, one probe at a time each, and remembers the answers in a TOML file."""

    def __init__(self, path: Path, clock: Clock, publish: Callable[[Event], None]) -> None:
        self._path = path
        self._clock = clock
        self._publish = publish
        self._facts = _load(path)
        self._probes: dict[str, asyncio.Task[HostFacts]] = {}

    def known(self, host: str) -> HostFacts | None:
        """Return what the host last said, however old."""
        return self._facts.get(host)

    async def probe(self, connection: Connection) -> HostFacts:
        """Ask the host now; raises Unreachable, or FleetError for an answer that is none."""
        name = connection.host.name
        running = self._probes.get(name)
        if running is None:
            running = asyncio.create_task(self._ask(connection))
            self._probes[name] = running
            running.add_done_callback(lambda ended: self._asked(name, ended))
        return await asyncio.shield(running)

    async def agent_path(self, connection: Connection, agent: AgentName) -> str:
        """Return where `agent` lies on the host; raises FleetError when it is not there."""
        host = connection.host
        if pinned := host.agent_paths.get(agent):
            return pinned
        facts = self._facts.get(host.name)
        if facts is None or not self._is_fresh(facts) or agent not in facts.agents:
            facts = await self.probe(connection)
        install = facts.agents.get(agent)
        if install is None:
            raise FleetError(
                f"{agent} was not found on {host.name}",
                mend=f"install it there, or set agent_paths.{agent} of the host in fleet.toml",
            )
        return install.path

    def forget(self, host: str) -> None:
        """Drop what is remembered of a host, so that it is asked again."""
        if self._facts.pop(host, None) is not None:
            self._save()

    def _asked(self, host: str, ended: asyncio.Task[HostFacts]) -> None:
        """Forget the probe; its error is that of whoever still waits, and asyncio prints none."""
        self._probes.pop(host, None)
        if not ended.cancelled():
            ended.exception()

    def _is_fresh(self, facts: HostFacts) -> bool:
        return 0 <= self._clock.time() - facts.probed_at < FRESH_SECONDS

    async def _ask(self, connection: Connection) -> HostFacts:
        host = connection.host
        line = probe_line(host.agent_paths, shell=host.shell)
        try:
            answer = await connection.run(line, timeout=PROBE_TIMEOUT)
        except TimeoutError:
            raise FleetError(
                f"{host.name} did not answer the probe within {PROBE_TIMEOUT:g} s",
                mend=f"try `ssh {host.name} true`",
            ) from None
        facts = parse_probe(answer.stdout, self._clock.time())
        self._facts[host.name] = facts
        self._save()
        self._publish(HostProbed(host.name, facts))
        return facts

    def _save(self) -> None:
        """Write all facts, for their owner only; what a full disk refuses is asked again later."""
        document = {name: _to_toml(facts) for name, facts in sorted(self._facts.items())}
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.touch(mode=0o600)
            temporary.write_bytes(tomli_w.dumps(document).encode())
            temporary.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _to_toml(facts: HostFacts) -> dict[str, Any]:
    table: dict[str, Any] = {
        "probed_at": facts.probed_at,
        "hostname": facts.hostname,
        "system": facts.system,
        "home": facts.home,
        "agents": {
            name: {"path": install.path, "version": install.version}
            for name, install in facts.agents.items()
        },
    }
    if facts.disk_free_bytes is not None:
        table["disk_free_bytes"] = facts.disk_free_bytes
    if facts.uptime_seconds is not None:
        table["uptime_seconds"] = facts.uptime_seconds
    return table


def _load(path: Path) -> dict[str, HostFacts]:
    """Return the remembered facts; what cannot be read is asked again, so it is not an error."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    facts = {}
    for name, table in document.items():
        try:
            facts[name] = HostFacts(
                probed_at=float(table["probed_at"]),
                hostname=str(table["hostname"]),
                system=str(table["system"]),
                home=str(table["home"]),
                agents={
                    str(agent): AgentInstall(str(found["path"]), str(found["version"]))
                    for agent, found in table["agents"].items()
                },
                disk_free_bytes=table.get("disk_free_bytes"),
                uptime_seconds=table.get("uptime_seconds"),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return facts
