"""What `~/.ssh/config` says of a host: OpenSSH's own answer where the `ssh` binary exists."""

from __future__ import annotations

import asyncio
import dataclasses
import getpass
import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any, Literal

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.text import one_line
from fleet_tui.transport.endpoint import (
    Endpoint,
    agent_from_environment,
    default_identity_files,
    default_known_hosts,
)
from fleet_tui.transport.ssh_config_files import ConfigFiles, scan_config_files
from fleet_tui.transport.ssh_config_simple import NotPlain, PlainConfig
from fleet_tui.transport.ssh_g import endpoint_from_ssh_g, endpoint_from_values

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.host import Host

_RESCAN_AFTER = 1.0
"""Seconds for which the configuration files are not looked at again."""
_SSH_G_SECONDS = 20.0
"""`Match exec` may run a program of the user's; longer than this is a hang."""


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """What to ask: a name, and what is already decided by fleet.toml or a `user@host:port` hop."""

    alias: str
    address: str | None = None
    user: str | None = None
    port: int | None = None
    key: str | None = None


def query_of(host: Host) -> Query:
    """Return the query for a host of the fleet."""
    return Query(host.name, host.address, host.user, host.port, host.key)


def query_of_hop(hop: str) -> Query:
    """Return the query for a hop `[ssh://][user@]host[:port]`; an IPv6 address in brackets."""
    rest = hop.removeprefix("ssh://")
    user, _, place = rest.rpartition("@")
    port: int | None = None
    if place.startswith("["):
        name, _, tail = place[1:].partition("]")
        port_text = tail.removeprefix(":")
    elif place.count(":") == 1:
        name, _, port_text = place.partition(":")
    else:
        name, port_text = place, ""
    if port_text.isdigit():
        port = int(port_text)
    return Query(name, None, user or None, port)


class SshConfig:
    """Resolves names; answers are kept until one of the files they came from changes."""

    def __init__(self, path: Path | None = None, known_hosts: Path | None = None) -> None:
        self._path = path
        self._known_hosts = known_hosts
        self._binary = shutil.which("ssh")
        self._files: ConfigFiles | None = None
        self._scanned_at = 0.0
        self._answers: dict[Query, Endpoint] = {}
        self._plain: PlainConfig | Literal[False] | None = None
        """Our own reading; False when only OpenSSH can tell, None before that is known."""
        self._check = asyncio.Lock()
        self._slots = asyncio.Semaphore(2 * (os.cpu_count() or 1))

    async def resolve(self, query: Query) -> Endpoint:
        """Return where and how; raises Unreachable when the configuration cannot be used."""
        files = self._current_files()
        known = self._answers.get(query)
        if known is None:
            known = await self._ask(query, files)
            self._answers[query] = known
        return known

    def _current_files(self) -> ConfigFiles:
        now = time.monotonic()
        if self._files is None or now - self._scanned_at > _RESCAN_AFTER:
            files = scan_config_files(self._path)
            if self._files is None or files.stamp != self._files.stamp:
                self._answers.clear()
                self._plain = None
            self._files = files
            self._scanned_at = now
        return self._files

    async def _ask(self, query: Query, files: ConfigFiles) -> Endpoint:
        if not files.concerns_us:
            return self._settle(_plain(query), query, files)
        async with self._check:
            if self._plain is None and self._binary is not None:
                self._plain = await asyncio.to_thread(self._agreed, query, files)
        endpoint = self._ask_plain(query)
        if endpoint is None:
            async with self._slots:
                endpoint = await asyncio.to_thread(self._ask_program, query, files)
        return self._settle(endpoint, query, files)

    def _ask_program(self, query: Query, files: ConfigFiles) -> Endpoint:
        if self._binary is not None:
            return ask_ssh(self._binary, query, files)
        from fleet_tui.transport.ssh_config_fallback import ask_asyncssh

        return ask_asyncssh(query, files)

    def _ask_plain(self, query: Query) -> Endpoint | None:
        if not isinstance(self._plain, PlainConfig):
            return None
        try:
            values = self._plain.values(query, local_user())
        except NotPlain:
            return None
        return endpoint_from_values(query.alias, values)

    def _agreed(self, query: Query, files: ConfigFiles) -> PlainConfig | Literal[False]:
        """Return our own reading of the files if OpenSSH reads them the same for `query`."""
        assert self._binary is not None
        try:
            plain = PlainConfig(files)
            ours = endpoint_from_values(query.alias, plain.values(query, local_user()))
        except NotPlain:
            return False
        theirs = ask_ssh(self._binary, query, files)
        # Debian's `BatchMode yes` implies a ServerAliveInterval of 300 s; ours is shorter anyway.
        same = dataclasses.replace(
            theirs, keepalive=ours.keepalive, keepalive_count=ours.keepalive_count
        )
        return plain if ours == same else False

    def _settle(self, endpoint: Endpoint, query: Query, files: ConfigFiles) -> Endpoint:
        """Let fleet.toml have the last word."""
        changes: dict[str, Any] = {"ssh_command": _advice(query, files, self)}
        if self._known_hosts is not None:
            changes["known_hosts"] = (os.path.expanduser(self._known_hosts),)
        if query.key is not None:
            changes |= {
                "identity_files": (os.path.expanduser(query.key),),
                "has_default_identities": False,
                "identities_only": True,
            }
        return dataclasses.replace(endpoint, **changes)

    @property
    def path(self) -> Path | None:
        """The OpenSSH configuration that fleet.toml names."""
        return self._path

    @property
    def known_hosts_override(self) -> Path | None:
        """The known_hosts file that fleet.toml names."""
        return self._known_hosts


