"""What a face may ask of the doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fleet_tui.model.findings import HostReport


class DoctorControl(Protocol):
    """Examines hosts; mends nothing."""

    def examine(self, target: str) -> Future[tuple[HostReport, ...]]:
        """Examine the hosts of a target, this machine, and what they share.

        Raises TargetError.
        """
