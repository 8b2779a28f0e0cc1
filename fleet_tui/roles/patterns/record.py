"""The migration under way, remembered so that it is gone on with after any interruption."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import tomli_w

from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.roles.patterns.surfaces import Pattern, Surface

FILE = "patterns.toml"


@dataclass(frozen=True, slots=True)
class Migration:
    """One surface on its way from one pattern to another."""

    surface: Surface
    source: Pattern
    target: Pattern
    started_at: float
    """Unix seconds, of this machine's clock."""
    done: tuple[str, ...] = ()
    """Steps that are over, in order."""

    @property
    def name(self) -> str:
        """How the command line names it."""
        return f"{self.source} {self.target} --surface {self.surface}"

    @property
    def archive(self) -> str:
        """What its backups are called."""
        return f"{self.surface}-{self.source}-{self.target}-{int(self.started_at)}"


def read_migration(data_dir: Path) -> Migration | None:
    """Return the unfinished migration, None without one; raises FleetError for a broken file."""
    path = data_dir / FILE
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        told = document["migration"]
        return Migration(
            cast("Surface", str(told["surface"])),
            cast("Pattern", str(told["from"])),
            cast("Pattern", str(told["to"])),
            float(told["started_at"]),
            tuple(str(step) for step in told["done"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FleetError(
            f"the record of a migration cannot be read: {error}",
            where=str(path),
            mend="look at it, and move it away to give the migration up",
        ) from None


def write_migration(data_dir: Path, migration: Migration | None) -> None:
    """Replace the record atomically; None removes it. Raises OSError."""
    path = data_dir / FILE
    if migration is None:
        path.unlink(missing_ok=True)
        return
    told = {
        "surface": migration.surface,
        "from": migration.source,
        "to": migration.target,
        "started_at": migration.started_at,
        "done": list(migration.done),
    }
    draft = path.with_name(f".{FILE}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(tomli_w.dumps({"migration": told}).encode())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
