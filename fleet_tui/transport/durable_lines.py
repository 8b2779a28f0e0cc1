"""Reading back the lines of `durable_script`, for a host that plays its part without a shell."""

from __future__ import annotations

import functools
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.transport import durable_script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAUNCH = "launch"
"""Name of the program that starts a run; the others are named as in `durable_script.PROGRAMS`."""
AWAITS_ORDERS = ("-",)
"""Arguments of a launch whose order comes as the first lines of its input instead."""
ORDER_LINES = 6
"""How many lines such an order has: one for each argument of a launch."""

_BEFORE_ARGUMENTS = " fleet-run \\! "
_OCTAL = re.compile(r"\\0([0-7]{3})")


@dataclass(frozen=True, slots=True)
class ProgramCall:
    """One of the host's programs and what it is called with."""

    name: str
    args: tuple[str, ...]
    """Of a launch see `launch_order`; of all others the run (`-` for none), the mark, the rest."""


@dataclass(frozen=True, slots=True)
class LaunchOrder:
    """What a launch asks for, as `durable_script.launch_line` takes it."""

    run: str
    mark: str
    epoch: int
    stdin: str
    """`-`, `open`, or how many bytes follow on the input."""
    meta: str
    line: str


def read_line(line: str, *, shell: str = durable_script.SHELL) -> ProgramCall | None:
    """Return which program `line` runs in `shell`; None when it is none of this version's."""
    head, separator, rest = line.partition(_BEFORE_ARGUMENTS)
    name = _heads(shell).get(head) if separator else None
    return None if name is None else ProgramCall(name, tuple(shlex.split(rest)))


def launch_order(args: Sequence[str]) -> LaunchOrder:
    """Return the order that the arguments of a launch are; raises ValueError."""
    run, mark, epoch, stdin, meta, line = args
    return LaunchOrder(run, mark, int(epoch), stdin, _plain(meta), _plain(line))


def _plain(packed: str) -> str:
    """Undo what lets a text pass through every shell: `e` escaped, `p` as it is."""
    text = packed[1:]
    if packed.startswith("e"):
        return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)
    return text


@functools.cache
def _heads(shell: str) -> Mapping[str, str]:
    """Return what stands before the arguments in a line of each program."""
    names = durable_script.PROGRAMS
    lines = {name: durable_script.program_line(name, shell=shell) for name in names}
    lines[LAUNCH] = durable_script.launch_line(
        "-", "-", epoch=0, stdin="-", meta="", line="", shell=shell
    )
    return {line.partition(_BEFORE_ARGUMENTS)[0]: name for name, line in lines.items()}
