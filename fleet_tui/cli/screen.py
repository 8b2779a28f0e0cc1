"""`fleet-tui` and `fleet-tui demo`: the screen, on the user's fleet or on an embedded one."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from fleet_tui.cli.console import bug_line, complain, say
from fleet_tui.cli.context import load_config
from fleet_tui.config import data_dir
from fleet_tui.model.errors import FleetError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from concurrent.futures import Future

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.runtime import CoreThread
    from fleet_tui.tui.app import FleetApp

STATE_FILE = "screen.toml"
"""What the screen keeps between starts, in the fleet's state folder."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `demo`."""
    demo = commands.add_parser("demo", help="the screen on an embedded fleet; nothing to set up")
    demo.add_argument("--hosts", type=int, metavar="N", help="how many hosts to play")
    demo.add_argument(
        "--headless-seconds", type=float, metavar="S", help="run without a terminal, end after S"
    )
    add_web(demo)
    demo.set_defaults(handler=demo_command)


def add_web(parser: argparse.ArgumentParser) -> None:
    """Declare `--web`."""
    parser.add_argument(
        "--web",
        nargs="?",
        type=int,
        const=0,
        metavar="PORT",
        help="show the screen in a browser on this machine, read-only, behind a token",
    )


def open_screen(options: argparse.Namespace) -> int:
    """Open the screen on the user's fleet."""
    return show(
        load_config(options),
        is_read_only=options.read_only,
        web_port=options.web,
        is_debug=options.debug,
    )


def show(
    config: FleetConfig,
    *,
    is_demo: bool = False,
    is_read_only: bool = False,
    prepare: Callable[[], None] | None = None,
    headless_seconds: float | None = None,
    web_port: int | None = None,
    is_debug: bool = False,
) -> int:
    """Run the screen until it is closed. The core starts after the first paint.

    With `web_port` (0: any) it is shown in a browser instead of the terminal, read-only.
    """
    if web_port is None and headless_seconds is None:
        require_terminal()
    gc.disable()  # until the first paint: hardly anything is thrown away before it
    from fleet_tui.runtime import CoreThread
    from fleet_tui.tui.app import FleetApp

    is_read_only = is_read_only or web_port is not None
    core = CoreThread(config, is_demo=is_demo, is_read_only=is_read_only, prepare=prepare)
    try:
        if web_port is not None:
            gc.enable()
            core.start()
            return _serve(core, web_port, headless_seconds)
        app = FleetApp(
            core,
            read_only=is_read_only,
            on_ready=lambda: _start(core, app),
            seconds=headless_seconds,
            state=data_dir(config) / STATE_FILE,
        )
        run_app(app, is_headless=headless_seconds is not None, is_debug=is_debug)
        core.raise_if_not_opened()
        told = app.store.fleet.why_not_kept if app.store.fleet is not None else ""
        if told or app.memory.problem:
            complain(told or app.memory.problem)
        return app.return_code or 0
    finally:
        gc.enable()
        core.stop()


def run_app(app: FleetApp, *, is_headless: bool, is_debug: bool) -> None:
    """Run the screen to its end; a bug ends it with one line."""
    from fleet_tui.tui.textual_seams import tell_bugs_in_a_line

    if not (is_debug or os.environ.get("FLEET_DEBUG")):
        tell_bugs_in_a_line(app, lambda bug: f"fleet-tui: {bug_line(bug)}")
    app.run(headless=is_headless)


def require_terminal() -> None:
    """Refuse what would wait for keys that nobody can press; Textual draws on standard error."""
    for stream, name in ((sys.stdin, "standard input"), (sys.stderr, "standard error")):
        if stream is None or not stream.isatty():
            raise UsageError(
                f"the screen needs a terminal, and {name} is none",
                mend="over ssh use `ssh -t`; without a terminal there are `fleet-tui hosts`, "
                "`runs` and `log`, and `--web`",
            )


def _start(core: CoreThread, app: FleetApp) -> None:
    """Open the fleet, connect to its hosts; a fleet that cannot be opened ends the screen."""

    def opened(opening: Future[None]) -> None:
        if opening.exception() is not None:
            app.call_later(app.exit)

    gc.enable()
    core.start().add_done_callback(opened)
    core.keep_connected()


def _serve(core: CoreThread, port: int, seconds: float | None) -> int:
    """Show the screen on loopback until it is interrupted; its address is the one line printed."""
    from fleet_tui.tui.web import SIZE, WebApp

    if not 0 <= port <= 65_535:
        raise UsageError(f"--web: {port} is no port", mend="leave it out, and a free one is used")
    app = WebApp(core, port=port, listening=say, on_ready=core.keep_connected, seconds=seconds)
    app.run(headless=True, size=SIZE)
    if app.refused:
        raise FleetError(f"--web: {app.refused}", mend="name another port")
    return app.return_code or 0


def demo_command(options: argparse.Namespace) -> int:
    """Open the screen on scripted hosts in a child process and a throw-away home."""
    if options.hosts is not None and options.hosts < 1:
        raise UsageError(f"--hosts: {options.hosts} is no number of hosts", mend="name one or more")
    seconds = options.headless_seconds
    if seconds is not None and not 0 < seconds < float("inf"):
        raise UsageError(f"--headless-seconds: {seconds} is no time", mend="name more than 0")
    from fleet_tui.demo import DemoFleet

    with DemoFleet.start(hosts=options.hosts) as demo:
        if seconds is not None:
            complain("demo: running without a terminal")
        return show(
            demo.config,
            is_demo=True,
            is_read_only=options.read_only,
            prepare=demo.prepare,
            headless_seconds=seconds,
            web_port=options.web,
            is_debug=options.debug,
        )
