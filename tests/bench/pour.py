"""A server whose command `pour LINES RATE` writes at a steady rate.

Run as `python -m tests.bench.pour PORT FOLDER`; FOLDER holds `host_key` and `user_key.pub`.
Any other command says nothing and exits 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from tests.bench.lab import SIMULATED_USER
from tests.support.ssh_simulator import prepare
from tests.support.sshd import LOOPBACK, free_port, public_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.lab import Lab, Site

BLOCK_LINES = 500
TURN = 0.02
"""Seconds between two writes of one stream."""
_LEVELS = ("INFO", "DEBUG", "WARN", "ERROR")


def line(number: int) -> str:
    """Return a line as a service writes it, about 115 characters."""
    return (
        f"2026-08-22T12:34:{number % 60:02d}.{number % 1000:03d}Z host-{number % 24:02d} "
        f"{_LEVELS[number % 4]} svc.worker[{1000 + number % 977}] request id={number:08d} "
        f"path=/api/v1/items/{number % 5003} status=200 dur={number % 89}.3ms"
    )


_LINES = [f"{line(number)}\n".encode() for number in range(BLOCK_LINES)]


async def _handle(process: asyncssh.SSHServerProcess[bytes]) -> None:
    words = (process.command or "").split()
    with contextlib.suppress(asyncssh.Error, OSError):
        if words[:1] == ["pour"]:
            await _pour(process.stdout, int(words[1]), int(words[2]))
        process.exit(0)


async def _pour(out: asyncssh.SSHWriter[bytes], lines: int, rate: int) -> None:
    clock = asyncio.get_running_loop().time
    began, sent = clock(), 0
    while sent < lines:
        due = min(int((clock() - began) * rate), lines) - sent
        while due > 0:
            part = _LINES[: min(due, BLOCK_LINES)]
            out.write(b"".join(part))
            sent += len(part)
            due -= len(part)
        await out.drain()
        await asyncio.sleep(TURN)


async def _serve(port: int, folder: Path) -> None:
    server = await asyncssh.listen(
        LOOPBACK,
        port,
        server_host_keys=[str(folder / "host_key")],
        authorized_client_keys=str(folder / "user_key.pub"),
        process_factory=_handle,
        encoding=None,
        line_editor=False,
        gss_host=None,
        compression_algs=["none"],
    )
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await server.wait_closed()


@contextlib.contextmanager
def pouring(lab: Lab) -> Iterator[Site]:
    """Yield the site of such a server, in a process of its own."""
    folder, port = lab.fresh("pour"), free_port()
    prepare(folder)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.pour", str(port), str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    ) as server:
        try:
            assert server.stdout is not None
            if server.stdout.readline() != b"listening\n":
                raise RuntimeError("the pouring server did not start")
            known = f"[{LOOPBACK}]:{port} {public_key(folder / 'host_key')}\n"
            yield lab.write_site("sim", port, SIMULATED_USER, folder / "user_key", known)
        finally:
            server.kill()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
