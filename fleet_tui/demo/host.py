"""The personality of a demo host: what it is, how full it is, how long it has been up."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.demo.spec import HostSpec, Kind

GIB = 1 << 30
_RELEASES: dict[Kind, tuple[str, str]] = {
    "linux": ("Linux 6.8.0-48-generic", "Ubuntu 24.04.1 LTS"),
    "nas": ("Linux 6.6.44", "Debian GNU/Linux 12 (bookworm)"),
    "darwin": ("Darwin 24.1.0", "macOS 15.1"),
    "windows": ("Windows 10.0.22631", "Windows 11 Pro 23H2"),
}
_OLDER: dict[Kind, tuple[str, str]] = {
    "linux": ("Linux 5.15.0-124-generic", "Ubuntu 22.04.5 LTS"),
    "nas": ("Linux 6.1.0-26-amd64", "Debian GNU/Linux 12 (bookworm)"),
    "darwin": ("Darwin 23.6.0", "macOS 14.6"),
    "windows": ("Windows 10.0.19045", "Windows 10 Pro 22H2"),
}
_DISKS: dict[Kind, int] = {"linux": 78, "nas": 7380, "darwin": 460, "windows": 931}
_AGENT_VERSIONS = {"claude": "2.1.329 (Claude Code)", "codex": "codex-cli 0.169.0"}
_OLDER_VERSIONS = {"claude": "2.1.311 (Claude Code)", "codex": "codex-cli 0.164.2"}


@dataclass(frozen=True, slots=True)
class Personality:
    """Everything the shell, the probe and the agents of one host agree on."""

    spec: HostSpec
    kernel: str
    """`uname -sr`."""
    release: str
    """The pretty name of the operating system."""
    home: str
    seed: int
    """The same for the same name, always."""
    disk_total: int
    disk_used: int
    booted_at: float
    """Unix seconds."""
    tokens_per_second: float

    @property
    def name(self) -> str:
        """The host's name."""
        return self.spec.name

    @property
    def disk_free(self) -> int:
        """Free bytes on the main disk."""
        return self.disk_total - self.disk_used

    @property
    def disk_percent(self) -> int:
        """How full the main disk is."""
        return round(100 * self.disk_used / self.disk_total)

    @property
    def is_healthy(self) -> bool:
        """False where the service under watch is down."""
        return not self.spec.is_odd

    @property
    def workdir(self) -> str:
        """The folder its agent works in, absolute."""
        folder = self.spec.workdir or "~/app"
        path = self.home + folder[1:] if folder.startswith("~") else folder
        return path.replace("/", "\\") if self.spec.kind == "windows" else path

    @property
    def project(self) -> str:
        """Name of the repository in the workdir."""
        return self.workdir.replace("\\", "/").rstrip("/").rpartition("/")[2] or "app"

    def uptime(self) -> float:
        """Return seconds since it was booted."""
        return time.time() - self.booted_at

    def agent_version(self, agent: str) -> str:
        """Return what `<agent> --version` prints there."""
        return (_OLDER_VERSIONS if self.spec.is_odd else _AGENT_VERSIONS).get(agent, "")


def home_of(kind: Kind, user: str) -> str:
    """Return the home folder of `user` on that kind of machine."""
    if kind == "windows":
        return f"C:\\Users\\{user}"
    if kind == "darwin":
        return f"/Users/{user}"
    return "/root" if user == "root" else f"/home/{user}"


def personality(spec: HostSpec) -> Personality:
    """Work out a host from its name; alike for every start of the demo."""
    seed = zlib.crc32(spec.name.encode())
    kernel, release = (_OLDER if spec.is_odd else _RELEASES)[spec.kind]
    total = _DISKS[spec.kind] * GIB
    percent = 91 if spec.is_odd else 42
    days = 3 + seed % 210
    return Personality(
        spec=spec,
        kernel=kernel,
        release=release,
        home=home_of(spec.kind, spec.user),
        seed=seed,
        disk_total=total,
        disk_used=total * percent // 100,
        booted_at=time.time() - days * 86400 - seed % 86400,
        tokens_per_second=30 + seed % 51,
    )
