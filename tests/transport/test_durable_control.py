"""What is told to a run from beside: input, signals, the end of a whole tree, what a host keeps."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import FleetError
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.durable_control import close_input, feed, kill_tree, signal_run
from fleet_tui.transport.durable_inventory import RemoteRun, collect, expired, inventory
from fleet_tui.transport.durable_state import RunFate, RunUnknown
from tests.support.durable import (
    DurableHost,
    is_alive,
    local_host,
    new_run,
)

if TYPE_CHECKING:
    from pathlib import Path


async def test_open_input_outlives_who_wrote_it(host: DurableHost) -> None:
    line = "while read x; do echo got $x; done; echo over"
    process, sink = await host.launch(line, "open")
    await process.write(b"one\n")
    process.abort()
    assert await feed(host.connection, process.run, 4, b"two\n") == 8
    process = await host.follow(process, sink)
    await process.write(b"three\n")
    process.close_stdin()
    assert await process.wait() == ExitStatus(code=0)
    assert bytes(sink.out) == b"got one\ngot two\ngot three\nover\n"


async def test_an_end_of_input_is_not_lost_on_a_run_that_stands_still(host: DurableHost) -> None:
    process, sink = await host.launch("cat; echo over", "open")
    await process.write(b"one\n")
    group = (host.folder(process.run) / "pid").read_text().split()[0]
    await host.connection.run(f"kill -STOP -{group}", timeout=60)
    await close_input(host.connection, process.run)
    await host.connection.run(f"kill -CONT -{group}", timeout=60)
    assert await process.wait() == ExitStatus(code=0)
    assert bytes(sink.out) == b"one\nover\n"


async def test_input_sent_again_is_given_once(host: DurableHost) -> None:
    process, sink = await host.launch("cat", "open")
    assert await feed(host.connection, process.run, 0, b"abc") == 3
    assert await feed(host.connection, process.run, 0, b"abc") == 3
    assert await feed(host.connection, process.run, 1, b"bcdef") == 6
    with pytest.raises(FleetError, match="cut after 6 bytes of 9"):
        await feed(host.connection, process.run, 8, b"i")
    await close_input(host.connection, process.run)
    assert await process.wait() == ExitStatus(code=0)
    assert bytes(sink.out) == b"abcdef"


async def test_writers_at_once_do_not_mix(host: DurableHost) -> None:
    process, sink = await host.launch("cat", "open")
    blocks = [bytes([65 + number]) * 20_000 for number in range(4)]
    await asyncio.gather(*(process.write(block) for block in blocks))
    process.close_stdin()
    assert await process.wait() == ExitStatus(code=0)
    assert bytes(sink.out) == b"".join(blocks)


async def test_input_larger_than_a_pipe_waits_for_its_reader(host: DurableHost) -> None:
    process, sink = await host.launch("read go; wc -c", "open")
    await process.write(b"go\n")
    await process.write(b"x" * 300_000)
    process.close_stdin()
    assert await process.wait() == ExitStatus(code=0)
    assert sink.out.split() == [b"300000"]


async def test_input_for_a_run_that_is_over_is_ignored(host: DurableHost) -> None:
    process, _ = await host.launch("true", "open")
    await process.wait()
    await process.write(b"late")
    assert await feed(host.connection, process.run, 0, b"late") == 0
    await close_input(host.connection, process.run)
    assert (await signal_run(host.connection, process.run, "TERM")) == RunFate(
        "finished", ExitStatus(code=0)
    )


async def test_a_tree_is_killed_with_what_left_its_group(host: DurableHost) -> None:
    process, sink = await host.launch(
        "setsid sh -c 'trap : TERM INT; echo $$; while :; do sleep 1; done' & echo $$; wait"
    )
    await sink.until(lambda s: s.out.count(b"\n") == 2)
    pids = [int(word) for word in sink.out.split()]
    assert await signal_run(host.connection, process.run, "TERM") == "sent"
    report = await kill_tree(host.connection, process.run)
    assert (report.swept >= 1, report.left) == (True, ())
    assert report.fate.state == "finished"
    assert not any(is_alive(pid) for pid in pids)
    assert (await process.wait()).signal in ("TERM", "KILL")


async def test_only_the_runs_own_processes_are_swept(host: DurableHost) -> None:
    _, heard = await host.launch("echo $$; sleep 600")
    second, _ = await host.launch("sleep 600")
    await heard.until(lambda s: s.out.endswith(b"\n"))
    await kill_tree(host.connection, second.run)
    assert (await second.wait()) == ExitStatus(signal="KILL")
    assert is_alive(int(heard.out))
    assert (await kill_tree(host.connection, new_run())).fate.state == "unknown"
    assert is_alive(int(heard.out))


async def test_the_inventory_tells_every_state(host: DurableHost) -> None:
    assert await inventory(host.connection) == ()
    done, _ = await host.launch("printf abc; printf de >&2; exit 4", meta='{"a": "b\\n!"}')
    await done.wait()
    live, sink = await host.launch("echo \\\\ on; read x", "open")
    await sink.until(lambda s: bool(s.out))
    dead, sink = await host.launch("echo on; exec sleep 600")
    await sink.until(lambda s: bool(s.out))
    os.kill(host.wrapper(dead.run), 9)
    with pytest.raises(RunUnknown):
        await dead.wait()
    cut = new_run()
    host.folder(cut).mkdir()
    found = {run.run: run for run in await inventory(host.connection)}
    assert found.keys() == {done.run, live.run, dead.run, cut}
    assert found[done.run].fate == RunFate("finished", ExitStatus(code=4))
    assert (found[done.run].out_bytes, found[done.run].err_bytes) == (3, 2)
    assert found[done.run].meta == '{"a": "b\\n!"}'
    assert found[live.run].fate.state == "running"
    assert found[live.run].command == "echo \\\\ on; read x"
    assert found[dead.run].fate.state == "died"
    assert found[cut].fate.state == "never-started"
    ages = [found[run.run].age for run in (done, live, dead)]
    assert all(age is not None and 0 <= age < 60 for age in ages)


async def test_collecting_spares_what_is_not_over(host: DurableHost) -> None:
    done, _ = await host.launch("echo done")
    await done.wait()
    spared, _ = await host.launch("echo spared")
    await spared.wait()
    live, sink = await host.launch("echo on; read x", "open")
    await sink.until(lambda s: bool(s.out))
    # Its wrapper is gone, but the run itself goes on: that is not over.
    dead, sink = await host.launch("echo on; exec sleep 600")
    await sink.until(lambda s: bool(s.out))
    os.kill(host.wrapper(dead.run), 9)
    with pytest.raises(RunUnknown):
        await dead.wait()
    assert await collect(host.connection, keep_seconds=3600, keep_bytes=1000) == ()
    gone = await collect(host.connection, keep_seconds=3600, keep_bytes=0, spare=[spared.run])
    assert gone == (done.run,)
    assert {run.run for run in await inventory(host.connection)} == {
        live.run,
        dead.run,
        spared.run,
    }
    await kill_tree(host.connection, dead.run)


def test_what_is_old_or_too_much_expires_oldest_first() -> None:
    over = RunFate("finished", ExitStatus(code=0))
    runs = [
        RemoteRun("live", RunFate("running"), 900, 0, 9999, 9999),
        RemoteRun("young", over, 40, 10, 20, 10),
        RemoteRun("older", over, 40, 10, 60, 50),
        RemoteRun("large", over, 40, 10, 80, 70),
        RemoteRun("aged", over, 0, 0, 500, 400),
        RemoteRun("starting", RunFate("never-started"), 0, 0, 1, 1),
        RemoteRun("nameless", RunFate("never-started")),
    ]
    gone = expired(runs, keep_seconds=300, keep_bytes=100)
    assert [run.run for run in gone] == ["large", "aged", "nameless"]


async def test_what_a_login_shell_says_is_not_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = local_host(tmp_path / "state", monkeypatch)
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\nprintf "welcome"; exec /bin/sh "$@"\n')
    shell.chmod(0o755)
    monkeypatch.setenv("SHELL", str(shell))
    process, sink = await host.launch("echo on; sleep 600")
    await sink.until(lambda s: s.out.endswith(b"on\n"))
    assert await signal_run(host.connection, process.run, "TERM") == "sent"
    assert await process.wait() == ExitStatus(signal="TERM")
    assert [run.run for run in await inventory(host.connection)] == [process.run]
    await host.close()


async def test_input_nobody_reads_times_out_and_is_still_given_once(
    host: DurableHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = host.state / "gate"
    process, sink = await host.launch(f"mkfifo {gate}; echo on; read x <{gate}; wc -c", "open")
    await sink.until(lambda s: s.out == b"on\n")
    data = bytes(200_000)
    with monkeypatch.context() as patch:
        patch.setattr("fleet_tui.transport.durable_control.ANSWER_WITHIN", 0.0)
        with pytest.raises(TimeoutError):
            await feed(host.connection, process.run, 0, data)
    host.open(gate)
    assert await feed(host.connection, process.run, 0, data) == len(data)
    process.close_stdin()
    assert await process.wait() == ExitStatus(code=0)
    assert sink.out.split() == [b"on", b"200000"]
