"""What the screen may ask of what runs by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future


class DaemonsControl(Protocol):
    """Orders to daemons and schedules; every future may raise FleetError."""

    def run_now(self, name: str) -> Future[None]:
        """Let whoever runs it start it once, beside its rhythm; raises UsageError, Refused."""

    def pause(self, name: str, is_paused: bool) -> Future[None]:
        """Let it start nothing by itself, or go on; kept over restarts."""

    def confirm(self, name: str) -> Future[None]:
        """Let it write, as it stands in fleet.toml now; a later change asks again."""
