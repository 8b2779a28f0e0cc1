"""A whole fleet on each machine of a `Site`: real journal, real git, real sh, no SSH."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from fleet_tui.fleet import Fleet
from fleet_tui.journal import read, verify
from fleet_tui.journal.head_place import head_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from fleet_tui.journal import LogLine
    from tests.roles.site import Site


@asynccontextmanager
async def opened_at(site: Site, name: str, *, down: Iterable[str] = ()) -> AsyncIterator[Fleet]:
    """Open the fleet on one machine while others are switched off."""
    pool = site.pool(name)
    pool.down.update(down)
    home = site.homes[name]
    moved = {"XDG_STATE_HOME": str(home / ".local/state"), "HOME": str(home)}
    with (
        patch.dict(os.environ, moved),
        patch("fleet_tui.fleet.ConnectionPool", lambda *_args, **_more: pool),
    ):
        fleet = Fleet(site.config(name))
        await fleet.open()
    try:
        yield fleet
    finally:
        await fleet.close()


def log_of(fleet: Fleet, event: str = "") -> list[LogLine]:
    """Return the lines of the audit log as they stand on disk."""
    return [line for line in read(fleet.log_path) if event in ("", line.event)]


def chain_holds(fleet: Fleet) -> bool:
    """Tell whether the audit log fits together."""
    return verify(fleet.log_path, head=head_path(fleet.data_dir, fleet.log_path)).ok
