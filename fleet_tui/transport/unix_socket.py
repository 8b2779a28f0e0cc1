"""Writes to a Unix socket of a host: through the SSH connection itself, or by what is there."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.text import one_line
from fleet_tui.transport.local import LocalConnection
from fleet_tui.transport.shell import quote

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection

SOCKET_LINE = "sh -s fleet-peers-socket"
WITHIN = 15.0
BY_COMMAND_LIMIT = 80_000
"""Bytes that fit on a command line, where the connection cannot reach the socket itself."""

_PYTHON = "import base64,socket,sys;s=socket.socket(1);s.connect(sys.argv[1]);"
_SCRIPT = f"""
if command -v python3 >/dev/null 2>&1; then
python3 -c "{_PYTHON}s.sendall(base64.b64decode(sys.argv[2]))" "$2" "$3"
elif command -v perl >/dev/null 2>&1; then
perl -MIO::Socket::UNIX -MMIME::Base64 -e 'my $s = IO::Socket::UNIX->new(Peer => $ARGV[0])
or die "$!"; print $s decode_base64($ARGV[1]); $s->flush or die "$!"' "$2" "$3"
else echo "neither python3 nor perl is there to reach the socket" >&2; exit 3; fi
"""


async def send_to_socket(connection: Connection, path: str, data: bytes) -> None:
    """Connect to the socket at `path` of the host, write `data`, and close.

    That it was written says nothing of its being read. Raises FleetError when nobody listens
    there, Unreachable, TimeoutError.
    """
    async with asyncio.timeout(WITHIN):
        if isinstance(connection, LocalConnection):
            await _send_here(connection.host.name, path, data)
        elif not await _send_through(connection, path, data):
            await _send_by_command(connection, path, data)


async def _send_here(host: str, path: str, data: bytes) -> None:
    try:
        _reader, writer = await asyncio.open_unix_connection(path)
        try:
            writer.write(data)
            await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()
    except OSError as error:
        raise _nobody(host, path, str(error)) from error


async def _send_through(connection: Connection, path: str, data: bytes) -> bool:
    """Use OpenSSH's forwarding of sockets; False where that fails: a command then says why."""
    import asyncssh

    from fleet_tui.transport.ssh import SshConnection

    if not isinstance(connection, SshConnection) or not connection.is_open:
        return False
    try:
        _reader, writer = await connection.raw.open_unix_connection(path)
    except (OSError, asyncssh.Error):
        return False
    try:
        writer.write(data)
        await writer.drain()
        writer.write_eof()
    except (OSError, asyncssh.Error) as error:
        raise Unreachable(str(error), host=connection.host.name, fault="lost") from error
    finally:
        writer.close()
    return True


async def _send_by_command(connection: Connection, path: str, data: bytes) -> None:
    host = connection.host.name
    if len(data) > BY_COMMAND_LIMIT:
        raise FleetError(
            f"{len(data):,} bytes are too many where the server forwards no sockets",
            where=host,
            mend="allow it there: `AllowStreamLocalForwarding yes` in sshd_config",
        )
    line = f"{SOCKET_LINE} {quote(path)} {base64.b64encode(data).decode()}"
    done = await connection.run(line, stdin=_SCRIPT.encode(), timeout=WITHIN)
    if done.status.is_lost:
        raise Unreachable(done.status.reason or "the connection was lost", host=host, fault="lost")
    if done.status.code != 0:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise _nobody(host, path, said)


def _nobody(host: str, path: str, said: str) -> FleetError:
    return FleetError(
        f"nobody listens at {path}: {one_line(said, 120) or 'no reason was given'}",
        where=host,
        mend="the session has ended, or never opened its inbox",
    )
