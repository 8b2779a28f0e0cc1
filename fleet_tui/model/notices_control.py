"""What a face may ask of the part that takes notices to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future


class NoticesControl(Protocol):
    """Notices and their routes, seen from a face. Futures raise FleetError."""

    def acknowledge(self, notices: Sequence[str]) -> Future[int]:
        """Say that the operator knows of these; resolves to how many were new."""

    def mute(self, event: str, source: str, seconds: float) -> Future[None]:
        """Send notices of this kind from there nowhere for so long; 0 ends it."""

    def test(self, route: str) -> Future[str]:
        """Send a test message on a route now; resolves to the service's answer."""
