"""Servers that allow few logins or few sessions: everybody gets through in the end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.admission import Limiter, Trials
from fleet_tui.transport.backoff import Backoff
from tests.support.ssh_simulator import SshSimulator
from tests.support.sshd import SshServer
from tests.transport.helpers import Sink, direct_fleet, fleet_of, pool_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)


async def test_fifty_hosts_on_a_server_that_takes_two_logins(tmp_path: Path) -> None:
    names = [f"h{n}" for n in range(50)]
    with SshServer(tmp_path, options={"MaxStartups": "2"}) as small:
        async with pool_of(fleet_of(small, names)) as pool:

            async def one(name: str) -> bytes:
                connection = await pool.connection(name)
                return (await connection.run(f"echo {name}", timeout=200)).stdout

            answers = await asyncio.gather(*(one(name) for name in names))
    assert answers == [f"{name}\n".encode() for name in names]


async def test_five_runs_on_a_server_that_takes_two_sessions(tmp_path: Path) -> None:
    with SshServer(tmp_path, options={"MaxSessions": "2"}) as small:
        async with pool_of(fleet_of(small)) as pool:
            connection = await pool.connection("web")
            sinks = [Sink() for _ in range(5)]
            processes = await asyncio.gather(
                *(connection.start("cat; echo end", sink, stdin="open") for sink in sinks)
            )
            for number, (process, sink) in enumerate(zip(processes, sinks, strict=True)):
                await process.write(b"%d\n" % number)
                await sink.until(lambda s, n=number: s.out == b"%d\n" % n)  # type: ignore[misc]
            for process in processes:
                process.close_stdin()
            assert [(await process.wait()).code for process in processes] == [0] * 5
            assert len(connection.lanes) == 3  # type: ignore[attr-defined]


async def test_files_work_beside_full_sessions(tmp_path: Path) -> None:
    with SshServer(tmp_path, options={"MaxSessions": "2"}) as small:
        async with pool_of(fleet_of(small)) as pool:
            connection = await pool.connection("web")
            process = [await connection.start("cat", Sink(), stdin="open") for _ in range(2)]
            assert await (await connection.files()).exists("/etc/passwd")
            for one in process:
                one.abort()


async def test_a_hundred_hosts_through_one_bastion_lose_none(tmp_path: Path) -> None:
    """The bastion is a real sshd with the default MaxStartups (10:30:100)."""
    names = [f"h{n}" for n in range(100)]
    options = {"MaxStartups": "10:30:100", "MaxSessions": "10"}
    with (
        SshSimulator(tmp_path / "simulator") as behind,
        SshServer(tmp_path, options=options, name="bastion") as bastion,
    ):
        known = tmp_path / "known_hosts"
        known.write_text(behind.known_hosts_text() + bastion.known_hosts_text())
        base = direct_fleet(names, behind.port, behind.user_key, known)
        jump = direct_fleet(["bastion"], bastion.port, bastion.user_key, known, user=bastion.user)
        hosts = (*jump.hosts, *(replace(host, via="bastion") for host in base.hosts))
        async with pool_of(replace(base, hosts=hosts)) as pool:

            async def one(name: str) -> bytes:
                connection = await pool.connection(name)
                return (await connection.run(f"echo {name}", timeout=200)).stdout

            answers = await asyncio.gather(*(one(name) for name in names))
            assert len(bastion.connections()) <= 2  # one login: a monitor and its worker
    assert answers == [f"{name}\n".encode() for name in names]


async def test_one_connection_a_host_however_many_ask(server: SshServer) -> None:
    async with pool_of(fleet_of(server)) as pool:
        connections = await asyncio.gather(*(pool.connection("web") for _ in range(20)))
        assert len({id(connection) for connection in connections}) == 1


async def test_a_limiter_admits_in_order_and_follows_the_server() -> None:
    limiter = Limiter(4)
    order: list[int] = []
    gate = asyncio.Event()

    async def enter(number: int) -> None:
        async with limiter.slot():
            order.append(number)
            await gate.wait()

    tasks = [asyncio.create_task(enter(number)) for number in range(8)]
    await asyncio.sleep(0)
    assert len(order) == 4
    limiter.refused()
    assert limiter.limit == 2
    tasks[5].cancel()
    gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [0, 1, 2, 3, 4, 6, 7]
    assert limiter.holders == 0
    for _ in range(10):
        limiter.succeeded()
    assert limiter.limit == 4


async def test_a_trial_that_fails_for_another_reason_lets_the_next_one_try() -> None:
    trials = Trials()
    attempts: list[str] = []

    async def fails() -> None:
        attempts.append("fails")
        await asyncio.sleep(0)
        raise Unreachable("no route", host="a", fault="refused")

    async def works() -> None:
        attempts.append("works")

    first = asyncio.create_task(trials.admit("key", fails))
    await asyncio.sleep(0)
    await trials.admit("key", works)
    with pytest.raises(Unreachable):
        await first
    assert attempts == ["fails", "works"]


def test_back_off_doubles_up_to_a_ceiling_with_jitter() -> None:
    backoff = Backoff(1.0, 8.0)
    delays = [backoff.next() for _ in range(40)]
    assert all(
        0.5 * ceiling <= delay <= ceiling
        for delay, ceiling in zip(delays, [1, 2, 4, *[8] * 37], strict=True)
    )
    backoff.reset()
    assert backoff.next() <= 1.0
