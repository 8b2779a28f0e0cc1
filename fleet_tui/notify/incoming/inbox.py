"""Makes notices of what comes in, and cuts loops: what we sent ourselves is never taken for new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.notice import Notice
from fleet_tui.model.text import one_line
from fleet_tui.notify.compose import clean
from fleet_tui.notify.routing import MAX_HOPS

if TYPE_CHECKING:
    from fleet_tui.notify.desk import NoticeDesk
    from fleet_tui.notify.incoming.message import Incoming

LOOP_EVENT = "notice-loop"


class Inbox:
    """Takes messages from the receiver and from followed topics."""

    def __init__(self, desk: NoticeDesk) -> None:
        self._desk = desk
        self._cut: set[tuple[str, str]] = set()
        """Loops that were told, by where they close and who sends."""

    async def take(
        self, incoming: Incoming, source: str, origin: str, *, hears_us: bool = False
    ) -> Notice | None:
        """Make a notice of a message; None when it would go round in a circle.

        `source` is where it happened, as we know it and not as it says; `origin` is the way on
        which it came, and `hears_us` says that we send on it as well: our own words coming back
        there are no news. Raises JournalError.
        """
        if self._desk.fleet_id in incoming.fleets:
            if hears_us:
                return None
            await self._tell_cut(
                source, self._desk.fleet_id, "what this fleet sends comes back to it"
            )
            return None
        if incoming.hops >= MAX_HOPS:
            why = f"a notice has passed {incoming.hops} fleets: some of them tell each other"
            await self._tell_cut(source, ",".join(incoming.fleets), why)
            return None
        notice = Notice(
            f"in-{one_line(origin, 40)}-{incoming.key}",
            self._desk.now(),
            incoming.severity,
            incoming.event,
            one_line(source, 80),
            one_line(clean(incoming.text), 2000),
        )
        return await self._desk.tell(notice, origin=origin, hops=incoming.hops, via=incoming.fleets)

    async def _tell_cut(self, source: str, fleet: str, why: str) -> None:
        if (source, fleet) in self._cut:
            return
        self._cut.add((source, fleet))
        text = f"{why}; such notices are dropped here"
        await self._desk.tell(
            self._desk.own(f"loop-{source}-{fleet}", "warning", LOOP_EVENT, text, source)
        )