def ask_ssh(binary: str, query: Query, files: ConfigFiles) -> Endpoint:
    """Run `ssh -G`; raises Unreachable with its words when it refuses its configuration."""
    arguments = [binary, "-G"]
    if files.argument is not None:
        arguments += ["-F", files.argument]
    if query.address is not None:
        arguments += ["-o", f"HostName={query.address.replace('%', '%%')}"]
    if query.user is not None:
        arguments += ["-l", query.user]
    if query.port is not None:
        arguments += ["-p", str(query.port)]
    try:
        answer = subprocess.run(
            [*arguments, "--", query.alias],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SSH_G_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unusable(query, files, f"`ssh -G` gave no answer: {error}") from error
    if answer.returncode != 0:
        words = answer.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise _unusable(query, files, f"`ssh -G` refused the configuration: {words[0]}")
    return endpoint_from_ssh_g(query.alias, answer.stdout.decode("utf-8", "replace"))


def _unusable(query: Query, files: ConfigFiles, what: str) -> Unreachable:
    where = files.argument or "~/.ssh/config"
    return Unreachable(one_line(what), host=query.alias, fault="other", mend=f"correct {where}")


def _plain(query: Query) -> Endpoint:
    return Endpoint(
        alias=query.alias,
        address=query.address or query.alias,
        user=query.user or local_user(),
        port=query.port or 22,
        identity_files=default_identity_files(),
        agent=agent_from_environment(),
        known_hosts=default_known_hosts(),
    )


def local_user() -> str:
    """Return the name of the user at this machine, `unknown` where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _advice(query: Query, files: ConfigFiles, config: SshConfig) -> str:
    words = ["ssh"]
    if config.path is not None and files.argument not in (None, os.devnull):
        words += ["-F", str(files.argument)]
    if config.known_hosts_override is not None:
        words += ["-o", f"UserKnownHostsFile={config.known_hosts_override}"]
    if query.port is not None:
        words += ["-p", str(query.port)]
    target = query.address or query.alias
    words.append(f"{query.user}@{target}" if query.user else target)
    return " ".join(words)
