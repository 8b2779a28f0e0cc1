"""A real OpenSSH server on loopback, run by the current user, thrown away afterwards."""

from __future__ import annotations

import getpass
import os
import pwd
import random
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.greeting import kill, start_until_it_greets
from tests.support.parts import missing, require

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

LOOPBACK = "127.0.0.1"
_NOT_EPHEMERAL = range(10_000, 32_768)
_CHANCE = random.SystemRandom()


def make_key(path: Path, *, kind: str = "ed25519", passphrase: str = "", bits: int = 0) -> Path:
    """Make a key pair at `path` and `path.pub`; returns `path`."""
    command = [require("ssh-keygen"), "-q", "-t", kind, "-N", passphrase, "-f", str(path)]
    if bits:
        command += ["-b", str(bits)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def ordinary_user() -> str:
    """Return an account with a shell, not root: sshd treats root's sessions differently."""
    if os.geteuid() != 0:
        return getpass.getuser()
    names = (
        entry.pw_name
        for entry in pwd.getpwall()
        if entry.pw_uid != 0 and entry.pw_shell.endswith("sh") and Path(entry.pw_shell).exists()
    )
    name = next(names, None)
    if name is None:
        missing("a user account other than root")
    return name


def free_port(host: str = LOOPBACK) -> int:
    """Return a TCP port nobody listens on, and that no connection going out is given meanwhile."""
    while True:
        port = _CHANCE.choice(_NOT_EPHEMERAL)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((host, port))
            return port


@contextmanager
def refusing_port(host: str = LOOPBACK) -> Iterator[int]:
    """Yield a TCP port that refuses connections, and that nobody else can take meanwhile."""
    with socket.socket() as holder:
        holder.bind((host, 0))
        yield int(holder.getsockname()[1])


def public_key(path: Path) -> str:
    """Return `type base64` of the key pair at `path`."""
    words = path.with_name(path.name + ".pub").read_text().split()
    return " ".join(words[:2])


@dataclass(frozen=True)
class ClientConfig:
    """What a client needs to get in."""

    key: Path
    known_hosts: Path
    ssh_config: Path
    """Aliases that lead to the server; peers take it with `-F`."""
    user: str
    port: int
    names: tuple[str, ...] = ()


@dataclass
class SshServer:
    """One sshd. Start it with `with SshServer(tmp_path) as server:`, or `start` and `stop`."""

    folder: Path
    options: Mapping[str, str] = field(default_factory=dict)
    """sshd_config keywords that replace or add to the usual ones."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables of every session."""
    extra: Iterable[str] = ()
    """Further sshd_config lines."""
    host_keys: tuple[str, ...] = ("ed25519",)
    name: str = "host"
    port: int = 0
    address: str = LOOPBACK
    user: str = field(default_factory=getpass.getuser)
    """Who runs it and logs in; another than the current user needs root, and a `folder` that user
    can reach (see `ordinary_user`)."""

    def __post_init__(self) -> None:
        self.binary = require("sshd")
        self.home = self.folder / f"sshd-{self.name}"
        self.home.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port(self.address)
        self.process: subprocess.Popen[bytes] | None = None
        self.log = self.home / "sshd.log"
        self.host_key_paths = [
            make_key(self.home / f"host_{kind}", kind=kind) for kind in self.host_keys
        ]
        self.user_key = make_key(self.home / "user_key")
        self.authorized = self.home / "authorized_keys"
        self.authorize(self.user_key)

    def authorize(self, *keys: Path, options: str = "") -> None:
        """Let exactly these key pairs in; `options` stand before each (`command="…"`)."""
        prefix = f"{options} " if options else ""
        lines = "".join(f"{prefix}{public_key(key)}\n" for key in keys)
        self.authorized.write_text(lines)
        self.authorized.chmod(0o600)

    # Running.

    def start(self) -> SshServer:
        """Start it and return when it answers."""
        config = self._write_config()
        if os.geteuid() == 0:
            # Debian's sshd insists on it; its service unit makes it, we are no service.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.process = start_until_it_greets(
            [self.binary, "-D", "-f", str(config), "-E", str(self.log)],
            (self.address, self.port),
            b"SSH-",
            self.log,
            **self._as_user(),
        )
        return self

    def stop(self) -> None:
        """Stop listening; open connections live on."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def kill(self) -> None:
        """SIGKILL it and every process it serves a connection with."""
        children = self.connections()
        if self.process is not None:
            kill(self.process)
            self.process = None
        self.kill_connections(children)

    def restart(self) -> None:
        """Kill it and start it on the same port."""
        self.kill()
        self.start()

    def connections(self) -> list[int]:
        """Return the pids of the processes that serve connections."""
        return _descendants(self.process.pid, "sshd") if self.process is not None else []

    def kill_connections(self, pids: Iterable[int] | None = None) -> None:
        """SIGKILL the processes that serve connections; the listener lives on."""
        for pid in self.connections() if pids is None else pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def __enter__(self) -> SshServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        children = self.connections()
        self.stop()
        self.kill_connections(children)

    # What clients need.

    def client_config(self, *names: str, lines: Iterable[str] = ()) -> ClientConfig:
        """Write known_hosts and an ssh_config with an alias for each name, all of this server."""
        known_hosts = self.home / "known_hosts"
        known_hosts.write_text(self.known_hosts_text())
        config = self.home / "ssh_config"
        config.write_text("\n".join([self.ssh_config_text(*names), *lines, ""]))
        return ClientConfig(self.user_key, known_hosts, config, self.user, self.port, names)

    def known_hosts_text(self, *names: str) -> str:
        """Return known_hosts lines for the server's address, and for `names`."""
        place = f"[{self.address}]:{self.port}"
        return "".join(
            f"{name} {public_key(key)}\n" for key in self.host_key_paths for name in (place, *names)
        )

    def ssh_config_text(self, *names: str) -> str:
        """Return a `Host` block for `names` (all names when none is given)."""
        return "\n".join(
            [
                f"Host {' '.join(names) or '*'}",
                f"  HostName {self.address}",
                f"  Port {self.port}",
                f"  User {self.user}",
                f"  IdentityFile {self.user_key}",
                "  IdentitiesOnly yes",
                "  IdentityAgent none",
                f"  UserKnownHostsFile {self.home / 'known_hosts'}",
                "  GlobalKnownHostsFile /dev/null",
                "  StrictHostKeyChecking yes",
                "  BatchMode yes",
                "  LogLevel ERROR",
            ]
        )

    def _write_config(self) -> Path:
        settings = {
            "Port": str(self.port),
            "ListenAddress": self.address,
            "PidFile": str(self.home / "sshd.pid"),
            "StrictModes": "no",
            "UsePAM": "no",
            "UseDNS": "no",
            "PermitRootLogin": "yes",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "MaxStartups": "2000:30:3000",
            "MaxSessions": "1000",
            "LogLevel": "ERROR",
            "PrintMotd": "no",
            "Subsystem": "sftp internal-sftp",
            "AuthorizedKeysFile": str(self.authorized),
            **self.options,
        }
        # Debian's bash reads ~/.bashrc for every SSH command unless it is a nested shell.
        session = {"SHLVL": "2", **self.env}
        lines = [f"HostKey {path}" for path in self.host_key_paths]
        lines += [f"{keyword} {value}" for keyword, value in settings.items()]
        lines.append("SetEnv " + " ".join(f'"{k}={v}"' for k, v in session.items()))
        if "PerSourcePenalties" not in settings and self._knows("PerSourcePenalties=no"):
            lines.append("PerSourcePenalties no")
        lines += self.extra
        path = self.home / "sshd_config"
        path.write_text("\n".join(lines) + "\n")
        return path

    def _knows(self, option: str) -> bool:
        command = [self.binary, "-T", "-f", os.devnull, "-h", str(self.user_key)]
        return subprocess.run([*command, "-o", option], capture_output=True).returncode == 0

    def _as_user(self) -> dict[str, Any]:
        """Hand the server to its user, where that is not us."""
        if self.user == getpass.getuser():
            return {}
        entry = pwd.getpwnam(self.user)
        for path in (self.home, *self.home.iterdir()):
            if path != self.user_key:
                os.chown(path, entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _descendants(pid: int, name: str) -> list[int]:
    """Return the pids of the processes called `name` below `pid`, by `ps`."""
    table = subprocess.run(
        [require("ps"), "-A", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    found: list[int] = []
    parents = {pid}
    while parents:
        children = {int(row[0]) for row in rows if int(row[1]) in parents}
        found += [int(row[0]) for row in rows if int(row[0]) in children and name in row[2]]
        parents = children
    return found
