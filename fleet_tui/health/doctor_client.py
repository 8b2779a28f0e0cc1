"""How this machine gets to a host, as its own configuration says: nothing is sent anywhere."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.health.doctor_answers import ClientView, HostKey, LocalKey
from fleet_tui.health.doctor_authorized import parse_entry
from fleet_tui.health.doctor_keyfiles import local_key
from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.known_hosts import KnownHosts
from fleet_tui.transport.ssh_config import SshConfig, query_of
from fleet_tui.transport.ssh_config_files import scan_config_files

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.transport.endpoint import Endpoint

_SECONDS = 20.0


@dataclass(slots=True)
class ClientDesk:
    """Looks hosts up in ssh_config, known_hosts, key files and the agent; each is read once."""

    config: FleetConfig
    _ssh_config: SshConfig = field(init=False)
    _known_hosts: KnownHosts = field(default_factory=KnownHosts)
    _keys: dict[str, LocalKey | None] = field(default_factory=dict)
    _agents: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ssh_config = SshConfig(self.config.ssh_config, self.config.known_hosts)

    async def view(self, host: Host) -> ClientView:
        """Return how the host is reached; empty for this machine, or when nobody can tell."""
        if host.connection == "local":
            return ClientView()
        try:
            endpoint = await self._ssh_config.resolve(query_of(host))
        except Unreachable:
            return ClientView(ssh=f"ssh {host.name}")
        known = await self._known_hosts.lookup(endpoint.known_hosts_name, endpoint.known_hosts)
        keys = await asyncio.to_thread(self._read_keys, endpoint)
        return ClientView(
            ssh=endpoint.ssh_command or f"ssh {host.name}",
            server=_server(host, endpoint),
            user=endpoint.user,
            forwards_agent=await asyncio.to_thread(self._forwards_agent, host),
            keys=keys,
            agent_fingerprints=await asyncio.to_thread(self._agent_keys, endpoint, keys),
            host_keys=tuple(
                HostKey(key.kind, key.fingerprint, f"{key.file}:{key.line}")
                for key in known.trusted
            ),
        )

    def _read_keys(self, endpoint: Endpoint) -> tuple[LocalKey, ...]:
        for path in endpoint.identity_files:
            if path not in self._keys:
                self._keys[path] = local_key(path)
        found = (self._keys[path] for path in endpoint.identity_files)
        return tuple(key for key in found if key is not None)

    def _agent_keys(self, endpoint: Endpoint, keys: tuple[LocalKey, ...]) -> tuple[str, ...]:
        """Return the agent's keys that a login offers: with IdentitiesOnly, the named ones."""
        if endpoint.agent is None:
            return ()
        if endpoint.agent not in self._agents:
            self._agents[endpoint.agent] = _ask_agent(endpoint.agent)
        named = {key.fingerprint for key in keys}
        return tuple(
            key
            for key in self._agents[endpoint.agent]
            if not endpoint.identities_only or key in named
        )

    def _forwards_agent(self, host: Host) -> bool | None:
        """Return what `ssh -G` says of ForwardAgent, which may name a socket instead of `yes`."""
        binary = shutil.which("ssh")
        if binary is None:
            return None
        files = scan_config_files(self.config.ssh_config)
        arguments = [binary, "-G", *(("-F", files.argument) if files.argument else ())]
        for flag, value in (("-l", host.user), ("-p", host.port)):
            arguments += [flag, str(value)] if value is not None else []
        if host.address is not None:
            arguments += ["-o", f"HostName={host.address.replace('%', '%%')}"]
        said = _run([*arguments, "--", host.name])
        values = [line.partition(" ") for line in said.splitlines()]
        found = [value for keyword, _, value in values if keyword.lower() == "forwardagent"]
        return found[0].strip().lower() != "no" if found else None


def _server(host: Host, endpoint: Endpoint) -> str:
    jumps = host.via or ",".join(endpoint.proxy_jump) or endpoint.proxy_command or ""
    return f"{endpoint.address}:{endpoint.port} {jumps}".strip()


def _ask_agent(socket: str) -> tuple[str, ...]:
    binary = shutil.which("ssh-add")
    if binary is None:
        return ()
    said = _run([binary, "-L"], {**os.environ, "SSH_AUTH_SOCK": socket})
    entries = (parse_entry(socket, 0, line) for line in said.splitlines())
    return tuple(entry.fingerprint for entry in entries if entry is not None)


def _run(arguments: list[str], env: dict[str, str] | None = None) -> str:
    """Return what a program of OpenSSH prints, nothing when it fails."""
    try:
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=env,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
