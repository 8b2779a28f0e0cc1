"""Cancel requests between programs of one machine: a file per run, taken by the run's owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.ids import ID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class CancelSlot:
    """A folder (0700) in which a file named for a run asks whoever owns it to cancel it."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "cancel"

    def ask(self, runs: Iterable[str], by: str) -> None:
        """Ask for these runs to be cancelled; `by` is noted for the log."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for run in runs:
            (self._folder / run).write_text(by, encoding="utf-8")

    def take(self, mine: Iterable[str]) -> list[tuple[str, str]]:
        """Return and remove the requests for runs in `mine`, as (run, by)."""
        try:
            names = {entry.name for entry in self._folder.iterdir()}
        except FileNotFoundError:
            return []
        taken = []
        for run in names.intersection(mine):
            path = self._folder / run
            by = path.read_text(encoding="utf-8", errors="replace")[:200]
            path.unlink(missing_ok=True)
            taken.append((run, by))
        return taken

    def sweep(self, is_open: frozenset[str]) -> None:
        """Drop requests for runs that are over."""
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if ID_PATTERN.match(path.name) and path.name not in is_open:
                path.unlink(missing_ok=True)
