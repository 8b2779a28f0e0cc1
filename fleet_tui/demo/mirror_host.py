"""A demo host's mirror: the fleet's own fixed programs, run for real in the demo's throw-away home.

Nothing else is run: a line that is not exactly one of those programs is the demo shell's.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.roles.mirror_script import NAME, read_line

if TYPE_CHECKING:
    from fleet_tui.demo.inbox import Inbox
    from fleet_tui.demo.streams import Streams

HOMES = "mirrors"
"""Folder of the demo's home that holds the homes of its hosts."""


async def serve(host: str, line: str, inbox: Inbox, streams: Streams) -> int | None:
    """Run `line` when it is a program for mirrors, and return its status; None when it is none."""
    call = read_line(line) if os.name == "posix" else None
    if call is None:
        return None
    program, args = call
    data = await inbox.read()
    home = Path(os.environ["HOME"]) / HOMES / host
    await asyncio.to_thread(home.mkdir, parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        program,
        NAME,
        *args,
        cwd=home,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await process.communicate(data)
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    await streams.write(out)
    if err:
        await streams.write_error(err)
    return process.returncode or 0
