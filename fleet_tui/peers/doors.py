"""Opens the broker to every host: on this machine's loopback, and by SSH on that of the others."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.host import Host
from fleet_tui.model.text import one_line
from fleet_tui.peers.foreign import ForeignBroker
from fleet_tui.transport import stdio_mcp
from fleet_tui.transport.kept_door import KeptDoors
from fleet_tui.transport.local import LocalConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.context import FleetContext
    from fleet_tui.peers.bridge import Bridges
    from fleet_tui.peers.settings import PeersSettings
    from fleet_tui.transport.base import Connection
    from fleet_tui.transport.loopback_http import HttpServer

KEY_LINE = "sh -s fleet-peers-key"
_KEY = """
d="${XDG_STATE_HOME:-$HOME/.local/state}/fleet-tui"; umask 077; mkdir -p "$d" || exit 1
printf "%%s\\n%%s\\n" '%s' '%s' >"$d/.peers.key.$$" && mv -f "$d/.peers.key.$$" "$d/peers.key"
cat >"$d/.session_server.$$" <<'END-OF-SERVER' && mv -f "$d/.session_server.$$" "$d/peers-tools.py"
%s
END-OF-SERVER
"""
"""The port and the key, for nobody but the user: without it no session can enrol. With them comes
the server of tools that an agent there can be given; nothing starts it."""
_ONCE = ("from __future__ import", "from fleet_tui.transport.stdio_mcp import")
"""Lines of the tools that have no place behind the protocol they were written for."""


class Doors:
    """One listener a host, so that whoever knocks is known by the host it comes from."""

    def __init__(
        self,
        context: FleetContext,
        settings: PeersSettings,
        server: HttpServer,
        bridges: Bridges,
        changed: Callable[[], None],
    ) -> None:
        self._context = context
        self._settings = settings
        self._server = server
        self._bridges = bridges
        self._why = ""
        """Why the last attempt to listen here failed."""
        self._address = settings.broker_host or "127.0.0.1"
        self._doors = KeptDoors(
            context.pool,
            server,
            settings.broker_port,
            furnish=self._furnish,
            refused=self._refused,
            changed=changed,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._keys: dict[str, str] = {}
        self.reached = self._doors.reached
        """Hosts from whose loopback the broker can be reached now."""

    def key_of(self, door: str) -> str | None:
        """Return the key with which sessions of a host enrol."""
        return self._keys.get(door)

    async def open(self, here: str) -> None:
        """Listen on this machine, or join the claude-peers broker that has the port.

        Raises FleetError when something else has it.
        """
        if not await self._opened_here(here) and not await self._bridge_here(here):
            raise FleetError(
                f"the broker cannot listen on {self._address}:{self._settings.broker_port}:"
                f" {self._why}",
                where="[peers] broker",
                mend="end what has the port, or configure another port",
            )
        for host in self._context.config.hosts:
            if host.name == here or host.connection == "local":
                continue
            if host.shell == "posix":
                self._doors.keep(host.name)

    async def _bridge_here(self, here: str) -> bool:
        """Join the broker on this machine from now on; False when it is none of claude-peers."""
        broker = ForeignBroker(here, self._settings.broker_port)
        is_there = await broker.is_there()
        broker.close()
        if not is_there:
            return False
        self._tasks.append(asyncio.create_task(self._keep_bridge(here)))
        return True

    async def _keep_bridge(self, here: str) -> None:
        connection = LocalConnection(Host(here, connection="local"))
        try:
            while not await self._opened_here(here):
                with contextlib.suppress(FleetError):
                    await self._bridges.serve(connection)
                await asyncio.sleep(1.0)
        finally:
            connection.close()

    async def _opened_here(self, here: str) -> bool:
        """Listen on this machine ourselves, once nobody else does; False while somebody does."""
        try:
            await self._server.open_door(here, self._address, self._settings.broker_port)
        except OSError as error:
            self._why = error.strerror or str(error)
            return False
        self._keys[here] = secrets.token_urlsafe(24)
        self._doors.opened(here)
        return True

    async def close(self) -> None:
        """Take every forward back."""
        await self._doors.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def leave_key(self, connection: Connection, door: str) -> None:
        """Leave the key of a door where the host's own user can read it; raises FleetError."""
        tools = await asyncio.to_thread(session_server_text)
        script = _KEY % (self._settings.broker_port, self._keys[door], tools)
        done = await connection.run(KEY_LINE, stdin=script.encode(), timeout=20.0)
        if done.status.code != 0:
            said = one_line(done.stderr.decode("utf-8", "replace"), 120)
            raise FleetError(f"its key for the broker could not be left there: {said}", where=door)

    async def _furnish(self, connection: Connection) -> None:
        host = connection.host.name
        self._keys.setdefault(host, secrets.token_urlsafe(24))
        await self.leave_key(connection, host)

    async def _refused(self, host: str, error: FleetError) -> bool:
        if await self._bridged(host):
            return True
        self._context.notice(f"peers/door/{host}", "warning", "peers-door", host, error.what)
        return False

    async def _bridged(self, host: str) -> bool:
        """Join the host's own broker for as long as it lasts; False when it has none."""
        try:
            connection = await self._context.pool.connection(host)
            return await self._bridges.serve(connection)
        except (FleetError, TimeoutError):
            return False


def session_server_text() -> str:
    """Return the program that gives an agent session its tools: one file that stands alone."""
    protocol = Path(stdio_mcp.__file__).read_text(encoding="utf-8")
    tools = Path(__file__).with_name("session_server.py").read_text(encoding="utf-8")
    own = [line for line in tools.splitlines(keepends=True) if not line.startswith(_ONCE)]
    return protocol + "".join(own)
