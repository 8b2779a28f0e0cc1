"""The demo fleet as the program that shows it sees it: a throw-away home and a configuration."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from fleet_tui.demo import (
    daemon_stage,
    managed_stage,
    mcp_stage,
    mirror_stage,
    notice_stage,
    peers_stage,
    queue_stage,
)
from fleet_tui.demo.casting import Cast, Doors, cast
from fleet_tui.demo.keys import make_key
from fleet_tui.demo.spec import HOME_PREFIX, SPEC_NAME, DemoSpec
from fleet_tui.model.config import Budget
from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from types import TracebackType

    from fleet_tui.model.config import FleetConfig

LOOPBACK = "127.0.0.1"
_BACKLOG = 1024
_STOP_SECONDS = 5.0
_PASSED_ON = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "TZ")
"""What the child may know of our environment: nothing that names a person's file or secret."""

# No agent, no keys, no known_hosts of the user, whatever else the machine is configured for.
_SSH_CONFIG = """\
Host *
  IdentityAgent none
  IdentitiesOnly yes
  GlobalKnownHostsFile /dev/null
  UserKnownHostsFile {known_hosts}
"""


class DemoFleet:
    """A running demo. Leaving its context, or `close()`, ends the servers and deletes its home.

    `start()` returns in some ten milliseconds, before the servers are up: their port is already
    listening, so a login that comes early waits in its queue instead of failing. A screen starts
    it first, paints, and lets its hosts connect meanwhile; a script calls `wait_ready()`. All of
    it may be called from any thread.
    """

    def __init__(
        self, home: Path, config: FleetConfig, cast_: Cast, child: subprocess.Popen[bytes]
    ) -> None:
        self.home = home
        """The throw-away folder that everything of this demo is in, mode 0700."""
        self.config = config
        """The fleet, ready to be opened; hosts are reached with SSH on loopback only."""
        self.unreachable = cast_.unreachable
        """Name of the host that cannot be reached, None in a fleet too small for one."""
        self.odd = cast_.odd
        """Name of the host whose short answers differ from those of its family."""
        self.wavering = cast_.wavering
        """Name of the host that loses contact now and then while its runs go on, if any."""
        self._child = child
        self._reserved: list[socket.socket] = []
        self._ready = threading.Event()
        self._is_up = False
        threading.Thread(target=self._listen, daemon=True, name="demo-ready").start()

    @classmethod
    def start(
        cls, hosts: int | None = None, speed: float = 1.0, *, like: FleetConfig | None = None
    ) -> Self:
        """Start a demo with at least `hosts` hosts, made like the sample fleet or `like`.

        `speed` 1 is human speed, 0 without any delay. Raises FleetError.
        """
        base = _sample() if like is None else like
        try:
            home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX))
        except OSError as error:
            raise FleetError(
                f"no folder for the demo could be made: {error.strerror}",
                where=tempfile.gettempdir(),
                mend="set TMPDIR to a folder that can be written",
            ) from None
        try:
            return cls._start_in(home, base, hosts, speed)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise

    @classmethod
    def _start_in(cls, home: Path, base: FleetConfig, hosts: int | None, speed: float) -> Self:
        front, inner, closed = _bound(), _bound(), _bound()
        front.listen(_BACKLOG)
        is_posix = os.name == "posix"
        doors = Doors(
            address=LOOPBACK,
            port=_port(front),
            inner_port=_port(inner) if is_posix else _port(front),
            closed_port=_port(closed),
            key=str(home / "id_ed25519"),
        )
        cast_ = cast(base.hosts, hosts, doors)
        host_key = make_key(home / "host_ed25519")
        spec = DemoSpec(
            home=str(home),
            port=doors.port,
            inner_port=doors.inner_port,
            closed_port=doors.closed_port,
            host_key=str(home / "host_ed25519"),
            client_key=make_key(home / "id_ed25519"),
            hosts=cast_.specs,
            listen_fd=front.fileno() if is_posix else None,
            broker_port=peers_stage.free_port(),
            broker_host=peers_stage.host_with_a_broker(cast_.specs, cast_.unreachable),
            speed=speed,
        )
        spec.save(home / SPEC_NAME)
        config = _config(base, cast_, spec, doors, host_key)
        with front:
            if not is_posix:
                front.close()
            child = _spawn(home, spec)
        demo = cls(home, config, cast_, child)
        demo._reserved = [inner, closed]
        return demo

    @property
    def pid(self) -> int:
        """Process id of the child that serves the hosts."""
        return self._child.pid

    def wait_ready(self, timeout: float = 20.0) -> None:
        """Return when the servers answer; raises FleetError when they did not come up."""
        self._ready.wait(timeout)
        if self._is_up:
            return
        log = (self.home / "server.log").read_text(encoding="utf-8", errors="replace")
        said = log.strip().splitlines()[-1:] or ["it said nothing"]
        raise FleetError(
            f"the demo's servers did not start: {said[0]}",
            mend="check that nothing forbids listening on 127.0.0.1",
        )

    def prepare(self) -> None:
        """Make the mirrors, and return when the servers answer; raises FleetError."""
        mirror_stage.begin(self.config, self.home)
        self.wait_ready()

    def _listen(self) -> None:
        stdout = self._child.stdout
        if stdout is not None:
            self._is_up = stdout.readline() == b"ready\n"
        self._ready.set()

    def close(self) -> None:
        """End the servers and delete the home; may be called twice."""
        if self._child.stdin is not None:
            with contextlib.suppress(OSError):
                self._child.stdin.close()
        try:
            self._child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._ready.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        for reserved in self._reserved:
            reserved.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _sample() -> FleetConfig:
    from fleet_tui.config import load, sample_path

    return load(sample_path())


