"""What a face may ask about roles. Futures resolve on the core's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fleet_tui.model.roles_view import Preflight


class RolesControl(Protocol):
    """Who leads, and letting another one lead. Pictures come as `RolesView` through `drain`."""

    def preflight(self, host: str) -> Future[Preflight]:
        """Look at what a promotion of `host` depends on; changes nothing."""

    def promote(self, host: str, typed: str) -> Future[int]:
        """Promote `host` when its name was typed; resolves to the new epoch.

        Raises Refused when it was not, or another machine was first; FleetError for the rest.
        """

    def look(self) -> Future[int]:
        """Ask the remote who leads, and every mirror how it stands; resolves to their number."""
