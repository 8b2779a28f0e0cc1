"""Puts the answers of several hosts together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet_tui.health.doctor_case import Shared, version_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_tui.health.doctor_answers import Answers, HostKey
    from fleet_tui.model.host import Host, HostFacts
    from fleet_tui.model.run import AgentName

SAME_BOOT_SECONDS = 10.0
"""Two machines do not start within this time of each other under one name and one home folder."""


@dataclass(slots=True)
class _Machines:
    """Which hosts are other names of a host that was seen before."""

    places: set[str] = field(default_factory=set)
    servers: set[str] = field(default_factory=set)
    facts: list[HostFacts] = field(default_factory=list)

    def is_new(self, answers: Answers) -> bool:
        """Return whether the account is a new one, and remember it."""
        client, facts = answers.client, answers.remote.facts if answers.remote else None
        if not client.server or client.place in self.places:
            return False
        self.places.add(client.place)
        if facts is None:
            return True
        if any(is_same_home(facts, other) for other in self.facts):
            return False
        self.facts.append(facts)
        return True

    def is_new_server(self, server: str) -> bool:
        """Return whether the server is a new one, and remember it."""
        is_new = server not in self.servers
        self.servers.add(server)
        return is_new


def is_same_home(one: HostFacts, other: HostFacts) -> bool:
    """Return whether two answers came from one home folder of one machine."""
    if not one.hostname or (one.hostname, one.home) != (other.hostname, other.home):
        return False
    if one.uptime_seconds is None or other.uptime_seconds is None:
        return True
    started = one.probed_at - one.uptime_seconds
    return abs(started - (other.probed_at - other.uptime_seconds)) < SAME_BOOT_SECONDS


def share(
    hosts: Iterable[tuple[Host, Answers]], agent: AgentName, here: tuple[str, str] = ("", "")
) -> Shared:
    """Return what the hosts show together; `here` is this machine's name and home folder.

    Two names of one account count once, and this machine is no second place of its own keys.
    """
    found = _Collected()
    machines = _Machines()
    for host, answers in hosts:
        client, remote = answers.client, answers.remote
        found.note(host.name, answers)
        is_new_server = machines.is_new_server(client.server)
        if not machines.is_new(answers):
            continue
        if is_new_server:
            for key in client.host_keys:
                found.host_keys[key.fingerprint].append((host.name, key))
        for fingerprint in accepted_keys(answers):
            found.accepted[fingerprint].append(host.name)
        facts = remote.facts if remote else None
        if remote is not None and facts is not None and (facts.hostname, facts.home) != here:
            for held_key in remote.keys:
                found.held[held_key.fingerprint].append((host.name, held_key.path))
    return found.frozen(agent)


@dataclass(slots=True)
class _Collected:
    """A `Shared` in the making."""

    accepted: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    held: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    host_keys: defaultdict[str, list[tuple[str, HostKey]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    newest: dict[str, tuple[str, str]] = field(default_factory=dict)
    client_keys: dict[str, str] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)

    def note(self, host: str, answers: Answers) -> None:
        """Take what needs no second host."""
        client = answers.client
        self.commands[host] = client.ssh or f"ssh {host}"
        for fingerprint in client.agent_fingerprints:
            self.client_keys.setdefault(fingerprint, "the ssh agent")
        self.client_keys |= {key.fingerprint: key.path for key in client.keys if key.fingerprint}
        facts = answers.remote.facts if answers.remote else None
        for name, install in facts.agents.items() if facts else ():
            best = self.newest.get(name)
            if best is None or version_numbers(install.version) > version_numbers(best[0]):
                self.newest[name] = (install.version, host)

    def frozen(self, agent: AgentName) -> Shared:
        """Return it for good."""
        return Shared(
            agent,
            MappingProxyType({key: tuple(names) for key, names in self.accepted.items()}),
            MappingProxyType({key: tuple(where) for key, where in self.held.items()}),
            MappingProxyType({key: tuple(where) for key, where in self.host_keys.items()}),
            MappingProxyType(self.newest),
            MappingProxyType(self.client_keys),
            MappingProxyType(self.commands),
        )


def accepted_keys(answers: Answers) -> tuple[str, ...]:
    """Return the fingerprints of our keys that were shown to open the host.

    That is a key in its authorized_keys, or the only one we could have offered.
    """
    remote, offered = answers.remote, answers.client.offered
    if remote is None:
        return ()
    if remote.authorized:
        allowed = {entry.fingerprint for entry in remote.authorized}
        found = tuple(key for key in offered if key in allowed)
        if found:
            return found
    return offered if len(offered) == 1 else ()
