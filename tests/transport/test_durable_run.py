"""Runs in their own session: started once, answered truly, in each shell a host may have."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import FleetError, Refused, UsageError
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.durable import RunUnknown
from tests.support.durable import (
    DurableHost,
    fill,
    is_alive,
    local_host,
    new_run,
    path_without,
    tmpfs,
)
from tests.transport.helpers import Sink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from fleet_tui.transport.base import SignalName

SLEEPER = "echo on; read x < fifo"


@pytest.fixture
async def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DurableHost]:
    """This machine with the shell it has."""
    host = local_host(tmp_path / "state", monkeypatch)
    yield host
    await host.close()


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("true", ExitStatus(code=0)),
        ("exit 7", ExitStatus(code=7)),
        ("exit 143", ExitStatus(code=143)),
        ("kill -TERM $$", ExitStatus(signal="TERM")),
        ("kill -INT $$", ExitStatus(signal="INT")),
        ("kill -KILL $$", ExitStatus(signal="KILL")),
        ("no-such-program", ExitStatus(code=127)),
    ],
)
async def test_the_true_status_comes_back(host: DurableHost, line: str, status: ExitStatus) -> None:
    process, _ = await host.launch(line)
    assert await process.wait() == status


async def test_both_streams_come_back_apart_whether_it_is_quick_or_not(host: DurableHost) -> None:
    for pause in ("", "sleep 0.1;"):
        line = f"echo o1; echo e1 >&2; {pause} printf '\\0\\377'; printf last >&2; exit 3"
        process, sink = await host.launch(line)
        assert await process.wait() == ExitStatus(code=3)
        assert (bytes(sink.out), bytes(sink.err)) == (b"o1\n\0\xff", b"e1\nlast")
        assert (process.out_offset, process.err_offset) == (5, 7)


async def test_the_line_is_run_as_typed(host: DurableHost) -> None:
    odd = "a'b\"c\\d!e $x `y` \n @fleet- \t*"
    process, sink = await host.launch(
        "printf '%s' 'a'\\''b\"c\\d!e $x `y` \n @fleet- \t*'; cat", meta=odd
    )
    assert (await process.wait()).code == 0
    assert sink.out.decode() == odd


@pytest.mark.parametrize("shell", ["/bin/sh", "/no/such/shell", None])
async def test_it_runs_where_and_how_an_attached_command_would(
    host: DurableHost, shell: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = (
        "umask; pwd; ulimit -n; trap; echo $FLEET_TEST; test -p /dev/stdout && echo pipe;"
        " echo $SHELL; ps -o args= -p $$ | cut -d' ' -f1"
    )
    monkeypatch.setenv("FLEET_TEST", "seen")
    if shell is None:  # as under cron or in a bare container
        monkeypatch.delenv("SHELL", raising=False)
    else:
        monkeypatch.setenv("SHELL", shell)
    attached = await host.connection.run(line, timeout=30)
    process, sink = await host.launch(line)
    await process.wait()
    assert bytes(sink.out) == attached.stdout
    assert b"\nseen\npipe\n" in attached.stdout


async def test_input_bytes_arrive_whole(host: DurableHost) -> None:
    data = os.urandom(300_000)
    process, sink = await host.launch("cat", data)
    assert (await process.wait()).code == 0
    assert bytes(sink.out) == data
    process, sink = await host.launch("wc -c", b"")
    await process.wait()
    assert sink.out.split() == [b"0"]


async def test_output_is_seen_while_it_runs(host: DurableHost) -> None:
    process, sink = await host.launch("echo first; read x; echo got $x; echo bad >&2", "open")
    await sink.until(lambda s: s.out == b"first\n")
    await process.write(b"this\n")
    await sink.until(lambda s: s.out.endswith(b"got this\n"))
    assert (await process.wait()).code == 0
    assert bytes(sink.err) == b"bad\n"


async def test_a_script_may_open_its_standard_streams_again(host: DurableHost) -> None:
    line = "echo 1 >&2; echo 2 >/dev/stderr; echo 3 | tee /dev/stderr; echo 4 >&2"
    process, sink = await host.launch(line)
    await process.wait()
    assert (bytes(sink.out), bytes(sink.err)) == (b"3\n", b"1\n2\n3\n4\n")


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "KILL"])
async def test_signals_reach_the_group_and_show_in_the_status(
    host: DurableHost, name: SignalName
) -> None:
    process, sink = await host.launch("echo on; sleep 600")
    await sink.until(lambda s: s.out == b"on\n")
    process.send_signal(name)
    assert await process.wait() == ExitStatus(signal=name)


async def test_a_run_that_catches_a_signal_ends_as_it_likes(host: DurableHost) -> None:
    line = "trap 'echo last words; exit 4' INT; echo on; while :; do sleep 0.05; done"
    process, sink = await host.launch(line)
    await sink.until(lambda s: s.out == b"on\n")
    process.send_signal("INT")
    assert await process.wait() == ExitStatus(code=4)
    assert bytes(sink.out) == b"on\nlast words\n"


async def test_the_same_run_starts_once(host: DurableHost, tmp_path: Path) -> None:
    run, count = new_run(), tmp_path / "count"
    line = f"echo start >>{count}; echo out; sleep 0.1; echo end"
    answers = await asyncio.gather(*(host.launch(line, run=run) for _ in range(4)))
    for process, sink in answers:
        assert (await process.wait()).code == 0
        assert bytes(sink.out) == b"out\nend\n"
    process, sink = await host.launch(line, run=run)
    assert (await process.wait(), bytes(sink.out)) == (ExitStatus(code=0), b"out\nend\n")
    assert not process.was_started
    assert count.read_text() == "start\n"


async def test_a_launch_cut_before_the_start_may_be_made_again(host: DurableHost) -> None:
    process, _ = await host.launch("true")
    await process.wait()
    run = new_run()
    host.folder(run).mkdir()
    process, _ = await host.launch("exit 5", run=run)
    assert await process.wait() == ExitStatus(code=5)
    assert process.was_started


async def test_who_stops_following_ends_nothing(host: DurableHost) -> None:
    process, sink = await host.launch("echo 1; echo a >&2; read x; echo 2; echo b >&2", "open")
    await sink.until(lambda s: s.out == b"1\n" and s.err == b"a\n")
    process.abort()
    assert (await process.wait()).is_lost
    process = await host.follow(process, sink)
    await process.write(b"\n")
    assert await process.wait() == ExitStatus(code=0)
    assert (bytes(sink.out), bytes(sink.err)) == (b"1\n2\n", b"a\nb\n")


async def test_a_finished_run_is_read_again_from_any_byte(host: DurableHost) -> None:
    process, _ = await host.launch("printf 0123456789; printf abcdef >&2; exit 2")
    await process.wait()
    for out, err in ((0, 0), (3, 5), (10, 6)):
        process.out_offset, process.err_offset, sink = out, err, Sink()
        again = await host.follow(process, sink)
        assert await again.wait() == ExitStatus(code=2)
        assert (bytes(sink.out), bytes(sink.err)) == (b"0123456789"[out:], b"abcdef"[err:])
        assert (again.out_offset, again.err_offset) == (10, 6)


async def test_several_follow_one_run(host: DurableHost) -> None:
    process, sink = await host.launch("echo on; read x; echo off", "open")
    others = [(await host.follow(process, other), other) for other in (Sink(), Sink())]
    await sink.until(lambda s: s.out == b"on\n")
    await process.write(b"\n")
    for each, heard in ((process, sink), *others):
        assert await each.wait() == ExitStatus(code=0)
        assert heard.out.endswith(b"off\n")


async def test_an_unknown_run_is_told(plain: DurableHost) -> None:
    process, sink = await plain.launch("true")
    await process.wait()
    process.run = new_run()
    with pytest.raises(RunUnknown, match="does not know") as caught:
        await plain.follow(process, sink)
    assert caught.value.fate == "unknown"
    plain.folder(process.run).mkdir()
    with pytest.raises(RunUnknown, match="never started") as caught:
        await plain.follow(process, sink)
    assert caught.value.fate == "never-started"


async def test_a_folder_that_was_deleted_is_told_after_the_last_byte(host: DurableHost) -> None:
    process, sink = await host.launch("echo kept; read x", "open")
    await sink.until(lambda s: s.out == b"kept\n")
    (host.folder(process.run) / "pid").rename(host.state / "pid")
    os.rename(host.folder(process.run), host.state / "gone")
    os.kill(-int((host.state / "pid").read_text().split()[0]), signal.SIGKILL)
    with pytest.raises(RunUnknown, match="folder is gone"):
        await process.wait()


async def test_a_killed_wrapper_is_told_at_once(host: DurableHost) -> None:
    process, sink = await host.launch("echo on; exec sleep 600")
    await sink.until(lambda s: s.out == b"on\n")
    wrapper = host.wrapper(process.run)
    os.kill(wrapper, signal.SIGKILL)
    with pytest.raises(RunUnknown, match="killed on the host") as caught:
        await process.wait()
    assert caught.value.fate == "died"
    os.kill(-wrapper, signal.SIGKILL)


@pytest.mark.parametrize(("field", "fate"), [(1, "died"), (2, "rebooted")])
async def test_another_process_with_that_id_is_not_taken_for_the_run(
    host: DurableHost, field: int, fate: str
) -> None:
    process, sink = await host.launch("echo on; read x", "open")
    await sink.until(lambda s: s.out == b"on\n")
    process.abort()
    place = host.folder(process.run) / "pid"
    words = place.read_text().split()
    words[field] = "12345"
    place.write_text(" ".join(words) + "\n")
    again = await host.follow(process, sink)
    with pytest.raises(RunUnknown) as caught:
        await again.wait()
    assert caught.value.fate == fate
    if fate == "rebooted":
        assert " ago" in caught.value.what
    again.send_signal("KILL")
    await again.wait_closed()
    assert is_alive(int(words[0]))
    os.kill(-int(words[0]), signal.SIGKILL)


async def test_an_older_epoch_is_refused(host: DurableHost) -> None:
    for epoch in (3, 12, 12):
        process, _ = await host.launch("true", epoch=epoch)
        await process.wait()
    run = new_run()
    with pytest.raises(Refused, match="epoch 12"):
        await host.launch("true", run=run, epoch=11)
    assert not host.folder(run).exists()


async def test_what_a_login_shell_says_is_not_the_runs(
    plain: DurableHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\necho welcome; echo "no locale" >&2\nexec /bin/sh "$@"\n')
    shell.chmod(0o755)
    monkeypatch.setenv("SHELL", str(shell))
    process, sink = await plain.launch("echo run; exit 1", run=new_run())
    assert await process.wait() == ExitStatus(code=1)
    # The run's own shell is the noisy one, too; only the follower's noise is left out.
    assert (bytes(sink.out), bytes(sink.err)) == (b"welcome\nrun\n", b"no locale\n")


async def test_a_shell_that_does_something_else_is_told(
    plain: DurableHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = tmp_path / "shell"
    shell.write_text("#!/bin/sh\necho only backups here >&2; exit 3\n")
    shell.chmod(0o755)
    monkeypatch.setenv("SHELL", str(shell))
    with pytest.raises(FleetError, match=r"status 3 instead .* only backups here"):
        await plain.launch("true")


@pytest.mark.parametrize("gone", [("setsid",), ("setsid", "perl")])
async def test_without_setsid_another_way_is_found(
    plain: DurableHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PATH", path_without(tmp_path, *gone))
    process, sink = await plain.launch("echo on; sleep 600")
    await sink.until(lambda s: s.out == b"on\n")
    assert os.getsid(plain.wrapper(process.run)) == plain.wrapper(process.run)
    process.send_signal("INT")
    assert await process.wait() == ExitStatus(signal="INT")


async def test_a_host_without_any_way_says_what_is_missing(
    plain: DurableHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", path_without(tmp_path, "setsid", "perl", "python3"))
    with pytest.raises(FleetError, match="util-linux"):
        await plain.launch("true")


async def test_a_host_without_a_place_for_files_says_so(
    plain: DurableHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    with pytest.raises(FleetError, match="XDG_STATE_HOME"):
        await plain.launch("true")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.delenv("HOME")
    with pytest.raises(FleetError, match="HOME and XDG_STATE_HOME are empty"):
        await plain.launch("true")


async def test_what_cannot_be_sent_is_refused_here(plain: DurableHost) -> None:
    with pytest.raises(UsageError, match="longer than a host takes"):
        await plain.launch("x" * 130_000)
    with pytest.raises(UsageError, match="NUL"):
        await plain.launch("a\0b")
    with pytest.raises(UsageError, match="cannot be the id"):
        await plain.launch("true", run="../up")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    found = False
    for folder in tmpfs(tmp_path / "disk", 64):
        found = True
        yield folder
    if not found:
        pytest.skip("mounting a small file system is not allowed")


async def test_a_full_disk_stops_a_launch_before_it_starts(
    host: DurableHost, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(small_disk))
    host.state = small_disk
    run, mark = new_run(), small_disk.parent / "started"
    filler = small_disk / "filler"
    fill(filler)
    with pytest.raises(FleetError, match=r"disk|folder"):
        await host.launch(f"touch {mark}", run=run)
    filler.unlink()
    with pytest.raises(FleetError, match="did not arrive whole"):
        await host.launch(f"touch {mark}", b"x" * 100_000, run=run)
    assert not mark.exists()
    process, _ = await host.launch(f"touch {mark}", run=run)
    assert (await process.wait()).code == 0
    assert mark.exists()


async def test_a_disk_that_runs_full_is_told_with_the_status(
    host: DurableHost, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(small_disk))
    host.state = small_disk
    process, sink = await host.launch("head -c 500000 /dev/zero; echo told >&2; exit 9")
    status = await process.wait()
    assert not status.is_lost
    assert process.output_was_cut
    assert 0 < len(sink.out) < 500_000
