"""What a run answered: an agent's final words, or all that a command printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.dispatch.gather import Answer

if TYPE_CHECKING:
    from fleet_tui.model.lines import LineSource
    from fleet_tui.model.run import Run

COMPARED_LINES = 20_000
"""Lines of a run that are compared; beyond that runs of equal beginning count as equal."""
_SPOKEN = frozenset("oet")


def answer_of(run: Run, lines: LineSource, final: str) -> Answer:
    """Return the answer of `run`: `final` if the agent gave one, else the lines it printed.

    A run that said nothing answers with the reason it ended for.
    """
    if final:
        return Answer(run.id, run.host, run.state, tuple(final.splitlines()))
    said = tuple(line.text for line in lines.read(0, COMPARED_LINES) if line.tag in _SPOKEN)
    if not said and run.reason:
        said = (run.reason,)
    return Answer(run.id, run.host, run.state, said)
