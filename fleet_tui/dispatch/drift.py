"""A host's own check before a run: its answer must be what fleet.toml expects."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.dispatch.gate import VerifyState
    from fleet_tui.model.host import Host
    from fleet_tui.transport.base import Connection

CHECK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Drift:
    """What a host's check came to."""

    state: VerifyState
    said: str = ""
    """What was found, what was expected and where they differ, one sanitized sentence."""
    mend: str = ""


async def ask_drift(connection: Connection, host: Host) -> Drift:
    """Run the host's `verify` command and compare its answer.

    Without an expected value the command must exit with 0. White space at the ends of the answer
    does not count. Raises Unreachable.
    """
    if host.verify_command is None:
        return Drift("none")
    command = one_line(host.verify_command, 80)
    try:
        answer = await connection.run(host.verify_command, timeout=CHECK_SECONDS)
    except TimeoutError:
        said = f"verify ({command}) gave no answer within {CHECK_SECONDS:g} s"
        return Drift("unanswered", said, f"run it by hand on {host.name}")
    found = answer.stdout.decode("utf-8", "replace").strip()
    if host.verify_expect is None:
        if answer.status.code == 0:
            return Drift("matched")
        words = one_line(answer.stderr.decode("utf-8", "replace") or found, 120)
        said = f"verify ({command}) exited with {answer.status.code}: {words}"
        return Drift("mismatched", said, f"mend {host.name}, or correct `verify` in fleet.toml")
    expected = host.verify_expect.strip()
    if found == expected:
        return Drift("matched")
    return Drift(
        "mismatched",
        f"verify ({command}) answered {one_line(found, 120)!r}, "
        f"expected {one_line(expected, 120)!r}{difference(found, expected)}",
        f"mend {host.name}, or correct `verify.expect` in fleet.toml",
    )


def difference(found: str, expected: str) -> str:
    """Return where two answers of several lines differ first; empty for answers of one line."""
    pairs = list(zip_longest(found.splitlines(), expected.splitlines()))
    if len(pairs) < 2:
        return ""
    for number, (ours, theirs) in enumerate(pairs, start=1):
        if ours != theirs:
            there = "nothing" if ours is None else repr(one_line(ours, 80))
            wanted = "nothing" if theirs is None else repr(one_line(theirs, 80))
            return f"; line {number} is {there}, not {wanted}"
    return ""
