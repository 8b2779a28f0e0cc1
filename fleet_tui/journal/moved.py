"""Which agent sessions were handed to another host, and how far each hand-off came.

One small TOML file a session in the state folder, written atomically: programs that share the
folder see the same. The newest hand-off of a session counts.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import tomli_w

from fleet_tui.journal.filelock import FileLock
from fleet_tui.model.errors import JournalError
from fleet_tui.model.ids import is_session

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "handoffs"

Step = Literal["begun", "copied", "aside", "done", "undone"]
"""How far it came. Until `aside` the session is at its source, from `done` on at its target; in
between it can be taken up nowhere."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """One move of one session. Paths are those of the hosts, absolute."""

    id: str
    session: str
    agent: str
    run: str
    """The run it was asked with."""
    source: str
    target: str
    source_path: str
    aside_path: str
    """The transcript's name at the source once it was set aside."""
    target_path: str
    workdir: str
    """The folder at the target."""
    target_home: str = ""
    """The home folder at the target."""
    source_workdir: str = ""
    """The folder at the source."""
    digest: str = ""
    """SHA-256 of the transcript."""
    step: Step = "begun"
    at: float = 0.0
    by: str = ""
    document: str = ""
    """Name of the hand-off document in the folder at the target."""
    bundle: str = ""
    """The commit that holds the working tree's state, empty when it was not taken along."""

    @property
    def is_at_source(self) -> bool:
        """True while the session is still, or again, at its source."""
        return self.step in ("begun", "copied", "undone")


class MovedSessions:
    """The records below `data_dir`. Calls are short and block."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    def get(self, session: str) -> Handoff | None:
        """Return the newest hand-off of a session; raises JournalError for one that is broken."""
        path = self._path(session)
        try:
            return _read(path)
        except FileNotFoundError:
            return None

    def all(self) -> list[Handoff]:
        """Return every record that can be read, newest first."""
        try:
            paths = sorted(self._folder.glob("*.toml"))
        except OSError:
            return []
        found = []
        for path in paths:
            try:
                found.append(_read(path))
            except (FileNotFoundError, JournalError):
                continue  # asking for the session by name says what is wrong
        return sorted(found, key=lambda one: -one.at)

    def put(self, handoff: Handoff) -> None:
        """Write a record; raises JournalError."""
        path = self._path(handoff.session)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(temporary, _FLAGS, 0o600), "wb") as file:
                file.write(tomli_w.dumps(dataclasses.asdict(handoff)).encode())
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except OSError as error:
            raise JournalError(
                f"the hand-off cannot be recorded: {error.strerror}",
                where=str(path),
                mend="make room, or make the folder writable",
            ) from error

    def lock(self, session: str) -> FileLock:
        """Return the lock that a hand-off of this session holds; raises JournalError."""
        path = self._path(session)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            what = f"no folder for hand-offs can be made: {error.strerror}"
            raise JournalError(what, where=str(self._folder), mend="make it writable") from error
        return FileLock(path.with_suffix(".lock"), timeout=0.0)

    def is_moving(self, session: str) -> bool:
        """Tell whether a program is handing this session over right now."""
        path = self._path(session).with_suffix(".lock")
        if not path.exists():
            return False
        lock = FileLock(path, timeout=0.0)
        try:
            with lock.held():
                return False
        except JournalError:
            return True
        finally:
            lock.close()

    def _path(self, session: str) -> Path:
        if not is_session(session):
            raise JournalError("no name of a session", where=str(self._folder))
        return self._folder / f"{session}.toml"


_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def _read(path: Path) -> Handoff:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        names = {field.name for field in dataclasses.fields(Handoff)}
        return Handoff(**{name: value for name, value in table.items() if name in names})
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError) as error:
        raise JournalError(
            f"the record of a hand-off cannot be read: {error}",
            where=str(path),
            mend="move it away; the tombstone on the source host tells where the session went",
        ) from error
