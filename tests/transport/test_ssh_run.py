"""Commands over a real sshd."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Unreachable
from tests.support.sshd import SshServer
from tests.transport.helpers import Counter, Sink, fleet_of, pool_of

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.transport.base import Connection, Process, SignalName


def sleeping() -> str:
    """Return a command that ends after every test, and that no other test runs."""
    return f"sleep {1_000_000 + secrets.randbits(32)}"


async def said(connection: Connection, line: str) -> bytes:
    """Return what a command says, without its last newline."""
    return (await connection.run(line, timeout=60)).stdout.strip()


async def test_output_errors_and_status_come_back(connection: Connection) -> None:
    done = await connection.run("echo out; echo err >&2; exit 3", timeout=60)
    assert (done.stdout, done.stderr, done.status.code) == (b"out\n", b"err\n", 3)


async def test_output_streams_while_the_command_runs(connection: Connection) -> None:
    sink = Sink()
    process = await connection.start("echo first; read x; echo got $x", sink, stdin="open")
    await sink.until(lambda s: s.out == b"first\n")
    await process.write(b"this\n")
    await sink.until(lambda s: s.out.endswith(b"got this\n"))
    assert (await process.wait()).code == 0


async def test_input_bytes_arrive_whole(connection: Connection) -> None:
    data = os.urandom(5_000_000)
    sink = Sink()
    process = await connection.start("cat", sink, stdin=data)
    assert (await process.wait()).code == 0
    assert bytes(sink.out) == data


async def test_written_input_waits_for_the_window(connection: Connection) -> None:
    sink = Counter()
    process = await connection.start("wc -c", sink, stdin="open")
    for _ in range(40):
        await process.write(b"x" * 100_000)
    process.close_stdin()
    assert (await process.wait()).code == 0


async def test_no_input_is_end_of_file(connection: Connection) -> None:
    assert (await connection.run("cat; echo end", timeout=60)).stdout == b"end\n"


async def test_a_process_that_ends_early_ignores_its_input(connection: Connection) -> None:
    process = await connection.start("true", Sink(), stdin=b"x" * 5_000_000)
    assert (await process.wait()).code == 0
    await process.write(b"late")
    process.close_stdin()
    process.send_signal("TERM")


@pytest.mark.parametrize("name", ["TERM", "HUP", "KILL"])
async def test_a_signal_kills_the_remote_group(ordinary: Connection, name: SignalName) -> None:
    sink = Sink()
    process = await ordinary.start("sleep 100 & echo $!; sleep 100", sink)
    await sink.until(lambda s: s.out.endswith(b"\n"))
    process.send_signal(name)
    assert (await process.wait()).signal == name
    while await said(ordinary, f"ps -o stat= -p {int(sink.out)}") not in (b"", b"Z"):
        continue


async def test_an_interrupt_reaches_what_runs_in_front(ordinary: Connection) -> None:
    sink = Sink()
    process = await ordinary.start("echo up; exec sleep 100", sink)
    await sink.until(lambda s: s.out == b"up\n")
    process.send_signal("INT")
    assert (await process.wait()).signal == "INT"


async def test_too_long_is_killed_there(either: Connection) -> None:
    sleep = sleeping()
    with pytest.raises(TimeoutError):
        await either.run(f"{sleep}; echo 'it''s over'", timeout=0.2)
    while await said(either, f"pgrep -f '^{sleep}'"):
        continue


async def test_cancelling_kills_there(either: Connection) -> None:
    sleep = sleeping()
    task = asyncio.create_task(either.run(f"exec {sleep}", timeout=100))
    while not await said(either, f"pgrep -f '^{sleep}'"):
        assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while await said(either, f"pgrep -f '^{sleep}'"):
        continue


async def test_cancelling_while_a_session_opens_frees_it(tmp_path: Path) -> None:
    with SshServer(tmp_path, options={"MaxSessions": "5"}) as small:
        async with pool_of(fleet_of(small)) as pool:
            connection = await pool.connection("web")
            for _ in range(10):
                task = asyncio.create_task(connection.start("true", Sink()))
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                assert (await connection.run("echo fine", timeout=60)).stdout == b"fine\n"
            assert len(connection.lanes) == 1  # type: ignore[attr-defined]


async def test_many_at_once_do_not_mix(connection: Connection) -> None:
    done = await asyncio.gather(
        *(connection.run(f"seq {n} {n + 500}", timeout=60) for n in range(40))
    )
    for n, one in enumerate(done):
        assert one.stdout == "".join(f"{i}\n" for i in range(n, n + 501)).encode()


async def test_invalid_utf8_and_hostile_bytes_pass_untouched(connection: Connection) -> None:
    data = bytes(range(256)) * 300 + b"\x1b]0;owned\x07\xff\xfe\xc3"
    sink = Sink()
    process = await connection.start("cat; cat >&2 <&-", sink, stdin=data)
    await process.wait()
    assert bytes(sink.out) == data


async def test_a_line_of_100_mb_costs_no_memory(connection: Connection) -> None:
    counter = Counter()
    before = _resident_kb()
    process = await connection.start("head -c 100000000 /dev/zero | tr '\\0' x", counter)
    assert (await process.wait()).code == 0
    assert counter.size == 100_000_000
    assert _resident_kb() - before < 20_000


def _resident_kb() -> int:
    with open("/proc/self/status") as status:
        match = re.search(r"VmRSS:\s+(\d+)", status.read())
    assert match is not None
    return int(match[1])


async def test_pausing_stops_the_flow_at_a_window(connection: Connection) -> None:
    class Pausing(Counter):
        process: Process | None = None

        def stdout_received(self, data: bytes) -> None:
            super().stdout_received(data)
            if self.process is not None:
                self.process.pause_reading()

    counter = Pausing()
    process = counter.process = await connection.start("head -c 30000000 /dev/zero", counter)
    process.pause_reading()
    await connection.run("true", timeout=60)
    held = counter.size
    await connection.run("true", timeout=60)
    assert counter.size == held < 30_000_000
    counter.process = None
    process.resume_reading()
    assert (await process.wait()).code == 0
    assert counter.size == 30_000_000


async def test_stderr_flood_does_not_block_stdout(connection: Connection) -> None:
    sink = Sink()
    process = await connection.start("head -c 5000000 /dev/zero >&2; echo done", sink)
    assert (await process.wait()).code == 0
    assert bytes(sink.out) == b"done\n"
    assert len(sink.err) == 5_000_000


async def test_a_sink_that_raises_costs_only_its_process(connection: Connection) -> None:
    class Broken(Sink):
        def stdout_received(self, data: bytes) -> None:
            raise RuntimeError("disk full")

    reported: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(context["message"]))
    process = await connection.start("echo x; sleep 60", Broken())
    assert (await process.wait()).is_lost
    assert reported == ["a process sink raised"]
    assert (await connection.run("echo alive", timeout=60)).stdout == b"alive\n"


async def test_abort_ends_at_once(connection: Connection) -> None:
    process = await connection.start("sleep 60", Sink())
    process.abort()
    status = await process.wait()
    assert status.is_lost
    assert status.reason == "given up"


async def test_the_environment_has_no_agent_and_no_display(connection: Connection) -> None:
    done = await connection.run("echo [$SSH_AUTH_SOCK][$DISPLAY]", timeout=60)
    assert done.stdout == b"[][]\n"


async def test_a_forced_command_that_refuses_is_said(tmp_path: Path) -> None:
    with SshServer(tmp_path, options={"MaxSessions": "0"}) as none:
        async with pool_of(fleet_of(none)) as pool:
            connection = await pool.connection("web")
            with pytest.raises(Unreachable, match="no session") as caught:
                await connection.run("true", timeout=60)
            assert caught.value.fault == "channel-limit"
