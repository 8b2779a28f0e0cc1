"""Hosts for the doctor: real sshds, each with a home folder in which faults can be planted."""

from __future__ import annotations

import getpass
import shlex
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.clock import SystemClock
from fleet_tui.health.doctor import Doctor
from fleet_tui.health.doctor_script import CLAUDE_OPTIONS
from fleet_tui.model.config import Defaults, FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.transport.pool import ConnectionPool
from tests.support.parts import require
from tests.support.sshd import SshServer, make_key, public_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fleet_tui.health.doctor_findings import HostReport

PASSPHRASE = "open sesame"
OPTIONS = "restrict,pty,port-forwarding"
VERSION = "2.1.329"
TOOLS = (
    *("basename", "cat", "chmod", "cut", "date", "df", "env", "git", "grep", "head", "hostname"),
    *("id", "ls", "mkdir", "perl", "ps", "readlink", "rm", "sed", "sh", "ssh-keygen", "sshd"),
    *("tail", "timeout", "touch", "tr", "uname"),
)
"""What a login finds: nothing else of this machine gets in."""


def write_program(path: Path, script: str) -> None:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def write_claude(
    path: Path,
    *,
    version: str = VERSION,
    options: Iterable[str] = CLAUDE_OPTIONS,
    is_logged_in: bool = True,
) -> None:
    """Write a program that answers as claude does when it is asked for its state.

    With an API key in its environment it is logged in whatever `is_logged_in` says.
    """
    listed = "\\n".join(f"  {option} <x>" for option in options)
    write_program(
        path,
        f"""case "$*" in
--version) echo "{version} (Claude Code)";;
--help) printf 'Usage: claude\\n{listed}\\n  auth        Manage authentication\\n';;
"auth status")
  if [ -n "$ANTHROPIC_API_KEY" ]; then echo '{{"loggedIn": true, "authMethod": "api_key"}}'
  else echo '{{"loggedIn": {str(is_logged_in).lower()}, "authMethod": "none"}}'
    exit {int(not is_logged_in)}; fi;;
*) echo "a paid turn: $*" >> "$HOME/paid"; exit 0;; esac""",
    )


@dataclass
class Patient:
    """One host. Plant faults in `home` before or after it is started."""

    name: str
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    host: dict[str, str] = field(default_factory=dict)
    """Keys of its entry in fleet.toml."""
    ssh_config: tuple[str, ...] = ()
    """Further lines of its `Host` block."""
    user: str = field(default_factory=getpass.getuser)
    passphrase: str = PASSPHRASE

    def __post_init__(self) -> None:
        self.home = self.folder / f"home-{self.name}"
        self.ssh = self.home / ".ssh"
        self.tools = self.home / "bin"
        self.ssh.mkdir(parents=True)
        self.ssh.chmod(0o700)
        (self.home / "work").mkdir()
        self.tools.mkdir()
        for tool in TOOLS:
            (self.tools / tool).symlink_to(require(tool))
        write_claude(self.tools / "claude")
        self.server = SshServer(
            self.folder,
            name=self.name,
            user=self.user,
            env={"HOME": str(self.home), "PATH": str(self.tools), **self.env},
            options={"AuthorizedKeysFile": str(self.ssh / "authorized_keys"), **self.options}
            if self.is_own
            else self.options,
        )
        self.use_key(self.new_key(self.passphrase))

    @property
    def is_own(self) -> bool:
        """Whether it is logged in to as the user who runs the tests."""
        return self.user == getpass.getuser()

    def new_key(self, passphrase: str) -> Path:
        """Replace the key that opens it by a new one."""
        path = self.server.user_key
        path.unlink()
        path.with_name(f"{path.name}.pub").unlink()
        return make_key(path, passphrase=passphrase)

    def use_key(self, key: Path) -> None:
        """Log in with `key`, and let it in."""
        self.server.user_key = key
        self.server.authorize(key, options=OPTIONS)
        if self.is_own:
            self.authorize(f"{OPTIONS} {public_key(key)} operator")

    def authorize(self, *lines: str) -> None:
        """Write its authorized_keys."""
        path = self.ssh / "authorized_keys"
        path.write_text("".join(f"{line}\n" for line in lines))
        path.chmod(0o600)

    def fake(self, tool: str, script: str) -> None:
        """Put a script in the place of a program."""
        (self.tools / tool).unlink()
        write_program(self.tools / tool, script)

    def real(self, tool: str) -> str:
        """Return the quoted path of the real program."""
        return shlex.quote(shutil.which(tool) or tool)

    @property
    def entry(self) -> Host:
        """The host as fleet.toml has it."""
        return Host(self.name, **self.host)  # type: ignore[arg-type]


class Ward:
    """Several patients, running, and a doctor for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.patients: list[Patient] = []
        self.strangers: set[str] = set()
        """Names whose host key is not in known_hosts."""
        self.others: list[Host] = []
        self._stack = ExitStack()

    def admit(self, patient: Patient) -> Patient:
        """Start it."""
        self._stack.enter_context(patient.server)
        self.patients.append(patient)
        return patient

    def close(self) -> None:
        """Stop them all."""
        self._stack.close()

    def config(self) -> FleetConfig:
        """Write an ssh_config and known_hosts, and return the fleet."""
        blocks = []
        for patient in self.patients:
            blocks += [patient.server.ssh_config_text(patient.name)]
            blocks += [f"  {line}" for line in patient.ssh_config]
            known = patient.server.known_hosts_text() if patient.name not in self.strangers else ""
            (patient.server.home / "known_hosts").write_text(known)
        path = self.folder / "ssh_config"
        path.write_text("\n".join(blocks) + "\n")
        hosts = (*(patient.entry for patient in self.patients), *self.others)
        return FleetConfig(hosts=hosts, ssh_config=path, defaults=Defaults(connect_timeout=20))

    async def examine(self) -> tuple[HostReport, ...]:
        """Let the doctor see every host once."""
        config = self.config()
        clock = SystemClock()
        pool = ConnectionPool(
            config, clock=clock, on_status=lambda _: None, passphrase=lambda _: PASSPHRASE
        )
        try:
            return await Doctor(config, pool, clock).examine([host.name for host in config.hosts])
        finally:
            await pool.close()


def found(reports: Iterable[HostReport]) -> dict[str, list[str]]:
    """Return the ids of findings by group, groups without any left out."""
    return {
        one.host: sorted(finding.id for finding in one.findings) for one in reports if one.findings
    }


def unchecked(reports: Iterable[HostReport]) -> dict[str, list[str]]:
    """Return the ids of what was not checked, by group."""
    return {one.host: sorted(gap.id for gap in one.unchecked) for one in reports if one.unchecked}
