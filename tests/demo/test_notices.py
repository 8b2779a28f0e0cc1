"""The demo's hosts tell the fleet things through its receiver, and nothing listens for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet_tui.demo.fleet import DemoFleet
from fleet_tui.fleet import Fleet
from fleet_tui.model.events import PartChanged
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.routes_view import RoutesView
from fleet_tui.notify.settings import routes_of
from tests.notify.entrance import PATIENCE, Heard

if TYPE_CHECKING:
    from fleet_tui.model.events import Event


class Accepted:
    """Knows which notices a service has taken."""

    def __init__(self, fleet: Fleet) -> None:
        self._taken: set[str] = set()
        self._changed = asyncio.Event()
        fleet.bus.subscribe(self._hear)

    async def wait(self, key: str) -> None:
        """Return once the notice was taken."""
        while key not in self._taken:
            self._changed.clear()
            await self._changed.wait()

    def _hear(self, event: Event) -> None:
        if isinstance(event, PartChanged) and isinstance(event.view, RoutesView):
            for key, proof in event.view.proofs.items():
                if any(one.state == "accepted" for one in proof.deliveries):
                    self._taken.add(key)
            self._changed.set()


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


async def test_a_question_of_the_demo_is_answered_on_its_telephone_once() -> None:
    with DemoFleet.start(speed=40.0) as demo:
        await asyncio.to_thread(demo.prepare)
        fleet = Fleet(demo.config)
        await fleet.open()
        heard, sent = Heard(fleet), Accepted(fleet)
        try:
            await fleet.parts.notices.start()
            await fleet.dispatch(
                DispatchRequest("web01", "Fix the crash.", "claude", "write", can_ask=True)
            )
            telephone = fleet.parts.notices.phone.telephone
            async with asyncio.timeout(PATIENCE):
                asked = await heard.until(lambda notice: notice.event == "question-asked")
                await sent.wait(asked.id)
                await telephone.press(asked.id, "allow")
                told = await heard.until(lambda notice: notice.event == "question-answered")
                assert told.text.startswith("allowed from the phone")
                await telephone.press(asked.id, "allow")
                refused = await heard.until(lambda notice: notice.event == "phone-refused")
                assert "answered before" in refused.text
        finally:
            await fleet.close()
