"""An embedded fleet on loopback: real SSH servers in a child process, scripted agents.

`DemoFleet.start()` returns at once with a configuration that can be connected to; see `fleet.py`.
Importing this package loads no SSH library.
"""

from fleet_tui.demo.fleet import DemoFleet

__all__ = ["DemoFleet"]
