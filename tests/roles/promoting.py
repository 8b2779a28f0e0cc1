"""`python -m tests.roles.promoting SITE HOST CANDIDATE STEP WHEN`: promote, and be killed there.

WHEN is `before` or `after` the step. Ends with 0 when the promotion is over.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.roles.promotion import Promotion
from tests.roles.fleets import opened_at
from tests.roles.site import Site

if TYPE_CHECKING:
    from fleet_tui.roles.plan import Plan


def die() -> None:
    """Be gone at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Promote, and be killed at one moment of it."""
    folder, here, candidate, step, when = sys.argv[1:]
    begin = Promotion.__init__

    def wired(self: Promotion, *args: object) -> None:
        begin(self, *args)  # type: ignore[arg-type]
        carry_out = self._steps[step]

        async def fatal(plan: Plan) -> str:
            if when == "before":
                die()
            note = await carry_out(plan)
            die()
            return note

        self._steps[step] = fatal

    Promotion.__init__ = wired  # type: ignore[method-assign,assignment]
    asyncio.run(promote(Site.at(Path(folder)), here, candidate))


async def promote(site: Site, here: str, candidate: str) -> None:
    """Promote as the command line does."""
    async with opened_at(site, here) as fleet:
        await fleet.parts.roles.promote(candidate, candidate)


if __name__ == "__main__":
    main()
