"""`python -m fleet_tui` and the console script `fleet-tui`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    gc.disable()  # what is made while starting is kept; a command turns it on when it begins
    open_closed_streams()
    from fleet_tui.cli.main import run

    sys.exit(run(sys.argv[1:]))


def open_closed_streams() -> None:
    """Open what the caller has closed (`>&-`): else the first file opened would be written to."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


if __name__ == "__main__":
    main()
