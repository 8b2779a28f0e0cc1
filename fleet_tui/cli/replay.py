"""`fleet-tui replay`: a past hour of the fleet on the screen, from its log and its spools."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fleet_tui.cli.context import load_config
from fleet_tui.cli.screen import require_terminal, run_app
from fleet_tui.config import data_dir, log_path
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `replay`."""
    parser = commands.add_parser(
        "replay", help="a past hour on the screen again, read-only, without a connection"
    )
    parser.add_argument(
        "log", nargs="?", type=Path, help="the audit log; without it, the fleet's own"
    )
    parser.add_argument("--speed", type=float, default=20.0, metavar="N", help="times real time")
    parser.add_argument("--hours", type=float, default=1.0, metavar="H", help="the last hours")
    parser.add_argument(
        "--headless-seconds", type=float, metavar="S", help="run without a terminal, end after S"
    )
    parser.set_defaults(handler=replay_command)


def replay_command(options: argparse.Namespace) -> int:
    """Show the last hours that the log holds."""
    from fleet_tui.replay.control import ReplayControl
    from fleet_tui.runtime import CoreThread
    from fleet_tui.tui.app import FleetApp

    if not (0 < options.speed <= 100_000 and 0 < options.hours <= 100_000):
        raise UsageError("--speed and --hours must be more than 0", mend="try --speed 20")
    config = load_config(options)
    log = options.log or log_path(config)
    if not log.is_file():
        raise UsageError(f"there is no log at {log}", mend="name one: fleet-tui replay LOG")
    if options.headless_seconds is None:
        require_terminal()
    with TemporaryDirectory(prefix="fleet-replay-") as scratch:
        aside = replace(
            config,
            data_dir=Path(scratch) / "state",
            log=Path(scratch) / "fleet.log",
            agent_home=Path(scratch),
            sections={},
        )
        core = CoreThread(aside, is_read_only=True)
        opened = core.start()
        try:
            control = ReplayControl(
                core, log, data_dir(config), hours=options.hours, speed=options.speed
            )
            app = FleetApp(
                control,
                read_only=True,
                clock=control.clock,
                seconds=options.headless_seconds,
            )
            is_headless = options.headless_seconds is not None
            run_app(app, is_headless=is_headless, is_debug=options.debug)
            opened.result()
            return app.return_code or 0
        finally:
            core.stop()
