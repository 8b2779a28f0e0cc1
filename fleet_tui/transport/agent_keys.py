"""The keys an ssh-agent holds, FIDO ones included, over one shared connection to it."""

from __future__ import annotations

import asyncio
import time

import asyncssh

LIST_FOR = 30.0
"""Seconds for which the list of keys is trusted."""
ANSWER_WITHIN = 5.0
"""Seconds to wait for the agent to list its keys."""


class AgentKeys:
    """Lists an agent's keys; the pairs sign through the agent and are shared by all logins."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._client: asyncssh.SSHAgentClient | None = None
        self._pairs: list[asyncssh.SSHKeyPair] = []
        self._listed_at: float | None = None
        self._lock = asyncio.Lock()

    async def pairs(self) -> list[asyncssh.SSHKeyPair]:
        """Return its keys, none when it cannot be reached: that is no error, as in OpenSSH."""
        async with self._lock:
            if self._listed_at is None or time.monotonic() - self._listed_at > LIST_FOR:
                self._pairs = await self._list()
                self._listed_at = time.monotonic()
            return list(self._pairs)

    def forget(self) -> None:
        """List them anew next time."""
        self._listed_at = None

    async def close(self) -> None:
        """Close the connection to the agent."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
            await client.wait_closed()

    async def _list(self) -> list[asyncssh.SSHKeyPair]:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                if self._client is None:
                    client = asyncssh.SSHAgentClient(self._path)
                    await client.connect()
                    self._client = client
                return list(await self._client.get_keys())
        except (OSError, ValueError, TimeoutError):
            await self.close()
            return []
