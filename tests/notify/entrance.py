"""A fleet with a receiver, whose hosts are real OpenSSH servers on this loopback."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.fleet import Fleet
from fleet_tui.model.events import NoticeRaised
from fleet_tui.model.host import Host
from tests.support.sshd import free_port
from tests.support.stage import fleet_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from fleet_tui.model.events import Event
    from fleet_tui.model.notice import Notice
    from fleet_tui.notify.desk import NoticeDesk
    from tests.support.sshd import SshServer

PATIENCE = 100.0
"""More than two tries to open a door to a machine."""


class Heard:
    """The notices that the screen of a fleet would be given."""

    def __init__(self, fleet: Fleet) -> None:
        self.notices: list[Notice] = []
        self._more = asyncio.Event()
        fleet.bus.subscribe(self._heard)

    async def until(self, fits: Callable[[Notice], bool]) -> Notice:
        """Return the first notice that fits."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for notice in self.notices:
                    if fits(notice):
                        return notice
                self._more.clear()
                await self._more.wait()

    def _heard(self, event: Event) -> None:
        if isinstance(event, NoticeRaised):
            self.notices.append(event.notice)
            self._more.set()


@asynccontextmanager
async def fleet_behind(
    folder: Path, server: SshServer, name: str, *routes: dict[str, object]
) -> AsyncIterator[tuple[Fleet, NoticeDesk, Heard]]:
    """Open a fleet of this machine and one other; only that may send: they share a loopback."""
    client = server.client_config(name)
    hosts = [Host("here", connection="local"), Host(name)]
    config = replace(
        fleet_file(folder, hosts),
        ssh_config=client.ssh_config,
        sections={"receiver": {"port": free_port(), "hosts": name}, "notify": routes},
    )
    fleet = Fleet(config)
    await fleet.open()
    heard = Heard(fleet)
    try:
        fleet.pool.keep([name])
        await fleet.parts.notices.start()
        yield fleet, fleet.parts.notices, heard
    finally:
        await fleet.close()


async def until_reached(desk: NoticeDesk, host: str) -> str:
    """Return the receiver's address once a host can reach it."""
    assert desk.ways.entrance is not None
    async with asyncio.timeout(PATIENCE):
        while True:
            if host in desk.ways.entrance.reached:
                return desk.ways.url_for(host)
            await asyncio.sleep(0.02)
