"""Signs of life: the worst first, how much of the threshold is used up, and what each was doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.model.beats_view import BeatsView
from fleet_tui.tui import fmt, queue_looks
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean, content, short
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.facts import Facts, fact
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from textual.widget import Widget

    from fleet_tui.model.beats_view import PulseView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

COLUMNS = (
    Column("state", "state", 9),
    Column("name", "who", 12, is_flexible=True, most=26),
    Column("kind", "kind", 7, drop=4),
    Column("age", "age", 4, is_right=True),
    Column("bar", "threshold", queue_looks.BAR),
    Column("history", "pauses", 12, is_flexible=True, most=24, drop=3),
    Column("holds", "holds", 8, is_flexible=True, most=40, drop=2),
    Column("word", "last word", 12, is_flexible=True, drop=1),
)
EMPTY = "No worker, daemon or mirror pull has shown life yet."
LABEL = 11


class PulseRows:
    """The rows of the heartbeats, the worst first."""

    def __init__(self) -> None:
        self.view: BeatsView | None = None
        self.now = 0.0
        self._pulses: dict[str, PulseView] = {}

    def take(self, view: BeatsView) -> None:
        """Take a newer picture."""
        self.view = view
        self._pulses = {pulse.key: pulse for pulse in view.pulses}

    def pulse(self, key: str | None) -> PulseView | None:
        """Return a heartbeat."""
        return self._pulses.get(key or "")

    def age(self, pulse: PulseView) -> float:
        """Return its age now; it stands still while it cannot be read."""
        view = self.view
        if view is None or view.problems:
            return pulse.silent_for
        return pulse.silent_for + max(0.0, self.now - view.made_at)

    def ids(self) -> Sequence[str]:
        """Return the keys."""
        return list(self._pulses)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a heartbeat's cells."""
        pulse = self._pulses[key]
        look = queue_looks.PULSES[pulse.state]
        limit = self.view.stale_after if self.view else 0.0
        age = self.age(pulse)
        bar = queue_looks.age_bar(age, limit)
        word = f"paused · {pulse.word}" if pulse.is_paused else pulse.word
        return {
            "state": [(f"{look.glyph} {look.word}", look.role)],
            "name": [
                (fmt.clip_middle(clean(pulse.name), 26), "*" if pulse.state == "stale" else "")
            ],
            "kind": [(clean(pulse.kind), "muted")],
            "age": [(fmt.age(age), look.role)],
            "bar": [(bar.rstrip("·"), look.role), (bar[len(bar.rstrip("·")) :], "faint")],
            "history": [(queue_looks.sparkline(pulse.history, limit or 1.0), "muted")],
            "holds": [(clean(", ".join(pulse.doing)), "")],
            "word": [(short(word, 200), "muted")],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a heartbeat's cell is ordered by."""
        if column in ("age", "bar"):
            return -self.age(self._pulses[key])
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        pulse = self._pulses[key]
        return " ".join((pulse.name, pulse.kind, pulse.host, pulse.state, pulse.word, *pulse.doing))


class HeartbeatsScreen(TablePage):
    """`enter` opens the host; what a dead worker holds can be taken back."""

    place = "heartbeats"
    BINDINGS = bindings_for("heartbeats", "list", "back")
    DEFAULT_CSS = """
    HeartbeatsScreen #pulse { height: auto; padding: 0 1; }
    """

    def __init__(self, app: FleetApp) -> None:
        self.rows = PulseRows()
        table = LineTable(self.rows, COLUMNS, empty=EMPTY, id="heartbeats-table")
        super().__init__(app, "heartbeats", table)
        self.about = Facts(id="pulse")

    def below(self) -> Sequence[Widget]:
        """Return what is known of the one at the cursor."""
        return (self.about,)

    @property
    def at_cursor(self) -> PulseView | None:
        """Return the heartbeat at the cursor."""
        return self.rows.pulse(self.table.cursor_key)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show a newer picture at once, ages when they may move."""
        self.rows.now = now
        view = store.part(BeatsView)
        if view is not None and view is not self.rows.view:
            self.rows.take(view)
            self.table.reload()
            self.entitle(_title(view))
            self.box.border_subtitle = content(_note(view))
            self.show_hints()
        elif dirty.numbers:
            self.table.refresh_changed()
        self._show_about()

    def _show_about(self) -> None:
        pulse = self.at_cursor
        lines = [] if pulse is None else list(self._about(pulse))
        self.about.show(fact(label, text, style, width=LABEL) for label, text, style in lines)

    def _about(self, pulse: PulseView) -> Iterator[tuple[str, str, str]]:
        look = queue_looks.PULSES[pulse.state]
        since = ""
        if pulse.stale_since is not None:
            since = f" since {self.fleet_app.clock_time(pulse.stale_since)}"
        age = fmt.age(self.rows.age(pulse))
        state = f"{look.glyph} {look.word}{since} · last change {age} ago"
        yield "who", f"{pulse.name} · {pulse.kind} on {pulse.host or 'this machine'}", "bold"
        yield "state", state, f"$fleet-{look.role}"
        yield "was doing", ", ".join(pulse.doing) or "nothing it said", ""
        yield "last word", pulse.word or "none", ""
        if pulse.history:
            longest, usual = max(pulse.history), sorted(pulse.history)[len(pulse.history) // 2]
            count = len(pulse.history)
            text = f"the last {count} pauses: usually {usual:.0f} s, longest {longest:.0f} s"
            if pulse.episodes:
                text += f" · stale {fmt.some(pulse.episodes, 'time')} so far"
            yield "history", text, "$fleet-muted"

    @on(LineTable.CursorMoved)
    def _moved(self, event: LineTable.CursorMoved) -> None:
        event.stop()
        self._show_about()

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.fleet_app.perform("heartbeats.host")


def _title(view: BeatsView) -> str:
    stale = len(view.stale)
    total = fmt.some(len(view.pulses), "heartbeat")
    return f"{total} · {stale} stale" if stale else total


def _note(view: BeatsView) -> str:
    if view.problems:
        return view.problems[0]
    lag = (
        f" · {fmt.age(view.lag_seconds)} of our own absence left out"
        if view.lag_seconds > 1
        else ""
    )
    return f"stale after {fmt.age(view.stale_after)} without a change that we saw{lag}"
