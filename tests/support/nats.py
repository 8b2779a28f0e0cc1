"""A real nats-server with JetStream on loopback, thrown away afterwards."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.parts import require
from tests.support.sshd import LOOPBACK, free_port

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_STARTS_WITHIN = 10.0


@dataclass
class NatsServer:
    """Start it with `with NatsServer(tmp_path) as server:`."""

    folder: Path
    port: int = 0

    def __post_init__(self) -> None:
        self.binary = require("nats-server")
        self.home = self.folder / "nats"
        self.home.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://{LOOPBACK}:{self.port}"

    def version(self) -> str:
        """Return its version, `2.9.10`."""
        told = subprocess.run([self.binary, "--version"], capture_output=True, text=True)
        return told.stdout.strip().rpartition("v")[2]

    def start(self) -> NatsServer:
        """Start it and return when it answers."""
        config = self.home / "nats.conf"
        config.write_text(
            f"listen: {LOOPBACK}:{self.port}\n"
            f'jetstream {{ store_dir: "{self.home}/js", max_mem: 64MB, max_file: 1GB }}\n'
        )
        log = self.home / "nats.log"
        self.process = subprocess.Popen(
            [self.binary, "-c", str(config), "-l", str(log)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.home,  # a stream with no place of its own is written to where it was started
            start_new_session=True,
        )
        deadline = time.monotonic() + _STARTS_WITHIN
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nats-server did not start: {log.read_text()[-2000:]}")
        return self

    def kill(self) -> None:
        """SIGKILL it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        """SIGKILL it and start it on the same port, with what it had on disk."""
        self.kill()
        self.start()

    def __enter__(self) -> NatsServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), 1) as probe:
                return probe.recv(4) == b"INFO"
        except OSError:
            return False
