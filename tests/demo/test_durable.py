"""Runs on demo hosts live there: launched, followed and told things by the program's own code."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import FleetError, Refused
from fleet_tui.transport import durable_script
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.durable import DurableSpec, RunUnknown, follow, launch
from fleet_tui.transport.durable_control import (
    close_input,
    feed,
    kill_tree,
    signal_run,
)
from fleet_tui.transport.durable_inventory import collect, inventory
from fleet_tui.transport.durable_state import RunFate
from tests.demo.login import run as run_attached
from tests.support.durable import new_run
from tests.transport.helpers import Sink, pool_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Literal

    from fleet_tui.demo import DemoFleet
    from fleet_tui.transport.base import Connection, SignalName
    from fleet_tui.transport.durable import DurableProcess

HOST = "web02"
DONE = ExitStatus(code=0)


@pytest.fixture
async def connection(demo: DemoFleet) -> AsyncIterator[Connection]:
    async with pool_of(demo.config) as pool:
        yield await pool.connection(HOST)


@asynccontextmanager
async def launched(
    connection: Connection,
    line: str,
    stdin: bytes | Literal["open"] | None = None,
    *,
    epoch: int = 0,
) -> AsyncIterator[tuple[DurableProcess, Sink]]:
    """Start a run, and leave it alone at the end."""
    sink = Sink()
    process = await launch(connection, DurableSpec(new_run(), line, stdin, epoch=epoch), sink)
    try:
        yield process, sink
    finally:
        process.abort()
        await process.wait_closed()


def test_every_posix_host_keeps_its_runs(demo: DemoFleet) -> None:
    keeping = {host.name for host in demo.config.hosts if host.keeps_runs}
    assert keeping == {host.name for host in demo.config.hosts} - {"desk-win"}


@pytest.mark.parametrize(
    ("line", "status", "out", "err"),
    [
        ("echo one; foo", 127, b"one\n", b"sh: 1: foo: not found (demo host)\n"),
        ("exit 7", 7, b"", b""),
        ("echo $FLEET_RUN | wc -c", 0, b"29\n", b""),
        ("echo 'a'\\''b!'", 0, b"a'b!\n", b""),
        ("cat", 0, b"in\xff\n", b""),
    ],
)
async def test_a_run_comes_back_with_its_streams_and_status(
    connection: Connection, line: str, status: int, out: bytes, err: bytes
) -> None:
    async with launched(connection, line, b"in\xff\n") as (process, sink):
        assert process.was_started
        assert await process.wait() == ExitStatus(code=status)
    assert (bytes(sink.out), bytes(sink.err)) == (out, err)


async def test_output_goes_on_without_us_and_is_read_on_from_any_byte(demo: DemoFleet) -> None:
    whole = b"".join(b"%d\n" % number for number in range(1, 5001))
    async with pool_of(demo.config) as pool:
        first = await pool.connection(HOST)
        async with launched(first, "echo up; cat; seq 5000; foo", "open") as (process, sink):
            await sink.until(lambda s: s.out == b"up\n")
            first.close()
            assert (await process.wait()).is_lost
        again = await pool.connection(HOST)
        await close_input(again, process.run)
        later = await follow(
            again, process.run, sink, out_offset=process.out_offset, err_offset=process.err_offset
        )
        assert await later.wait() == ExitStatus(code=127)
        await later.wait_closed()
    assert bytes(sink.out) == b"up\n" + whole
    assert bytes(sink.err) == b"sh: 1: foo: not found (demo host)\n"
    assert not later.was_started


async def test_following_begins_at_the_byte_asked_for(connection: Connection) -> None:
    async with launched(connection, "seq 1000; foo") as (process, whole):
        await process.wait()
    for offset in (0, 1, 1234, len(whole.out)):
        sink = Sink()
        again = await follow(
            connection, process.run, sink, out_offset=offset, err_offset=min(offset, 5)
        )
        assert await again.wait() == ExitStatus(code=127)
        await again.wait_closed()
        assert sink.out == whole.out[offset:]
        assert sink.err == whole.err[min(offset, 5) :]


async def test_the_same_run_starts_once(connection: Connection) -> None:
    spec = DurableSpec(new_run(), "echo up; cat", "open")
    one, two = Sink(), Sink()
    first, second = await asyncio.gather(
        launch(connection, spec, one), launch(connection, spec, two)
    )
    assert [first.was_started, second.was_started].count(True) == 1
    await first.write(b"said once\n")
    await close_input(connection, spec.run)
    assert (await first.wait(), await second.wait()) == (DONE, DONE)
    assert one.out == two.out == b"up\nsaid once\n"
    await asyncio.gather(first.wait_closed(), second.wait_closed())


async def test_input_is_given_once_however_often_it_is_sent(connection: Connection) -> None:
    async with launched(connection, "cat", "open") as (process, sink):
        assert await feed(connection, process.run, 0, b"abc") == 3
        assert await feed(connection, process.run, 0, b"abc") == 3
        assert await feed(connection, process.run, 1, b"bcdef") == 6
        with pytest.raises(FleetError, match="cut after 6 bytes of 9"):
            await feed(connection, process.run, 8, b"i")
        await close_input(connection, process.run)
        assert await process.wait() == DONE
        assert await feed(connection, process.run, 6, b"late") == 6
    assert bytes(sink.out) == b"abcdef"


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "KILL"])
async def test_a_signal_ends_a_run_and_shows_in_its_status(
    connection: Connection, name: SignalName
) -> None:
    async with launched(connection, "echo up; sleep 600") as (process, sink):
        await sink.until(lambda s: s.out == b"up\n")
        assert await signal_run(connection, process.run, name) == "sent"
        assert await process.wait() == ExitStatus(signal=name)
        assert await signal_run(connection, process.run, name) == RunFate(
            "finished", ExitStatus(signal=name)
        )


async def test_a_tree_is_killed(connection: Connection) -> None:
    async with launched(connection, "sleep 600") as (process, _):
        report = await kill_tree(connection, process.run)
        assert (report.fate.state, report.swept, report.left) == ("finished", 0, ())
        assert await process.wait() == ExitStatus(signal="KILL")
    assert (await kill_tree(connection, new_run())).fate.state == "unknown"


async def test_a_run_the_host_does_not_know_is_an_error(connection: Connection) -> None:
    with pytest.raises(RunUnknown, match="does not know run") as caught:
        await follow(connection, new_run(), Sink())
    assert caught.value.fate == "unknown"


async def test_an_older_primary_is_refused(demo: DemoFleet) -> None:
    async with pool_of(demo.config) as pool:
        connection = await pool.connection("web01")
        async with launched(connection, "true", epoch=4) as (process, _):
            assert await process.wait() == DONE
        with pytest.raises(Refused, match="has seen epoch 4"):
            async with launched(connection, "true", epoch=3):
                pass


async def test_runs_are_listed_and_collected_when_over(demo: DemoFleet) -> None:
    async with pool_of(demo.config) as pool:
        connection = await pool.connection("nas01")
        assert await inventory(connection) == ()
        async with launched(connection, "echo four; foo") as (done, _):
            await done.wait()
        async with launched(connection, "sleep 600") as (live, _):
            found = {run.run: run for run in await inventory(connection)}
            assert found.keys() == {done.run, live.run}
            assert found[done.run].fate == RunFate("finished", ExitStatus(code=127))
            assert (found[done.run].out_bytes, found[done.run].err_bytes) == (5, 34)
            assert found[live.run].fate.state == "running"
            assert found[live.run].command == "sleep 600"
            ages = [age for run in found.values() for age in (run.age, run.idle)]
            assert all(age is not None and 0 <= age < 60 for age in ages)
            assert await collect(connection, keep_seconds=0, keep_bytes=0) == (done.run,)
            assert [run.run for run in await inventory(connection)] == [live.run]
            await kill_tree(connection, live.run)


async def test_an_order_may_come_as_lines_of_input(demo: DemoFleet) -> None:
    sent = durable_script.launch_line("x", "y", epoch=0, stdin="-", meta="", line="")
    head, separator, _ = sent.partition(" fleet-run \\! ")
    order = f"{new_run()}\n@m\n0\n3\npmeta\npcat\nabc"
    _, out, err = await run_attached(demo, HOST, f"{head}{separator}-", order.encode())
    assert out.startswith("@m\n")
    assert err.startswith("@m head new 0\n")
    assert await run_attached(demo, HOST, f"{head}{separator}-", b"r-1\n@m\n") == (0, "", "")


async def test_input_that_did_not_come_whole_starts_nothing(demo: DemoFleet) -> None:
    line = durable_script.launch_line("r-cut", "@m", epoch=0, stdin="9", meta="", line="cat")
    assert await run_attached(demo, HOST, line, b"abc") == (0, "@m\n", "@m fail stdin\n")
    async with pool_of(demo.config) as pool:
        connection = await pool.connection(HOST)
        with pytest.raises(RunUnknown):
            await follow(connection, "r-cut", Sink())


async def test_a_flood_into_the_spool_is_complete(connection: Connection) -> None:
    async with launched(connection, "yes flood") as (process, sink):
        assert await process.wait() == DONE
    assert bytes(sink.out) == b"flood\n" * 200_000
