"""A full screen over the first one: a title with breadcrumbs, a body, the keys that work here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from fleet_tui.tui import fmt
from fleet_tui.tui.footer import footer_hints
from fleet_tui.tui.safe import clean
from fleet_tui.tui.widgets.hint_bar import HintBar

if TYPE_CHECKING:
    from textual import events

    from fleet_tui.tui.app import FleetApp


class Page(Screen[None]):
    """Base of the full screens; `place` names it in the action registry."""

    place = ""
    DEFAULT_CSS = """
    Page #crumbs { height: 1; padding: 0 1; background: $panel; }
    Page .body {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $fleet-muted;
        height: 1fr;
    }
    Page .body:focus-within { border: round $fleet-accent; }
    """

    def __init__(self, app: FleetApp, crumb: str) -> None:
        super().__init__()
        self.fleet_app = app
        self.crumbs = Static("", id="crumbs", markup=False)
        self.hints = HintBar()
        self._crumb = crumb
        self.show_crumb(crumb)

    def show_crumb(self, crumb: str) -> None:
        """Say where this is: `fleet / hosts / web01`; the middle gives way when room is short."""
        self._crumb = crumb
        root = f"◆ {fmt.clip_middle(clean(self.fleet_app.control.config.name), 20)} / "
        room = (self.size.width or 80) - len(root) - 2
        place = fmt.clip_middle(clean(crumb), max(10, room))
        badge = " read-only" if self.fleet_app.why_read_only else ""
        if badge and len(place) + len(badge) <= room:
            place = place.ljust(room - len(badge))
        else:
            badge = ""
        self.crumbs.update(
            Content.assemble((root, "$fleet-muted"), (place, "bold"), (badge, "bold $fleet-wait"))
        )

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the first and the last line to the width."""
        self.show_crumb(self._crumb)
        self.show_hints()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Show other keys while something is being typed."""
        self.show_hints()

    def on_screen_suspend(self) -> None:
        """Show other keys while a dialog is open."""
        self.show_hints()

    def on_screen_resume(self) -> None:
        """Show the keys that work again."""
        self.show_hints()

    def show_hints(self) -> None:
        """Show the keys that work here."""
        self.hints.show(*footer_hints(self.fleet_app, self.place))
