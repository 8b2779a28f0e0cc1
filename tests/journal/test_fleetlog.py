from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import pytest

from fleet_tui.journal import Appender, FleetLog, LogEntry, read, tail_lines, verify
from fleet_tui.journal.format import GENESIS, line_hash
from fleet_tui.journal.rotation import rotated_files
from fleet_tui.model.errors import JournalError
from tests.journal.support import FakeClock, add_bytes, closing, entry, mode, raw_lines
from tests.journal.writers import append_forever, append_many, append_to_a_full_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "fleet.log"


@pytest.fixture
def log(path: Path) -> Iterator[FleetLog]:
    log = FleetLog(path, clock=FakeClock())
    yield log
    log.close()


async def test_each_line_names_the_hash_of_the_one_before(log: FleetLog, path: Path) -> None:
    await log.append([entry(1)], durable=True)
    await log.append([entry(2), closing(1)], durable=False)

    first, second, third = read(path)
    assert first.prev == GENESIS
    assert second.prev == line_hash(raw_lines(path)[0][:-1])
    assert third.prev == line_hash(raw_lines(path)[1][:-1])
    assert [line.sequence for line in (first, second, third)] == [1, 2, 3]
    assert third.event == "result"


async def test_file_and_folder_are_for_their_owner_only(log: FleetLog, path: Path) -> None:
    await log.append([entry()], durable=True)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


async def test_a_log_that_others_could_read_is_closed_to_them(log: FleetLog, path: Path) -> None:
    add_bytes(path, b"")
    os.chmod(path, 0o644)
    await log.append([entry()], durable=True)
    assert mode(path) == 0o600


async def test_a_hundred_entries_cost_one_fsync(log: FleetLog) -> None:
    await log.append([entry(i) for i in range(100)], durable=True)
    assert (log.writes, log.fsyncs) == (1, 1)


async def test_a_hundred_callers_at_once_share_their_fsyncs(log: FleetLog, path: Path) -> None:
    await asyncio.gather(*(log.append([entry(i)], durable=True) for i in range(100)))
    assert log.fsyncs <= 2
    assert len(list(read(path))) == 100


async def test_entries_that_need_not_be_durable_are_synced_with_the_next(log: FleetLog) -> None:
    await log.append([entry(1)], durable=False)
    assert (log.writes, log.fsyncs) == (1, 0)
    await log.sync()
    assert log.fsyncs == 1
    await log.sync()
    assert log.fsyncs == 1


