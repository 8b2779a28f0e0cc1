"""The screen on a terminal of its own, with a shell script for every terminal that is asked for.

`python -m tests.tui.lending_screen SCRIPT`
"""

from __future__ import annotations

import sys

from fleet_tui.model.host import Host
from fleet_tui.tui.app import FleetApp
from tests.tui.fake_control import FakeControl


def main() -> None:
    """Open the screen on one host."""
    control = FakeControl([Host("nas1")])
    control.set_fleet(is_demo=False)
    control.host_up("nas1")
    control.terminal_argv = ("/bin/sh", "-c", sys.argv[1])
    FleetApp(control).run()


if __name__ == "__main__":
    main()
