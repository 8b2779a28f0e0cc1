"""`fleet-tui hosts`: every host, whether it answers now, and what it said it is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.host import Host, HostFacts, LinkStatus


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `hosts`."""
    parser = commands.add_parser("hosts", help="show what is known of each host; asks them now")
    parser.add_argument("target", nargs="?", default="all", help="only these")
    parser.add_argument("--offline", action="store_true", help="connect to nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(handler=hosts_command)


def hosts_command(options: argparse.Namespace) -> int:
    """Print one row a host; exit 4 when one could not be reached."""
    return run_async(_hosts(options))


async def _hosts(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        names = resolve(options.target, fleet.config.hosts)
        hosts = [fleet.config.host(name) for name in names]
        errors: dict[str, FleetError] = {}
        if not options.offline:
            answers = await asyncio.gather(
                *(_ask(fleet, host, measures=options.json) for host in hosts)
            )
            errors = {host.name: error for host, error in zip(hosts, answers, strict=True) if error}
        now = time.time()
        rows = []
        for host in hosts:
            status, facts = fleet.link(host.name), fleet.facts(host.name)
            if options.json:
                emit("host", now, **_fields(host, status, facts))
            rows.append(_row(host, status, facts, now))
        if not options.json:
            table(rows, ("host", "roles", "state", "system", "agents", "free", "facts"))
            for name, error in errors.items():
                complain(str(error) if error.where else f"{name}: {error}")
    return (
        4
        if any(isinstance(error, Unreachable) for error in errors.values())
        else (1 if errors else 0)
    )


async def _ask(fleet: Fleet, host: Host, *, measures: bool) -> FleetError | None:
    try:
        await fleet.probe(host.name)
        if measures:
            with contextlib.suppress(TimeoutError):  # it stays unknown
                await fleet.pool.measure(host.name)
    except FleetError as error:
        return error
    return None


def _fields(host: Host, status: LinkStatus, facts: HostFacts | None) -> dict[str, object]:
    return {
        "host": host.name,
        "roles": sorted(host.roles),
        "groups": list(host.groups),
        "connection": host.connection,
        "state": status.state,
        "since": status.since,
        "proven_at": status.proven_at,
        "fault": status.fault,
        "reason": status.reason,
        "mend": status.mend,
        "latency_ms": None
        if status.latency_seconds is None
        else round(status.latency_seconds * 1000, 2),
        "server": status.server,
        "system": facts.system if facts else None,
        "agents": {
            name: {"path": found.path, "version": found.version}
            for name, found in (facts.agents.items() if facts else ())
        },
        "disk_free_bytes": facts.disk_free_bytes if facts else None,
        "uptime_seconds": facts.uptime_seconds if facts else None,
        "facts_at": facts.probed_at if facts else None,
    }


def _row(host: Host, status: LinkStatus, facts: HostFacts | None, now: float) -> tuple[str, ...]:
    state = status.state if status.fault is None else f"{status.state} ({status.fault})"
    agents = (
        ", ".join(f"{name} {found.version}" for name, found in facts.agents.items())
        if facts
        else ""
    )
    free = facts.disk_free_bytes if facts else None
    return (
        host.name,
        ",".join(sorted(host.roles)) or "-",
        state,
        facts.system if facts else "",
        agents or ("none" if facts else ""),
        "" if free is None else f"{free / 1e9:.0f} GB",
        f"{ago(now - facts.probed_at)} ago" if facts else "never asked",
    )
