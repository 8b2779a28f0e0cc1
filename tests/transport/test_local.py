"""This machine as a host."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.host import Host
from fleet_tui.transport.local import LocalConnection
from tests.transport.helpers import Counter, Sink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def here() -> AsyncIterator[LocalConnection]:
    connection = LocalConnection(Host("here", connection="local"))
    yield connection
    connection.close()
    await connection.wait_closed()


async def test_output_errors_and_status_come_back(here: LocalConnection) -> None:
    done = await here.run("echo out; echo err >&2; exit 3", timeout=30)
    assert (done.stdout, done.stderr, done.status.code) == (b"out\n", b"err\n", 3)


async def test_input_bytes_are_sent_and_closed(here: LocalConnection) -> None:
    data = os.urandom(3_000_000)
    sink = Sink()
    process = await here.start("cat", sink, stdin=data)
    assert (await process.wait()).code == 0
    assert bytes(sink.out) == data


async def test_no_input_is_end_of_file(here: LocalConnection) -> None:
    assert (await here.run("cat; echo end", timeout=30)).stdout == b"end\n"


async def test_open_input_is_the_callers(here: LocalConnection) -> None:
    sink = Sink()
    process = await here.start("cat", sink, stdin="open")
    for number in range(3):
        await process.write(b"%d\n" % number)
        await sink.until(lambda s, n=number: s.out.endswith(b"%d\n" % n))  # type: ignore[misc]
    process.close_stdin()
    assert (await process.wait()).code == 0


async def test_writing_to_an_ended_process_is_ignored(here: LocalConnection) -> None:
    process = await here.start("true", Sink(), stdin="open")
    await process.wait()
    await process.write(b"late")
    process.close_stdin()
    process.send_signal("TERM")
    process.pause_reading()


async def test_all_output_is_there_before_the_end(here: LocalConnection) -> None:
    counter = Counter()
    process = await here.start("head -c 50000000 /dev/zero", counter)
    await process.wait()
    assert counter.size == 50_000_000


async def test_a_signal_reaches_the_whole_group(here: LocalConnection) -> None:
    sink = Sink()
    process = await here.start("sleep 100 & echo $!; wait", sink)
    await sink.until(lambda s: s.out.endswith(b"\n"))
    process.send_signal("TERM")
    assert (await process.wait()).signal == "TERM"
    with pytest.raises(ProcessLookupError):
        await _until_gone(int(sink.out))


async def _until_gone(pid: int) -> None:
    async with asyncio.timeout(30):
        while True:
            os.kill(pid, 0)
            await asyncio.sleep(0)


async def test_it_runs_in_a_session_of_its_own(here: LocalConnection) -> None:
    done = await here.run("ps -o sid= -p $$", timeout=30)
    assert int(done.stdout) != os.getsid(0)


async def test_too_long_is_killed(here: LocalConnection) -> None:
    with pytest.raises(TimeoutError):
        await here.run("sleep 100", timeout=0.05)


async def test_output_beyond_the_limit_is_cut(here: LocalConnection) -> None:
    done = await here.run("head -c 100000 /dev/zero", timeout=30, limit=10)
    assert len(done.stdout) == 10
    assert done.status.code == 0


async def test_abort_ends_at_once_as_lost(here: LocalConnection) -> None:
    process = await here.start("trap '' TERM; sleep 100", Sink())
    process.abort()
    assert (await process.wait()).is_lost


async def test_closing_ends_what_runs(here: LocalConnection) -> None:
    process = await here.start("sleep 100", Sink())
    here.close()
    assert (await process.wait()).is_lost
    with pytest.raises(Unreachable):
        await here.start("true", Sink())


async def test_closing_lets_go_of_pipes_that_a_child_holds(here: LocalConnection) -> None:
    sink = Sink()
    process = await here.start("sleep 100 & echo $!; exit 0", sink)
    await sink.until(lambda s: s.out.endswith(b"\n"))
    here.close()
    assert (await process.wait()).is_lost
    await here.wait_closed()
    with pytest.raises(ProcessLookupError):
        await _until_gone(int(sink.out))


async def test_closing_drops_input_that_nobody_reads(here: LocalConnection) -> None:
    sink = Sink()
    process = await here.start("sleep 100 & echo started; exit 0", sink, stdin=b"x" * (1 << 20))
    await sink.until(lambda s: s.out == b"started\n")
    here.close()
    assert (await process.wait()).is_lost
    await here.wait_closed()
    await asyncio.sleep(0)
    pipe = process._stdin()
    assert pipe is not None
    assert pipe.get_write_buffer_size() == 0


async def test_pausing_holds_the_output_back(here: LocalConnection) -> None:
    counter = Counter()
    process = await here.start("head -c 90000000 /dev/zero", counter)
    process.pause_reading()
    await here.run("true", timeout=30)
    held = counter.size
    await here.run("true", timeout=30)
    assert counter.size == held < 90_000_000
    process.resume_reading()
    await process.wait()
    assert counter.size == 90_000_000


async def test_files(here: LocalConnection, tmp_path: Path) -> None:
    files = await here.files()
    path = str(tmp_path / "a file")
    await files.write(path, b"0123456789", mode=0o640)
    assert await files.read(path, offset=2, size=3) == b"234"
    assert os.stat(path).st_mode & 0o777 == 0o640
    assert await files.listdir(str(tmp_path)) == ["a file"]
    assert await files.exists(path)
    assert not await files.exists(path + "x")
    with pytest.raises(FileNotFoundError):
        await files.read(path + "x")


async def test_forwards_lead_to_the_same_machine(here: LocalConnection) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = socket.gethostbyname("localhost")
    async with server, here.forward_remote(port) as there, here.forward_local(address, port) as to:
        assert there == port
        reader, writer = await asyncio.open_connection("127.0.0.1", to)
        assert await reader.read() == b"hello"
        writer.close()


async def test_a_relay_joins_two_ends() -> None:
    from fleet_tui.transport.relay import relay_to

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read())
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, relay_to("127.0.0.1", server.sockets[0].getsockname()[1]) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"round trip")
        writer.write_eof()
        assert await reader.read() == b"round trip"
        writer.close()
