"""The doctor: asks hosts in two round trips each, and says what is wrong and what mends it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.health.check_agent import check_agent
from fleet_tui.health.check_authorized import check_authorized
from fleet_tui.health.check_folders import check_folders
from fleet_tui.health.check_forwarding import check_forwarding
from fleet_tui.health.check_here import check_here, has_permission_bits, own_folders
from fleet_tui.health.check_login import check_login
from fleet_tui.health.check_queue import check_queue
from fleet_tui.health.check_reach import check_reach
from fleet_tui.health.check_shared_keys import check_shared_keys
from fleet_tui.health.check_ssh_files import check_ssh_files
from fleet_tui.health.check_sshd import check_sshd
from fleet_tui.health.check_state import check_state
from fleet_tui.health.check_system import check_clock, check_disk, check_git, check_path
from fleet_tui.health.doctor_answers import Answers
from fleet_tui.health.doctor_case import Case, Shared
from fleet_tui.health.doctor_client import ClientDesk
from fleet_tui.health.doctor_findings import FLEET, HERE, Finding, HostReport, report
from fleet_tui.health.doctor_parse import MAX_ANSWER_BYTES, parse_answer, parse_clock
from fleet_tui.health.doctor_script import CLOCK_LINE, doctor_line
from fleet_tui.health.doctor_share import share
from fleet_tui.model.errors import FleetError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from fleet_tui.health.check_queue import QueueCondition
    from fleet_tui.health.doctor_answers import ClockReading
    from fleet_tui.health.doctor_findings import Result
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.transport.base import Connection, Connector

HOSTS_AT_ONCE = 8
CLOCK_TIMEOUT = 20.0
ANSWER_TIMEOUT = 90.0
"""Up to eight programs of agents are started, each for at most 10 seconds."""

CHECKS: tuple[Callable[[Case], Iterator[Result]], ...] = (
    check_reach,
    check_agent,
    check_login,
    check_folders,
    check_disk,
    check_path,
    check_git,
    check_clock,
    check_sshd,
    check_ssh_files,
    check_authorized,
    check_forwarding,
)


def examine(host: Host, answers: Answers, shared: Shared) -> tuple[Result, ...]:
    """Return what is wrong with `host`, and what could not be judged. Pure."""
    case = Case(host, answers, shared)
    return tuple(result for check in CHECKS for result in check(case))


class Doctor:
    """Examines hosts of one fleet; changes nothing on any of them."""

    def __init__(
        self,
        config: FleetConfig,
        connector: Connector,
        clock: Clock,
        queue: Callable[[], Awaitable[QueueCondition | None]] | None = None,
        why_not_kept: str = "",
    ) -> None:
        """Make it; `queue` looks at the shared queue and says how that went.

        `why_not_kept` is why the state folder cannot be written.
        """
        self._config = config
        self._connector = connector
        self._clock = clock
        self._queue = queue
        self._why_not_kept = why_not_kept
        self._turns = asyncio.Semaphore(HOSTS_AT_ONCE)

    async def examine(self, names: Sequence[str]) -> tuple[HostReport, ...]:
        """Return a report on each host in the given order, on this machine and on the fleet.

        The last two come only when there is something to say. Raises KeyError for an unknown name.
        """
        hosts = [self._config.host(name) for name in names]
        desk = ClientDesk(self._config)
        opening = asyncio.ensure_future(self._queue()) if self._queue is not None else None
        answers = await asyncio.gather(*(self._ask(host, desk) for host in hosts))
        queue = await opening if opening is not None else None
        asked = list(zip(hosts, answers, strict=True))
        here = (socket.gethostname(), str(Path.home()))
        shared = share(asked, self._config.defaults.agent, here)
        reports = [
            report(
                host.name,
                examine(host, answer, shared),
                is_reachable=not isinstance(answer.error, Unreachable),
            )
            for host, answer in asked
        ]
        views = [answer.client for answer in answers]
        folders = await asyncio.to_thread(own_folders)
        here_found = check_here(views, folders, has_modes=has_permission_bits())
        own = (*check_state(self._why_not_kept), *here_found)
        for_all = (*check_shared_keys(shared), *check_queue(queue))
        together = (report(HERE, own), report(FLEET, for_all))
        return (*reports, *(one for one in together if one.findings or one.unchecked))

    async def _ask(self, host: Host, desk: ClientDesk) -> Answers:
        async with self._turns:
            client = await desk.view(host)
            try:
                connection = await self._connector.connection(host.name)
                if host.shell != "posix":
                    why = f"a {host.shell} host is only reached, not asked further"
                    return Answers(client, not_asked=why)
                clock = await self._read_clock(connection)
                try:
                    answer = await connection.run(
                        doctor_line(host), timeout=ANSWER_TIMEOUT, limit=MAX_ANSWER_BYTES
                    )
                except TimeoutError:
                    raise _silent(host, ANSWER_TIMEOUT) from None
                remote = parse_answer(answer.stdout, self._clock.time())
            except FleetError as error:
                return Answers(client, error=error)
            return Answers(client, remote=remote, clock=clock)

    async def _read_clock(self, connection: Connection) -> ClockReading | None:
        sent = self._clock.time()
        try:
            answer = await connection.run(CLOCK_LINE, timeout=CLOCK_TIMEOUT)
        except TimeoutError:
            raise _silent(connection.host, CLOCK_TIMEOUT) from None
        return parse_clock(answer.stdout, sent, self._clock.time())


def _silent(host: Host, seconds: float) -> FleetError:
    return FleetError(
        f"it did not answer within {seconds:g} s", mend=f"time `ssh {host.name} true`"
    )


def worst_exit(reports: Sequence[HostReport]) -> int:
    """Return 4 when a host could not be reached, 1 for an error, 0 otherwise."""
    if any(not one.is_reachable for one in reports):
        return 4
    return int(any(_is_error(finding) for one in reports for finding in one.findings))


def _is_error(finding: Finding) -> bool:
    return finding.severity == "error"
