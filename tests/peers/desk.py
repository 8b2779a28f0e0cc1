"""A peer service in a folder of its own, with hosts that are this machine or nothing at all."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fleet_tui.model.host import Host
from fleet_tui.model.peer import Peer
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from fleet_tui.journal import LogLine
    from fleet_tui.model.clock import Clock
    from fleet_tui.peers.service import PeerService
    from tests.support.stage import Stage


@dataclass
class PeerDesk:
    """The service, and what it is made of."""

    service: PeerService
    stage: Stage
    names: dict[str, str] = field(default_factory=dict)

    def peer(self, label: str, host: str = "here", generation: int = 1, **fields: object) -> Peer:
        """Let a session be known; another generation is another process of the same one."""
        wanted = Peer(f"{label}@{host}", 1, host, **{"state": "idle", **fields})  # type: ignore[arg-type]
        return self.service.store.put_peer(
            wanted, identity=f"test:{label}@{host}", incarnation=str(generation)
        )

    def log(self, event: str) -> list[LogLine]:
        """Return the lines of an event in the audit log."""
        return self.stage.log(event)


@asynccontextmanager
async def peer_desk(
    folder: Path,
    *,
    hosts: Sequence[str] = ("here",),
    clock: Clock | None = None,
    **peers: object,
) -> AsyncIterator[PeerDesk]:
    """Open a fleet whose hosts answer nothing, and its peer service."""
    first, *others = hosts
    known = [Host(first, connection="local", durable=False)]
    config = fleet_file(folder, [*known, *(Host(name, durable=False) for name in others)])
    if peers:
        config = replace(config, sections={"peers": peers})
    async with staged(config, {}, clock=clock) as stage:
        yield PeerDesk(stage.fleet.parts.peers, stage)
