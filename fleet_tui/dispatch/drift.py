"""A host's own check before a run: its answer must be what fleet.toml expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import Refused
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.model.host import Host
    from fleet_tui.transport.base import Connection

CHECK_SECONDS = 30.0


async def check_drift(connection: Connection, host: Host) -> None:
    """Run the host's `verify` command; raises Refused with both values when it does not fit.

    Without an expected value the command must exit with 0. White space at the ends of the answer
    does not count. Raises Unreachable.
    """
    if host.verify_command is None:
        return
    command = one_line(host.verify_command, 80)
    try:
        answer = await connection.run(host.verify_command, timeout=CHECK_SECONDS)
    except TimeoutError:
        raise Refused(
            f"verify ({command}) gave no answer within {CHECK_SECONDS:g} s",
            mend=f"run it by hand on {host.name}",
        ) from None
    found = answer.stdout.decode("utf-8", "replace").strip()
    if host.verify_expect is None:
        if answer.status.code == 0:
            return
        said = one_line(answer.stderr.decode("utf-8", "replace") or found, 120)
        raise Refused(
            f"verify ({command}) exited with {answer.status.code}: {said}",
            mend=f"mend {host.name}, or correct `verify` in fleet.toml",
        )
    if found != host.verify_expect.strip():
        raise Refused(
            f"verify ({command}) answered {one_line(found, 120)!r}, "
            f"expected {one_line(host.verify_expect, 120)!r}",
            mend=f"mend {host.name}, or correct `verify.expect` in fleet.toml",
        )
