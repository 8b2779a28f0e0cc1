"""What one host and this machine answered the doctor. None or empty: it was not learnt."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.health.doctor_authorized import AuthorizedEntry
    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.host import HostFacts

FolderState = Literal["ok", "missing", "no-folder", "closed", "read-only"]
"""`closed`: it cannot be entered or read; `read-only`: it cannot be written."""
FileKind = Literal["home", "ssh", "authorized", "config", "private"]


@dataclass(frozen=True, slots=True)
class FileMode:
    """Who may touch a file: the permission bits, and the uid of its owner."""

    kind: FileKind
    path: str
    mode: int
    owner: int


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A private key that lies on a host."""

    path: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class HiddenVariable:
    """A variable that a start file sets; `file` begins with `~/`."""

    name: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """What an agent on the host said of itself, beside its path and version."""

    is_on_path: bool = False
    """True when a command over ssh finds it by its name."""
    fault: str = ""
    """What it said instead of its version."""
    knows_help: bool = False
    lacks: tuple[str, ...] = ()
    """Options we use that its help does not name."""
    login_status: int | None = None
    """Exit status of its own login check: 0 logged in, 1 not."""
    login_method: str = ""


@dataclass(frozen=True, slots=True)
class SshdSettings:
    """What could be learnt of the sshd we came through."""

    is_ours: bool = False
    """True when it was shown that these are the settings of that very server."""
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Keyword in lower case to value, the first one given."""
    is_whole: bool = True
    """False when a file or a Match block that may change them could not be judged."""
    startups: int | None = None
    """MaxStartups' first number, as the server's own title shows it."""


@dataclass(frozen=True, slots=True)
class HostAnswers:
    """One host's answers."""

    facts: HostFacts | None = None
    is_whole: bool = False
    """True when the last line of the answer arrived."""
    user_id: int | None = None
    shell: str = ""
    """Its login shell's path."""
    path: tuple[str, ...] | None = None
    """The folders of PATH as a command over ssh has it; an empty one means the current folder."""
    variables: frozenset[str] | None = None
    """Names of variables that are set and not empty; values never leave the host."""
    hidden: tuple[HiddenVariable, ...] = ()
    agents: Mapping[str, AgentAnswer] = field(default_factory=lambda: MappingProxyType({}))
    has_stored_login: bool = False
    """True when claude keeps a claude.ai login on disk."""
    has_git: bool | None = None
    home: FolderState | None = None
    workdir: FolderState | None = None
    claude_home: FolderState | None = None
    files: tuple[FileMode, ...] = ()
    keys: tuple[HeldKey, ...] = ()
    authorized: tuple[AuthorizedEntry, ...] | None = None
    """None: no such file could be read."""
    sshd: SshdSettings | None = None


@dataclass(frozen=True, slots=True)
class ClockReading:
    """A host's clock, read between two readings of ours; all Unix seconds."""

    sent: float
    received: float
    host: float
    resolution: float
    """The host's clock lay in [host, host + resolution)."""

    @property
    def certain_offset(self) -> float:
        """Seconds it is ahead at least; negative when behind, 0 when it may be right."""
        least = self.host - self.received
        most = self.host + self.resolution - self.sent
        return least if least > 0 else min(most, 0.0)


@dataclass(frozen=True, slots=True)
class LocalKey:
    """A private key file of this machine that a login may use."""

    path: str
    mode: int
    owner: int
    fingerprint: str = ""
    is_encrypted: bool | None = None
    is_hardware: bool = False
    """True for a security key, whose file alone opens nothing."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """A key that known_hosts trusts for a host."""

    kind: str
    fingerprint: str
    place: str
    """`file:line`."""


@dataclass(frozen=True, slots=True)
class ClientView:
    """How this machine gets to a host."""

    ssh: str = ""
    """What a person types; empty for this machine itself."""
    server: str = ""
    """Address, port and jump hosts; two names with the same are one server."""
    user: str = ""
    forwards_agent: bool | None = None
    keys: tuple[LocalKey, ...] = ()
    agent_fingerprints: tuple[str, ...] = ()
    """Keys that the ssh agent offers there."""
    host_keys: tuple[HostKey, ...] = ()

    @property
    def place(self) -> str:
        """The account and its server; two names with the same are one host."""
        return f"{self.user}@{self.server}"

    @property
    def offered(self) -> tuple[str, ...]:
        """Fingerprints of every key a login there may offer."""
        files = [key.fingerprint for key in self.keys if key.fingerprint]
        return tuple(dict.fromkeys([*files, *self.agent_fingerprints]))


@dataclass(frozen=True, slots=True)
class Answers:
    """All that is known of one host at the time of an examination."""

    client: ClientView = field(default_factory=ClientView)
    error: FleetError | None = None
    """Why there are no answers of the host."""
    remote: HostAnswers | None = None
    clock: ClockReading | None = None
    not_asked: str = ""
    """Why the host was not asked although it can be reached."""
