"""Runs that a program which is gone left open: found again where that can be, closed otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.target import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.journal import LeftOpen, RunStore
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.model.run import Run


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What to do with them."""

    to_close: tuple[LeftOpen, ...] = ()
    to_find: tuple[tuple[Run, Host], ...] = ()
    """Runs that live on their hosts without us."""

    @property
    def notice(self) -> str:
        """One sentence on runs that are lost for good, empty when there are none."""
        lost = [item.run for item in self.to_close if item.run.state == "lost"]
        if not lost:
            return ""
        hosts = fold({run.host for run in lost})
        return f"{len(lost)} runs on {hosts} were left open by a program that is gone"


def sort_leftovers(left: Sequence[LeftOpen], store: RunStore, config: FleetConfig) -> Leftovers:
    """Return which runs to look for on their hosts, and which to close as they are."""
    hosts = {host.name: host for host in config.hosts if host.keeps_runs}
    to_close, to_find = [], []
    for item in left:
        known = store.get_run(item.run.id)
        host = hosts.get(item.run.host)
        if known is not None and known.is_open and host is not None:
            to_find.append((known, host))
        else:
            to_close.append(item)
    return Leftovers(tuple(to_close), tuple(to_find))
