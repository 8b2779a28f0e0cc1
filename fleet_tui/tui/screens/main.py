"""The first screen: five panes, one of which has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from fleet_tui.model.roles_view import RolesView
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.fmt import played
from fleet_tui.tui.footer import footer_hints
from fleet_tui.tui.panes.hosts import HostsPane
from fleet_tui.tui.panes.notices import NoticesPane
from fleet_tui.tui.panes.output import OutputPane
from fleet_tui.tui.panes.pane import Pane
from fleet_tui.tui.panes.peers import PeersPane
from fleet_tui.tui.panes.queue import QueuePane
from fleet_tui.tui.widgets.banner import Banner
from fleet_tui.tui.widgets.hint_bar import HintBar
from fleet_tui.tui.widgets.status_line import StatusLine
from fleet_tui.tui.widgets.tab_line import TabLine
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store

UNASKED = frozenset({"queue", "daemon", "schedule"})
"""Origins of dispatches that nobody waits for at the screen."""
TWO_COLUMNS = (100, 28)
"""Below this many columns or lines one pane is shown at a time."""


WIDE, VAST = 150, 190
"""Columns from which the hosts get room for every column, and for states in full."""


class MainScreen(Screen[None]):
    """Lays out the panes and hands them what changed."""

    BINDINGS = bindings_for("main")
    AUTO_FOCUS = None

    def __init__(self, app: FleetApp) -> None:
        super().__init__(id="main")
        self._fleet_app = app
        self.status = StatusLine()
        self.banner = Banner()
        self.tabs = TabLine()
        self.hints = HintBar()
        self.hosts = HostsPane(app.control.config.defaults.agent, app.kept.hosts_by)
        self.queue = QueuePane()
        self.peers = PeersPane()
        self.notices = NoticesPane(app.clock_time)
        self.output = OutputPane(app.control, app.clock_time)
        places = [pane.place for pane in self.panes]
        self.current = app.kept.pane if app.kept.pane in places else "hosts"
        """The place of the pane that has, or last had, the focus."""
        self.is_zoomed = app.kept.is_zoomed
        self._newest: str | None = None

    @property
    def panes(self) -> Sequence[Pane]:
        """Return the panes by number."""
        return (self.hosts, self.queue, self.peers, self.notices, self.output)

    def compose(self) -> ComposeResult:
        """Yield status, tabs, panes and hints."""
        yield self.status
        yield self.banner
        yield self.tabs
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield self.hosts
                yield self.queue
                yield self.peers
                yield self.notices
            yield self.output
        yield self.hints

    def on_mount(self) -> None:
        """Begin on the pane that the last start ended on."""
        self.query_one(f"#{self.current}", Pane).take_focus()
        self._fleet_app.begin()

    @property
    def is_single(self) -> bool:
        """True when one pane is shown at a time."""
        narrow = self.size.width < TWO_COLUMNS[0] or self.size.height < TWO_COLUMNS[1]
        return narrow or self.is_zoomed

    def on_resize(self, _event: events.Resize) -> None:
        """Choose the layout for the new size."""
        self._lay_out()
        self.show_status()

    def _lay_out(self) -> None:
        self.set_class(self.is_single, "-single")
        self.set_class(self.size.width >= WIDE, "-wide")
        self.set_class(self.size.width >= VAST, "-vast")
        self.query_one("#side").display = not self.is_single or self.current != "output"
        for pane in self.panes:
            pane.display = not self.is_single or pane.place == self.current
        self._show_tabs()
        self.show_hints()

    def focus_pane(self, place: str) -> None:
        """Give a pane the focus, and room when one is shown at a time."""
        self.current = place
        self._lay_out()
        self.query_one(f"#{place}", Pane).take_focus()

    def step_pane(self, direction: int) -> None:
        """Go to the next or previous pane."""
        places = [pane.place for pane in self.panes]
        self.focus_pane(places[(places.index(self.current) + direction) % len(places)])

    def toggle_zoom(self) -> None:
        """Give the current pane the whole screen, or share it again."""
        self.is_zoomed = not self.is_zoomed
        self._lay_out()

    def show_dispatch(self, dispatch_id: str) -> None:
        """Show a dispatch in the output pane."""
        self.output.show_dispatch(dispatch_id)
        self._show_tabs()
        self.show_hints()

    def show_run(self, dispatch_id: str, run_id: str) -> None:
        """Show one run in the output pane and go there."""
        self.show_dispatch(dispatch_id)
        ids = [view.run.id for view in self.output.runs]
        if run_id in ids:
            self.output.choose(ids.index(run_id))
        self.focus_pane("output")

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Hand every pane what changed."""
        if dirty.dispatches:
            self._follow_newest(store)
        for pane in self.panes:
            pane.show(store, dirty, now)
        if RolesView in dirty.parts or dirty.fleet:
            app = self._fleet_app
            key = app.keymap.shown(app.registry["promotion.open"])
            told = store.fleet.why_not_kept if store.fleet is not None else ""
            self.banner.show(store.part(RolesView), key, told)
        if dirty.fleet or dirty.numbers or dirty.runs:
            self.show_status()
        if dirty.runs or dirty.dispatches or dirty.notices or dirty.hosts:
            self._show_tabs()
            self.show_hints()

    def _follow_newest(self, store: Store) -> None:
        """Show a new dispatch, unless the operator is looking at an older one."""
        everything = store.dispatch_order()
        asked = [i for i in everything if store.dispatches[i].dispatch.origin not in UNASKED]
        newest = (asked or everything)[-1]
        was_at_newest = self.output.dispatch_id in (None, self._newest)
        if newest != self._newest and was_at_newest and not self._goes_on(store, newest):
            self.output.show_dispatch(newest)
        self._newest = newest

    def _goes_on(self, store: Store, dispatch: str) -> bool:
        """Tell whether a dispatch only goes on with sessions of the one that is shown."""
        shown = store.dispatches.get(self.output.dispatch_id or "")
        runs = [store.runs[i].run for i in shown.run_ids if i in store.runs] if shown else []
        sessions = {run.session for run in runs if run.session}
        ids = store.dispatches[dispatch].run_ids
        return all(i in store.runs and store.runs[i].run.session in sessions for i in ids)

    def show_status(self) -> None:
        """Show the status line."""
        app = self._fleet_app
        now = app.clock.time()
        self.status.show(
            app.store.fleet,
            app.clock_time(now),
            name=app.control.config.name,
            is_read_only=bool(app.why_read_only),
            on_their_own=app.store.on_their_own(),
            asked=[now - question.asked_at for question in app.store.questions(now)],
            played=played(app.clock),
        )

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
        """Show the keys that work in the current pane."""
        self.hints.show(*footer_hints(self._fleet_app, self.current))

    def _show_tabs(self) -> None:
        counts = {
            "hosts": len(self.hosts.table.shown_keys),
            "queue": len(self.queue.table.shown_keys),
            "peers": len(self.peers.table.shown_keys),
            "notices": self.notices.rows.open_count,
        }
        tabs = []
        for pane in self.panes:
            count = counts.get(pane.place)
            tabs.append((pane.place, f"{pane.place} {count}" if count else pane.place))
        self.tabs.show(tabs, self.current, self.size.width - 2)

    @on(Pane.Entered)
    def _entered(self, event: Pane.Entered) -> None:
        event.stop()
        if self.current != event.pane.place:
            self.current = event.pane.place
            self._lay_out()

    @on(TabLine.Chosen)
    def _tab_clicked(self, event: TabLine.Chosen) -> None:
        self.focus_pane(event.place)

    @on(LineTable.Opened)
    def _row_opened(self, event: LineTable.Opened) -> None:
        event.stop()
        self._fleet_app.perform(f"{self.current}.open")
