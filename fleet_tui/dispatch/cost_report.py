"""Reports of what runs have cost, and their form as CSV."""

from __future__ import annotations

import csv
import io
import os
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from fleet_tui.journal.cost_cells import cost_cells
from fleet_tui.journal.managed import ManagedRows
from fleet_tui.model.costs_view import GROUPINGS, Grouping, make_report
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fleet_tui.dispatch.spending import Spending
    from fleet_tui.journal import RunStore
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.costs_view import CostReport

MOST_DAYS = 3660
HEAD = ("by", "name", "usd", "runs", "runs_of_unknown_cost", "priced_as_of")
_FORMULA = ("=", "+", "-", "@")


def cost_report(
    store: RunStore, spending: Spending, clock: Clock, config: FleetConfig, days: int
) -> CostReport:
    """Add up the last `days` days, today included; raises UsageError, JournalError."""
    if not 1 <= days <= MOST_DAYS:
        raise UsageError(f"{days} days cannot be added up", mend=f"ask for 1 to {MOST_DAYS}")
    today = datetime.fromtimestamp(clock.time()).date()
    first = today - timedelta(days=days - 1)
    names = [(first + timedelta(days=number)).isoformat() for number in range(days)]
    midnight = datetime(first.year, first.month, first.day).timestamp()
    known = frozenset(names)
    found = (*cost_cells(store, midnight), *ManagedRows(store).cells(names[0]))
    cells = [cell for cell in found if cell.day in known]
    cap = config.budget.usd_per_day
    spent = spending.now()
    left = None if cap is None else max(cap - spent.usd - spent.reserved_usd, 0.0)
    return make_report(cells, names, cap_usd=cap, left_usd=left)


def as_csv(report: CostReport, groupings: Iterable[Grouping] = GROUPINGS) -> str:
    """Return the report as CSV with a head; a spreadsheet takes no name of it for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for grouping in groupings:
        for row in report.rows[grouping]:
            name = f"'{row.name}" if row.name.startswith(_FORMULA) else row.name
            usd = f"{row.usd:.6f}"
            writer.writerow((grouping, name, usd, row.runs, row.unknown, row.priced_as_of))
    return out.getvalue()


def save_csv(report: CostReport, data_dir: Path, today: date) -> Path:
    """Write the report to a new file of the state folder, mode 0600; raises UsageError."""
    folder = data_dir / "exports"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(1, 1000):
            path = folder / f"costs-{today.isoformat()}{'' if number == 1 else f'-{number}'}.csv"
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(as_csv(report))
            return path
    except OSError as error:
        raise UsageError(
            f"the costs cannot be written: {error.strerror}",
            where=str(folder),
            mend="make the folder writable, and not full",
        ) from None
    raise UsageError("it holds 999 exports of today", where=str(folder), mend="remove some")
