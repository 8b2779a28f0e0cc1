"""Runs over a real sshd whose connections are cut: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.durable import DurableSpec, prepare
from fleet_tui.transport.durable_control import kill_tree
from tests.support.babble import command, expected
from tests.support.durable import new_run
from tests.support.durable_site import Site, site_at
from tests.support.persistence import Persistence
from tests.transport.helpers import Sink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.cutting import Direction


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_at(tmp_path) as site:
        yield site


async def babbled(site: Site, seed: int, size: int, cuts: asyncio.Task[None] | None) -> int:
    """Follow a babbling run to its end; returns how often it had to be followed."""
    sink = Sink()
    persistence = Persistence(site.connect, sink)
    spec = DurableSpec(new_run(), command(seed, size, 0.01))
    status = await persistence.run(spec)
    if cuts is not None:
        cuts.cancel()
    assert status == ExitStatus(code=7)
    assert (bytes(sink.out), bytes(sink.err)) == expected(seed, size)
    assert (bytes(sink.out), bytes(sink.err)) == site.remote(spec.run)
    return persistence.follows


async def test_a_whole_run_over_ssh(site: Site) -> None:
    assert await babbled(site, 1, 3_000_000, None) == 0


@pytest.mark.parametrize("kind", ["cut", "children", "restart"])
async def test_contact_lost_in_the_middle(site: Site, kind: str) -> None:
    sink = Sink()
    persistence = Persistence(site.connect, sink)
    spec = DurableSpec(new_run(), "echo 1; echo a >&2; read x; echo 2; echo b >&2; exit 4", "open")
    running = asyncio.create_task(persistence.run(spec))
    await sink.until(lambda s: s.out == b"1\n" and s.err == b"a\n")
    persistence.started.clear()
    if kind == "cut":
        site.relay.cut()
    elif kind == "children":
        site.server.kill_connections()
    else:
        site.server.restart()
    await persistence.write(b"\n")
    assert await running == ExitStatus(code=4)
    assert (bytes(sink.out), bytes(sink.err)) == (b"1\n2\n", b"a\nb\n")
    assert (persistence.launches, persistence.follows) == (1, 1)


@pytest.mark.parametrize(("direction", "size"), [("up", 1), ("up", 200), ("down", 1), ("down", 90)])
@pytest.mark.parametrize("is_prepared", [False, True])
async def test_an_answer_that_was_lost_starts_nothing_twice(
    site: Site, tmp_path: Path, direction: Direction, size: int, is_prepared: bool
) -> None:
    host = await site.host()
    if is_prepared:
        await prepare(host.connection)
    count, run, sink = tmp_path / "count", new_run(), Sink()
    site.relay.cut_after(direction, size)
    line = f"echo start >>{count}; echo out; sleep 0.1; echo end"
    with pytest.raises(Unreachable):
        await host.launch(line, run=run, sink=sink)
    assert sink.out == b""
    persistence = Persistence(site.connect, sink)
    assert await persistence.run(DurableSpec(run, line)) == ExitStatus(code=0)
    assert bytes(sink.out) == b"out\nend\n"
    assert count.read_text() == "start\n"


async def test_a_silent_network_is_noticed_and_the_run_found_again(tmp_path: Path) -> None:
    async with site_at(tmp_path, keepalive=0.2) as site:
        sink = Sink()
        persistence = Persistence(site.connect, sink)
        spec = DurableSpec(new_run(), "echo 1; read x; echo 2", "open")
        running = asyncio.create_task(persistence.run(spec))
        await sink.until(lambda s: s.out == b"1\n")
        persistence.started.clear()
        assert persistence.current is not None
        site.relay.freeze()
        lost = persistence.current
        assert (await lost.wait()).is_lost
        site.relay.cut()
        site.relay.thaw()
        await persistence.write(b"\n")
        assert await running == ExitStatus(code=0)
        assert bytes(sink.out) == b"1\n2\n"


@pytest.mark.parametrize("seed", range(4))
async def test_cuts_at_random_bytes_lose_and_double_nothing(site: Site, seed: int) -> None:
    chance = random.Random(seed)

    async def cut_often() -> None:
        for _ in range(12):
            site.relay.cut_after("down", int(10 ** chance.uniform(2, 5.5)))
            await site.relay.until_cut()

    follows = await babbled(site, seed, 1_500_000, asyncio.create_task(cut_often()))
    assert follows >= 1


async def test_a_reader_that_pauses_holds_up_nobody(site: Site) -> None:
    sink = Sink()
    host = await site.host()
    process, _ = await host.launch(command(5, 3_000_000, 0.0), sink=sink)
    process.pause_reading()
    status = host.folder(process.run) / "status"
    await host.connection.run(f"until grep -q exit {status}; do sleep 0.05; done", timeout=100)
    process.resume_reading()
    assert await process.wait() == ExitStatus(code=7)
    assert (bytes(sink.out), bytes(sink.err)) == expected(5, 3_000_000)


async def test_nothing_is_left_on_the_host_but_the_folder(site: Site) -> None:
    host = await site.host()
    process, sink = await host.launch("echo on; sleep 600")
    await sink.until(lambda s: s.out == b"on\n")
    process.abort()
    again = await host.follow(process, sink)
    site.relay.cut()
    assert (await again.wait()).is_lost
    connection = await site.connect()
    report = await kill_tree(connection, process.run)
    assert report.left == ()
    done = await connection.run(
        f"ps ax -o args | grep -F {process.run} | grep -vF grep", timeout=60
    )
    assert done.stdout == b""
