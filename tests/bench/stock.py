"""asyncssh as its documentation shows it, as a peer: one connection a host, read line by line."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import asyncssh

from tests.support.sshd import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.bench.lab import Site


@contextlib.asynccontextmanager
async def connections(site: Site, count: int) -> AsyncIterator[list[asyncssh.SSHClientConnection]]:
    """Yield that many open connections."""
    opened = await asyncio.gather(*(_connect(site) for _ in range(count)))
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()
        await asyncio.gather(*(connection.wait_closed() for connection in opened))


async def _connect(site: Site) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        LOOPBACK,
        site.port,
        username=site.user,
        client_keys=[str(site.user_key)],
        known_hosts=str(site.known_hosts),
        config=None,
        agent_path=None,
        encryption_algs=["aes128-gcm@openssh.com"],
    )


async def count_lines(
    held: Sequence[asyncssh.SSHClientConnection], command: str
) -> tuple[int, ...]:
    """Run `command` on all of them with `async for line`; returns the lines of each."""

    async def one(connection: asyncssh.SSHClientConnection) -> int:
        lines = 0
        async with connection.create_process(
            command, encoding=None, stdin=asyncssh.DEVNULL
        ) as process:
            async for line in process.stdout:
                lines += bool(line)  # it yields an empty item at the end
        return lines

    return tuple(await asyncio.gather(*(one(connection) for connection in held)))


async def count_bytes(
    held: Sequence[asyncssh.SSHClientConnection], command: str
) -> tuple[int, ...]:
    """Run `command` on all of them, reading blocks; returns the bytes of each."""

    async def one(connection: asyncssh.SSHClientConnection) -> int:
        size = 0
        async with connection.create_process(
            command, encoding=None, stdin=asyncssh.DEVNULL
        ) as process:
            while data := await process.stdout.read(65536):
                size += len(data)
        return size

    return tuple(await asyncio.gather(*(one(connection) for connection in held)))
