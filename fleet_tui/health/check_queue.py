"""The shared queue: whether its store can keep what it promises, and what it is weaker by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.health.doctor_findings import FLEET, Finding
from fleet_tui.model.errors import Unreachable
from fleet_tui.model.task import QueueMissing
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_findings import Result
    from fleet_tui.model.errors import FleetError

_MENDS = {
    "nats": "upgrade nats-server to 2.11 or later, with `jetstream { sync_interval: always }`",
    "sftp": "`Subsystem sftp internal-sftp` in its sshd_config (OpenSSH 6.5 or later), then reload",
}
_ANY = "move the queue to a store that has it: `fleet-tui queue migrate`"


@dataclass(frozen=True, slots=True)
class QueueCondition:
    """How the store of `[queue]` was found."""

    backend: str
    """As fleet.toml names it."""
    error: FleetError | None = None
    """Why it cannot be used."""
    weaknesses: tuple[str, ...] = ()
    """What it lacks without being unusable, one sentence each."""


def check_queue(condition: QueueCondition | None) -> Iterator[Result]:
    """Judge the queue; None when there is none."""
    if condition is None:
        return
    error = condition.error
    if isinstance(error, Unreachable):
        yield Finding(
            FLEET,
            "queue-away",
            "error",
            one_line(f"the queue cannot be reached: {error.what}", 400),
            "no worker can take a task or commit one until it is back; nothing is lost meanwhile",
            one_line(error.mend or "mend the host that keeps it, then ask again", 400),
        )
    elif isinstance(error, QueueMissing):
        yield Finding(
            FLEET,
            "queue-missing",
            "warning",
            one_line(f"{error.what}: {error.where}", 400),
            "nothing was added to it yet, or its disk is not mounted: then a worker makes another",
            one_line(error.mend or _ANY, 400),
        )
    elif error is not None:
        where = f" ({error.where})" if error.where else ""
        yield Finding(
            FLEET,
            "queue-unusable",
            "error",
            one_line(f"the queue cannot be used: {error.what}{where}", 400),
            "without that a task could be committed twice or lost, so it is not opened at all",
            one_line(error.mend or _ANY, 400),
        )
    for weakness in condition.weaknesses:
        yield Finding(
            FLEET,
            "queue-weak",
            "warning",
            one_line(weakness, 400),
            "tasks are safe while nothing fails; a power failure at the wrong moment loses some",
            _MENDS.get(condition.backend, _ANY),
        )
