"""The demo's hosts tell the fleet things through its receiver, and nothing listens for it."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from fleet_tui.demo.fleet import DemoFleet
from fleet_tui.fleet import Fleet
from fleet_tui.notify.settings import routes_of
from tests.notify.entrance import PATIENCE, Heard


async def test_a_host_of_the_demo_tells_the_screen_something() -> None:
    with DemoFleet.start(speed=40.0) as demo:
        await asyncio.to_thread(demo.prepare)
        for route in routes_of(demo.config, {}):
            assert urlsplit(route.url.value or "").hostname == "127.0.0.1"
            assert urlsplit(route.reply.value or "").hostname == "127.0.0.1"
        fleet = Fleet(demo.config)
        await fleet.open()
        heard = Heard(fleet)
        try:
            fleet.pool.keep([host.name for host in demo.config.hosts])
            await fleet.parts.notices.start()
            tags = ("backup-done", "disk-nearly-full", "cert-renewed", "updates-wait")
            async with asyncio.timeout(PATIENCE):
                notice = await heard.until(lambda notice: notice.event in tags)
            assert notice.source in {host.name for host in demo.config.hosts}
        finally:
            await fleet.close()
