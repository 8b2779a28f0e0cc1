"""What crosses from the core's thread to the screen: latest wins, notices are never lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fleet_tui.model.control import Changes

if TYPE_CHECKING:
    from fleet_tui.model.notice import Notice
    from fleet_tui.model.snapshot import DispatchView, FleetView, HostView, PartView, RunView


class Mailbox:
    """One slot per thing. The core puts, the screen drains on its own clock; nobody waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fleet: FleetView | None = None
        self._hosts: dict[str, HostView] = {}
        self._runs: dict[str, RunView] = {}
        self._dispatches: dict[str, DispatchView] = {}
        self._notices: dict[str, Notice] = {}
        self._parts: dict[type[PartView], PartView] = {}

    def put(
        self,
        *,
        fleet: FleetView | None = None,
        hosts: dict[str, HostView] | None = None,
        runs: dict[str, RunView] | None = None,
        dispatches: dict[str, DispatchView] | None = None,
        notices: tuple[Notice, ...] = (),
        parts: tuple[PartView, ...] = (),
    ) -> None:
        """Replace the pictures of these things by newer ones."""
        with self._lock:
            self._fleet = fleet or self._fleet
            if hosts:
                self._hosts.update(hosts)
            if runs:
                self._runs.update(runs)
            if dispatches:
                self._dispatches.update(dispatches)
            for notice in notices:
                self._notices[notice.id] = notice
            for part in parts:
                self._parts[type(part)] = part

    def drain(self) -> Changes:
        """Take everything that changed since the last drain."""
        with self._lock:
            changes = Changes(
                self._fleet,
                self._hosts,
                self._runs,
                self._dispatches,
                tuple(self._notices.values()),
                self._parts,
            )
            self._fleet = None
            self._hosts, self._runs, self._dispatches, self._notices = {}, {}, {}, {}
            self._parts = {}
        return changes
