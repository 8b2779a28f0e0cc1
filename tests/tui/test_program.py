"""The program as a whole: it starts without the network libraries, and ends by itself."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import TYPE_CHECKING

from fleet_tui.cli.console import bug_line
from fleet_tui.cli.screen import show
from fleet_tui.config import load
from fleet_tui.tui.app import FleetApp
from fleet_tui.tui.textual_seams import tell_bugs_in_a_line
from tests.tui.scene import recorded

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_ends_by_itself_without_a_terminal() -> None:
    ready: list[bool] = []
    app = FleetApp(recorded(), seconds=0.2, on_ready=lambda: ready.append(True))
    app.run(headless=True)
    assert ready == [True]
    assert app.return_code == 0
    assert app.frames.frames > 0


def test_the_screen_needs_no_network_library() -> None:
    program = (
        "import sys, fleet_tui.tui.app;"
        "print([m for m in ('asyncssh', 'httpx', 'cryptography') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_garbage_is_left_alone_until_the_first_paint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collects: list[bool] = []
    begin = FleetApp.begin

    def beginning(app: FleetApp) -> None:
        collects.append(gc.isenabled())
        begin(app)
        app.call_after_refresh(app.call_later, painted, app)

    def painted(app: FleetApp) -> None:
        collects.append(gc.isenabled())
        app.exit()

    monkeypatch.setattr(FleetApp, "begin", beginning)
    path = tmp_path / "fleet.toml"
    path.write_text(f'[fleet]\ndata_dir = "{tmp_path}"\n[[host]]\nname="pc"\nconnection="local"\n')
    assert show(load(path), headless_seconds=60) == 0
    assert collects == [False, True]
    assert gc.isenabled()


def test_a_bug_ends_it_with_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        password = "hunter2"
        raise ValueError(f"no such thing, whatever the {len(password)} say")

    app = FleetApp(recorded(), seconds=30, on_ready=fail)
    tell_bugs_in_a_line(app, lambda bug: f"fleet-tui: {bug_line(bug)}")
    app.run(headless=True)
    assert app.return_code == 1
    told = " ".join(capsys.readouterr().err.split())
    assert told == (
        "fleet-tui: unexpected ValueError: no such thing, whatever the 7 say "
        "(a bug; run again with --debug)"
    )
