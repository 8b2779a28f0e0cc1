"""What a check is given: one host, its answers, and what all hosts together show."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet_tui.health.doctor_findings import Finding, NotChecked
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.health.doctor_answers import Answers, HostAnswers, HostKey
    from fleet_tui.health.doctor_findings import Severity
    from fleet_tui.model.host import AgentInstall, Host
    from fleet_tui.model.run import AgentName

_NUMBERS = re.compile(r"\d{1,9}(?:\.\d{1,9})*")


@dataclass(frozen=True, slots=True)
class Shared:
    """What only shows when hosts are looked at together. Hosts stand in the fleet's order."""

    agent: AgentName = "claude"
    """What runs on a host that names no agent of its own."""
    accepted: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Fingerprint of one of our keys to the hosts that were shown to let it in."""
    held: Mapping[str, tuple[tuple[str, str], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """Fingerprint of a private key to the hosts it lies on, each with its path there."""
    host_keys: Mapping[str, tuple[tuple[str, HostKey], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """Fingerprint to the hosts that prove themselves with that key."""
    newest: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """Agent to the newest version in the fleet, and a host that has it."""
    client_keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Fingerprint of a key of this machine to its path, or `the ssh agent`."""
    commands: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Host to what a person types to get there."""


@dataclass(frozen=True, slots=True)
class Case:
    """One examination."""

    host: Host
    answers: Answers
    shared: Shared = field(default_factory=Shared)

    @property
    def remote(self) -> HostAnswers | None:
        """The host's own answers."""
        return self.answers.remote

    @property
    def agent(self) -> AgentName:
        """The agent that runs on this host when nothing else is asked for."""
        return self.host.agent or self.shared.agent

    def install(self, agent: str) -> AgentInstall | None:
        """Return where the agent lies on this host."""
        remote = self.remote
        return remote.facts.agents.get(agent) if remote and remote.facts else None

    def finding(self, id: str, severity: Severity, what: str, *, why: str, mend: str) -> Finding:
        """Return a finding on this host."""
        return Finding(self.host.name, id, severity, one_line(what, 400), one_line(why, 800), mend)

    def unchecked(self, id: str, why: str) -> NotChecked:
        """Say that nothing is claimed about `id`."""
        return NotChecked(self.host.name, id, one_line(why))

    def on_host(self, command: str, *, needs_terminal: bool = False) -> str:
        """Return the line a person types here to run `command` on the host."""
        ssh = self.answers.client.ssh
        if self.host.connection == "local" or not ssh:
            return command
        if needs_terminal:
            ssh = f"ssh -t{ssh.removeprefix('ssh')}"
        return f"{ssh} {shlex.quote(command)}"

    def home_path(self, path: str) -> str:
        """Return a path of the host for use in `on_host`: below the home folder with `~`."""
        home = self.remote.facts.home if self.remote and self.remote.facts else ""
        if home and home != "/" and path.startswith(f"{home}/"):
            return "~/" + shlex.quote(path[len(home) + 1 :])
        return "~" if home and path == home else shlex.quote(path)


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the numbers a version begins with, for comparing."""
    found = _NUMBERS.match(version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
