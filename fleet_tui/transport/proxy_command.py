"""`ProxyCommand`: a program that carries the connection, run by a shell as OpenSSH does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket


class ProxyCommand:
    """The running program; its standard streams are one end of a socket pair."""

    def __init__(self, process: asyncio.subprocess.Process, ours: socket.socket) -> None:
        self._process = process
        self.socket = ours

    @classmethod
    async def start(cls, command: str) -> ProxyCommand:
        """Start `command`; raises OSError."""
        ours, theirs = socket.socketpair()
        shell = os.environ.get("SHELL") or "/bin/sh"
        try:
            process = await asyncio.create_subprocess_exec(
                shell,
                "-c",
                f"exec {command}",
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        return cls(process, ours)

    async def end(self) -> None:
        """End it, if it did not end with its connection, and see it off."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()
