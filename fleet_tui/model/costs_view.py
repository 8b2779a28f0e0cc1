"""What runs have cost: by day, host, agent and model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Grouping = Literal["day", "host", "agent", "model"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)

NO_MODEL = "not named"
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class CostCell:
    """What the runs of one day, host, agent and model came to."""

    day: str
    """An ISO date, of our own time zone."""
    host: str
    agent: str
    model: str
    usd: float
    runs: int
    unknown: int
    """Runs among them whose cost is not known."""
    priced_as_of: str = ""
    """The oldest price list that some of it was reckoned from; empty when agents named it all."""


@dataclass(frozen=True, slots=True)
class CostRow:
    """One line of a report."""

    name: str
    usd: float
    runs: int
    unknown: int
    priced_as_of: str
    by_day: tuple[float, ...]
    """US dollars of each day of the report."""


@dataclass(frozen=True, slots=True)
class CostReport:
    """All lines, grouped in each way."""

    days: tuple[str, ...]
    """ISO dates, oldest first, without gaps."""
    rows: Mapping[Grouping, tuple[CostRow, ...]]
    usd: float
    runs: int
    unknown: int
    priced_as_of: str
    cap_usd: float | None = None
    """The cap of a day."""
    left_usd: float | None = None
    """What is left of today's; None without a cap."""


def make_report(
    cells: Sequence[CostCell],
    days: Sequence[str],
    *,
    cap_usd: float | None = None,
    left_usd: float | None = None,
) -> CostReport:
    """Return the report of `cells`, each of them of one of `days`.

    Days come in their order and without gaps; other rows come dearest first.
    """
    rows: dict[Grouping, tuple[CostRow, ...]] = {}
    for grouping in GROUPINGS:
        groups: dict[str, list[CostCell]] = {day: [] for day in days} if grouping == "day" else {}
        for cell in cells:
            groups.setdefault(_name(cell, grouping), []).append(cell)
        made = [_row(name, members, days) for name, members in groups.items()]
        if grouping != "day":
            made.sort(key=lambda row: (-row.usd, -row.runs, row.name))
        rows[grouping] = tuple(made)
    whole = _row("", cells, days)
    return CostReport(
        tuple(days), rows, whole.usd, whole.runs, whole.unknown, whole.priced_as_of,
        cap_usd, left_usd,
    )  # fmt: skip


def sparkline(values: Sequence[float]) -> str:
    """Return one bar for each value, the highest for the largest; a dot where there was nothing."""
    top = max(values, default=0.0)
    if top <= 0:
        return "·" * len(values)
    last = len(_BARS) - 1
    return "".join("·" if v <= 0 else _BARS[min(int(v / top * last + 0.5), last)] for v in values)


def _name(cell: CostCell, grouping: Grouping) -> str:
    match grouping:
        case "day":
            return cell.day
        case "host":
            return cell.host
        case "agent":
            return cell.agent
        case "model":
            return cell.model or NO_MODEL


def _row(name: str, cells: Sequence[CostCell], days: Sequence[str]) -> CostRow:
    by_day = dict.fromkeys(days, 0.0)
    for cell in cells:
        by_day[cell.day] = by_day.get(cell.day, 0.0) + cell.usd
    return CostRow(
        name,
        sum(cell.usd for cell in cells),
        sum(cell.runs for cell in cells),
        sum(cell.unknown for cell in cells),
        min((cell.priced_as_of for cell in cells if cell.priced_as_of), default=""),
        tuple(by_day.values()),
    )
