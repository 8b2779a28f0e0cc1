"""The runs of the past for a face: found, compared, exported."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fleet_tui.handoff.compare import compare
from fleet_tui.handoff.export import export_markdown
from fleet_tui.model.errors import UsageError
from fleet_tui.model.history import HistoryPage
from fleet_tui.model.run_filter import parse_filter, with_hosts
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.history import Comparison
    from fleet_tui.model.run import Run

T = TypeVar("T")


class HistoryDesk:
    """Implements `model.history_control.HistoryControl`; reads in threads."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, object]], Future[object]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet

    def find(self, words: str, limit: int, first: int = 0) -> Future[HistoryPage]:
        """Return runs that fit, newest first."""
        return self._in_thread(lambda: self._find(words, limit, first))

    def compare(self, left: str, right: str) -> Future[Comparison]:
        """Return how two answers differ."""
        fleet = self._fleet
        return self._in_thread(
            lambda: compare(fleet.archive, fleet.store, self._run(left), self._run(right))
        )

    def export(self, run_id: str) -> Future[str]:
        """Return a run as Markdown."""
        return self._in_thread(lambda: self._export(run_id))

    def save(self, run_id: str, path: str) -> Future[str]:
        """Write a run as Markdown to a new file here."""
        return self._in_thread(lambda: self._save(run_id, path))

    def _find(self, words: str, limit: int, first: int) -> HistoryPage:
        found = with_hosts(parse_filter(words, self._fleet.clock.time()), self._fleet.config.hosts)
        runs = self._fleet.store.history(found, limit + 1, first)
        return HistoryPage(tuple(runs[:limit]), first, len(runs) > limit)

    def _export(self, run_id: str) -> str:
        run = self._run(run_id)
        archive = self._fleet.archive
        return export_markdown(run, archive.prompt_of(run), archive.lines(run.id))

    def _save(self, run_id: str, path: str) -> str:
        text = self._export(run_id)
        place = Path(path).expanduser()
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise UsageError("is there already", where=str(place), mend="name another") from None
        except OSError as error:
            raise UsageError(
                f"cannot be written: {error.strerror}", where=str(place), mend="name another file"
            ) from None
        return str(place.absolute())

    def _run(self, run_id: str) -> Run:
        run = self._fleet.store.get_run(run_id)
        if run is None:
            raise UsageError(f"no run {one_line(run_id, 40)} in the store")
        return run

    def _in_thread(self, work: Callable[[], T]) -> Future[T]:
        async def run() -> T:
            return await asyncio.to_thread(work)

        return self._call(run())  # type: ignore[return-value]
