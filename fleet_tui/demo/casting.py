"""Who plays what: turns the hosts of a fleet file into the hosts of the demo. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet_tui.demo.host import home_of
from fleet_tui.demo.spec import HostSpec
from fleet_tui.model.host import Host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fleet_tui.demo.spec import Kind, Mood

_NUMBER = re.compile(r"\d+$")
_DEFAULT_STEM = "web"
_MIN_FAMILY = 3
_AGENTS = ("claude", "codex")


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the demo's hosts are on loopback, and with which key they are entered."""

    address: str
    port: int
    inner_port: int
    """For hosts behind a jump host; the same as `port` where that cannot be kept apart."""
    closed_port: int
    """Nothing listens there."""
    key: str


@dataclass(frozen=True, slots=True)
class Cast:
    """The demo's hosts as the program sees them, and as the child plays them."""

    hosts: tuple[Host, ...]
    specs: tuple[HostSpec, ...]
    unreachable: str | None
    odd: str | None
    wavering: str | None = None
    """Name of the host that loses contact now and then."""


def cast(hosts: Sequence[Host], count: int | None, doors: Doors) -> Cast:
    """Give every host its part; `count` adds hosts to the largest family up to that many.

    Hosts that run plain commands by default get an agent, so that one prompt suits all.
    """
    everyone = _enlarged(hosts, count)
    names = {host.name for host in everyone}
    bastions = {host.via for host in everyone if host.via is not None and host.via in names}
    odd = _odd_one(everyone)
    wavering = _wavering_one(everyone, bastions)
    parts = _parts(everyone, bastions, odd)
    unreachable = parts.get("unreachable")
    moods: dict[str, Mood] = {
        name: mood for mood in _MOODS if (name := parts.get(mood)) is not None
    }
    seen = []
    specs = []
    for host in everyone:
        is_inner = host.via in names and doors.inner_port != doors.port
        spec = HostSpec(
            name=host.name,
            kind=kind_of(host),
            user=host.user or "fleet",
            workdir=host.workdir,
            agents=_agents(host),
            mood=moods.get(host.name, "well"),
            is_odd=host.name == odd,
            is_inner=is_inner,
            is_bastion=host.name in bastions,
            loses_contact=host.name == wavering,
            answers=_answers(host),
        )
        specs.append(spec)
        port = doors.inner_port if is_inner else doors.port
        moved = replace(
            host,
            address=doors.address,
            port=doors.closed_port if host.name == unreachable else port,
            user=host.name,
            key=doors.key,
            via=host.via if host.via in names else None,
            connection="ssh",
            agent=None if host.agent == "shell" else host.agent,
        )
        seen.append(moved)
    return Cast(tuple(seen), tuple(specs), unreachable, odd, wavering)


_MOODS: tuple[Mood, ...] = ("slow", "overloaded", "denied")
_PREFERRED = {
    "unreachable": r"laptop|spare|nas2",
    "slow": r"nas|backup",
    "overloaded": r"droplet|cloud",
    "denied": r"pc$|box",
}


def _parts(hosts: Sequence[Host], bastions: set[str], odd: str | None) -> dict[str, str]:
    """Choose who is unreachable, slow, overloaded, denied; a small fleet leaves parts out."""
    stems = _families(hosts)
    free = [
        host.name
        for host in hosts
        if host.name != odd
        and "primary" not in host.roles
        and len(stems[_stem(host.name)]) < _MIN_FAMILY
    ]
    on_codex = {host.name for host in hosts if host.agent == "codex"}
    chosen: dict[str, str] = {}
    for part, pattern in _PREFERRED.items():
        if len(free) <= 1:
            break
        barred = on_codex if part == "denied" else bastions
        able = [name for name in free if name not in barred]
        if not able:
            continue
        name = next((name for name in able if re.search(pattern, name)), able[-1])
        chosen[part] = name
        free.remove(name)
    return chosen


def _stem(name: str) -> str:
    return _NUMBER.sub("", name)


def _families(hosts: Iterable[Host]) -> dict[str, list[Host]]:
    found: dict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        found[_stem(host.name)].append(host)
    return found


def _largest(hosts: Iterable[Host]) -> list[Host]:
    return max(_families(hosts).values(), key=len, default=[])


def _odd_one(hosts: Sequence[Host]) -> str | None:
    family = _largest(hosts)
    return family[1].name if len(family) >= _MIN_FAMILY else None


def _wavering_one(hosts: Sequence[Host], bastions: set[str]) -> str | None:
    """Return the third of the largest family: neither the odd one nor one with another part."""
    family = _largest(hosts)
    if len(family) < _MIN_FAMILY:
        return None
    host = family[2]
    plays_well = host.shell == "posix" and "primary" not in host.roles
    return host.name if plays_well and host.name not in bastions else None


def _enlarged(hosts: Sequence[Host], count: int | None) -> tuple[Host, ...]:
    missing = max(0, (count or 0) - len(hosts))
    return (*hosts, *_more(hosts, missing)) if missing else tuple(hosts)


def _more(hosts: Sequence[Host], missing: int) -> Iterator[Host]:
    family = [host for host in _largest(hosts) if _NUMBER.search(host.name)]
    if len(family) > 1:
        model = family[0]
        stem, width = _stem(model.name), len(model.name) - len(_stem(model.name))
    else:
        model = Host(_DEFAULT_STEM, roles=frozenset({"worker"}), groups=(_DEFAULT_STEM,))
        stem, width = _DEFAULT_STEM, 2
    taken = {host.name for host in hosts}
    number = 0
    while missing:
        number += 1
        name = f"{stem}{number:0{width}d}"
        if name not in taken:
            missing -= 1
            yield replace(model, name=name)


def kind_of(host: Host) -> Kind:
    """Return what kind of machine `host` is, by what its owner wrote about it."""
    words = " ".join((host.name, *host.groups, host.tier or "")).lower()
    if host.shell == "powershell":
        return "windows"
    if re.search(r"\bmac|macbook|darwin|imac", words):
        return "darwin"
    return "nas" if "nas" in words else "linux"


def _agents(host: Host) -> dict[str, str]:
    kind = kind_of(host)
    home = home_of(kind, host.user or "fleet")
    found = {}
    for agent in _AGENTS:
        if agent == "codex" and host.agent != "codex" and agent not in host.agent_paths:
            continue
        pinned = host.agent_paths.get(agent, "")
        if pinned.startswith("~/"):
            pinned = home + pinned[1:]
        usual = f"{home}/.local/bin/{agent}"
        if kind == "windows":
            usual = f"{home}\\.local\\bin\\{agent}.exe"
        found[agent] = pinned or usual
    return found


def _answers(host: Host) -> dict[str, str]:
    if host.verify_command is None or host.verify_expect is None:
        return {}
    return {host.verify_command.strip(): host.verify_expect}
