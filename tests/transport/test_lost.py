"""Connections that die: every process on them ends as lost, never as done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.config import Defaults
from fleet_tui.model.errors import Unreachable
from tests.support.sshd import SshServer
from tests.transport.helpers import FreezableRelay, Sink, Statuses, direct_fleet, fleet_of, pool_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[SshServer]:
    """An sshd of the test's own, to be killed."""
    with SshServer(tmp_path, name="mortal") as running:
        yield running


async def test_a_killed_connection_makes_its_processes_lost(mortal: SshServer) -> None:
    statuses = Statuses()
    async with pool_of(fleet_of(mortal), on_status=statuses) as pool:
        connection = await pool.connection("web")
        sink = Sink()
        process = await connection.start("echo begun; sleep 60", sink)
        await sink.until(lambda s: s.out == b"begun\n")
        mortal.kill_connections()
        status = await process.wait()
        assert status.is_lost
        assert "lost" in status.reason.lower()
        down = await statuses.until(lambda s: s.state == "down")
        assert (down.fault, down.host) == ("lost", "web")
        assert not connection.is_open
        with pytest.raises(Unreachable, match="lost"):
            await connection.run("true", timeout=30)
        assert (await (await pool.connection("web")).run("echo back", timeout=30)).stdout


async def test_the_pool_tells_whose_connection_was_lost(mortal: SshServer) -> None:
    async with pool_of(fleet_of(mortal, ["a", "b"])) as pool:
        lost: list[str] = []

        async def listen() -> None:
            async for name in pool.closed():
                lost.append(name)
                if len(lost) == 2:
                    return

        listener = asyncio.create_task(listen())
        await asyncio.gather(pool.connection("a"), pool.connection("b"))
        mortal.kill()
        await listener
        assert sorted(lost) == ["a", "b"]


async def test_listening_ends_when_the_pool_closes(mortal: SshServer) -> None:
    async with pool_of(fleet_of(mortal)) as pool:
        listener = asyncio.create_task(_collect(pool.closed()))
        await pool.connection("web")
    assert await listener == []


async def _collect(names: object) -> list[str]:
    return [name async for name in names]  # type: ignore[attr-defined]


async def test_closing_the_connection_ends_processes_as_lost(mortal: SshServer) -> None:
    async with pool_of(fleet_of(mortal)) as pool:
        connection = await pool.connection("web")
        process = await connection.start("sleep 60", Sink())
        connection.close()
        assert (await process.wait()).reason == "the connection was closed"


async def test_kept_hosts_come_back_by_themselves(mortal: SshServer) -> None:
    statuses = Statuses()
    async with pool_of(fleet_of(mortal), on_status=statuses) as pool:
        pool.keep(["web"])
        await statuses.until(lambda s: s.state == "up")
        mortal.kill()
        await statuses.until(lambda s: s.state == "down")
        statuses.seen.clear()
        mortal.start()
        await statuses.until(lambda s: s.state == "up")
        pool.keep([])


async def test_a_half_open_peer_is_found_while_a_run_waits(mortal: SshServer) -> None:
    async with FreezableRelay(mortal.port).running() as relay:
        known = mortal.home / "known_hosts"
        known.write_text(mortal.known_hosts_text(f"[127.0.0.1]:{relay.port}"))
        config = direct_fleet(
            ["web"],
            relay.port,
            mortal.user_key,
            known,
            user=mortal.user,
            defaults=Defaults(keepalive=0.2),
        )
        statuses = Statuses()
        async with pool_of(config, on_status=statuses) as pool:
            connection = await pool.connection("web")
            sink = Sink()
            process = await connection.start("echo begun; sleep 60", sink)
            await sink.until(lambda s: s.out == b"begun\n")
            await statuses.until(lambda s: s.latency_seconds is not None)
            relay.freeze()
            status = await process.wait()
            assert "no sign of life" in status.reason
            down = await statuses.until(lambda s: s.state == "down")
            assert down.proven_at is not None


async def test_closing_a_frozen_pool_does_not_hang(mortal: SshServer) -> None:
    async with FreezableRelay(mortal.port).running() as relay:
        known = mortal.home / "known_hosts"
        known.write_text(mortal.known_hosts_text(f"[127.0.0.1]:{relay.port}"))
        config = direct_fleet(["web"], relay.port, mortal.user_key, known, user=mortal.user)
        async with asyncio.timeout(30), pool_of(config) as pool:
            connection = await pool.connection("web")
            process = await connection.start("cat", Sink(), stdin="open")
            relay.freeze()
            write = asyncio.create_task(process.write(b"x" * 5_000_000))
            await asyncio.sleep(0)
            process.abort()
            await write
            assert (await process.wait()).is_lost