async def test_a_durable_entry_is_on_disk_when_append_returns(
    log: FleetLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(
        "fleet_tui.journal.appender.sync_file", lambda fd: sizes.append(os.fstat(fd).st_size)
    )
    await log.append([entry(1)], durable=True)
    assert sizes == [len(b"".join(raw_lines(path)))]


async def test_secrets_do_not_reach_the_file(log: FleetLog, path: Path) -> None:
    await log.append([entry(msg="login with password=hunter2")], durable=True)
    assert b"hunter2" not in raw_lines(path)[0]


async def test_lines_of_a_shell_worker_are_chained_over(log: FleetLog, path: Path) -> None:
    await log.append([entry(1)], durable=True)
    add_bytes(path, b"2026-05-18T14:22:01-05:00  dispatch  host=nas  msg=run the tests\n")
    await log.append([entry(2)], durable=True)

    lines = list(read(path))
    assert [line.sequence for line in lines] == [1, None, 2]
    assert lines[2].prev == line_hash(raw_lines(path)[1][:-1])
    result = verify(path)
    assert (result.ok, result.lines, result.unchained) == (True, 3, 1)


async def test_a_log_begun_by_a_shell_worker_goes_on(log: FleetLog, path: Path) -> None:
    add_bytes(path, b"2026-05-18T14:22:01-05:00  dispatch  host=nas  msg=x\n")
    await log.append([entry(1)], durable=True)
    assert verify(path).ok
    assert next(iter(tail_lines(path, 1))).sequence == 1


async def test_a_torn_last_line_is_set_aside_and_told(log: FleetLog, path: Path) -> None:
    await log.append([entry(1), entry(2)], durable=True)
    torn = raw_lines(path)[1][:-9]
    os.truncate(path, len(b"".join(raw_lines(path))) - 9)

    await log.append([entry(3)], durable=True)

    first, told, third = read(path)
    assert (first.text("run"), third.text("run")) == ("r-1", "r-3")
    assert (told.event, told.text("kind")) == ("notice", "torn-line")
    aside = path.with_name(told.text("file"))
    assert raw_lines(aside) == [torn + b"\n"]
    assert mode(aside) == 0o600
    assert verify(path).ok


async def test_a_new_program_finds_where_the_chain_stands(log: FleetLog, path: Path) -> None:
    await log.append([entry(i, msg="x" * 900) for i in range(200)], durable=True)
    other = FleetLog(path, clock=FakeClock())
    await other.append([entry(201)], durable=True)
    await log.append([entry(202)], durable=True)
    other.close()
    assert verify(path).ok
    assert verify(path).lines == 202


async def test_rotation_keeps_the_chain(path: Path) -> None:
    log = FleetLog(path, clock=FakeClock(), max_bytes=1000)
    for i in range(40):
        await log.append([entry(i)], durable=True)
    log.close()

    files = rotated_files(path)
    assert len(files) >= 3
    assert all(len(b"".join(raw_lines(file))) <= 1000 for file in files)
    assert [line.text("run") for line in read(path)] == [f"r-{i}" for i in range(40)]
    result = verify(path)
    assert (result.ok, result.files, result.lines) == (True, len(files) + 1, 40)


@pytest.mark.parametrize("max_bytes", [64 << 20, 20_000])
def test_four_programs_write_at_once_and_no_line_is_lost(path: Path, max_bytes: int) -> None:
    head = path.with_name("head")
    writers = [
        SPAWN.Process(target=append_many, args=(str(path), who, 200, max_bytes, str(head)))
        for who in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4

    result = verify(path, head=head)
    assert result.reason == ""
    assert result.lines == 800
    seen = [(line.fields["who"], line.fields["i"]) for line in read(path)]
    assert sorted(map(str, seen)) == sorted(str((w, i)) for w in range(4) for i in range(200))
    for who in range(4):
        assert [i for w, i in seen if w == who] == list(range(200))


def test_killed_while_writing_no_acknowledged_line_is_missing(path: Path) -> None:
    path.parent.mkdir()
    fifo = path.with_name("acknowledged")
    os.mkfifo(fifo)
    for _ in range(3):
        writer = SPAWN.Process(target=append_forever, args=(str(path), str(fifo)))
        writer.start()
        with fifo.open("rb") as told:
            acknowledged = [int(told.readline()) for _ in range(50)]
            os.kill(writer.pid or 0, signal.SIGKILL)
            acknowledged += [int(line) for line in told if line.endswith(b"\n")]
        writer.join()

        appender = Appender(path, clock=FakeClock())
        appender.append([LogEntry("start", {})], durable=True)
        appender.close()
        lines = list(read(path))[:-1]
        last_start = max((i for i, line in enumerate(lines) if line.event == "start"), default=-1)
        written = [line.fields["i"] for line in lines[last_start + 1 :] if line.event == "claim"]
        assert written[: len(acknowledged)] == acknowledged
        assert verify(path).ok


def test_a_full_disk_is_an_error_and_leaves_no_half_line(path: Path) -> None:
    told = path.parent.with_name("told")
    writer = SPAWN.Process(target=append_to_a_full_disk, args=(str(path), str(told)))
    writer.start()
    writer.join()
    assert writer.exitcode == 0
    assert "cannot write the audit log" in told.read_text()
    assert "free space on the disk" in told.read_text()
    assert [line.text("run") for line in read(path)] == ["r-1", "r-3"]
    assert verify(path).ok
    assert not list(path.parent.glob("*.torn-*"))


async def test_a_failed_fsync_is_an_error_and_takes_the_lines_back(
    log: FleetLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.append([entry(1)], durable=True)

    def fail(fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("fleet_tui.journal.appender.sync_file", fail)
        with pytest.raises(JournalError, match="Input/output error") as caught:
            await log.append([entry(2)], durable=True)
    assert "check it" in (caught.value.mend or "")
    await log.append([entry(3)], durable=True)
    assert [line.text("run") for line in read(path)] == ["r-1", "r-3"]
    assert verify(path).ok


async def test_a_folder_in_its_place_is_named_with_a_mend(path: Path) -> None:
    os.makedirs(path)
    log = FleetLog(path, clock=FakeClock())
    with pytest.raises(JournalError) as caught:
        await log.append([entry(1)], durable=True)
    log.close()
    assert caught.value.where == str(path)
    assert "move it away" in (caught.value.mend or "")


async def test_a_closed_log_takes_nothing(log: FleetLog) -> None:
    log.close()
    with pytest.raises(JournalError, match="closed"):
        await log.append([entry()], durable=True)


async def test_a_caller_who_gave_up_disturbs_nobody(log: FleetLog, path: Path) -> None:
    given_up = asyncio.create_task(log.append([entry(1)], durable=True))
    await asyncio.sleep(0)
    given_up.cancel()
    await log.append([entry(2)], durable=True)
    assert given_up.cancelled()
    assert len(list(read(path))) == 2


async def test_a_link_to_the_log_is_followed_when_it_rotates(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.log"
    os.symlink(path, link)
    log = FleetLog(link, clock=FakeClock(), max_bytes=400)
    for i in range(10):
        await log.append([entry(i)], durable=True)
    log.close()
    assert os.readlink(link) == str(path)
    assert verify(path).lines == 10
