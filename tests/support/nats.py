"""A real nats-server with JetStream on loopback, thrown away afterwards."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.greeting import kill, start_until_it_greets
from tests.support.parts import require
from tests.support.sshd import LOOPBACK, free_port

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


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
        self.process = start_until_it_greets(
            [self.binary, "-c", str(config), "-l", str(log)],
            (LOOPBACK, self.port),
            b"INFO",
            log,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.home,  # a stream with no place of its own is written to where it was started
        )
        return self

    def kill(self) -> None:
        """SIGKILL it."""
        if self.process is not None:
            kill(self.process)
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
