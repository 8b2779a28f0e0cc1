"""`python -m fleet_tui` and the console script `fleet-tui`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    from fleet_tui.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
