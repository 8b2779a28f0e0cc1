"""The runs of a dispatch, a line each, under the line that tells how far the whole is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from fleet_tui.tui import fmt, roles, states
from fleet_tui.tui.progress import progress_spans, seconds_of
from fleet_tui.tui.safe import clean
from fleet_tui.tui.widgets import paint

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from textual import events

    from fleet_tui.model.snapshot import DispatchView, RunView
    from fleet_tui.tui.widgets.paint import Span

MARK = "▌"
NAME_MOST = 16


class RunStrip(Widget):
    """Line 0 stands for all runs; below it as many runs as there is room for."""

    DEFAULT_CSS = "RunStrip { height: auto; }"

    class Chosen(Message):
        """A run was clicked; None is all of them."""

        def __init__(self, run: int | None) -> None:
            super().__init__()
            self.run = run

    def __init__(self) -> None:
        super().__init__()
        self._dispatch: DispatchView | None = None
        self._runs: Sequence[RunView] = ()
        self._chosen: int | None = None
        self._marks: Collection[str] = ()
        self._first = 0
        self._now = 0.0
        self._rows = 0
        self._said: object = None

    def show(
        self,
        dispatch: DispatchView | None,
        runs: Sequence[RunView],
        chosen: int | None,
        marks: Collection[str],
        now: float,
        most_rows: int,
    ) -> None:
        """Show the runs with `chosen` among the visible ones, in at most `most_rows` lines."""
        self._dispatch, self._runs, self._chosen = dispatch, runs, chosen
        self._marks, self._now = marks, now
        rows = min(len(runs), max(1, most_rows - 1))
        if chosen is not None:
            self._first = min(max(self._first, chosen - rows + 1), chosen)
        self._first = max(0, min(self._first, len(runs) - rows))
        if rows != self._rows or self.display != (dispatch is not None):
            self._rows = rows
            self.styles.height = rows + 1 + self.gutter.height
            self.display = dispatch is not None
        said = None if dispatch is None else (chosen, self._all_spans(dispatch), self._all_rows())
        if said != self._said:
            self._said = said
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Choose the run under the mouse."""
        at = event.y
        run = None if at == 0 else self._first + at - 1
        if run is None or run < len(self._runs):
            self.post_message(self.Chosen(run))

    def render_line(self, y: int) -> Strip:
        """Return one line of the strip."""
        width = self.size.width
        base = paint.base_style(self)
        palette = roles.Palette(self.app.theme_variables)
        if self._dispatch is None:
            return Strip.blank(width, base)
        index = None if y == 0 else self._first + y - 1
        if index is not None and index >= len(self._runs):
            return Strip.blank(width, base)
        at_cursor = index == self._chosen
        spans = self._all_spans(self._dispatch) if index is None else self._run_spans(index)
        if at_cursor:
            base = paint.cursor_style(base, palette, focused=True)
        strip = paint.strip_of(spans, palette, on_cursor=at_cursor)
        if strip.cell_length > width:
            strip = strip.crop(0, width - 1) + paint.strip_of([(fmt.ELLIPSIS, "faint")], palette)
        return paint.on_base(strip, width, base)

    def _all_spans(self, dispatch: DispatchView) -> list[Span]:
        pointer = "▸ " if self._chosen is None else "  "
        hidden = len(self._runs) - self._rows
        more = [(f" · {fmt.some(hidden, 'run')} not shown", "faint")] if hidden > 0 else []
        marked = [(f" · {len(self._marks)} marked", "accent")] if self._marks else []
        progress = progress_spans(dispatch, self._runs, self._now)
        return [(pointer, "accent"), *progress, *marked, *more]

    def _all_rows(self) -> list[list[Span]]:
        return [self._run_spans(index) for index in range(self._first, self._first + self._rows)]

    def _run_spans(self, index: int) -> list[Span]:
        view = self._runs[index]
        run = view.run
        look = states.run_look(view)
        lost = states.lost_contact(view, self._now) or states.goes_on(view, self._now)
        width = min(NAME_MOST, max(len(clean(other.run.host)) for other in self._runs))
        seconds = seconds_of(view, self._now)
        stopwatch = "" if seconds is None else fmt.elapsed(seconds)
        cost = "" if run.cost_usd is None else fmt.money(run.cost_usd)
        doing = clean(view.doing if run.is_open else run.reason or view.doing)
        word = f"{look.word} · {lost}" if lost else fmt.pad(look.word, 10)
        return [
            ("▸" if index == self._chosen else " ", "accent"),
            (MARK if run.id in self._marks else " ", "accent"),
            (f"{look.glyph} ", look.role),
            (fmt.pad(fmt.clip_middle(clean(run.host), width), width), roles.host_hue(run.host)),
            (" ", ""),
            (word, look.role),
            (fmt.pad(stopwatch, 6, right=True), "muted"),
            (fmt.pad(cost, 7, right=True), ""),
            ("  ", ""),
            (doing, "muted"),
        ]
