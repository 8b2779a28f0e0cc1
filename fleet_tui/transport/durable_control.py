"""What can be told to a run on its host by a short command, whether or not anybody follows it."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.text import one_line
from fleet_tui.transport import durable_script
from fleet_tui.transport.durable_state import RunFate, parse_fate

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection, SignalName

ANSWER_WITHIN = 30.0
"""Seconds a host may take for one of these commands."""
FEEDING_WITHIN = 86_400.0
"""Seconds after which input that a run never read is given up on the host."""


@dataclass(frozen=True, slots=True)
class KillReport:
    """What was left to kill, and what is still there."""

    fate: RunFate
    swept: int
    """Processes killed that had left the run's group."""
    left: tuple[int, ...]
    """Processes of the run that survived; empty unless they belong to somebody else."""


async def signal_run(
    connection: Connection, run: str, name: SignalName
) -> Literal["sent"] | RunFate:
    """Signal the run's process group; returns its fate instead when it is not running.

    Raises Unreachable, TimeoutError.
    """
    first, *_ = await ask(connection, "signal", run, name)
    return "sent" if first == "sent" else parse_fate(first.split())


async def kill_tree(connection: Connection, run: str) -> KillReport:
    """Kill the run's group, then whatever else carries its mark in the environment.

    Agents start tools in sessions of their own; those outlive their group. Linux finds them by
    `/proc`, macOS and the BSDs by `ps -E` (untested there). Raises Unreachable, TimeoutError.
    """
    state, counts, *_ = await ask(connection, "kill-tree", run)
    swept, *left = (int(word) for word in counts.split())
    return KillReport(parse_fate(state.split()), swept, tuple(left))


async def feed(connection: Connection, run: str, offset: int, data: bytes) -> int:
    """Put `data` into the run's open input; returns how many bytes it was given so far.

    `offset` is where `data` stands in all of its input: bytes the host was given before are not
    given twice. Returns `offset` unchanged when the run is over. A run that does not read lets
    this time out; the bytes stay on their way, and are still given once. Raises FleetError when
    bytes before `offset` are missing, Unreachable, TimeoutError.
    """
    if not data:
        return offset
    size = str(len(data))
    task = asyncio.create_task(
        ask(connection, "feed", run, str(offset), size, stdin=data, timeout=FEEDING_WITHIN)
    )
    _feeding.add(task)
    task.add_done_callback(_forget)
    _state, *rest = await asyncio.wait_for(asyncio.shield(task), ANSWER_WITHIN)
    if not rest:
        return offset
    given = int(rest[0])
    if given < offset + len(data):
        raise FleetError(
            f"the run's input was cut after {given} bytes of {offset + len(data)}",
            where=connection.host.name,
            mend="send the missing part first",
        )
    return given


async def close_input(connection: Connection, run: str) -> None:
    """Let the run see end-of-file once it has read what it was given.

    Raises Unreachable, TimeoutError.
    """
    await ask(connection, "close-input", run)


def new_mark() -> str:
    """Return a word nobody can guess, by which the host's answers are told from other output."""
    return f"@fleet-{secrets.token_hex(12)}"


async def ask(
    connection: Connection,
    program: str,
    run: str,
    *args: str,
    stdin: bytes | None = None,
    timeout: float = ANSWER_WITHIN,
) -> list[str]:
    """Run one of the host's programs; returns the lines it printed, at least one.

    Raises Unreachable, FleetError when it did not run through, TimeoutError.
    """
    mark = new_mark()
    line = durable_script.program_line(program, run, mark, *args, shell=durable_script.SHELL)
    done = await connection.run(line, stdin=stdin, timeout=timeout, limit=16 << 20)
    host = connection.host.name
    if done.status.is_lost:
        raise Unreachable(done.status.reason or "the connection was lost", host=host, fault="lost")
    _, _, answer = done.stdout.partition(f"\n{mark}\n".encode())
    lines = answer.decode("utf-8", "replace").split("\n")[:-1]
    if not lines:
        said = one_line(done.stderr.decode("utf-8", "replace"))
        raise FleetError(
            f"the host did not answer about run {run}: {said or 'nothing was printed'}",
            where=host,
            mend="look at its login scripts",
        )
    return lines


_feeding: set[asyncio.Task[list[str]]] = set()
"""Input on its way. Killing one in the middle would leave unknown how much was given."""


def _forget(task: asyncio.Task[list[str]]) -> None:
    _feeding.discard(task)
    if not task.cancelled():
        task.exception()
