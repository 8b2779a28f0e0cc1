"""What was dispatched and said, live or long ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.dispatch.answers import answer_of
from fleet_tui.dispatch.gather import gather
from fleet_tui.journal import SpoolReader, TimelineReader
from fleet_tui.model.errors import UsageError
from fleet_tui.model.snapshot import DispatchView
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_tui.dispatch.dispatcher import LiveDispatch
    from fleet_tui.journal import RunStore
    from fleet_tui.model.control import GatheredGroup
    from fleet_tui.model.lines import LineSource, TimelineSource
    from fleet_tui.model.run import Dispatch, Run


class Archive:
    """Reads store and spools; changes nothing. Safe from any thread."""

    def __init__(
        self, data_dir: Path, store: RunStore, live: Callable[[str], LiveDispatch | None]
    ) -> None:
        self._data_dir = data_dir
        self._store = store
        self._live = live

    def lines(self, run_id: str) -> LineSource:
        """Return the view of a run."""
        return SpoolReader(self._data_dir / "runs" / run_id)

    def timeline(self, dispatch_id: str) -> TimelineSource:
        """Return the merged order of a dispatch's lines."""
        live = self._live(dispatch_id)
        if live is not None:
            return live.timeline
        return TimelineReader.load(self._data_dir / "dispatches" / f"{dispatch_id}.timeline")

    def gather(self, dispatch_id: str) -> tuple[GatheredGroup, ...]:
        """Fold equal answers of a dispatch, finished or not."""
        live = self._live(dispatch_id)
        runs = self._store.runs_of(dispatch_id)
        if live is not None:
            runs = [live.tasks[run.id].run if run.id in live.tasks else run for run in runs]
        return gather(
            [answer_of(run, self.lines(run.id), self._store.answer(run.id)) for run in runs]
        )

    def recent(self, limit: int) -> list[tuple[DispatchView, list[Run]]]:
        """Return past dispatches with their runs, newest first."""
        return [self._with_runs(dispatch) for dispatch in self._store.recent_dispatches(limit)]

    def past(self, dispatch_id: str) -> tuple[DispatchView, list[Run]]:
        """Return one past dispatch with its runs; raises UsageError when it is unknown."""
        dispatch = self._store.get_dispatch(dispatch_id)
        if dispatch is None:
            raise UsageError(f"no dispatch {one_line(dispatch_id, 40)} in the store")
        return self._with_runs(dispatch)

    def prompt_of(self, run: Run) -> str:
        """Return the prompt of a run, empty when its dispatch is gone."""
        dispatch = self._store.get_dispatch(run.dispatch)
        return dispatch.prompt if dispatch else ""

    def _with_runs(self, dispatch: Dispatch) -> tuple[DispatchView, list[Run]]:
        runs = self._store.runs_of(dispatch.id)
        return DispatchView(dispatch, tuple(run.id for run in runs)), runs
