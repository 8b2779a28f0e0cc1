"""The child process that serves the demo; it ends by itself when its parent does."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
import time
from pathlib import Path

from fleet_tui.demo import managed_stage, queue_stage
from fleet_tui.demo.spec import HOME_PREFIX, SPEC_NAME, DemoSpec

_GRACE_SECONDS = 3.0


def run_demo_server(spec_path: Path) -> int:
    """Serve the demo that `spec_path` describes until standard input ends.

    Prints `ready` on standard output when logins are answered. Its throw-away home is deleted at
    the end, also when the parent was killed.
    """
    spec = DemoSpec.load(spec_path)
    asyncio.run(_serve(spec))
    home = Path(spec.home)
    if home.name.startswith(HOME_PREFIX) and (home / SPEC_NAME).exists():
        shutil.rmtree(home, ignore_errors=True)
    return 0


async def _serve(spec: DemoSpec) -> None:
    from fleet_tui.demo.sshd import serve

    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def watch_parent() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stopped.set)
        time.sleep(_GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch_parent, daemon=True).start()
    queue = asyncio.create_task(queue_stage.play(spec))
    try:
        with managed_stage.service(spec):
            await serve(spec, stopped)
    finally:
        queue.cancel()
        await asyncio.gather(queue, return_exceptions=True)


if __name__ == "__main__":
    sys.exit(run_demo_server(Path(sys.argv[1])))
