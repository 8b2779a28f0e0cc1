"""The sessions in the cloud: state with its proof, cost against cap, and the last word of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.managed_view import ManagedView
from fleet_tui.tui import fmt, managed_looks
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean, short
from fleet_tui.tui.screens.part_page import PartPage
from fleet_tui.tui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fleet_tui.model.managed_view import ManagedRow
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.paint import Span

COLUMNS = (
    Column("state", "state", 13),
    Column("since", "since", 5, is_right=True),
    Column("cost", "cost/cap", 11, is_right=True),
    Column("title", "title", 14, is_flexible=True, most=34),
    Column("heard", "heard", 6, is_right=True, drop=2),
    Column("model", "model", 16, is_flexible=True, most=20, drop=3),
    Column("word", "last word", 16, is_flexible=True, drop=1),
)
EMPTY = "No session was started yet; n starts one."
LABEL = 8


class ManagedRows:
    """A row for each session, newest first."""

    def __init__(self) -> None:
        self.now = 0.0
        self.view: ManagedView | None = None

    def take(self, view: ManagedView) -> None:
        """Take a newer picture."""
        self.view = view

    def row(self, key: str | None) -> ManagedRow | None:
        """Return one."""
        return self.view.row(key) if self.view is not None and key is not None else None

    def ids(self) -> Sequence[str]:
        """Return our ids."""
        return [row.session.id for row in self.view.rows] if self.view is not None else []

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return the cells of one."""
        row = self.row(key)
        assert row is not None
        session = row.session
        look = managed_looks.look_of(row, self.now)
        word, style = managed_looks.word_of(row)
        heard = fmt.age(max(0.0, self.now - session.heard_at)) if session.heard_at else "never"
        return {
            "state": [(f"{look.glyph} {look.word}", look.role)],
            "since": [(fmt.age(max(0.0, self.now - session.state_at)), "muted")],
            "cost": [(managed_looks.cost_of(row), "" if session.cost_usd else "muted")],
            "title": [(short(session.title, 60), "")],
            "heard": [(heard, "muted")],
            "model": [(clean(session.model), "muted")],
            "word": [(short(word, 200), style)],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a cell is ordered by."""
        row = self.row(key)
        assert row is not None
        session = row.session
        if column in ("since", "heard"):
            return -(session.state_at if column == "since" else session.heard_at)
        if column == "cost":
            return -session.cost_usd if session.cost_usd is not None else None
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        row = self.row(key)
        assert row is not None
        session = row.session
        return f"{session.id} {session.session} {session.state} {session.title} {session.last_word}"


class ManagedScreen(PartPage[ManagedView]):
    """`enter` shows the conversation, `n` starts a session, `a` and `d` answer what it asks."""

    place = "managed"
    part = ManagedView
    opens = "managed.read"
    label_width = LABEL
    BINDINGS = bindings_for("managed", "cloud", "list", "back")

    def __init__(self, app: FleetApp) -> None:
        self.rows = ManagedRows()
        super().__init__(app, "managed", self.rows, COLUMNS, EMPTY)

    @property
    def session_row(self) -> ManagedRow | None:
        """Return the session at the cursor."""
        return self.rows.row(self.table.cursor_key)

    def title_of(self, view: ManagedView) -> str:
        """Return how many there are, and what they have cost."""
        return managed_looks.sums_of(view)

    def facts(self) -> Iterator[tuple[str, str, str]]:
        """Yield why none can be started, and what is known of the session at the cursor."""
        view, row = self.rows.view, self.session_row
        if view is not None and view.problem:
            yield "problem", view.problem, "$fleet-bad"
        if row is not None:
            yield from facts_of(row, self.rows.now)

    def open_row(self) -> None:
        """Show the conversation of the session at the cursor."""
        from fleet_tui.tui.screens.managed_talk import ManagedTalkScreen

        row = self.session_row
        if row is not None:
            self.fleet_app.open_screen(ManagedTalkScreen(self.fleet_app, row.session.id))


def facts_of(row: ManagedRow, now: float) -> Iterator[tuple[str, str, str]]:
    """Yield label, text and style of what is known of a session."""
    session = row.session
    look = managed_looks.look_of(row, now)
    state = f"{look.glyph} {look.word} · {managed_looks.proof_of(row, now)}"
    yield "state", state, f"$fleet-{look.role}"
    names = " · ".join(filter(None, (session.id, session.session, session.model)))
    yield "session", names, "$fleet-muted"
    if session.why:
        yield "why", session.why, "$fleet-wait"
    for ask in row.asks:
        answer = "a allows it once, d denies it" if ask.can_answer else "its own program answers"
        yield "asks", f"{ask.tool}: {short(ask.text, 400)} ({answer})", "$fleet-wait"
    if session.last_word and not row.asks:
        yield "said", short(session.last_word, 300), ""
