"""What a face may ask of the part that takes notices to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from fleet_tui.model.routes_view import PhoneButton


class NoticesControl(Protocol):
    """Notices and their routes, seen from a face. Futures raise FleetError."""

    def acknowledge(self, notices: Sequence[str]) -> Future[int]:
        """Say that the operator knows of these; resolves to how many were new."""

    def mute(self, event: str, source: str, seconds: float) -> Future[None]:
        """Send notices of this kind from there nowhere for so long; 0 ends it."""

    def buttons(self, notice: str) -> Future[tuple[PhoneButton, ...]]:
        """Return the buttons of a question that lie on this fleet's own receiver."""

    def press(self, notice: str, decision: str) -> Future[str]:
        """Press one as a telephone does; resolves to its route. Its worth comes as a notice."""

    def test(self, route: str) -> Future[str]:
        """Send a test message on a route now; resolves to the service's answer."""
