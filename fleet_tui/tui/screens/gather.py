"""Equal answers folded into one block with its hosts, and what the odd ones say differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical

from fleet_tui.model.ids import short
from fleet_tui.tui import fmt, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import content
from fleet_tui.tui.safe import short as one_line
from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.log_pane import LogPane
from fleet_tui.tui.widgets.log_rows import FixedLine, FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from fleet_tui.model.control import GatheredGroup
    from fleet_tui.model.snapshot import DispatchView
    from fleet_tui.tui.app import FleetApp


class GatherScreen(Page):
    """One block for each different answer, the commonest first."""

    place = "gather"
    BINDINGS = bindings_for("gather", "lines", "back")

    def __init__(
        self, app: FleetApp, dispatch: DispatchView, groups: Sequence[GatheredGroup]
    ) -> None:
        given = dispatch.dispatch
        super().__init__(app, f"answers · {short(given.id)} · {one_line(given.prompt, 80)}")
        self.groups = groups
        empty = "No run has answered yet."
        view = LogView(app.clock_time, empty=empty, follows=False, id="answers")
        self.log_pane = LogPane(view)
        self._box = Vertical(classes="body")
        runs = sum(len(group.run_ids) for group in groups)
        self._box.border_title = content(
            f"{fmt.some(len(groups), 'different answer')} from {fmt.some(runs, 'run')}"
        )

    def compose(self) -> ComposeResult:
        """Yield the blocks."""
        yield self.crumbs
        with self._box:
            yield self.log_pane
        yield self.hints

    def on_mount(self) -> None:
        """Show the blocks."""
        view = self.log_pane.view
        self.set_focus(view)
        view.change_look(is_folded=False)
        self.log_pane.show_source(FixedRows(block_lines(self.groups)))

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        self._box.border_subtitle = content(self.log_pane.search_status())


def block_lines(groups: Sequence[GatheredGroup]) -> list[FixedLine]:
    """Return the lines of all blocks."""
    lines: list[FixedLine] = []
    for group in groups:
        if lines:
            lines.append(("t", ""))
        lines += _block(group)
    return lines


def _block(group: GatheredGroup) -> list[FixedLine]:
    looks = {state: look.word for state, look in states.RUNS.items()}
    word = looks.get(group.state, group.state)  # type: ignore[call-overload]
    count = fmt.some(len(group.run_ids), "run")
    lines: list[FixedLine] = [("a", f"{group.hosts} · {count} · {word}")]
    lines += [("t", line) for line in group.lines]
    if group.cut_lines:
        lines.append(("m", f"{fmt.some(group.cut_lines, 'more line')} not shown"))
    if group.difference:
        lines.append(("m", "what differs from the first answer:"))
        lines += [diff_line(line) for line in group.difference]
    return lines


def diff_line(line: str) -> FixedLine:
    """Return a line of a unified diff with what it is."""
    if line.startswith("+"):
        return "+", line[1:]
    return ("-", line[1:]) if line.startswith("-") else ("m", line)
