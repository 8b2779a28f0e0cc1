"""The small protocol behind which every host looks alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from fleet_tui.model.host import Host

SignalName = Literal["INT", "TERM", "HUP", "KILL"]


class ProcessSink(Protocol):
    """Receives a process's bytes as they come, on the core's loop.

    Neither method may raise or block: an exception inside an SSH session callback would close
    the connection and every other run on it.
    """

    def stdout_received(self, data: bytes) -> None:
        """Take the next bytes of standard output."""

    def stderr_received(self, data: bytes) -> None:
        """Take the next bytes of standard error."""


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a process ended. Both None: never learned, because contact was lost."""

    code: int | None = None
    signal: str | None = None
    """Name without SIG (`TERM`)."""
    reason: str = ""
    """Why contact was lost, sanitized; empty otherwise."""

    @property
    def is_lost(self) -> bool:
        """True when the process may still run for all we know."""
        return self.code is None and self.signal is None


@dataclass(frozen=True, slots=True)
class Completed:
    """A short command's whole outcome; output is raw bytes, cut at the caller's limit."""

    status: ExitStatus
    stdout: bytes
    stderr: bytes


class Process(Protocol):
    """A running command."""

    async def wait(self) -> ExitStatus:
        """Return when the process has ended *and* its last byte reached the sink."""

    async def write(self, data: bytes) -> None:
        """Send `data` to its standard input, waiting while the peer's window is full."""

    def close_stdin(self) -> None:
        """Send end-of-file."""

    def send_signal(self, name: SignalName) -> None:
        """Signal the process group. A peer that refuses signals ignores it silently."""

    def pause_reading(self) -> None:
        """Stop taking bytes; the peer blocks when its window is full."""

    def resume_reading(self) -> None:
        """Go on taking bytes."""

    def abort(self) -> None:
        """Give the process up at once; `wait` then returns a lost status. Never blocks."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One thing in a folder, as the host's file system tells it."""

    name: str
    size: int
    changed_at: float
    """Unix seconds of the host's clock."""
    is_folder: bool


class RemoteFiles(Protocol):
    """Files of a host (SFTP, or the local disk). Paths are POSIX paths of that host."""

    async def read(self, path: str, *, offset: int = 0, size: int = -1) -> bytes:
        """Return up to `size` bytes from `offset`; raises FileNotFoundError, PermissionError."""

    async def write(self, path: str, data: bytes, *, mode: int = 0o600) -> None:
        """Write `data` to a temporary name beside `path`, then rename it over `path`."""

    async def exists(self, path: str) -> bool:
        """Return whether something is at `path`."""

    async def listdir(self, path: str) -> list[str]:
        """Return the names in a folder, without `.` and `..`; raises FileNotFoundError."""

    async def entries(self, path: str) -> list[FileEntry]:
        """Return what is in a folder, by name; raises FileNotFoundError, PermissionError."""


class Connection(Protocol):
    """A way to one host that is open until it is lost or closed."""

    @property
    def host(self) -> Host:
        """The host at the other end."""

    @property
    def is_open(self) -> bool:
        """False once the connection was lost or closed; a new one must be asked of the pool."""

    async def start(
        self, line: str, sink: ProcessSink, *, stdin: bytes | Literal["open"] | None = None
    ) -> Process:
        """Start `line` in the host's login shell.

        `stdin` bytes are sent and closed; None closes it at once; "open" leaves it to the caller.
        Raises Unreachable.
        """

    async def run(
        self, line: str, *, stdin: bytes | None = None, timeout: float, limit: int = 1 << 20
    ) -> Completed:
        """Run a short command to its end; raises Unreachable, or TimeoutError after killing it."""

    async def files(self) -> RemoteFiles:
        """Return the host's files; raises Unreachable when it offers none."""

    def forward_local(self, remote_host: str, remote_port: int) -> AbstractAsyncContextManager[int]:
        """Listen on a free loopback port here for `remote_host:remote_port` as the host sees it.

        Yields the port. Raises Unreachable.
        """

    def forward_remote(self, local_port: int) -> AbstractAsyncContextManager[int]:
        """Listen on a free loopback port *of the host* for `127.0.0.1:local_port` here."""

    def close(self) -> None:
        """Close it; processes still running on it end as lost."""


class Connector(Protocol):
    """Where connections come from: the pool, or a fake one in tests."""

    async def connection(self, host: str) -> Connection:
        """Return a live connection to the host, opening one if needed; raises Unreachable."""

    def warm(self, host: str) -> Connection | None:
        """Return the host's open connection, None when one would have to be made."""

    def closed(self) -> AsyncIterator[str]:
        """Yield the name of each host whose connection is lost, until the pool closes."""
