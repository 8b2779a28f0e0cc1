"""Logging in to a demo host with a plain SSH client."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet_tui.demo import DemoFleet


@asynccontextmanager
async def login(
    demo: DemoFleet, name: str, *, key: str | None = None, through_jump: bool = True
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Connect to the host `name` as its configuration says."""
    host = demo.config.host(name)
    assert host.address is not None
    assert host.port is not None
    async with AsyncExitStack() as stack:
        tunnel = None
        if host.via is not None and through_jump:
            tunnel = await stack.enter_async_context(login(demo, host.via))
        options = asyncssh.SSHClientConnectionOptions(
            username=host.user,
            client_keys=[key or str(host.key)],
            known_hosts=str(demo.config.known_hosts),
            config=None,
            agent_path=None,
            encoding=None,
        )
        connection = await asyncssh.connect(
            host.address, host.port, tunnel=tunnel or (), config=None, options=options
        )
        yield await stack.enter_async_context(connection)


async def run(
    demo: DemoFleet, name: str, line: str, stdin: bytes = b""
) -> tuple[int | None, str, str]:
    """Run `line` on the host; return exit status, output and errors."""
    source = {"input": stdin} if stdin else {"stdin": asyncssh.DEVNULL}
    async with login(demo, name) as connection:
        done = await connection.run(line, encoding=None, **source)
    assert isinstance(done.stdout, bytes)
    assert isinstance(done.stderr, bytes)
    return done.exit_status, done.stdout.decode(), done.stderr.decode()
