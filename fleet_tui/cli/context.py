"""What most commands begin with: find the configuration, open the fleet, run a coroutine."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fleet_tui.cli.console import complain
from fleet_tui.config import discover, load
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Coroutine

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.config import FleetConfig

T = TypeVar("T")
LEAVE = "leave"
"""Why a command is cancelled when its terminal or its machine goes, not its user's mind."""


def load_config(options: argparse.Namespace) -> FleetConfig:
    """Return the configuration; raises UsageError for none, ConfigError for a bad one."""
    path = discover(options.config, os.environ, Path.cwd())
    if path is None:
        raise UsageError(
            "no fleet.toml was found",
            mend="write one with `fleet-tui init`, or look around with `fleet-tui demo`",
        )
    return load(path)


@asynccontextmanager
async def open_fleet(options: argparse.Namespace) -> AsyncIterator[Fleet]:
    """Open the fleet for one command, and close it whatever happens."""
    from fleet_tui.fleet import Fleet

    fleet = Fleet(load_config(options), is_read_only=options.read_only)
    await fleet.open()
    if fleet.why_not_kept:
        complain(fleet.told_not_kept)
    try:
        yield fleet
    finally:
        await fleet.close()


def run_async(main: Coroutine[None, None, T]) -> T:
    """Run `main`; SIGTERM and SIGHUP cancel it with LEAVE, ctrl+c without."""

    async def guarded() -> T:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and os.name == "posix":
                loop.add_signal_handler(number, task.cancel, LEAVE)
        try:
            return await main
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    return asyncio.run(guarded())
