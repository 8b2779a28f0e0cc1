"""The program as its user has it: `python -m fleet_tui` in a home and a state folder of its own."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fleet_tui

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.support.sshd import SshServer

CHECKOUT = Path(fleet_tui.__file__).resolve().parents[1]
PATIENCE = 60.0
"""Seconds after which something that must happen is said not to happen."""
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
"""Bytes that no output of ours for a person may hold: C0 but tab and newline, DEL, C1."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command line ended."""

    code: int
    out: str
    err: str
    raw_out: bytes = b""
    raw_err: bytes = b""

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Standard output as one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the objects of one event."""
        return [found for found in self.objects if found["event"] == name]

    @property
    def lines(self) -> list[str]:
        """Lines of standard output."""
        return self.out.splitlines()


class Running:
    """A command line under way; its output is read as it comes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.seen: list[str] = []
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._errors: list[bytes] = []
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read_out, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._errors.extend, args=(process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def line(self) -> str:
        """Return the next line of standard output, waiting for it."""
        data = self._lines.get(timeout=PATIENCE)
        if data is None:
            raise AssertionError(f"it ended instead of printing: {self.end().err}")
        self.seen.append(data.decode())
        return data.decode().rstrip("\n")

    def has_line(self) -> bool:
        """Tell whether a line of standard output waits to be read."""
        return not self._lines.empty()

    def event(self, name: str, **fields: object) -> dict[str, Any]:
        """Return the next JSON object of this event with these fields, passing over others."""
        while True:
            found: dict[str, Any] = json.loads(self.line())
            if found["event"] == name and fields.items() <= found.items():
                return found

    def until_told(self, text: str) -> None:
        """Return once this stands on standard error."""
        deadline = time.monotonic() + PATIENCE
        while text not in b"".join(self._errors).decode():
            assert time.monotonic() < deadline, f"never told: {text}"
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> Done:
        """Wait for the end."""
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        while True:
            data = self._lines.get(timeout=PATIENCE)
            if data is None:
                break
            self.seen.append(data.decode())
        self._lines.put(None)
        return Done(code, "".join(self.seen), b"".join(self._errors).decode())

    def _read_out(self, stream: Iterable[bytes]) -> None:
        for line in stream:
            self._lines.put(line)
        self._lines.put(None)


@dataclass
class Program:
    """Runs the program in `folder`; its fleet.toml is written by `configure`."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home = self.folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "fleet.toml"
        self.log = self.folder / "fleet.log"
        self.state = self.folder / "state"

    def configure(
        self,
        hosts: Sequence[str | Mapping[str, object]],
        *,
        ssh_config: str | Path = "",
        more: str = "",
        **fleet: object,
    ) -> None:
        """Write fleet.toml; a host is a name or its keys, `ssh_config` a text or a file."""
        if not isinstance(ssh_config, Path):
            path = self.folder / "ssh_config"
            path.write_text(ssh_config)
            ssh_config = path
        section = {"log": self.log, "data_dir": self.state, "ssh_config": ssh_config, **fleet}
        parts = ["[fleet]", *_pairs(section), more]
        for host in hosts:
            keys = {"name": host} if isinstance(host, str) else host
            parts += ["[[host]]", *_pairs(keys)]
        self.config.write_text("\n".join(parts) + "\n")

    def configure_for(self, server: SshServer, *names: str, more: str = "", **host: object) -> None:
        """Write a fleet.toml whose hosts are all aliases of one server."""
        client = server.client_config(*names)
        hosts = [{"name": name, **host} for name in names]
        self.configure(hosts, ssh_config=client.ssh_config, more=more)

    @property
    def environment(self) -> dict[str, str]:
        """All that the program gets to see."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "SHELL": "/bin/sh",
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONWARNINGS": "error",
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_STATE_HOME": str(self.home / ".local/state"),
            "FLEET_CONFIG": str(self.config),
            **self.env,
        }

    def run(self, *arguments: str, stdin: bytes = b"") -> Done:
        """Run a command line to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "fleet_tui", *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=PATIENCE,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return Done(
            done.returncode,
            done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "surrogateescape"),
            done.stdout,
            done.stderr,
        )

    def until_answering(self) -> None:
        """Return once a piece of a Claude's answer has come from its host."""
        deadline = time.monotonic() + PATIENCE
        while not any(
            b'"content_block_delta"' in spool.read_bytes()
            for spool in self.state.glob("runs/*/out")
        ):
            assert time.monotonic() < deadline, "no run answers"
            time.sleep(0.05)

    @contextmanager
    def spawned(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command line; it is killed at the end if it still runs."""
        with subprocess.Popen(
            [sys.executable, "-m", "fleet_tui", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def running(self, *arguments: str) -> Iterator[Running]:
        """Start a command line whose output is read as it comes."""
        with self.spawned(*arguments) as process:
            yield Running(process)


def _pairs(table: Mapping[str, object]) -> list[str]:
    """Return `key = value` lines; JSON is TOML for texts, numbers, booleans and lists of them."""
    return [
        f"{key} = {json.dumps(str(value) if isinstance(value, Path) else value)}"
        for key, value in table.items()
    ]
