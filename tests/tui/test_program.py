"""The program as a whole: it starts without the network libraries, and ends by itself."""

from __future__ import annotations

import subprocess
import sys

from fleet_tui.tui.app import FleetApp
from tests.tui.scene import recorded


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
