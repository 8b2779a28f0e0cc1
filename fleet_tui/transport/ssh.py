"""A host over SSH: commands, files and forwards on one connection, or a few where one is full."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal, TypeVar

import asyncssh

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.asyncssh_seams import ping
from fleet_tui.transport.capture import Capture, run_to_end, stop_by_signals
from fleet_tui.transport.lane import Lane, SessionRefused
from fleet_tui.transport.root_kill import MarkedCapture, kill_group, marked
from fleet_tui.transport.ssh_errors import map_ssh_errors
from fleet_tui.transport.ssh_files import SshFiles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from fleet_tui.model.host import Host
    from fleet_tui.transport.base import Completed, Process, ProcessSink, RemoteFiles
    from fleet_tui.transport.ssh_session import SshProcess

Session = TypeVar("Session")
MAX_LANES = 16
"""Connections to one host at most, where its server allows few sessions on each."""
LOOPBACK = "127.0.0.1"


class SshConnection:
    """A Connection over SSH. Its first lane stands for it: when that is lost, so is this."""

    __slots__ = (
        "_files",
        "_freed",
        "_host",
        "_is_closed",
        "_lanes",
        "_on_lost",
        "_open_lane",
        "_opening",
        "_refuses_signals",
    )

    def __init__(
        self,
        host: Host,
        lane: Lane,
        open_lane: Callable[[], Awaitable[Lane]],
        on_lost: Callable[[SshConnection, str], None],
        *,
        user: str = "",
    ) -> None:
        self._host = host
        self._lanes = [lane]
        self._open_lane = open_lane
        self._on_lost = on_lost
        self._is_closed = False
        self._files: asyncio.Task[SshFiles] | None = None
        self._opening: asyncio.Task[Lane] | None = None
        self._freed: asyncio.Event | None = None
        self._refuses_signals = user == "root" and host.shell == "posix"
        lane.watch(self._lane_lost, self._has_freed)

    @property
    def host(self) -> Host:
        """The host at the other end."""
        return self._host

    @property
    def is_open(self) -> bool:
        """False once it was lost or closed."""
        return not self._is_closed and self._lanes[0].is_open

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Its connections, the first one first."""
        return tuple(self._lanes)

    @property
    def reason(self) -> str:
        """Why it was lost, empty while it is up."""
        return self._lanes[0].reason

    @property
    def raw(self) -> asyncssh.SSHClientConnection:
        """The first lane's connection, to tunnel other logins through."""
        assert self._lanes[0].connection is not None
        return self._lanes[0].connection

    async def round_trip(self) -> float:
        """Ask the server for a sign of life; returns the seconds until it came. One round trip.

        Raises Unreachable.
        """
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        with map_ssh_errors(self._host.name):
            await ping(self.raw)
        return loop.time() - asked_at

    async def start(
        self, line: str, sink: ProcessSink, *, stdin: bytes | Literal["open"] | None = None
    ) -> SshProcess:
        """Start `line` in the host's login shell; raises Unreachable."""
        with map_ssh_errors(self._host.name):
            return await self._start(line, sink, stdin)

    async def run(
        self, line: str, *, stdin: bytes | None = None, timeout: float, limit: int = 1 << 20
    ) -> Completed:
        """Run a short command; see `Connection.run`."""
        if not self._refuses_signals:
            return await run_to_end(
                self,
                line,
                stdin=stdin,
                timeout=timeout,
                sink=Capture(limit),
                stop=stop_by_signals,
            )
        sink = MarkedCapture(limit)

        async def stop(process: Process) -> None:
            if sink.group is None:
                await stop_by_signals(process)
            else:
                await kill_group(self, sink.group, process)

        return await run_to_end(
            self, marked(line), stdin=stdin, timeout=timeout, sink=sink, stop=stop
        )

    async def files(self) -> RemoteFiles:
        """Return its files over SFTP; raises Unreachable when it has no SFTP server."""
        if self._files is None or (self._files.done() and not _succeeded(self._files)):
            self._files = asyncio.create_task(self._open_files())
        return await asyncio.shield(self._files)

    @asynccontextmanager
    async def forward_local(self, remote_host: str, remote_port: int) -> AsyncIterator[int]:
        """Yield a loopback port here that leads to `remote_host:remote_port` as the host sees it.

        A target that refuses shows as a connection that is closed at once.
        """
        with map_ssh_errors(self._host.name):
            self._require_open()
            listener = await self.raw.forward_local_port(LOOPBACK, 0, remote_host, remote_port)
        try:
            yield listener.get_port()
        finally:
            listener.close()

    @asynccontextmanager
    async def forward_remote(self, local_port: int) -> AsyncIterator[int]:
        """Yield a loopback port of the host that leads to `127.0.0.1:local_port` here."""
        with map_ssh_errors(self._host.name):
            self._require_open()
            listener = await self.raw.forward_remote_port(LOOPBACK, 0, LOOPBACK, local_port)
        try:
            yield listener.get_port()
        finally:
            listener.close()

    def close(self) -> None:
        """Close it; processes still running on it end as lost."""
        self._is_closed = True
        for lane in self._lanes:
            lane.close()
        for task in (self._files, self._opening):
            if task is not None:
                task.cancel()
        self._has_freed()

    def lose(self, reason: str) -> None:
        """Give it up as lost, for a reason the caller knows."""
        for lane in self._lanes:
            lane.lose(reason)

    async def _start(
        self, line: str, sink: ProcessSink, stdin: bytes | Literal["open"] | None
    ) -> SshProcess:
        return await self._with_room(lambda lane: lane.start(line, sink, stdin))

    async def _with_room(self, use: Callable[[Lane], Awaitable[Session]]) -> Session:
        """Use the first lane that allows another session, opening one where all are full."""
        while True:
            self._require_open()
            lane = next((lane for lane in self._lanes if lane.has_room), None)
            if lane is None:
                await self._make_room()
                continue
            is_fresh = lane is not self._lanes[0] and lane.sessions == 0
            try:
                return await use(lane)
            except SessionRefused as error:
                if is_fresh:
                    raise self._no_sessions(str(error)) from error

    def _no_sessions(self, words: str) -> Unreachable:
        return Unreachable(
            f"the host allows no session at all: {words}",
            host=self._host.name,
            fault="channel-limit",
            mend="raise MaxSessions in its sshd_config",
        )

    async def _make_room(self) -> None:
        """Open one more connection, or wait for a session to end when there are enough."""
        if len(self._lanes) >= MAX_LANES:
            self._freed = self._freed or asyncio.Event()
            self._freed.clear()
            await self._freed.wait()
            return
        if self._opening is None:
            self._opening = asyncio.create_task(self._add_lane())
        await asyncio.shield(self._opening)

    async def _add_lane(self) -> Lane:
        try:
            lane = await self._open_lane()
            if self._is_closed:
                lane.close()
            lane.watch(self._lane_lost, self._has_freed)
            self._lanes.append(lane)
            return lane
        finally:
            self._opening = None

    def _has_freed(self) -> None:
        if self._freed is not None:
            self._freed.set()

    def _lane_lost(self, lane: Lane) -> None:
        self._has_freed()
        if lane is self._lanes[0]:
            for other in self._lanes[1:]:
                other.lose(lane.reason)
            self._on_lost(self, lane.reason)
        else:
            with contextlib.suppress(ValueError):
                self._lanes.remove(lane)

    def _require_open(self) -> None:
        if not self.is_open:
            what = f"the connection was lost: {self.reason or 'it was closed'}"
            raise Unreachable(what, host=self._host.name, fault="lost")

    async def _open_files(self) -> SshFiles:
        with map_ssh_errors(self._host.name):
            self._require_open()
            try:
                client = await self._with_room(lambda lane: lane.open_files())
            except asyncssh.ChannelOpenError as error:
                if not self.is_open:
                    raise
                raise Unreachable(
                    f"the host offers no files over SFTP: {error.reason}",
                    host=self._host.name,
                    fault="other",
                    mend="enable `Subsystem sftp` in its sshd_config",
                ) from error
        return SshFiles(self._host.name, client)


def _succeeded(task: asyncio.Task[SshFiles]) -> bool:
    return not task.cancelled() and task.exception() is None
