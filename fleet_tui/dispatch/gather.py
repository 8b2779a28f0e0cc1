"""Equal answers folded into one, and how the odd ones differ from the most common."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.control import GatheredGroup
from fleet_tui.model.target import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN_LINES = 500
_DIFFED_LINES = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """What one run answered."""

    run: str
    host: str
    state: str
    lines: tuple[str, ...]


def gather(answers: Sequence[Answer]) -> tuple[GatheredGroup, ...]:
    """Fold runs with the same state and lines; largest group first, then in the order given."""
    groups: dict[tuple[str, tuple[str, ...]], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.state, answer.lines), []).append(answer)
    ordered = sorted(groups.values(), key=len, reverse=True)
    if not ordered:
        return ()
    common = ordered[0][0]
    return tuple(_group(members, common) for members in ordered)


def _group(members: list[Answer], common: Answer) -> GatheredGroup:
    first = members[0]
    difference: tuple[str, ...] = ()
    if first is not common and first.lines != common.lines:
        difference = tuple(
            difflib.unified_diff(
                common.lines[:_DIFFED_LINES],
                first.lines[:_DIFFED_LINES],
                fromfile=common.host,
                tofile=first.host,
                lineterm="",
                n=2,
            )
        )[:SHOWN_LINES]
    return GatheredGroup(
        run_ids=tuple(member.run for member in members),
        hosts=fold(member.host for member in members),
        state=first.state,
        lines=first.lines[:SHOWN_LINES],
        cut_lines=max(0, len(first.lines) - SHOWN_LINES),
        difference=difference,
    )
