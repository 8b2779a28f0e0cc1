"""One SSH connection with the sessions open on it; a host may need several."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import asyncssh
from asyncssh.constants import OPEN_REQUEST_SESSION_FAILED

from fleet_tui.transport.asyncssh_seams import open_session
from fleet_tui.transport.ssh_errors import describe
from fleet_tui.transport.ssh_session import WINDOW, SshProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.transport.base import ProcessSink


class SessionRefused(Exception):
    """The server allows no more sessions on this connection (`MaxSessions`)."""


class Lane:
    """A logged-in connection. It learns from refusals how many sessions the server allows."""

    __slots__ = (
        "_on_free",
        "_on_lost",
        "_when_gone",
        "connection",
        "limit",
        "reason",
        "sessions",
    )

    def __init__(self) -> None:
        self.connection: asyncssh.SSHClientConnection | None = None
        self.limit: int | None = None
        """Sessions the server allows at once, None until it refused one."""
        self.sessions = 0
        self.reason = ""
        """Why it was lost; empty while it is up."""
        self._on_lost: Callable[[Lane], None] | None = None
        self._on_free: Callable[[], None] | None = None
        self._when_gone: list[Callable[[], None]] = []

    @property
    def is_open(self) -> bool:
        """True while it can carry a session."""
        return self.connection is not None and not self.reason

    @property
    def has_room(self) -> bool:
        """True when the server is expected to allow one more session."""
        return self.is_open and (self.limit is None or self.sessions < self.limit)

    def watch(self, on_lost: Callable[[Lane], None], on_free: Callable[[], None]) -> None:
        """Say who is told of its loss, and of each session that ends."""
        self._on_lost = on_lost
        self._on_free = on_free

    def when_gone(self, callback: Callable[[], None]) -> None:
        """Call `callback` once it is lost or closed, at once when it already is."""
        if self.reason:
            callback()
        else:
            self._when_gone.append(callback)

    async def wait_closed(self) -> None:
        """Return when the connection has ended; may take for ever, bound it."""
        if self.connection is not None:
            await self.connection.wait_closed()

    def was_lost(self, error: Exception | None) -> None:
        """Take note that it is gone; called by the connection's owner."""
        if not self.reason:
            self.reason = describe(error) if error is not None else "the host closed it"
        for callback in self._when_gone:
            callback()
        self._when_gone.clear()
        if self._on_lost is not None:
            self._on_lost(self)

    def lose(self, reason: str) -> None:
        """Give it up, without waiting for anybody."""
        if not self.reason:
            self.reason = reason
        if self.connection is not None:
            self.connection.abort()

    def close(self) -> None:
        """Say goodbye and close it; processes still running on it end as lost."""
        if not self.reason:
            self.reason = "the connection was closed"
        if self.connection is not None:
            self.connection.close()

    async def start(
        self, line: str, sink: ProcessSink, stdin: bytes | Literal["open"] | None
    ) -> SshProcess:
        """Open a session for `line`; raises SessionRefused, or what asyncssh raises."""
        assert self.connection is not None
        process = SshProcess(sink, self._session_ended, self._why_lost)
        opened = self.sessions
        self.sessions += 1
        try:
            await open_session(self.connection, process, line, stdin, WINDOW)
        except asyncssh.ChannelOpenError as error:
            if process.has_begun:
                raise
            self.sessions -= 1
            if self.is_open:
                self.limit = min(opened, self.limit or opened)
                raise SessionRefused(describe(error)) from error
            raise
        except asyncio.CancelledError:
            if process.has_begun:
                process.abort()
            else:
                self.sessions -= 1
            raise
        return process

    async def open_files(self) -> asyncssh.SFTPClient:
        """Open an SFTP session; raises SessionRefused, or what asyncssh raises."""
        assert self.connection is not None
        opened = self.sessions
        try:
            client = await self.connection.start_sftp_client(path_errors="surrogateescape")
        except asyncssh.ChannelOpenError as error:
            if self.is_open and error.code != OPEN_REQUEST_SESSION_FAILED:
                self.limit = min(opened, self.limit or opened)
                raise SessionRefused(describe(error)) from error
            raise
        self.sessions += 1
        return client

    def _session_ended(self, process: SshProcess) -> None:
        self.sessions -= 1
        if self.limit is not None:
            self.limit = max(self.limit, 1)
        if self._on_free is not None:
            self._on_free()

    def _why_lost(self) -> str:
        return self.reason
