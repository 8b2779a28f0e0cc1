"""A server that plays hundreds of hosts: real SSH, pretended commands. For speed, not for truth.

Run as `python -m tests.support.ssh_simulator PORT FOLDER`; FOLDER holds `host_key`, `user_key` and
`user_key.pub`, which are made when missing. Commands: `true`, `false`, `exit N`, `echo WORDS`,
`gen LINES LENGTH` (flat out), `drip LINES MILLISECONDS` (a packet a line), `flood LINES` (a packet
a line, as fast as it can), `sleep SECONDS`, `cat`.
Anything else is accepted, says nothing and exits 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import asyncssh
from asyncssh.connection import SSHServerConnection

from fleet_tui.transport.asyncssh_seams import is_tuned
from fleet_tui.transport.asyncssh_wire import TunedWire
from tests.support.sshd import LOOPBACK, free_port, make_key, public_key

if TYPE_CHECKING:
    from types import TracebackType

_BLOCK = 32768
_STARTS_WITHIN = 60.0


@lru_cache(maxsize=8)
def _lines(count: int, length: int) -> bytes:
    return b"".join(b"%07d %s\n" % (n, b"x" * max(0, length - 9)) for n in range(count))


class _Session(asyncssh.SSHServerSession[bytes]):
    """One pretended command."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    def exec_requested(self, command: str) -> bool:
        self._words = command.split() or ["true"]
        return True

    def session_started(self) -> None:
        match self._words:
            case ["false"]:
                self._channel.exit(1)
            case ["exit", code]:
                self._channel.exit(int(code))
            case ["echo", *words]:
                self._channel.write(" ".join(words).encode() + b"\n")
                self._channel.exit(0)
            case ["gen" | "drip" | "flood" | "sleep", *_]:
                self._task = asyncio.get_running_loop().create_task(self._play())
            case ["cat"]:
                return
            case _:
                self._channel.exit(0)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._words == ["cat"]:
            self._channel.write(data)

    def eof_received(self) -> bool:
        if self._words == ["cat"]:
            self._channel.exit(0)
        return True

    def signal_received(self, signal: str) -> None:
        self._channel.exit_with_signal(signal)

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    async def _play(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            match self._words:
                case ["gen", count, length]:
                    data = _lines(int(count), int(length))
                    for start in range(0, len(data), _BLOCK):
                        await self._may_write.wait()
                        self._channel.write(data[start : start + _BLOCK])
                case ["drip", count, milliseconds]:
                    for number in range(int(count)):
                        await self._may_write.wait()
                        self._channel.write(b"line %07d of a small packet stream\n" % number)
                        await asyncio.sleep(float(milliseconds) / 1000)
                case ["flood", count]:
                    for number in range(int(count)):
                        await self._may_write.wait()
                        self._channel.write(b"line %07d of a small packet stream\n" % number)
                        if number % 50 == 0:
                            await asyncio.sleep(0)
                case ["sleep", seconds]:
                    await asyncio.sleep(float(seconds))
            self._channel.exit(0)


class _LeanConnection(TunedWire, SSHServerConnection):
    """A server that costs as little as we can make it, so that it is not what is measured."""


class _Server(asyncssh.SSHServer):
    """Lets the one user key in, under any name."""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        if is_tuned():
            conn.__class__ = _LeanConnection
            cast("_LeanConnection", conn).tune()

    def begin_auth(self, username: str) -> bool:
        return True

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return _Session()


def prepare(folder: Path) -> None:
    """Make the keys that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("host_key", "user_key"):
        if not (folder / name).exists():
            make_key(folder / name)


async def serve(port: int, folder: Path) -> asyncssh.SSHAcceptor:
    """Listen on loopback; returns the acceptor."""
    prepare(folder)
    return await asyncssh.listen(
        LOOPBACK,
        port,
        server_factory=_Server,
        server_host_keys=[str(folder / "host_key")],
        authorized_client_keys=str(folder / "user_key.pub"),
        encoding=None,
        gss_host=None,
        backlog=2000,
        line_editor=False,
        config=None,
        compression_algs=["none"],
        allow_pty=False,
    )


class SshSimulator:
    """The server in a process of its own: `with SshSimulator(folder) as simulator:`."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.user_key = folder / "user_key"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> SshSimulator:
        """Start it and return when it listens."""
        prepare(self.folder)
        root = Path(__file__).resolve().parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.ssh_simulator", str(self.port), str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=root,
        )
        assert self.process.stdout is not None
        started = time.monotonic()
        if self.process.stdout.readline() != b"listening\n":
            raise RuntimeError(f"no simulator after {time.monotonic() - started:.1f} s")
        return self

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def known_hosts_text(self) -> str:
        """Return its known_hosts line."""
        return f"[{LOOPBACK}]:{self.port} {public_key(self.folder / 'host_key')}\n"

    def __enter__(self) -> SshSimulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


async def _main(port: int, folder: Path) -> None:
    await serve(port, folder)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), Path(sys.argv[2])))
