"""Takes every notice of the fleet to the routes that want it, and knows how far it got."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import NoticeRaised, PartChanged
from fleet_tui.model.notice import Notice
from fleet_tui.model.text import one_line
from fleet_tui.notify import compose
from fleet_tui.notify.carrier import Carrier
from fleet_tui.notify.incoming.service import Ways
from fleet_tui.notify.keys import KeyRing
from fleet_tui.notify.message import Message
from fleet_tui.notify.outbox import Delivery, Outbox, Planned
from fleet_tui.notify.phone_desk import PhoneDesk
from fleet_tui.notify.picture import routes_view, ways_of
from fleet_tui.notify.routing import choose, first_due
from fleet_tui.notify.sender import Sender
from fleet_tui.notify.settings import Route, routes_of
from fleet_tui.notify.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.model.events import Event
    from fleet_tui.model.notice import Severity
    from fleet_tui.model.routes_view import RoutesView
    from fleet_tui.notify.message import ServiceAnswer

GATHER_SECONDS = 0.05
"""Notices of so long are written to disk together."""
OTHERS_SECONDS = 0.5
"""How often one looks whether another program has sent what it had begun with."""
EARLIER_SECONDS = 86_400.0
FAILED_EVENT = "route-failed"
FLEET_ID = "fleet"


class NoticeDesk:
    """A `Part`: hears notices on the bus, keeps them in the outbox, sends them while started."""

    def __init__(
        self,
        context: FleetContext,
        *,
        environ: Mapping[str, str] = os.environ,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._context = context
        self.routes: dict[str, Route] = {
            route.name: route for route in routes_of(context.config, environ)
        }
        self.outbox = Outbox(context.data_dir, only_looks=bool(context.why_not_kept))
        self.carrier = Carrier(KeyRing(environ))
        self.fleet_id = self._own_id()
        self.sender = Sender(
            context,
            self.outbox,
            self.carrier,
            self.routes,
            self.fleet_id,
            luck=luck,
            with_buttons=self._with_buttons,
            changed=self.publish,
            failed=self.route_failed,
        )
        self._new: list[tuple[Notice, str, int]] = []
        self._change = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._is_echo = False
        self._earlier: tuple[Notice, ...] = ()
        self._mutes = self.outbox.mutes(self.now())
        self.phone = PhoneDesk(context, self)
        self.upkeep = Upkeep(context, self)
        self.ways = Ways(context, self, self._ways_changed, environ)
        self._unsubscribe = context.bus.subscribe(self._heard)

    # --- what a part does -------------------------------------------------------------------

    async def start(self) -> None:
        """Send what waits, go on sending, and take in what others send."""
        self._earlier = await asyncio.to_thread(self._of_earlier_sessions)
        if self._context.why_not_kept:  # nothing is sent that could not be noted as sent
            await self.publish()
            return
        await self.start_sending()
        await self.ways.start()
        await self.phone.start()
        self.upkeep.start()

    async def start_sending(self) -> None:
        """Send what waits, and go on sending."""
        await self.sender.start()
        await self.publish()

    async def close(self) -> None:
        """Write what is not written yet; what was not sent is sent at the next start."""
        await self.upkeep.close()
        await self.phone.close()
        await self.ways.close()
        self._unsubscribe()
        if self._writing is not None:
            await self._writing
        if self._new:
            await self._write_new()
        await self.sender.stop()
        await self.carrier.close()
        self.outbox.close()

    def now(self) -> float:
        """Return the time, Unix seconds."""
        return self._context.clock.time()

    def own(
        self, key: str, severity: Severity, event: str, text: str, source: str = "fleet"
    ) -> Notice:
        """Return a notice about notices."""
        identifier = f"notify-{key}-{int(self.now())}"
        return Notice(identifier, self.now(), severity, event, source, text)

    # --- what a face asks for ---------------------------------------------------------------

    def new(self, severity: Severity, event: str, source: str, text: str) -> Notice:
        """Return a notice of now with an identifier of its own; its texts are made one line."""
        return Notice(
            self._context.new_id("n"),
            self.now(),
            severity,
            one_line(event, 40),
            one_line(source, 80),
            one_line(text, 2000),
        )

    async def tell(
        self, notice: Notice, *, origin: str = "", hops: int = 0, via: Sequence[str] = ()
    ) -> Notice:
        """Take one notice, write it down, and show it; returns it as it is now known.

        `origin` says where it came from when that was another program; `hops` how many fleets it
        has passed, `via` their names. Raises JournalError.
        """
        plan = self._plan(notice, origin, hops)
        [known] = await asyncio.to_thread(
            self.outbox.add, [(notice, plan)], origin=" ".join((origin, *via)), hops=hops
        )
        self._show([known])
        self._wake(plan)
        return known

    async def acknowledge(self, notices: Sequence[str], by: str) -> int:
        """Note that a person knows of these; returns how many were new."""
        changed = await asyncio.to_thread(self.outbox.acknowledge, notices, by, self.now())
        await self.publish()
        return changed

    async def mute(self, event: str, source: str, seconds: float) -> None:
        """Send notices of this kind from there nowhere for so long; 0 ends it."""
        until = self.now() + seconds if seconds > 0 else 0.0
        await asyncio.to_thread(self.outbox.mute, event, source, until)
        await self.publish()

    async def test(self, name: str) -> ServiceAnswer:
        """Send a test message on one route now; raises KeyError for an unknown one."""
        route = self.routes[name]
        message = Message(
            id=self._context.new_id("test"),
            title=compose.title_of(self._context.config.name, "test", "route-test"),
            text=f"A test of the route {name}, by {self._context.by}.",
            severity="info",
            event="route-test",
            source="fleet",
            fleet=self.fleet_id,
            hops=1,
            is_test=True,
        )
        await self.sender.log(message, route)
        return await self.carrier.send(route, message)

    async def say_again(
        self, route: Route, notice: str, event: str, source: str, text: str
    ) -> ServiceAnswer:
        """Put a word in the place of a message that was sent about `notice`."""
        message = Message(
            id=notice,
            title=compose.title_of(self._context.config.name, source, event),
            text=text,
            severity="info",
            event=event,
            source=source,
            fleet=self.fleet_id,
            hops=1,
        )
        await self.sender.log(message, route)
        return await self.carrier.send(route, message)

    async def flush(self, timeout: float) -> list[Delivery]:
        """Send what is due and return what is still under way after `timeout` seconds."""
        if self._writing is not None:
            await self._writing
        if not self.sender.is_running:
            await self.start_sending()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while await asyncio.to_thread(self._under_way):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(OTHERS_SECONDS):
                            await self._change.wait()
                    self.sender.wake(self.routes)
        return await asyncio.to_thread(self._under_way)

    async def _with_buttons(self, route: Route, delivery: Delivery, message: Message) -> Message:
        return await self.phone.offered(route, delivery.notice.id, message)

    async def publish(self) -> None:
        """Put the newest picture of routes and deliveries on the bus."""
        self._context.bus.publish(PartChanged(await asyncio.to_thread(self._view)))
        self._change.set()
        self._change = asyncio.Event()

    # --- from the bus to the outbox ---------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if isinstance(event, NoticeRaised) and not self._is_echo:
            self._new.append((event.notice, "", 0))
            if self._writing is None:
                self._writing = asyncio.create_task(self._write_soon())

    async def _write_soon(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        self._writing = None
        await self._write_new()

    async def _write_new(self) -> None:
        new, self._new = self._new, []
        planned = [(notice, self._plan(notice, origin, hops)) for notice, origin, hops in new]
        try:
            known = await asyncio.to_thread(self.outbox.add, planned)
        except FleetError as error:
            self._show([self.own("outbox", "error", "outbox-failed", str(error))])
            return
        changed = [now for now, (was, _) in zip(known, planned, strict=True) if now.id != was.id]
        self._show(changed)
        for _, plan in planned:
            self._wake(plan)
        await self.publish()

    def _plan(self, notice: Notice, origin: str, hops: int) -> list[Planned]:
        now = self.now()
        if (notice.event, notice.source) in self._mutes:
            return []
        plan = []
        for route in self.routes.values():
            choice = choose(route, notice, origin=origin, hops=hops)
            is_own_trouble = notice.event == FAILED_EVENT and notice.source == route.name
            if choice != "skip" and not is_own_trouble:
                due = first_due(route, notice, choice, now)
                plan.append(Planned(route.name, due, is_digest=choice == "digest"))
        return plan

    def _show(self, notices: Iterable[Notice]) -> None:
        """Raise notices on the bus without taking them for new ones."""
        self._is_echo = True
        try:
            for notice in notices:
                self._context.bus.publish(NoticeRaised(notice))
        finally:
            self._is_echo = False

    def _wake(self, plan: Iterable[Planned]) -> None:
        self.sender.wake(planned.route for planned in plan)

    async def route_failed(self, route: Route, said: str) -> None:
        """Tell on the other routes that this one took no notice."""
        text = f"a notice could not be delivered by {route.kind}: {said}"
        await self.tell(self.own(route.name, "error", FAILED_EVENT, text, route.name))

    # --- inside -----------------------------------------------------------------------------

    def _ways_changed(self) -> None:
        self._context.spawn(self.publish())

    def _own_id(self) -> str:
        known = self.outbox.note(FLEET_ID)
        if known is None:
            known = secrets.token_hex(6)
            self.outbox.remember(FLEET_ID, known)
        return known

    def _of_earlier_sessions(self) -> tuple[Notice, ...]:
        """Return what was told in the last day, and older errors that nobody knows of."""
        begin = self.now() - EARLIER_SECONDS
        return tuple(
            notice
            for notice, acked_at, _ in reversed(self.outbox.recent())
            if notice.at >= begin or (acked_at is None and notice.severity == "error")
        )

    def _under_way(self) -> list[Delivery]:
        now = self.now()
        return [
            delivery
            for _, _, deliveries in self.outbox.recent()
            for delivery in deliveries
            if delivery.state == "sent" or (delivery.state == "queued" and delivery.due <= now)
        ]

    def _view(self) -> RoutesView:
        ways = ways_of(self.ways, self.phone)
        view = routes_view(
            self.outbox, self.routes, self.sender.failing, ways, self._earlier, self.now()
        )
        self._mutes = dict(view.mutes)
        return view
