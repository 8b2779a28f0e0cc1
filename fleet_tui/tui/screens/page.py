"""A full screen over the first one: a title with breadcrumbs, a body, the keys that work here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from fleet_tui.tui import fmt
from fleet_tui.tui.footer import footer_hints
from fleet_tui.tui.safe import clean, content
from fleet_tui.tui.widgets.hint_bar import HintBar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from fleet_tui.model.errors import FleetError
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

    def __init__(self, app: FleetApp, crumb: str, *inside: Widget) -> None:
        """Make a page whose box holds the widgets of `inside`."""
        super().__init__()
        self.fleet_app = app
        self.crumbs = Static("", id="crumbs", markup=False)
        self.box = Vertical(*inside, classes="body")
        self.hints = HintBar()
        self._crumb = crumb
        self.show_crumb(crumb)

    def above(self) -> Sequence[Widget]:
        """Return what stands between the title and the box."""
        return ()

    def below(self) -> Sequence[Widget]:
        """Return what stands between the box and the keys."""
        return ()

    def compose(self) -> ComposeResult:
        """Yield the page from top to bottom."""
        yield self.crumbs
        yield from self.above()
        yield self.box
        yield from self.below()
        yield self.hints

    def entitle(self, text: str, style: str = "") -> None:
        """Say in the box's upper border what it holds."""
        self.box.border_title = content(text, style)

    def refuse(self, error: FleetError) -> None:
        """Say in the box's upper border why it holds nothing new."""
        self.entitle(f"✗ {error}", "$fleet-bad")

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
