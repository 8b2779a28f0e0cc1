"""`fleet-tui` and `fleet-tui demo`: the screen, on the user's fleet or on an embedded one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain
from fleet_tui.cli.context import load_config
from fleet_tui.config import data_dir

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from fleet_tui.model.config import FleetConfig

STATE_FILE = "screen.toml"
"""What the screen keeps between starts, in the fleet's state folder."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `demo`."""
    demo = commands.add_parser("demo", help="the screen on an embedded fleet; nothing to set up")
    demo.add_argument("--hosts", type=int, metavar="N", help="how many hosts to play")
    demo.add_argument(
        "--headless-seconds", type=float, metavar="S", help="run without a terminal, end after S"
    )
    demo.set_defaults(handler=demo_command)


def open_screen(options: argparse.Namespace) -> int:
    """Open the screen on the user's fleet."""
    return show(load_config(options), is_read_only=options.read_only)


def show(
    config: FleetConfig,
    *,
    is_demo: bool = False,
    is_read_only: bool = False,
    prepare: Callable[[], None] | None = None,
    headless_seconds: float | None = None,
) -> int:
    """Run the screen until it is closed. The core starts with it and outlives its last paint."""
    from fleet_tui.runtime import CoreThread
    from fleet_tui.tui.app import FleetApp

    core = CoreThread(config, is_demo=is_demo, is_read_only=is_read_only, prepare=prepare)
    opened = core.start()
    try:
        app = FleetApp(
            core,
            read_only=is_read_only,
            on_ready=core.keep_connected,
            seconds=headless_seconds,
            state=data_dir(config) / STATE_FILE,
        )
        app.run(headless=headless_seconds is not None)
        opened.result()
        if app.memory.problem:
            complain(app.memory.problem)
        return app.return_code or 0
    finally:
        core.stop()


def demo_command(options: argparse.Namespace) -> int:
    """Open the screen on scripted hosts in a child process and a throw-away home."""
    from fleet_tui.demo import DemoFleet

    with DemoFleet.start(hosts=options.hosts) as demo:
        if options.headless_seconds is not None:
            complain("demo: running without a terminal")
        return show(
            demo.config,
            is_demo=True,
            is_read_only=options.read_only,
            prepare=demo.prepare,
            headless_seconds=options.headless_seconds,
        )
