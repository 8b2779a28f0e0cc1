"""Short-lived messages: equal kinds become one, never more than three, never markup.

Those of notices are kept as notices are; the screen's own are kept as notices of the screen, but
for words about the key that was just pressed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.routes_view import RoutesView
from fleet_tui.tui.own_notices import SAID
from fleet_tui.tui.safe import short
from fleet_tui.tui.textual_seams import clear_toasts, show_toast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.notifications import SeverityLevel

    from fleet_tui.model.notice import Notice, Severity
    from fleet_tui.tui.app import FleetApp

MOST = 3
FLEETING = frozenset({"disabled", "copy", "known"})
"""Kinds of words about the key that was just pressed; nobody looks them up later."""
SECONDS = 5.0
LONGEST = 160

SEVERITY_NAMES: dict[Severity, SeverityLevel] = {
    "info": "information",
    "warning": "warning",
    "error": "error",
}


@dataclass(frozen=True, slots=True)
class Toast:
    """What is shown, and until when (monotonic seconds)."""

    kind: str
    text: str
    severity: Severity
    until: float


class Toaster:
    """Keeps the toasts on the screen few."""

    def __init__(self, app: FleetApp) -> None:
        self._app = app
        self.shown: list[Toast] = []
        """The toasts on the screen, oldest first."""

    def say(self, text: str, severity: Severity = "info", *, kind: str = "") -> None:
        """Show one message; one of the same kind gives way to it."""
        now = self._app.clock.monotonic()
        toast = Toast(kind or text, short(text, LONGEST), severity, now + SECONDS)
        kept = [t for t in self.shown if t.until > now and t.kind != toast.kind]
        replaced = len(kept) + 1 > MOST or len(kept) < len(self.shown)
        self.shown = [*kept, toast][-MOST:]
        if replaced:
            clear_toasts(self._app)
        for one in self.shown if replaced else [toast]:
            seconds = max(0.5, one.until - now)
            show_toast(self._app, one.text, SEVERITY_NAMES[one.severity], seconds)

    def clear(self) -> None:
        """Take every toast off the screen."""
        if self.shown:
            self.shown = []
            clear_toasts(self._app)

    def tell(self, notices: Iterable[Notice]) -> None:
        """Show what is worth interrupting for; many of one kind as one sentence."""
        view = self._app.store.part(RoutesView)
        muted = view.mutes if view is not None else {}
        loud = [
            n
            for n in notices
            if n.severity != "info" and n.event != SAID and (n.event, n.source) not in muted
        ]
        kinds = Counter(notice.event for notice in loud)
        for notice in reversed(loud):
            many = kinds.pop(notice.event, 0)
            if many == 1:
                self.say(f"{notice.source}: {notice.text}", notice.severity, kind=notice.event)
            elif many:
                what = notice.event.replace("-", " ")
                text = f"{many} times {what}; the last: {notice.source}"
                self.say(text, notice.severity, kind=notice.event)
