"""Whether this machine may act: which host it is, who leads the fleet, and with which epoch.

What is known stands in `<data_dir>/roles.toml` and is shared by all programs of this machine. The
highest epoch ever seen is kept there and never goes down.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.errors import FleetError, Refused
from fleet_tui.model.roles_view import FIRST_EPOCH, RoleRecord
from fleet_tui.model.target import ROLES
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host, Role
    from fleet_tui.model.request import DispatchRequest

MEMORY = "roles.toml"
HOST_VARIABLE = "FLEET_HOST"
"""Names this machine's entry in fleet.toml where neither `local` nor its host name does."""

_EPOCH = re.compile(r"\d{1,15}")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What `roles.toml` holds."""

    record: RoleRecord | None = None
    asked_at: float | None = None
    """When the mirror's remote last answered, Unix seconds."""
    highest: int = 0
    """The highest epoch that any host has told of; it never goes down."""
    office: int = 0
    """The epoch for which this machine has gone on with the log; 0 before any."""
    rescued: tuple[str, ...] = ()
    """Branches that keep what this machine had when it was replaced."""
    owes_rescue: bool = False
    """This machine was replaced, and what it had is not in the remote yet."""
    rescued_tree: str = ""
    """What the newest of them holds, so that nothing is rescued twice."""