def _bound() -> socket.socket:
    """Return a socket that owns a free loopback port; connecting to it is refused."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.bind((LOOPBACK, 0))
    return bound


def _port(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


def _spawn(home: Path, spec: DemoSpec) -> subprocess.Popen[bytes]:
    package = Path(__file__).resolve().parents[2]
    inherited = os.environ.get("PYTHONPATH", "")
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHONPATH": os.pathsep.join(part for part in (str(package), inherited) if part),
    }
    with (home / "server.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "fleet_tui.demo.server", str(home / SPEC_NAME)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=home,
            env=environment,
            pass_fds=() if spec.listen_fd is None else (spec.listen_fd,),
            start_new_session=True,  # ^C and ^Z at our terminal are not meant for the hosts
        )


_DAY_USD, _HOST_USD = 10.0, 2.0
"""The cap of a day, and the least of it for each host: one prompt to all is to work."""
_PRICE = {
    "model": "*",
    "input": 1.25,
    "cached_input": 0.125,
    "output": 10.0,
    "reserve_usd": 0.5,
    "as_of": "2026-11-20",
}
"""What a fleet.toml could say of Codex, which names no price."""


def _config(
    base: FleetConfig, cast_: Cast, spec: DemoSpec, doors: Doors, host_key: str
) -> FleetConfig:
    """Return `base` moved into the demo's home: nothing in it leads anywhere else."""
    home = Path(spec.home)
    known_hosts = home / "known_hosts"
    ports = dict.fromkeys((doors.port, doors.inner_port, doors.closed_port))
    known_hosts.write_text("".join(f"[{LOOPBACK}]:{port} {host_key}\n" for port in ports))
    ssh_config = home / "ssh_config"
    ssh_config.write_text(_SSH_CONFIG.format(known_hosts=known_hosts))
    agent_home = home / ".claude"
    agent_home.mkdir(mode=0o700)
    return replace(
        base,
        name="demo",
        hosts=cast_.hosts,
        this_host=next((host.name for host in cast_.hosts if "primary" in host.roles), ""),
        agent_home=agent_home,
        log=agent_home / "fleet.log",
        data_dir=home / "state",
        ssh_config=ssh_config,
        known_hosts=known_hosts,
        budget=Budget(usd_per_day=max(_DAY_USD, _HOST_USD * len(cast_.hosts))),
        defaults=replace(base.defaults, on_limit="wait", stale_after=queue_stage.STALE_AFTER),
        sections={
            "price": (_PRICE,),
            **mirror_stage.sections(home),
            **managed_stage.sections(home),
            **mcp_stage.sections(cast_.specs, cast_.unreachable),
            **notice_stage.sections(),
            **peers_stage.sections(spec.broker_port),
            **queue_stage.sections(home, cast_.specs),
            **daemon_stage.sections(cast_.specs, datetime.now()),
        },
        keys={},
        path=None,
    )
