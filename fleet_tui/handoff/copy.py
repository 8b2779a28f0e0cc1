"""A file from one host to another through here, a slice at a time, checked on both sides."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fleet_tui.handoff.script import ask, line_for, told_by
from fleet_tui.model.errors import FleetError
from fleet_tui.transport.base import Completed
from fleet_tui.transport.capture import Capture

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection

SLICE = 1 << 20
TRIES = 3
"""A transcript may grow while it is read; it is then read again."""


async def copy(source: Connection, path: str, target: Connection, beside: str) -> str:
    """Copy `path` to `beside` on the target; returns the SHA-256 that all three sides agree on.

    Raises Unreachable, FleetError.
    """
    for _ in range(TRIES):
        passed = await _pour(source, path, target, beside)
        (there,) = (await ask(source, "look", path)).lines[:1] or ("-",)
        if passed == there:
            return passed
    raise FleetError(
        "the transcript changes while it is copied",
        where=f"{source.host.name}:{path}",
        mend="end the agent that writes it, then try again",
    )


async def _pour(source: Connection, path: str, target: Connection, beside: str) -> str:
    files = await source.files()
    here = hashlib.sha256()
    sink = Capture(1 << 16)
    process = await target.start(line_for(target, "stage", beside), sink, stdin="open")
    try:
        offset = 0
        while True:
            try:
                data = await files.read(path, offset=offset, size=SLICE)
            except OSError as error:
                where = f"{source.host.name}:{path}"
                raise FleetError(f"cannot be read: {error.strerror}", where=where) from None
            if not data:
                break
            offset += len(data)
            here.update(data)
            await process.write(data)
        process.close_stdin()
        status = await process.wait()
    except BaseException:
        process.abort()
        raise
    told = told_by(target, Completed(status, sink.stdout, sink.stderr))
    if told.first != here.hexdigest():
        raise FleetError(
            "the copy is not what was read: the checksums differ",
            where=f"{target.host.name}:{beside}",
            mend="try again; look for a full disk there",
        )
    return here.hexdigest()
