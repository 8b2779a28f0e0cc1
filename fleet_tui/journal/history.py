"""The question to the run store that a filter of runs means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.run_filter import RunFilter

ANSWER_SHOWN = 400


def where(found: RunFilter) -> tuple[str, list[object]]:
    """Return the conditions on `runs` joined with `dispatches d`, and their values.

    Literal texts only ever travel as values.
    """
    conditions: list[str] = []
    values: list[object] = []
    if found.hosts:
        tests = [
            "runs.host GLOB ?" if set("*?") & set(name) else "runs.host = ?" for name in found.hosts
        ]
        conditions.append(f"({' OR '.join(tests)})")
        values += found.hosts
    for column, wanted in (
        ("runs.agent", found.agents),
        ("runs.mode", found.modes),
        ("d.origin", found.origins),
    ):
        _add_list(conditions, values, column, wanted)
    if found.modes:  # a plain command is stored as unrestricted, but has no mode
        conditions.append("runs.agent <> 'shell'")
    _add_either(conditions, values, found)
    for test, value in (
        ("runs.cost_usd >= ?", found.min_cost),
        ("runs.cost_usd <= ?", found.max_cost),
        ("runs.created_at >= ?", found.since),
        ("runs.created_at <= ?", found.until),
    ):
        if value is not None:
            conditions.append(test)
            values.append(value)
    for text in found.text:
        conditions.append(
            r"(d.prompt LIKE ? ESCAPE '\' OR runs.answer LIKE ? ESCAPE '\' "
            r"OR runs.reason LIKE ? ESCAPE '\')"
        )
        values += [containing(text)] * 3
    return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), values


def containing(text: str) -> str:
    """Return the LIKE pattern of texts that contain `text`."""
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _add_list(
    conditions: list[str], values: list[object], column: str, wanted: Sequence[str]
) -> None:
    if wanted:
        conditions.append(f"{column} IN ({', '.join('?' * len(wanted))})")
        values += wanted


def _add_either(conditions: list[str], values: list[object], found: RunFilter) -> None:
    """States and outcomes together widen: `state:lost,auth` is both kinds."""
    tests: list[str] = []
    _add_list(tests, values, "runs.state", found.states)
    _add_list(tests, values, "runs.outcome", found.outcomes)
    if tests:
        conditions.append(f"({' OR '.join(tests)})")
