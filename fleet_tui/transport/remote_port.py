"""A fixed loopback port of a host that leads back to one of ours."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet_tui.transport.base import Connection

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def forward_from_port(
    connection: Connection, remote_port: int, local_port: int
) -> AsyncIterator[int]:
    """Listen on `remote_port` of the host's loopback for `127.0.0.1:local_port` here.

    Raises FleetError when something else listens there already, Unreachable.
    """
    import asyncssh

    from fleet_tui.transport.ssh import SshConnection

    host = connection.host.name
    if not isinstance(connection, SshConnection):
        raise FleetError("only a host reached by SSH can be lent a port", where=host)
    if not connection.is_open:
        raise Unreachable("the connection was lost", host=host, fault="lost")
    try:
        listener = await connection.raw.forward_remote_port(
            LOOPBACK, remote_port, LOOPBACK, local_port
        )
    except asyncssh.ChannelListenError as error:
        raise FleetError(
            f"port {remote_port} of its loopback cannot be lent to this program",
            where=host,
            mend="end what listens there, or configure another port; sshd must AllowTcpForwarding",
        ) from error
    except (OSError, asyncssh.Error) as error:
        raise Unreachable(str(error), host=host, fault="lost") from error
    try:
        yield listener.get_port()
    finally:
        listener.close()
