"""Rules between keys: what is right alone and wrong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fleet_tui.config.report import show
from fleet_tui.config.ssh_hosts import aliases
from fleet_tui.model.errors import TargetError
from fleet_tui.model.host import Host, Role
from fleet_tui.model.nearest import nearest
from fleet_tui.model.target import resolve
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_tui.config.report import Report
    from fleet_tui.config.validate import Document, Entry

_NOT_FOR_LOCAL = ("address", "user", "port", "via", "key")


def crosscheck(
    raw: Mapping[str, object], document: Document, report: Report, ssh_config: Path | None
) -> None:
    """Check a validated document as a whole; `ssh_config` knows aliases that `via` may name."""
    hosts = document.entries("host")
    if raw.get("host", []) == []:
        report.add(("host",), "missing", "a fleet needs at least one [[host]] with a name")
    _names(hosts, report)
    _one_primary(hosts, report)
    _local(hosts, report)
    _via(hosts, report, ssh_config)
    _references(document, report)
    _duties(document, report)
    _choices_between_keys(document, report)
    _mcp_servers(document, report)
    _servers_named(document, report)


def _names(hosts: tuple[Entry, ...], report: Report) -> None:
    groups = {group for host in hosts for group in _groups(host)}
    first: dict[str, tuple[int, str]] = {}
    for position, host in enumerate(hosts):
        path = ("host", position, "name")
        name = host.get("name")
        if not isinstance(name, str):
            continue
        if name in groups:
            report.add(path, f"{show(name)} is a group too", "give host or group another name")
        earlier = first.setdefault(name.casefold(), (position, name))
        if earlier[0] != position:
            how = "" if earlier[1] == name else ", but for upper and lower case"
            report.add(
                path,
                f"{show(name)} is the name of host[{earlier[0] + 1}] already{how}",
                "each host needs its own",
            )


def _groups(host: Entry) -> tuple[str, ...]:
    return cast("tuple[str, ...]", host.get("groups", ()))


def _one_primary(hosts: tuple[Entry, ...], report: Report) -> None:
    primaries = [
        position
        for position, host in enumerate(hosts)
        if "primary" in cast("tuple[str, ...]", host.get("roles", ()))
    ]
    for position in primaries[1:]:
        leader = hosts[primaries[0]].get("name", f"host[{primaries[0] + 1}]")
        report.add(
            ("host", position, "roles"),
            f"a second primary beside {show(leader)}",
            "one host leads; give this one secondary",
        )


def _local(hosts: tuple[Entry, ...], report: Report) -> None:
    for position, host in enumerate(hosts):
        for key in _NOT_FOR_LOCAL:
            if host.get("connection") == "local" and key in host:
                report.add(
                    ("host", position, key),
                    f'found {show(host[key])} beside connection = "local"',
                    "take one of them out: local is this machine, without SSH",
                )


def _via(hosts: tuple[Entry, ...], report: Report, ssh_config: Path | None) -> None:
    names = {str(host["name"]): host for host in hosts if "name" in host}
    jumps = {name: str(host["via"]) for name, host in names.items() if "via" in host}
    loops = _loops(jumps)
    all_named = all("name" in host for host in hosts)
    known_aliases: frozenset[str] | None = None
    for position, host in enumerate(hosts):
        if "via" not in host:
            continue
        via = str(host["via"])
        path = ("host", position, "via")
        if via not in names and all_named:
            if known_aliases is None:
                known_aliases = aliases(ssh_config) if ssh_config else frozenset()
            if via not in known_aliases:
                close = nearest(via, names)
                hint = f"; did you mean {show(close)}?" if close else ""
                report.add(
                    path, f"no host is called {show(via)}", f"allowed: a host or ssh alias{hint}"
                )
        elif names.get(via, {}).get("connection") == "local":
            report.add(path, f"{show(via)} is this machine", "take it out: no jump is needed")
        else:
            loop = loops.pop(str(host.get("name")), None)
            if loop:
                way = one_line(" → ".join(loop))
                report.add(path, f"a loop: {way}", "one of them must be reached alone")


def _loops(jumps: Mapping[str, str]) -> dict[str, list[str]]:
    """Return each loop once: its first host in file order, and the way back to it."""
    loops: dict[str, list[str]] = {}
    seen: set[str] = set()
    for start in jumps:
        way: dict[str, None] = {}
        name = start
        while name in jumps and name not in seen:
            seen.add(name)
            way[name] = None
            name = jumps[name]
        if name in way:
            ring = list(way)[list(way).index(name) :]
            members = set(ring)
            first = next(host for host in jumps if host in members)
            turn = ring.index(first)
            loops[first] = [*ring[turn:], *ring[:turn], first]
    return loops


def _references(document: Document, report: Report) -> None:
    """Check the hosts and targets that other sections name."""
    hosts = document.entries("host")
    if not hosts or not all("name" in host for host in hosts):
        return
    fleet = [
        Host(
            str(host["name"]),
            groups=_groups(host),
            roles=frozenset(cast("tuple[Role, ...]", host.get("roles", ()))),
        )
        for host in hosts
    ]
    names = [host.name for host in fleet]
    single: list[tuple[tuple[str | int, ...], object]] = [
        (("queue", "host"), document.table("queue").get("host"))
    ]
    single += [
        (("mcp", position, "host"), server.get("host"))
        for position, server in enumerate(document.entries("mcp"))
    ]
    for path, name in single:
        if name is not None and name not in names:
            close = nearest(str(name), names)
            hint = f'did you mean "{close}"?' if close else "allowed: the name of a [[host]]"
            report.add(path, f"no host is called {show(name)}", hint)
    for section, key in (("notify", "hosts"), ("daemon", "target"), ("schedule", "target")):
        for position, entry in enumerate(document.entries(section)):
            if key in entry:
                try:
                    resolve(str(entry[key]), fleet)
                except TargetError as error:
                    report.add(
                        (section, position, key), error.what, error.mend or "mend the target"
                    )
    workers = document.table("queue").get("workers")
    if workers is not None:
        try:
            resolve(str(workers), fleet)
        except TargetError as error:
            report.add(("queue", "workers"), error.what, error.mend or "mend the target")


def _duties(document: Document, report: Report) -> None:
    """Daemons and schedules are called by their names alone, in commands, locks and heartbeats."""
    first: dict[str, str] = {}
    for section in ("daemon", "schedule"):
        for position, entry in enumerate(document.entries(section)):
            name, here = entry.get("name"), f"{section}[{position + 1}]"
            earlier = first.setdefault(str(name).casefold(), here) if name is not None else here
            if earlier != here:
                report.add(
                    (section, position, "name"),
                    f"{show(name)} is the name of {earlier} already",
                    "each daemon and schedule needs its own",
                )


def _choices_between_keys(document: Document, report: Report) -> None:
    for position, entry in enumerate(document.entries("notify")):
        for stem in ("url", "token"):
            given = [key for key in (stem, f"{stem}_env", f"{stem}_command") if key in entry]
            for key in given[1:]:
                report.add(
                    ("notify", position, key), f"found beside {given[0]}", "leave one of them out"
                )
    queue = document.table("queue")
    if queue.get("backend") == "sftp" and "host" not in queue:
        report.add(("queue", "host"), "missing", "sftp needs the host that keeps the folder")


def _servers_named(document: Document, report: Report) -> None:
    """Check that the MCP servers which daemons and schedules ask for are declared."""
    declared = tuple(str(entry.get("name")) for entry in document.entries("mcp"))
    for section in ("daemon", "schedule"):
        for position, entry in enumerate(document.entries(section)):
            for name in cast("tuple[str, ...]", entry.get("mcp", ())):
                if name not in declared:
                    close = nearest(name, declared)
                    hint = f'did you mean "{close}"?' if close else "add a [[mcp]] of that name"
                    what = f"no MCP server is called {show(name)}"
                    report.add((section, position, "mcp"), what, hint)


def _mcp_servers(document: Document, report: Report) -> None:
    """Check that each can be reached: by what starts it, or by where it listens."""
    seen: set[object] = set()
    for position, entry in enumerate(document.entries("mcp")):
        path = ("mcp", position)
        name, transport = entry.get("name"), entry.get("transport")
        if name is not None and name in seen:
            report.add((*path, "name"), f"{show(name)} is declared twice", "give it another name")
        seen.add(name)
        if "command" in entry and "url" in entry:
            report.add((*path, "url"), "found beside command", "leave one of them out")
        elif transport in ("http", "sse") and "url" not in entry:
            report.add((*path, "url"), "missing", f"{transport} needs where the server listens")
        elif transport == "stdio" and "command" not in entry:
            report.add((*path, "command"), "missing", "stdio needs what starts the server")
        elif "command" not in entry and "url" not in entry:
            report.add((*path, "command"), "missing", "a server needs a command, or a url")
        tokens = [key for key in ("token_env", "token_file") if key in entry]
        for key in tokens[1:]:
            report.add((*path, key), f"found beside {tokens[0]}", "leave one of them out")
        if tokens and "command" in entry:
            why = "a server that is started takes no token; let its command read one"
            report.add((*path, tokens[0]), "found beside command", why)
        url = entry.get("url")
        if url is not None and not str(url).startswith(("http://", "https://")):
            allowed = "allowed: a URL that begins with http:// or https://"
            report.add((*path, "url"), f"found {show(url)}", allowed)
