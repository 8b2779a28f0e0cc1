"""Two runs' answers, and where they differ."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from fleet_tui.dispatch.answers import answer_of
from fleet_tui.model.history import Comparison
from fleet_tui.model.ids import short
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.dispatch.archive import Archive
    from fleet_tui.journal import RunStore
    from fleet_tui.model.run import Run

COMPARED = 5_000
"""Lines of each answer that are looked at."""
SHOWN = 2_000


def compare(archive: Archive, store: RunStore, left: Run, right: Run) -> Comparison:
    """Return how the answer of `right` differs from that of `left`. Reads from disk."""
    before, after = (
        answer_of(run, archive.lines(run.id), store.answer(run.id)).lines[:COMPARED]
        for run in (left, right)
    )
    difference = tuple(
        difflib.unified_diff(before, after, fromfile=_name(left), tofile=_name(right), lineterm="")
    )
    return Comparison(
        left,
        right,
        difference[:SHOWN],
        len(before),
        len(after),
        max(0, len(difference) - SHOWN),
    )


def _name(run: Run) -> str:
    return one_line(f"{short(run.id)} on {run.host}")
