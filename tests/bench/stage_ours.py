"""Our screen on stage: the real app on the real core, its hosts pouring lines."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from fleet_tui.model.request import DispatchRequest
from fleet_tui.runtime import CoreThread
from fleet_tui.tui.app import FleetApp
from tests.bench import ours
from tests.bench.lab import Lab
from tests.bench.measure import watch_lateness
from tests.bench.stage import LAG_STEP, Lags, read_play

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tests.bench.stage import Play


class Stage:
    """Starts everything once the first picture is painted."""

    def __init__(self, play: Play) -> None:
        names = [f"node{number:02d}" for number in range(play.streams)]
        config = ours.fleet_config(Lab(play.folder), play.site, names)
        self._play = play
        self._core = CoreThread(config)
        self._lags = Lags(play, self._rows)
        self._dispatch = ""
        self._watch: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Show the screen until the time is up."""
        self._core.start()
        FleetApp(self._core, on_ready=self._begin).run()

    def _begin(self) -> None:
        self._core.keep_connected()
        self._watch = asyncio.create_task(watch_lateness(self._lags.screen, LAG_STEP))
        asyncio.run_coroutine_threadsafe(
            watch_lateness(self._lags.core, LAG_STEP), self._core._loop
        )
        request = DispatchRequest(target="all", prompt=self._play.command, agent="shell")
        self._core.dispatch(request).add_done_callback(self._dispatched)

    def _dispatched(self, future: Future[str]) -> None:
        self._dispatch = future.result()
        self._lags.start()

    def _rows(self) -> int:
        return self._core.timeline(self._dispatch).rows


if __name__ == "__main__":
    Stage(read_play(sys.argv[1])).run()
