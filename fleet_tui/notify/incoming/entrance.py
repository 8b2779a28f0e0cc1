"""Opens the receiver to the machines of the fleet: here, and by SSH on the loopback of the others.

Each machine has a door of its own, so that whoever sends is known by where it is, not by what it
says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line
from fleet_tui.transport.kept_door import KeptDoors
from fleet_tui.transport.remote_port import LOOPBACK
from fleet_tui.transport.shell import sh_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.context import FleetContext
    from fleet_tui.notify.incoming.settings import ReceiverSettings
    from fleet_tui.transport.base import Connection
    from fleet_tui.transport.loopback_http import HttpServer

HERE = "fleet"
"""What this machine is called when no host of fleet.toml is it."""
NOTE_SECONDS = 20.0
_NOTE = """
d="${XDG_STATE_HOME:-$HOME/.local/state}/fleet-tui"; umask 077; mkdir -p "$d" || exit 1
new="$d/.notify.url.$$"; cat >"$new" && chmod 600 "$new" && mv -f "$new" "$d/notify.url"
"""
NOTE_LINE = sh_line(_NOTE)
"""Leaves the address, which arrives on standard input: no list of processes shows it."""


class Entrance:
    """Keeps a door open to each machine, over every loss of contact."""

    def __init__(
        self,
        context: FleetContext,
        settings: ReceiverSettings,
        server: HttpServer,
        url: str,
        changed: Callable[[], None],
    ) -> None:
        self._context = context
        self._settings = settings
        self._server = server
        self._url = url
        self._doors = KeptDoors(
            context.pool,
            server,
            settings.port,
            furnish=self._furnish,
            refused=self._refused,
            changed=changed,
        )
        self.reached = self._doors.reached
        """Machines from which the receiver can be reached now."""
        self.problems = self._doors.problems

    async def open(self) -> None:
        """Listen here when this machine may send, and keep the other doors."""
        if self._settings.is_open_here:
            local = [
                name
                for name in self._settings.hosts
                if self._context.config.host(name).connection == "local"
            ]
            await self._open_here(local[0] if local else HERE)
        for name in self._settings.hosts:
            self._doors.keep(name)

    async def close(self) -> None:
        """Take every forward back."""
        await self._doors.close()

    async def _open_here(self, name: str) -> None:
        """Listen on this machine's loopback; raises FleetError when the port is taken."""
        port = self._settings.port
        try:
            await self._server.open_door(name, LOOPBACK, port)
        except OSError as error:
            raise FleetError(
                f"the receiver cannot listen on {LOOPBACK}:{port}: {error.strerror or error}",
                where="[receiver] port",
                mend="end what has the port, or configure another",
            ) from error

    async def _furnish(self, connection: Connection) -> None:
        if connection.host.shell == "posix":
            await leave_url(connection, self._url)

    async def _refused(self, name: str, error: FleetError) -> bool:
        self._context.notice(f"receiver/{name}", "warning", "receiver-door", name, error.what)
        return False


async def leave_url(connection: Connection, url: str) -> None:
    """Leave the address where the machine's own user can read it.

    Raises FleetError, Unreachable.
    """
    done = await connection.run(NOTE_LINE, stdin=f"{url}\n".encode(), timeout=NOTE_SECONDS)
    if done.status.code != 0:
        said = one_line(done.stderr.decode("utf-8", "replace"), 120)
        raise FleetError(
            f"the address of the receiver could not be left there: {said}",
            where=connection.host.name,
        )
