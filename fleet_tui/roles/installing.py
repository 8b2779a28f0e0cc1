"""Putting a host's timer in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.text import one_line
from fleet_tui.roles.mirrors import MirrorFailed
from fleet_tui.roles.schedule import DETECT, TIMERS, schedule
from fleet_tui.transport.shell import posix_line

if TYPE_CHECKING:
    from fleet_tui.roles.case import Case
    from fleet_tui.roles.schedule import Schedule, Timer
    from fleet_tui.transport.base import Connection

WITHIN = 30.0
_WRITE = 'umask 077; cd && mkdir -p "$(dirname "$1")" && cat >"$1.new" && mv "$1.new" "$1"'


async def planned(case: Case, host: str, timer: Timer | None) -> Schedule:
    """Return the timer that suits a host, or `timer`; raises Unreachable, MirrorFailed."""
    entry = case.context.config.host(host)
    kind: Timer | None = timer or ("schtasks" if entry.shell == "powershell" else None)
    if kind is None:
        connection = await case.context.pool.connection(host)
        said = await _run(connection, DETECT)
        found = [word for word in TIMERS if word in said.split()]
        if not found:
            raise MirrorFailed(
                "it has neither systemd for users nor cron",
                where=host,
                mend="install cron there, or start `git pull` by whatever it has",
            )
        kind = found[0]
    settings = case.settings
    return schedule(
        kind,
        host=host,
        folder=settings.folder,
        branch=settings.branch,
        seconds=settings.pull_every,
    )


async def install(case: Case, host: str, plan: Schedule) -> None:
    """Write the timer's files on the host and start it; raises Unreachable, MirrorFailed."""
    if case.context.config.host(host).shell != "posix":
        raise MirrorFailed(
            "a timer on Windows is not installed from here", where=host, mend=plan.install
        )
    connection = await case.context.pool.connection(host)
    for path, text in plan.files.items():
        await _run(connection, _WRITE, path, stdin=text.encode())
    await _run(connection, plan.install)


async def _run(connection: Connection, program: str, *args: str, stdin: bytes = b"") -> str:
    host = connection.host.name
    line = posix_line(argv=["/bin/sh", "-c", program, "fleet-mirror", *args])
    try:
        done = await connection.run(line, stdin=stdin or None, timeout=WITHIN)
    except TimeoutError:
        raise MirrorFailed(f"no answer within {WITHIN:g} s", where=host) from None
    if done.status.is_lost:
        raise Unreachable(done.status.reason or "contact was lost", host=host, fault="lost")
    if done.status.code != 0:
        said = one_line(done.stderr.decode("utf-8", "replace")) or f"status {done.status.code}"
        raise MirrorFailed(f"the timer could not be set: {said}", where=host)
    return done.stdout.decode("utf-8", "replace")
