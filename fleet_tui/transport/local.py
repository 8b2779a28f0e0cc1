"""This machine as a host: commands in the login shell, as `ssh` would start them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.capture import Capture, run_to_end, stop_by_signals
from fleet_tui.transport.local_files import LocalFiles
from fleet_tui.transport.local_process import LocalProcess
from fleet_tui.transport.relay import relay_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet_tui.model.host import Host
    from fleet_tui.transport.base import Completed, ProcessSink, RemoteFiles

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class LocalConnection:
    """A Connection to this machine. It is never lost; closing it kills what still runs."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._is_open = True
        self._processes: set[LocalProcess] = set()
        self._all_reaped = asyncio.Event()

    @property
    def host(self) -> Host:
        """The host as configured."""
        return self._host

    @property
    def is_open(self) -> bool:
        """True until closed."""
        return self._is_open

    async def start(
        self, line: str, sink: ProcessSink, *, stdin: bytes | Literal["open"] | None = None
    ) -> LocalProcess:
        """Start `line` in its own session, in the home folder. Raises Unreachable."""
        if not self._is_open:
            raise self._unreachable("the connection is closed")
        loop = asyncio.get_running_loop()
        process = LocalProcess(loop, sink, self._reaped)
        self._processes.add(process)
        try:
            await loop.subprocess_exec(
                lambda: process,
                *shell_argv(line),
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=_home(),
                env=_environment(),
                **_own_group(),
            )
        except (OSError, ValueError) as error:
            self._reaped(process)
            raise self._unreachable(f"the shell did not start: {error}") from error
        if isinstance(stdin, bytes):
            process.send_and_close(stdin)
        return process

    async def run(
        self, line: str, *, stdin: bytes | None = None, timeout: float, limit: int = 1 << 20
    ) -> Completed:
        """Run a short command; see `Connection.run`."""
        sink = Capture(limit)
        return await run_to_end(
            self, line, stdin=stdin, timeout=timeout, sink=sink, stop=stop_by_signals
        )

    async def files(self) -> RemoteFiles:
        """Return the local disk."""
        return LocalFiles()

    @asynccontextmanager
    async def forward_local(self, remote_host: str, remote_port: int) -> AsyncIterator[int]:
        """Yield a loopback port that leads to `remote_host:remote_port`."""
        if remote_host in _LOOPBACK:
            yield remote_port
            return
        async with relay_to(remote_host, remote_port) as port:
            yield port

    @asynccontextmanager
    async def forward_remote(self, local_port: int) -> AsyncIterator[int]:
        """Yield `local_port`: here and there are the same machine."""
        yield local_port

    def close(self) -> None:
        """Close it; what still runs is killed and ends as lost."""
        self._is_open = False
        for process in tuple(self._processes):
            process.abort()

    async def wait_closed(self) -> None:
        """Return once every process it started has been reaped; bound it."""
        while self._processes:
            self._all_reaped.clear()
            await self._all_reaped.wait()

    def _reaped(self, process: LocalProcess) -> None:
        self._processes.discard(process)
        self._all_reaped.set()

    def _unreachable(self, what: str) -> Unreachable:
        return Unreachable(what, host=self._host.name, fault="other")


def shell_argv(line: str) -> list[str]:
    """Return the argument vector that runs `line` in the user's login shell.

    On Windows that is PowerShell (untested there).
    """
    if sys.platform == "win32":
        return ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", line]
    return [login_shell(), "-c", line]


def login_shell() -> str:
    """Return the user's shell: `$SHELL`, or what the user database says, or `/bin/sh`."""
    shell = os.environ.get("SHELL", "")
    if not shell and sys.platform != "win32":
        import pwd

        try:
            shell = pwd.getpwuid(os.getuid()).pw_shell
        except KeyError:
            shell = ""
    return shell if shell and os.access(shell, os.X_OK) else "/bin/sh"


def _environment() -> dict[str, str] | None:
    """Return the environment with the login shell in it, where sshd puts it and cron may not."""
    return None if sys.platform == "win32" else {**os.environ, "SHELL": login_shell()}


def _home() -> str | None:
    home = os.path.expanduser("~")
    return home if os.path.isdir(home) else None


def _own_group() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
