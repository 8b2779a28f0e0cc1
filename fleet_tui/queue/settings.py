"""The `[queue]` section of fleet.toml, as workers and signing need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.config.build import local_path
from fleet_tui.config.paths import expand
from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig

DEFAULT_KEY = "~/.ssh/id_ed25519"


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """What holds on this machine. Where the queue is, its store knows."""

    is_configured: bool = False
    require_signature: bool = False
    allowed_signers: Path | None = None
    signing_key: Path = Path(DEFAULT_KEY)
    workers: tuple[str, ...] = ()
    """Names of the hosts for which the primary works off tasks over SSH."""
    slots: int = 1


def queue_settings(config: FleetConfig) -> QueueSettings:
    """Return what the configuration says of the queue; raises TargetError, FleetError."""
    section = config.sections.get("queue")
    if not isinstance(section, Mapping):
        return QueueSettings()
    folder = config.path.parent if config.path else Path.cwd()

    def path(key: str) -> Path | None:
        given = section.get(key)
        return expand(local_path(str(given), folder)) if given else None

    workers = section.get("workers")
    return QueueSettings(
        is_configured=True,
        require_signature=bool(section.get("require_signature", False)),
        allowed_signers=path("allowed_signers"),
        signing_key=path("signing_key") or expand(Path(DEFAULT_KEY)),
        workers=resolve(str(workers), config.hosts) if workers else (),
        slots=int(section.get("slots", 1)),
    )
