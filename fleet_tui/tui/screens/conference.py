"""One set of questions to many sessions: a row a session, a column a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.model.peers_view import PeersView
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean, short
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.peers_view import Answered, ConferenceView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

COLUMNS = (
    Column("peer", "session", 16, is_flexible=True, most=28),
    Column("state", "answered", 14, is_flexible=True, most=26),
    Column("answers", "answers", 20, is_flexible=True),
)


class AnswerRows:
    """The rows of a conference: who answered, and who is missing since when."""

    def __init__(self) -> None:
        self.view: ConferenceView | None = None
        self.now = 0.0

    def _row(self, key: str) -> Answered:
        assert self.view is not None
        return next(row for row in self.view.rows if row.peer == key)

    def ids(self) -> Sequence[str]:
        """Return the peers, those that answered first."""
        rows = self.view.rows if self.view else ()
        return [r.peer for r in sorted(rows, key=lambda r: (r.answered_at is None, r.peer))]

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a peer's cells."""
        row = self._row(key)
        if row.answered_at is not None:
            state = [(f"✓ after {fmt.age(row.answered_at - row.asked_at)}", "ok")]
        else:
            since = fmt.age(max(0.0, self.now - row.asked_at))
            word = "gone" if row.is_gone else row.rung
            state = [(f"· missing {since} ({word})", "bad" if row.is_gone else "wait")]
        said = "  ".join(f"{n}. {short(a, 400)}" for n, a in enumerate(row.answers, 1) if a)
        return {"peer": [(clean(key), "")], "state": state, "answers": [(said, "")]}

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        return f"{key} {' '.join(self._row(key).answers)}"


class ConferenceScreen(TablePage):
    """`e` writes the table as Markdown; `[` and `]` go to other conferences."""

    place = "conference"
    BINDINGS = bindings_for("conference", "list", "back")

    def __init__(self, app: FleetApp, conference: str = "") -> None:
        self.rows = AnswerRows()
        empty = "No conference was held yet; c asks all sessions the same questions."
        table = LineTable(self.rows, COLUMNS, empty=empty, id="conference-table")
        super().__init__(app, "sessions / conference", table)
        self.conference = conference
        """The id of the one that is shown; empty for the newest."""

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show answers as they come, and ages when they may move."""
        self.rows.now = now
        view = store.part(PeersView)
        held = view.conferences if view else ()
        if not held:
            return
        found = next((c for c in held if c.id == self.conference), held[-1])
        if found != self.rows.view:
            self.rows.view, self.conference = found, found.id
            asked = "  ".join(f"{n}. {q}" for n, q in enumerate(found.questions, 1))
            self.show_crumb(f"sessions / conference / {short(asked, 200)}")
            there = len(found.rows) - len(found.missing)
            self.entitle(f"{there} of {len(found.rows)} answered")
            self.table.reload()
            self.show_hints()
        elif dirty.numbers:
            self.table.refresh_changed()

    def step(self, direction: int) -> None:
        """Show the next or previous conference."""
        view = self.fleet_app.store.part(PeersView)
        ids = [c.id for c in view.conferences] if view else []
        if self.conference in ids:
            place = ids.index(self.conference) + direction
            if 0 <= place < len(ids):
                self.conference = ids[place]
                self.fleet_app.frames.tick()

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.fleet_app.perform("conference.open")
