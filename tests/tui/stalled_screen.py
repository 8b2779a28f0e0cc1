"""The real screen on the real core, which counts its beats in a file while a run writes lines."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from fleet_tui.model.config import Defaults, FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest
from fleet_tui.runtime import CoreThread
from fleet_tui.tui.app import FleetApp

BEAT = 0.01
LINES = 'n=0; while sleep 0.01; do n=$((n+1)); echo "line $n of many words, new each time"; done'


class Stage:
    """Starts the run once the first picture is painted; beats from then on."""

    def __init__(self, folder: Path) -> None:
        (folder / "ssh_config").write_text("")
        self._status = folder / "status.json"
        self._core = CoreThread(
            FleetConfig(
                hosts=(Host("here", connection="local", durable=False),),
                defaults=Defaults(agent="shell", mode="unrestricted"),
                agent_home=folder / "home",
                log=folder / "fleet.log",
                data_dir=folder / "state",
                ssh_config=folder / "ssh_config",
            )
        )
        self._app = FleetApp(self._core, on_ready=self._begin)

    def run(self) -> None:
        """Show the screen until it is killed."""
        self._core.start()
        self._app.run()

    def _begin(self) -> None:
        self._core.keep_connected()
        self._core.dispatch(
            DispatchRequest("here", LINES, agent="shell", named_hosts=frozenset({"here"}))
        )
        asyncio.run_coroutine_threadsafe(self._beat(), self._core._loop)

    async def _beat(self) -> None:
        beats = 0
        while True:
            await asyncio.sleep(BEAT)
            beats += 1
            told = json.dumps({"beats": beats, "skipped": self._app.frames.skipped})
            part = self._status.with_suffix(".part")
            part.write_text(told)
            part.replace(self._status)


if __name__ == "__main__":
    Stage(Path(sys.argv[1])).run()
