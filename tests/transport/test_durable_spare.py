"""A launch through a wrapper that waited for it is a launch like any other."""

from __future__ import annotations

import asyncio

import pytest

from fleet_tui.model.errors import Refused
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.durable import prepare
from fleet_tui.transport.durable_control import signal_run
from tests.support.durable import DurableHost, new_run


def leftovers(host: DurableHost) -> list[str]:
    return [path.name for path in host.folder("x").parent.glob(".new-*")]


async def test_a_run_through_a_spare_is_complete(host: DurableHost) -> None:
    spare = await prepare(host.connection)
    assert await prepare(host.connection) is spare
    line = " printf '%s\\n' 'a  b\\c!' \n cat; umask; echo err >&2; exit 3 "
    process, sink = await host.launch(line, b"in\0\xff", meta=" a\nb ")
    assert await process.wait() == ExitStatus(code=3)
    assert not spare.is_ready
    assert bytes(sink.out).startswith(b"a  b\\c!\nin\0\xff0")
    assert bytes(sink.err) == b"err\n"
    assert (host.folder(process.run) / "command").read_text() == line
    assert leftovers(host) == []


async def test_a_spare_serves_one_run_and_the_next_starts_without(host: DurableHost) -> None:
    await prepare(host.connection)
    for number in (1, 2):
        process, sink = await host.launch(f"echo {number}; sleep 0.1; echo end")
        assert await process.wait() == ExitStatus(code=0)
        assert bytes(sink.out) == f"{number}\nend\n".encode()


async def test_the_same_run_starts_once_through_spares_too(host: DurableHost) -> None:
    run = new_run()
    await prepare(host.connection)
    first, heard = await host.launch("echo once; sleep 0.1", run=run)
    await prepare(host.connection)
    second, again = await host.launch("echo twice", run=run)
    assert (first.was_started, second.was_started) == (True, False)
    for process, sink in ((first, heard), (second, again)):
        assert await process.wait() == ExitStatus(code=0)
        assert bytes(sink.out) == b"once\n"
    assert leftovers(host) == []


async def test_open_input_and_signals_work_through_a_spare(host: DurableHost) -> None:
    await prepare(host.connection)
    process, sink = await host.launch("read x; echo $x; exec sleep 600", "open")
    await process.write(b"heard\n")
    await sink.until(lambda s: s.out == b"heard\n")
    assert await signal_run(host.connection, process.run, "INT") == "sent"
    assert await process.wait() == ExitStatus(signal="INT")


async def test_a_refusal_comes_back_through_a_spare(host: DurableHost) -> None:
    process, _ = await host.launch("true", epoch=5)
    await process.wait()
    spare = await prepare(host.connection)
    with pytest.raises(Refused, match="epoch 5"):
        await host.launch("true", epoch=4)
    await spare.wait_closed()
    assert leftovers(host) == []


async def test_an_unused_spare_cleans_up_after_itself(host: DurableHost) -> None:
    spare = await prepare(host.connection)
    spare.close()
    await spare.wait_closed()
    assert not spare.is_ready
    assert leftovers(host) == []


async def test_a_spare_that_died_costs_nothing_but_time(host: DurableHost) -> None:
    spare = await prepare(host.connection)
    assert spare.channel is not None
    spare.channel.send_signal("KILL")
    process, sink = await host.launch("echo fine")
    assert await process.wait() == ExitStatus(code=0)
    assert bytes(sink.out) == b"fine\n"
    await spare.wait_closed()


async def test_a_spare_waits_no_longer_than_told(host: DurableHost) -> None:
    spare = await prepare(host.connection, keep_seconds=0)
    async with asyncio.timeout(30):
        await spare.wait_closed()
    assert leftovers(host) == []
