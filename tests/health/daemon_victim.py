"""A program that is killed between writing a start down and making it: `python -m … FOLDER AT`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from unittest.mock import patch

from fleet_tui.fleet import Fleet
from tests.health.daemon_stage import config, site
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from fleet_tui.model.request import DispatchRequest


async def _die(_fleet: Fleet, _request: DispatchRequest) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed program goes on")


async def _main(folder: Path, at: float) -> None:
    with patch.object(Fleet, "dispatch", _die):
        async with site(config(folder), clock=FixedClock(at)) as one:
            await one.tick()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), float(sys.argv[2])))
