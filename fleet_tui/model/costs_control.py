"""What a face may ask of the costs. Futures resolve on the core's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fleet_tui.model.costs_view import CostReport


class CostsControl(Protocol):
    """The money, seen from a face."""

    def report(self, days: int) -> Future[CostReport]:
        """Add up the last `days` days, today included."""

    def export(self, days: int) -> Future[str]:
        """Write that report as CSV to a new file of the state folder; resolves to its path."""
