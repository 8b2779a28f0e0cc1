"""Hosts with a choice of shells and a state folder of their own, for tests of durable runs."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.model.host import Host
from fleet_tui.transport import durable_script
from fleet_tui.transport.durable import DurableProcess, DurableSpec, follow, launch
from fleet_tui.transport.durable_control import kill_tree
from fleet_tui.transport.local import LocalConnection
from tests.support.parts import require
from tests.transport.helpers import Sink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    import pytest

    from fleet_tui.transport.base import Connection

SHELLS = ("dash", "bash", "busybox")


def new_run() -> str:
    return f"r-{secrets.token_hex(13).upper()}"


def use_shell(name: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let host programs run in this shell; busybox brings all its own tools."""
    if name == "busybox":
        tools = folder / "busybox"
        tools.mkdir()
        subprocess.run([require("busybox"), "--install", "-s", str(tools)], check=True)
        patch.setenv("PATH", str(tools))
        patch.setattr(durable_script, "SHELL", str(tools / "sh"))
    else:
        patch.setattr(durable_script, "SHELL", require(name))


def path_without(folder: Path, *missing: str) -> str:
    """Return a PATH with every program of the present one but these."""
    tools = folder / "tools"
    tools.mkdir()
    for place in reversed(os.environ["PATH"].split(":")):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            link = tools / program.name
            if program.name not in missing:
                link.unlink(missing_ok=True)
                link.symlink_to(program)
    return str(tools)


def tmpfs(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a small file system, or do without: yields nothing when that is not allowed."""
    folder.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True).returncode:
        return
    try:
        yield folder
    finally:
        subprocess.run([require("umount"), "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write zeros to `path` until its disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


@dataclass
class DurableHost:
    """A connection, where its runs are kept, and every process that was followed on it."""

    connection: Connection
    state: Path
    followed: list[DurableProcess] = field(default_factory=list)

    async def launch(
        self,
        line: str,
        stdin: bytes | Literal["open"] | None = None,
        *,
        run: str | None = None,
        sink: Sink | None = None,
        epoch: int = 0,
        meta: str = "",
    ) -> tuple[DurableProcess, Sink]:
        sink = sink or Sink()
        spec = DurableSpec(run or new_run(), line, stdin, epoch, meta)
        process = await launch(self.connection, spec, sink)
        self.followed.append(process)
        return process, sink

    async def follow(self, before: DurableProcess, sink: Sink) -> DurableProcess:
        """Go on where `before` stopped."""
        process = await follow(
            self.connection,
            before.run,
            sink,
            out_offset=before.out_offset,
            err_offset=before.err_offset,
        )
        self.followed.append(process)
        return process

    def folder(self, run: str) -> Path:
        return self.state / "fleet-tui" / "runs" / run

    @staticmethod
    def open(gate: Path) -> None:
        """Let whoever reads the FIFO `gate` go on."""
        os.write(descriptor := os.open(gate, os.O_RDWR), b"\n")
        os.close(descriptor)

    def wrapper(self, run: str) -> int:
        """Return the process id of the run's wrapper, which is also its group."""
        return int((self.folder(run) / "pid").read_text().split()[0])

    async def close(self) -> None:
        """Kill what still runs, and leave nothing open here."""
        for process in self.followed:
            if (self.folder(process.run) / "pid").exists():
                await kill_tree(self.connection, process.run)
            process.abort()
            await process.wait_closed()
        self.connection.close()
        if isinstance(self.connection, LocalConnection):
            await self.connection.wait_closed()


def local_host(state: Path, patch: pytest.MonkeyPatch) -> DurableHost:
    patch.setenv("XDG_STATE_HOME", str(state))
    return DurableHost(LocalConnection(Host("here", connection="local")), state)


def is_alive(pid: int) -> bool:
    """Return whether `pid` runs; a zombie does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
