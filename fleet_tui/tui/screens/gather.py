"""Equal answers folded into one block with its hosts, and what the odd ones say differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.ids import short
from fleet_tui.tui import fmt, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import short as one_line
from fleet_tui.tui.screens.lines_page import LinesPage
from fleet_tui.tui.widgets.log_rows import FixedLine, FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.control import GatheredGroup
    from fleet_tui.model.snapshot import DispatchView
    from fleet_tui.tui.app import FleetApp


class GatherScreen(LinesPage):
    """One block for each different answer, the commonest first."""

    place = "gather"
    BINDINGS = bindings_for("gather", "lines", "back")

    def __init__(
        self, app: FleetApp, dispatch: DispatchView, groups: Sequence[GatheredGroup]
    ) -> None:
        given = dispatch.dispatch
        empty = "No run has answered yet."
        view = LogView(app.clock_time, empty=empty, follows=False, id="answers")
        crumb = f"answers · {short(given.id)} · {one_line(given.prompt, 80)}"
        super().__init__(app, crumb, view)
        self.groups = groups
        runs = sum(len(group.run_ids) for group in groups)
        self.entitle(f"{fmt.some(len(groups), 'different answer')} from {fmt.some(runs, 'run')}")

    def on_mount(self) -> None:
        """Show the blocks."""
        self.log_pane.view.change_look(is_folded=False)
        self.log_pane.show_source(FixedRows(block_lines(self.groups)))


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
