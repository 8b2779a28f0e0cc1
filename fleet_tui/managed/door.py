"""The one client of this program: opened when it is first needed, and anew with another key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.managed.cloud import Cloud
from fleet_tui.managed.key import read_key

if TYPE_CHECKING:
    from fleet_tui.managed.faults import CloudError
    from fleet_tui.managed.settings import ManagedSettings


class Door:
    """Opens the way to the service; belongs to its loop."""

    def __init__(self, settings: ManagedSettings) -> None:
        self._settings = settings
        self._clouds: list[Cloud] = []
        self._key = ""
        self._is_doubted = False
        self._opening = asyncio.Lock()

    async def open(self) -> Cloud:
        """Return the client; raises FleetError without the library or a key."""
        async with self._opening:
            if not self._clouds or self._is_doubted:
                key = await read_key(self._settings)
                if key != self._key:
                    self._clouds.append(await Cloud.open(self._settings, key))
                    self._key = key
                self._is_doubted = False
            return self._clouds[-1]

    def heard(self, error: CloudError) -> None:
        """Read the key anew next time, when it is what was refused."""
        self._is_doubted = self._is_doubted or error.kind == "auth"

    async def close(self) -> None:
        """Let every connection go, those of former keys too."""
        while self._clouds:
            await self._clouds.pop().close()
        self._key = ""
