"""The machines of the bench: one server on loopback that answers to many names."""

from __future__ import annotations

import contextlib
import gc
import getpass
import itertools
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.ssh_simulator import SshSimulator
from tests.support.sshd import LOOPBACK, SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.bench.options import ServerKind

_PINNED = ("KexAlgorithms curve25519-sha256", "Ciphers aes128-gcm@openssh.com")
"""What the `ssh` peers are held to: with their own choice (sntrup761) they take 7 times the CPU."""
SIMULATED_USER = "bench"
"""Not root: our transport does more for root, because sshd does less."""
OPEN_FILES = 65536


@dataclass(frozen=True, slots=True)
class Site:
    """One server and how to get in."""

    kind: ServerKind
    port: int
    user: str
    user_key: Path
    known_hosts: Path
    config: Path
    """For `ssh -F`: any name leads to the server."""
    config_shared: Path
    """The same, through ControlMaster sockets."""

    def names(self, count: int) -> tuple[str, ...]:
        """Return `count` host names."""
        return tuple(f"{self.kind}{number:04d}" for number in range(1, count + 1))


class Lab:
    """A scratch folder with the servers that were asked for."""

    def __init__(self, folder: Path, *, is_durable: bool = False) -> None:
        self.folder = folder
        self.is_durable = is_durable
        self._stack = contextlib.ExitStack()
        self._sites: dict[ServerKind, Site] = {}
        self._numbers = itertools.count(1)

    def fresh(self, name: str) -> Path:
        """Return a new empty folder."""
        path = self.folder / f"{name}-{next(self._numbers)}"
        path.mkdir()
        return path

    def site(self, kind: ServerKind) -> Site:
        """Return the server of that kind, started on first use."""
        if kind not in self._sites:
            self._sites[kind] = self._start(kind)
        return self._sites[kind]

    def simulator(self, name: str) -> Site:
        """Start one more simulator, for a scenario that must have it to itself."""
        simulator = self._stack.enter_context(SshSimulator(self.fresh(name)))
        return self.write_site(
            "sim", simulator.port, SIMULATED_USER, simulator.user_key, simulator.known_hosts_text()
        )

    def sshd(
        self, name: str, options: Mapping[str, str] | None = None, *, user: str | None = None
    ) -> tuple[SshServer, Site]:
        """Start an sshd of its own with these settings; `user` is who logs in."""
        who = user or getpass.getuser()
        server = SshServer(self.fresh(name), name=name, options=options or {}, user=who)
        self._stack.enter_context(server)
        return server, self.write_site(
            "sshd", server.port, server.user, server.user_key, server.known_hosts_text()
        )

    def write_site(self, kind: ServerKind, port: int, user: str, key: Path, known: str) -> Site:
        """Write what clients need for a server that is up."""
        home = self.fresh(kind)
        (home / "known_hosts").write_text(known)
        lines = [
            "Host *",
            f" HostName {LOOPBACK}",
            f" Port {port}",
            f" User {user}",
            f" IdentityFile {key}",
            " IdentitiesOnly yes",
            " IdentityAgent none",
            f" UserKnownHostsFile {home / 'known_hosts'}",
            " GlobalKnownHostsFile /dev/null",
            " StrictHostKeyChecking yes",
            " CheckHostIP no",
            " UpdateHostKeys no",
            " BatchMode yes",
            " LogLevel ERROR",
            *(f" {setting}" for setting in _PINNED),
        ]
        shared = [" ControlMaster auto", f" ControlPath {home}/cm-%n", " ControlPersist 600"]
        (home / "config").write_text("\n".join([*lines, ""]))
        (home / "config-shared").write_text("\n".join([*lines, *shared, ""]))
        return Site(
            kind=kind,
            port=port,
            user=user,
            user_key=key,
            known_hosts=home / "known_hosts",
            config=home / "config",
            config_shared=home / "config-shared",
        )

    def close(self) -> None:
        """Stop every server."""
        self._stack.close()

    def _start(self, kind: ServerKind) -> Site:
        if kind == "sim":
            return self.simulator("simulator")
        return self.sshd("sshd")[1]


@contextlib.contextmanager
def open_lab(*, is_durable: bool = False) -> Iterator[Lab]:
    """Yield a lab in a temporary folder, and take it down."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    with tempfile.TemporaryDirectory(prefix="fleet-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # sshd reads authorized_keys as the user who logs in
        lab = Lab(Path(folder), is_durable=is_durable)
        try:
            yield lab
        finally:
            lab.close()
            gc.unfreeze()
