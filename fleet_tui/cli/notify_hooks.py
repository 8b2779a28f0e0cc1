"""`fleet-tui notify install-hook`: lets the agent of a host tell of itself, and takes that back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fleet_tui.cli.console import say
from fleet_tui.model.errors import UsageError
from fleet_tui.notify import hooks

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet


async def install(fleet: Fleet, names: list[str], options: argparse.Namespace) -> int:
    """Show what would be written into the settings of a host's agent, ask, and write it."""
    if len(names) != 1 or names[0] not in {host.name for host in fleet.config.hosts}:
        known = ", ".join(host.name for host in fleet.config.hosts)
        raise UsageError("name one host", mend=f"fleet-tui notify install-hook HOST: {known}")
    (host,) = names
    url = fleet.parts.notices.ways.url_for(host)
    if not url and not options.undo:
        raise UsageError(
            f"{host} may not send to the receiver",
            mend="add a [receiver] with a port to fleet.toml, whose hosts it is one of",
        )
    connection = await fleet.pool.connection(host)
    files = await connection.files()
    home = await hooks.agent_home(connection)
    change = await hooks.planned(files, home, None if options.undo else url + hooks.PATH)
    if not change.is_needed:
        say(f"{host}: {change.path} is as it should be; nothing was written")
        return 0
    for line in change.diff:
        say(line.replace(url, "$CLAUDE_NOTIFY_URL") if url else line)
    if not options.yes and not _agrees(host):
        say("nothing was written")
        return 1
    backup = await hooks.apply(files, change)
    say(f"{host}: {change.path} is written" + (f"; it was {backup}" if backup else ""))
    if not options.undo:
        say("undo it with: fleet-tui notify install-hook --undo " + host)
    return 0


def _agrees(host: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked", mend="give --yes once you have read it")
    sys.stderr.write(f"Write this into the agent's settings on {host}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