class Standing:
    """Reads what programs of this machine have learned; every answer is fresh and costs a stat."""

    def __init__(self, config: FleetConfig, data_dir: Path) -> None:
        self._config = config
        self._path = data_dir / MEMORY
        self._stamp: tuple[int, int] | None = None
        self._known = Remembered()
        self.problem = ""
        """Why roles.toml cannot be read; nothing is begun until the remote has said who leads."""
        self.this_host = this_host(config)
        """The entry of this machine; None when fleet.toml has none."""
        is_here = self.this_host is not None and self.this_host.connection == "local"
        self.marks = host_state_dir() if is_here else None
        """Where this machine, as a host of the fleet, keeps what it is told; None when it is only
        played by another."""

    @property
    def known(self) -> Remembered:
        """What stands in roles.toml now; nothing when it cannot be read, which `problem` says."""
        try:
            found = os.stat(self._path)
            stamp = (found.st_mtime_ns, found.st_ino)
            if stamp != self._stamp:
                self._stamp, self._known, self.problem = stamp, Remembered(), ""
                self._known = _read(self._path)
        except FleetError as error:
            self.problem = str(error)
        except FileNotFoundError:
            self._known, self._stamp, self.problem = Remembered(), None, ""
        return self._known

    @property
    def record(self) -> RoleRecord | None:
        """Who leads, as the mirror's remote last said; None before it ever did."""
        return self.known.record

    @property
    def primary(self) -> str:
        """Name of the host that leads; empty when nobody is named."""
        record = self.record
        if record is not None:
            return record.primary
        leading = (host.name for host in self._config.hosts if "primary" in host.roles)
        return next(leading, "")

    @property
    def epoch(self) -> int:
        """The epoch this machine acts with."""
        record = self.record
        return record.epoch if record is not None else FIRST_EPOCH

    @property
    def role(self) -> Role | None:
        """What this machine is to the fleet now."""
        here = self.this_host
        if here is None:
            return None
        if here.name == self.primary:
            return "primary"
        roles = (here.roles - {"primary"}) or frozenset({"secondary"} if here.roles else ())
        return next((role for role in ROLES if role in roles), None)

    def seen(self) -> int:
        """Return the highest epoch that this machine has heard of, from whomever."""
        told = highest_epoch(self.marks) if self.marks is not None else 0
        return max(told, self.known.highest)

    def heard_of(self, epoch: int) -> bool:
        """Keep that somebody has seen this epoch; True when it is higher than ours."""
        if epoch > self.known.highest:
            self.remember(replace(self.known, highest=epoch))
        return epoch > self.epoch

    def held_by(self, now: float) -> str:
        """Return the promotion that asks this machine to begin nothing; empty without one."""
        if self.marks is None:
            return ""
        try:
            words = (self.marks / "hold").read_text(encoding="utf-8", errors="replace").split()
        except OSError:
            return ""
        until = float(words[1]) if len(words) > 1 and words[1].isdecimal() else 0.0
        return one_line(words[0], 60) if until > now else ""

    @property
    def name(self) -> str:
        """Name of this machine's entry; empty when it has none."""
        return self.this_host.name if self.this_host is not None else ""

    def verdict(
        self, now: float, *, is_own_work: bool = False
    ) -> Literal["leads", "not-primary", "behind"]:
        """Return whether this machine may act, as the gate asks it.

        `is_own_work` is a task of the queue that it carries out itself: any machine may, unless
        the fleet has moved on to an epoch that it does not know.
        """
        if self.seen() > self.epoch:
            return "behind"
        if self.problem:
            return "not-primary"
        if is_own_work:
            return "leads"
        if self.held_by(now):
            return "not-primary"
        primary = self.primary
        if not primary:
            return "leads"
        if self.this_host is None:
            return "leads" if self.record is None else "not-primary"
        return "leads" if self.this_host.name == primary else "not-primary"

    def may_begin(
        self, request: DispatchRequest, hosts: tuple[str, ...], now: float
    ) -> Literal["leads", "not-primary", "behind"]:
        """Return whether this machine may begin `request` on `hosts`."""
        is_own_work = request.origin == "queue" and hosts == (self.name,)
        return self.verdict(now, is_own_work=is_own_work)

    def why_observer(self, now: float) -> str:
        """Return why this machine may only look, one sentence; empty when it may act."""
        verdict = self.verdict(now)
        if verdict == "leads":
            return ""
        if self.problem:
            return self.problem
        if verdict == "behind":
            return f"a newer primary was promoted: a host has seen epoch {self.seen()}"
        if plan := self.held_by(now):
            return f"promotion {plan} is under way: nothing new is begun here"
        if self.this_host is None:
            return f"{self.primary} leads, and fleet.toml does not say which host this is"
        return f"{self.primary} leads the fleet with epoch {self.epoch}"

    def mend(self) -> str:
        """Return the way back for an observer."""
        if self.this_host is None:
            return f'set {HOST_VARIABLE}, or connection = "local" for this machine'
        return f"work from {self.primary}, or `fleet-tui promote {self.this_host.name}`"

    def require_leading(self, now: float) -> None:
        """Raise Refused unless this machine may act."""
        why = self.why_observer(now)
        if why:
            raise Refused(why, mend=self.mend())

    # --- what was learned -------------------------------------------------------------------

    def learn(self, record: RoleRecord, at: float) -> bool:
        """Keep what the remote said; True when somebody else leads than before.

        A record with a lower epoch than the one known is not believed.
        """
        known = self.known
        if known.record is not None and record.epoch < known.record.epoch:
            return False
        has_changed = known.record is None or (known.record.primary, known.record.epoch) != (
            record.primary,
            record.epoch,
        )
        highest = max(known.highest, record.epoch)
        self.remember(replace(known, record=record, asked_at=at, highest=highest))
        return has_changed

    def took_office(self, epoch: int) -> None:
        """Keep that the log goes on here with this epoch."""
        self.remember(replace(self.known, office=epoch))

    @property
    def owes_office(self) -> bool:
        """True when this machine leads and has not gone on with the log yet."""
        record, here = self.record, self.this_host
        is_ours = record is not None and here is not None and record.primary == here.name
        return is_ours and record is not None and self.known.office < record.epoch

    @property
    def has_mirror(self) -> bool:
        """True when there is, or should be, a remote that says who leads."""
        section = self._config.sections.get("mirror")
        return self.known.record is not None or bool(section)

    def remember(self, known: Remembered) -> None:
        """Write roles.toml as a whole, atomically; raises FleetError."""
        import tomli_w

        document = asdict(known)
        if known.record is None:
            document.pop("record")
        kept = {key: value for key, value in document.items() if value is not None}
        aside = self._path.with_name(f".{MEMORY}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(aside, "wb") as stream:
                tomli_w.dump(kept, stream)
                stream.flush()
                os.fsync(stream.fileno())
            if self.problem:
                os.replace(self._path, self._path.with_name(f"{MEMORY}.broken"))
            os.replace(aside, self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise FleetError(
                f"cannot remember who leads: {error.strerror}",
                where=str(self._path),
                mend="make the folder writable, and not full",
            ) from error
        self._stamp, self.problem = None, ""


def this_host(config: FleetConfig) -> Host | None:
    """Return this machine's entry: as `FLEET_HOST` or the configuration says, the local one, or
    the one that is called like this machine."""
    wanted = config.this_host or os.environ.get(HOST_VARIABLE, "")
    named = {host.name: host for host in config.hosts}
    if wanted:
        return named.get(wanted)
    local = [host for host in config.hosts if host.connection == "local"]
    return local[0] if local else named.get(socket.gethostname().partition(".")[0])


def host_state_dir() -> Path:
    """Return where the programs that we send to hosts keep things, for this machine as a host."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local/state")
    return Path(base) / "fleet-tui"


def highest_epoch(state: Path) -> int:
    """Return the highest epoch that stands in a host's `epoch` file; 0 without one."""
    with contextlib.suppress(OSError):
        text = (state / "epoch").read_text(encoding="ascii", errors="replace")
        return max((int(word) for word in text.split() if _EPOCH.fullmatch(word)), default=0)
    return 0


def _read(path: Path) -> Remembered:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        record = document.get("record")
        return Remembered(
            record=RoleRecord(**record) if record is not None else None,
            asked_at=document.get("asked_at"),
            highest=int(document.get("highest", 0)),
            office=int(document.get("office", 0)),
            rescued=tuple(document.get("rescued", ())),
            owes_rescue=bool(document.get("owes_rescue", False)),
            rescued_tree=str(document.get("rescued_tree", "")),
        )
    except (OSError, ValueError, TypeError) as error:
        raise FleetError(
            f"who leads the fleet cannot be read: {one_line(str(error))}",
            where=str(path),
            mend="remove the file; `fleet-tui mirror status` asks the remote again",
        ) from error
