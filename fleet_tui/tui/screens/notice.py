"""One notice: all that is known of it, and how far it got on each route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.routes_view import RoutesView
from fleet_tui.tui import fmt, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.notice_looks import DELIVERIES
from fleet_tui.tui.own_notices import QUESTION_ASKED
from fleet_tui.tui.safe import clean
from fleet_tui.tui.screens.lines_page import LinesPage
from fleet_tui.tui.widgets.log_rows import FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_tui.model.notice import Notice
    from fleet_tui.model.routes_view import PhoneButton
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store


class NoticeScreen(LinesPage):
    """`enter` goes to what it is about, `a` says that one knows.

    Where its question lies on a telephone of our own receiver, that one's buttons can be pressed.
    """

    place = "notice"
    BINDINGS = bindings_for("notice", "lines", "back")

    def __init__(self, app: FleetApp, notice: Notice) -> None:
        view = LogView(app.clock_time, empty="It is not kept any more.", follows=False, id="notice")
        super().__init__(app, f"notices / {notice.event}", view)
        self.notice_id = notice.id
        self.buttons: tuple[PhoneButton, ...] = ()
        """What a telephone here shows beside its question."""

    def on_mount(self) -> None:
        """Show it."""
        self._show()
        self._ask_for_buttons()

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show how far it got since."""
        if RoutesView in dirty.parts or dirty.notices:
            self._show()
            self._ask_for_buttons()

    def _ask_for_buttons(self) -> None:
        app = self.fleet_app
        notice = app.store.notices.get(self.notice_id)
        if notice is None or notice.event != QUESTION_ASKED:
            return

        def have(buttons: tuple[PhoneButton, ...]) -> None:
            if buttons != self.buttons:
                self.buttons = buttons
                self._show()
                self.show_hints()

        app.ask(app.control.notices.buttons(self.notice_id), have)

    def _show(self) -> None:
        app = self.fleet_app
        notice = app.store.notices.get(self.notice_id)
        if notice is not None:
            now = app.clock.time()
            lines = lines_of(notice, app.store.part(RoutesView), now, app.clock_time)
            lines += buttons_of(self.buttons, now, app.clock_time)
            self.log_pane.show_source(FixedRows([("o", line) for line in lines]))


def buttons_of(
    buttons: Sequence[PhoneButton], now: float, clock_time: Callable[[float], str]
) -> list[str]:
    """Return what a telephone shows here, and whether it can still be answered there."""
    if not buttons:
        return []
    (first, *_) = buttons
    until = clock_time(first.expires_at)
    if first.is_used:
        state = "answered; pressed again they are refused"
    elif first.expires_at <= now:
        state = f"expired at {until}; pressed now they are refused"
    else:
        state = f"until {until}"
    shown = "  ".join(f"[ {one.decision.capitalize()} ]" for one in buttons)
    return ["", f"telephone {clean(first.route)}, at this fleet's receiver", f"  {shown}  {state}"]


def lines_of(
    notice: Notice, view: RoutesView | None, now: float, clock_time: Callable[[float], str]
) -> list[str]:
    """Return what is known of a notice, a line for each thing."""
    look = states.SEVERITIES[notice.severity]
    lines = [
        f"{look.glyph} {look.word} · {clean(notice.source)} · {clean(notice.event)}",
        "",
        clean(notice.text),
        "",
        f"last      {clock_time(notice.at)}, {fmt.age(now - notice.at)} ago",
        f"times     {notice.count}",
    ]
    if notice.run:
        lines.append(f"run       {notice.run}")
    proof = view.proofs.get(notice.id) if view is not None else None
    if proof is not None and proof.acknowledged_at is not None:
        ago = fmt.age(now - proof.acknowledged_at)
        lines.append(f"known     {ago} ago, by {clean(proof.acknowledged_by) or 'somebody'}")
    until = view.mutes.get((notice.event, notice.source)) if view is not None else None
    if until is not None:
        lines.append(f"muted     until {clock_time(until)}")
    lines += ["", "routes" if proof is not None and proof.deliveries else "It goes on no route."]
    for delivery in proof.deliveries if proof is not None else ():
        far = DELIVERIES[delivery.state]
        tries = f", {fmt.some(delivery.attempts, 'attempt')}" if delivery.attempts else ""
        ago = fmt.age(max(0.0, now - delivery.since))
        lines.append(f"  {far.glyph} {clean(delivery.route)}: {far.word} for {ago}{tries}")
        if delivery.answer:
            lines.append(f"      {clean(delivery.answer)}")
        if delivery.due is not None and delivery.due > now:
            lines.append(f"      next at {clock_time(delivery.due)}")
    return lines
