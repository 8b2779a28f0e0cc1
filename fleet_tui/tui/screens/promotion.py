"""Another machine is to lead: what was looked at, what would be lost, and the name to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from fleet_tui.model.roles_view import RolesView
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.promoting import candidates, preflight_lines, step_lines
from fleet_tui.tui.safe import clean, content
from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.facts import Facts

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.roles_view import Preflight
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.facts import Fact


class PromotionScreen(Page):
    """Looks at everything first; promotes when the candidate's name was typed."""

    place = "promotion"
    BINDINGS = bindings_for("promotion")
    DEFAULT_CSS = """
    PromotionScreen #found { height: auto; padding: 0 1; }
    PromotionScreen #said { height: auto; max-height: 3; padding: 0 2; }
    PromotionScreen Input, PromotionScreen Input:focus {
        background: $panel; border: none; height: 1; margin: 0 1; padding: 0 1;
    }
    """

    def __init__(self, app: FleetApp, candidate: str) -> None:
        super().__init__(app, "promotion")
        self.candidate = candidate
        self.preflight: Preflight | None = None
        self.is_promoting = False
        self.epoch = 0
        """The epoch that was promoted to; 0 before."""
        self._found = Facts(id="found")
        self._said = Static("", id="said", markup=False)
        self._typed = Input(id="typed", placeholder="the name of the host that is to lead")
        self._body = VerticalScroll(self._found, can_focus=False)
        self._box = Vertical(self._body, classes="body")

    def compose(self) -> ComposeResult:
        """Yield what was found, the line to type in, and what came of it."""
        yield self.crumbs
        yield self._box
        yield self._said
        yield self._typed
        yield self.hints

    def on_mount(self) -> None:
        """Begin to look, with the cursor where the name is typed."""
        self.set_focus(self._typed)
        self.look()

    def look(self) -> None:
        """Look at everything again."""
        if self.is_promoting:
            return
        self.epoch, self.preflight = 0, None
        self.show_crumb(f"promotion / {self.candidate}")
        self._box.border_title = content(f"is {self.candidate} fit to lead?")
        self._say("looking at the remote, both machines, the queue and the log …")
        app, wanted = self.fleet_app, self.candidate
        app.ask(app.control.roles.preflight(wanted), self._show_preflight, self._failed)

    def choose(self, step: int) -> None:
        """Take the next or previous host that could lead."""
        names = candidates(self.fleet_app.store)
        if self.is_promoting or not names:
            return
        at = names.index(self.candidate) if self.candidate in names else -step
        self.candidate = names[(at + step) % len(names)]
        self._typed.value = ""
        self.look()

    def leave(self) -> None:
        """Go back; a promotion that was begun goes on."""
        self.dismiss(None)

    def scroll_page(self, step: int) -> None:
        """Show the next or previous part of what was found."""
        self._body.scroll_relative(y=step * max(1, self._body.size.height - 1), animate=False)

    def begin(self) -> None:
        """Promote, when the name was typed and nothing forbids it."""
        found = self.preflight
        if self.is_promoting or found is None:
            self._say("It is being looked at; wait a moment.", "$fleet-wait")
        elif found.refusal:
            self._say(f"This cannot be done: {found.refusal}", "$fleet-bad")
        elif self._typed.value.strip() != found.must_type:
            self._say(f"Type {found.must_type} and press enter to promote it.", "$fleet-wait")
        else:
            self.is_promoting = True
            self._say(f"{self.candidate} is being promoted …", "$fleet-wait")
            app = self.fleet_app
            typed = self._typed.value.strip()
            app.ask(app.control.roles.promote(self.candidate, typed), self._promoted, self._failed)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show the steps as they are done."""
        view = store.part(RolesView)
        if view is not None and (self.is_promoting or self.epoch) and RolesView in dirty.parts:
            self._show(step_lines(view.steps))

    def _show_preflight(self, found: Preflight) -> None:
        if found.candidate != self.candidate:
            return
        self.preflight = found
        self._show(preflight_lines(found))
        if found.refusal:
            self._say(f"This cannot be done: {found.refusal}", "$fleet-bad")
        else:
            self._say(f"Type {found.must_type} and press enter to promote it.")

    def _promoted(self, epoch: int) -> None:
        self.is_promoting, self.epoch = False, epoch
        self.fleet_app.frames.tick()
        self._typed.value = ""
        self._say(f"{self.candidate} leads with epoch {epoch}. esc goes back.", "$fleet-ok")
        view = self.fleet_app.store.part(RolesView)
        if view is not None:
            self._show(step_lines(view.steps))

    def _failed(self, error: FleetError) -> None:
        self.is_promoting = False
        self._say(str(error), "$fleet-bad")

    def _show(self, lines: list[Fact]) -> None:
        self._found.show(lines)

    def _say(self, text: str, style: str = "$fleet-muted") -> None:
        self._said.update(Content.styled(clean(text), style))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.fleet_app.perform("promotion.begin")
