"""Runs that outlive the connection: started once, followed from any byte, by any number of us.

`launch` starts a run on a POSIX host in a session and folder of its own and follows it in the
same round trip; `follow` goes on from a byte offset; `prepare` makes the next launch quick.
`durable_script` says what is on the host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.errors import Unreachable, UsageError
from fleet_tui.transport import durable_script
from fleet_tui.transport.durable_control import new_mark
from fleet_tui.transport.durable_process import DurableProcess
from fleet_tui.transport.durable_spare import prepare, take
from fleet_tui.transport.durable_state import NotUnderstood, RunUnknown

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection, ProcessSink

__all__ = ["DurableProcess", "DurableSpec", "RunUnknown", "follow", "launch", "prepare"]

_RUN_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")


@dataclass(frozen=True, slots=True)
class DurableSpec:
    """What to start, once."""

    run: str
    """The run's id; launching the same id again follows what the first launch started."""
    line: str
    """A line for the user's login shell, as `shell.posix_line` writes it."""
    stdin: bytes | Literal["open"] | None = None
    """Bytes, then end-of-file; `open` keeps the input open until `close_stdin`, connected or not;
    None is end-of-file at once."""
    epoch: int = 0
    """A host that has seen a higher one refuses."""
    meta: str = ""
    """One line kept with the run, for whoever finds it without our records."""


async def launch(connection: Connection, spec: DurableSpec, sink: ProcessSink) -> DurableProcess:
    """Start a run unless it was started before, and follow it from its first byte.

    Returns when the host has it. Until then no byte reaches the sink, so that after Unreachable
    the same launch may simply be tried again. Raises Unreachable, UsageError for a line that is
    too long, Refused for an old epoch, FleetError when the host cannot keep a run's files.
    """
    stdin = spec.stdin if isinstance(spec.stdin, bytes) else None
    mark = new_mark()
    orders = durable_script.orders(
        _checked(spec.run),
        mark,
        epoch=spec.epoch,
        stdin=str(len(stdin)) if stdin is not None else str(spec.stdin or "-"),
        meta=" ".join(spec.meta.split("\n")),
        line=spec.line,
    )
    spare = take(connection)
    if spare is not None:
        process = DurableProcess(connection, spec.run, mark, sink)
        try:
            await process.begin_on(spare, orders, stdin)
            return process
        except (Unreachable, NotUnderstood):
            if not connection.is_open:
                raise
    process = DurableProcess(connection, spec.run, mark, sink)
    await process.begin(durable_script.line_of(orders, shell=durable_script.SHELL), stdin)
    return process


async def follow(
    connection: Connection,
    run: str,
    sink: ProcessSink,
    *,
    out_offset: int = 0,
    err_offset: int = 0,
) -> DurableProcess:
    """Go on with a run from these byte offsets, live or finished.

    Raises Unreachable, RunUnknown when the host has no such run or it never started.
    """
    mark = new_mark()
    line = durable_script.program_line(
        "follow",
        _checked(run),
        mark,
        str(out_offset),
        str(err_offset),
        shell=durable_script.SHELL,
    )
    process = DurableProcess(
        connection, run, mark, sink, out_offset=out_offset, err_offset=err_offset
    )
    await process.begin(line)
    return process


def _checked(run: str) -> str:
    if not _RUN_ID.match(run):
        raise UsageError(f"{run!r} cannot be the id of a run")
    return run
