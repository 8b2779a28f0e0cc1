"""A program of its own that sends what the outbox holds: `FOLDER URL SECONDS [NOTICE]`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from unittest.mock import patch

from fleet_tui.model.notice import Notice
from fleet_tui.notify.desk import NoticeDesk
from tests.support.stage import fleet_file, staged


async def send(folder: Path, url: str, seconds: float, notice: str) -> int:
    """Tell one notice, if one is given, and send for so long; returns how many are under way."""
    long_answer = patch("fleet_tui.notify.carrier.TIMEOUT", 100.0)
    async with staged(fleet_file(folder, ["web01"]), {}) as stage:
        context = stage.fleet.parts._context
        desk = NoticeDesk(context, environ={"CLAUDE_NOTIFY_URL": url}, luck=lambda: 0.0)
        now = stage.fleet.clock.time()
        if notice:
            await desk.tell(Notice(notice, now, "error", "run-failed", "web01", "text"))
        with long_answer:
            left = await desk.flush(seconds)
        await desk.close()
        return len(left)


if __name__ == "__main__":
    where, address, span, *more = sys.argv[1:]
    sys.exit(asyncio.run(send(Path(where), address, float(span), *(more or [""]))))
