"""Signs of life: the worst first, how much of the threshold is used up, and what each was doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.beats_view import BeatsView
from fleet_tui.tui import fmt, queue_looks
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean, short
from fleet_tui.tui.screens.part_page import PartPage
from fleet_tui.tui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fleet_tui.model.beats_view import PulseView
    from fleet_tui.tui.app import FleetApp
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


class HeartbeatsScreen(PartPage[BeatsView]):
    """`enter` opens the host; what a dead worker holds can be taken back."""

    place = "heartbeats"
    part = BeatsView
    opens = "heartbeats.host"
    label_width = 11
    BINDINGS = bindings_for("heartbeats", "list", "back")

    def __init__(self, app: FleetApp) -> None:
        self.rows = PulseRows()
        super().__init__(app, "heartbeats", self.rows, COLUMNS, EMPTY)

    @property
    def at_cursor(self) -> PulseView | None:
        """Return the heartbeat at the cursor."""
        return self.rows.pulse(self.table.cursor_key)

    def title_of(self, view: BeatsView) -> str:
        """Return how many there are, and how many are stale."""
        stale = len(view.stale)
        total = fmt.some(len(view.pulses), "heartbeat")
        return f"{total} · {stale} stale" if stale else total

    def note_of(self, view: BeatsView) -> str:
        """Return from when on one is stale, or why their ages stand still."""
        if view.problems:
            return view.problems[0]
        lag = (
            f" · {fmt.age(view.lag_seconds)} of our own absence left out"
            if view.lag_seconds > 1
            else ""
        )
        return f"stale after {fmt.age(view.stale_after)} without a change that we saw{lag}"

    def facts(self) -> Iterator[tuple[str, str, str]]:
        """Yield what is known of the heartbeat at the cursor."""
        pulse = self.at_cursor
        if pulse is None:
            return
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
