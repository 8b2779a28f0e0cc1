"""What runs a host keeps: to find those nobody follows, and to remove old ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet_tui.model.text import one_line
from fleet_tui.transport.durable_control import ask
from fleet_tui.transport.durable_state import RunFate, parse_fate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_tui.transport.base import Connection

_TEXT_LIMIT = 500
_BATCH = 500
"""Run ids in one command, so that its line stays short."""


@dataclass(frozen=True, slots=True)
class RemoteRun:
    """A run's folder on its host. Ages are seconds by that host's clock alone."""

    run: str
    fate: RunFate
    out_bytes: int = 0
    err_bytes: int = 0
    age: float | None = None
    """Since it was launched; None when the host cannot tell."""
    idle: float | None = None
    """Since its state last changed: for a finished run, since it ended."""
    command: str = ""
    """First line of what was started, sanitized and cut."""
    meta: str = ""
    """What its launcher wrote beside it (`DurableSpec.meta`), sanitized and cut."""

    @property
    def is_over(self) -> bool:
        """True when nothing of it can run any more as far as the host knows."""
        return self.fate.state != "running"


async def inventory(connection: Connection) -> tuple[RemoteRun, ...]:
    """Return all runs the host keeps, by id, in one round trip.

    Raises Unreachable, FleetError, TimeoutError.
    """
    now, *lines = await ask(connection, "inventory", "-")
    runs: dict[str, RemoteRun] = {}
    last = ""
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "run":
            last, *fate = rest.split()
            runs[last] = RemoteRun(last, parse_fate(fate))
        elif kind == "command" and last:
            runs[last] = replace(runs[last], command=one_line(rest, _TEXT_LIMIT))
        elif kind == "meta" and last:
            runs[last] = replace(runs[last], meta=one_line(rest, _TEXT_LIMIT))
        elif kind in ("size", "time"):
            _add_fact(runs, kind, rest, now)
    return tuple(runs[run] for run in sorted(runs))


def expired(
    runs: Iterable[RemoteRun], *, keep_seconds: float, keep_bytes: int
) -> tuple[RemoteRun, ...]:
    """Return which of `runs` to remove: over for longer than `keep_seconds`, or too large in sum.

    The youngest are kept first; one whose age is not known is as old as can be. A run that goes
    on is never among them, and one that never started only once it is old.
    """
    over = sorted(
        (run for run in runs if run.is_over),
        key=lambda run: float("inf") if run.idle is None else run.idle,
    )
    kept = 0
    gone: list[RemoteRun] = []
    for run in over:
        kept += run.out_bytes + run.err_bytes
        is_old = run.idle is None or run.idle > keep_seconds
        if is_old or (kept > keep_bytes and run.fate.state != "never-started"):
            gone.append(run)
    return tuple(gone)


async def collect(
    connection: Connection,
    *,
    keep_seconds: float,
    keep_bytes: int,
    spare: Iterable[str] = (),
) -> tuple[str, ...]:
    """Remove old folders of runs that are over, but not those in `spare`; returns their ids.

    `keep_bytes` bounds the output kept on the host by runs that are over. The host looks again
    before it removes anything. Raises Unreachable, FleetError, TimeoutError.
    """
    spared = frozenset(spare)
    candidates = [run for run in await inventory(connection) if run.run not in spared]
    old = [run.run for run in expired(candidates, keep_seconds=keep_seconds, keep_bytes=keep_bytes)]
    removed: list[str] = []
    for start in range(0, len(old), _BATCH):
        answer = await ask(connection, "collect", "-", *old[start : start + _BATCH])
        removed += [line for line in answer if line != "done"]
    return tuple(removed)


def _add_fact(runs: dict[str, RemoteRun], kind: str, rest: str, now: str) -> None:
    number, _, path = rest.strip().partition(" ")
    run, _, name = path.strip().partition("/")
    if run not in runs or not number.isdigit() or not now.isdigit():
        return
    if kind == "size":
        size = int(number)
        known = runs[run]
        runs[run] = (
            replace(known, out_bytes=size) if name == "out" else replace(known, err_bytes=size)
        )
    else:
        seconds = max(0.0, float(int(now) - int(number)))
        known = runs[run]
        runs[run] = replace(known, age=seconds) if name == "umask" else replace(known, idle=seconds)
