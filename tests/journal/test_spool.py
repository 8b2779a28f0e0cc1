from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.journal import Spool, SpoolLimits, SpoolReader
from fleet_tui.journal.files import FileCache
from fleet_tui.journal.index import LIVE, PLACE_BYTES, load_index
from fleet_tui.model.errors import JournalError
from fleet_tui.model.sgr import Pen
from fleet_tui.model.snapshot import ViewLine
from fleet_tui.model.text import sanitize
from tests.journal.support import mode

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "r-1"


def texts(reader: SpoolReader) -> list[str]:
    return [line.text for line in reader.read(0, reader.count)]


def tail(spool: Spool) -> ViewLine | None:
    return spool.tail


def file_cache(limit: int = 8) -> FileCache:
    return FileCache(os.O_RDWR | os.O_CREAT, limit)


class FullDisk(FileCache):
    """Refuses writes while told to."""

    def __init__(self) -> None:
        super().__init__(os.O_RDWR | os.O_CREAT)
        self.is_full = False

    def write_at(self, path: str, data: bytes, offset: int) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write_at(path, data, offset)


def test_a_run_without_output_leaves_nothing(run_dir: Path) -> None:
    spool = Spool(run_dir)
    spool.flush()
    spool.close()
    assert not run_dir.exists()
    assert SpoolReader(run_dir).count == 0
    assert SpoolReader(run_dir).read(0, 10) == []


def test_output_is_kept_raw_and_shown_safe(run_dir: Path) -> None:
    spool = Spool(run_dir)
    spool.append_raw("stdout", b"one\n\x1b[31mtwo\r\nthr", show=True)
    spool.append_raw("stderr", b"oh\xff\n", show=True)
    spool.append_raw("stdout", b"ee\n", show=True)
    spool.append_line("m", "note\nof ours")
    assert SpoolReader(run_dir).count == 0

    spool.flush()

    assert (run_dir / "out").read_bytes() == b"one\n\x1b[31mtwo\r\nthree\n"
    assert (run_dir / "err").read_bytes() == b"oh\xff\n"
    assert spool.lag_bytes == 0
    assert spool.count == 6
    assert SpoolReader(run_dir).read(0, 9) == [
        ViewLine("o", "one"),
        ViewLine("o", "two", ((0, Pen(ink=1)),)),
        ViewLine("e", "oh\N{REPLACEMENT CHARACTER}"),
        ViewLine("o", "three"),
        ViewLine("m", "note"),
        ViewLine("m", "of ours"),
    ]
    assert [mode(run_dir / name) for name in ("out", "err", "view", "view.idx")] == [0o600] * 4
    assert mode(run_dir) == 0o700


def test_an_agents_raw_bytes_are_kept_without_being_shown(run_dir: Path) -> None:
    spool = Spool(run_dir)
    spool.append_raw("stdout", b'{"a":1}\n{"b"', show=False)
    spool.append_line("t", "hello")
    spool.append_line("t", "")
    spool.set_tail("t", "wor")
    assert tail(spool) == ViewLine("t", "wor")
    spool.clear_tail()
    assert tail(spool) is None
    spool.close()
    assert (run_dir / "out").read_bytes() == b'{"a":1}\n{"b"'
    assert texts(SpoolReader(run_dir)) == ["hello", ""]


def test_the_unfinished_line_is_the_tail_and_a_line_at_the_end(run_dir: Path) -> None:
    spool = Spool(run_dir)
    spool.append_raw("stderr", b"50%", show=True)
    assert tail(spool) == ViewLine("e", "50%")
    spool.flush()
    assert SpoolReader(run_dir).count == 0
    spool.close()
    assert spool.count == 1
    assert tail(spool) is None
    assert texts(SpoolReader(run_dir)) == ["50%"]


CHUNKS = st.lists(
    st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(max_size=60), st.booleans()),
    max_size=40,
)


@given(CHUNKS)
def test_every_byte_is_kept_however_it_arrives(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[tuple[str, bytes, bool]]
) -> None:
    run_dir = tmp_path_factory.mktemp("runs") / "r-1"
    files = file_cache()
    spool = Spool(run_dir, files=files)
    for stream, data, flush in chunks:
        spool.append_raw(stream, data, show=True)  # type: ignore[arg-type]
        if flush:
            spool.flush()
    spool.close()
    assert len(files) == 0
    for stream, name in (("stdout", "out"), ("stderr", "err")):
        sent = b"".join(data for s, data, _ in chunks if s == stream)
        path = run_dir / name
        assert (path.read_bytes() if path.exists() else b"") == sent
    reader = SpoolReader(run_dir)
    assert reader.count == spool.count
    assert all(sanitize(line.text) == line.text for line in reader.read(0, 10_000))


@pytest.mark.parametrize("window", [1, 7, 64, 500])
def test_any_window_can_be_read(run_dir: Path, window: int) -> None:
    spool = Spool(run_dir)
    expected = [f"line {i} " + "x" * (i % 50) for i in range(3000)]
    for first in range(0, 3000, 37):
        data = "".join(f"{text}\n" for text in expected[first : first + 37]).encode()
        spool.append_raw("stdout", data, show=True)
        spool.flush()
    reader = SpoolReader(run_dir)
    for first in (0, 1, 63, 64, 65, 1000, 2999, 3000, 5000):
        found = [line.text for line in reader.read(first, window)]
        assert found == expected[first : first + window]
    spool.close()
    again = SpoolReader(run_dir)
    assert [line.text for line in again.read(0, 3000)] == expected
    assert (run_dir / "view.idx").stat().st_size <= (3000 // 64 + 2) * PLACE_BYTES


def test_a_finished_run_is_opened_without_a_scan(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(run_dir)
    for i in range(1000):
        spool.append_line("t", f"{i}")
        if i % 10 == 0:
            spool.flush()
    spool.close()
    reads: list[int] = []

    def read_at(path: str, size: int, offset: int) -> bytes:
        reads.append(size)
        return b"\n"

    monkeypatch.setattr("fleet_tui.journal.index.READERS.read_at", read_at)
    assert load_index(str(run_dir))[0].count == 1000
    assert reads == [1]


@pytest.mark.parametrize("damage", ["missing", "short", "garbage", "ahead"])
def test_a_damaged_index_is_made_again(run_dir: Path, damage: str) -> None:
    spool = Spool(run_dir)
    for i in range(500):
        spool.append_line("t", f"{i}")
    spool.close()
    index = run_dir / "view.idx"
    data = index.read_bytes()
    if damage == "missing":
        index.unlink()
    else:
        index.write_bytes(
            {"short": data[:40], "garbage": b"\xff" * 100, "ahead": data + b"\x7f" * 32}[damage]
        )
    assert texts(SpoolReader(run_dir)) == [str(i) for i in range(500)]


def test_a_view_that_was_cut_off_or_deleted_has_missing_lines(run_dir: Path) -> None:
    spool = Spool(run_dir)
    spool.append_raw("stdout", b"".join(b"%d\n" % i for i in range(200)), show=True)
    spool.flush()
    reader = SpoolReader(run_dir)
    os.truncate(run_dir / "view", 20)
    lines = reader.read(0, 200)
    assert len(lines) == 200
    assert lines[0] == ViewLine("o", "0")
    assert lines[-1] == ViewLine("m", "[missing]")
    assert reader.read(150, 2) == [ViewLine("m", "[missing]")] * 2
    (run_dir / "view").unlink()
    assert len(reader.read(0, 5)) == 5
    assert SpoolReader(run_dir.with_name("r-never")).read(0, 5) == []
    spool.close()


def test_a_reader_sees_a_run_that_another_program_writes(run_dir: Path) -> None:
    spool = Spool(run_dir)
    spool.append_line("t", "first")
    spool.flush()
    LIVE.clear()  # as in another program: there the writer's index does not exist
    reader = SpoolReader(run_dir)
    assert texts(reader) == ["first"]
    spool.append_line("t", "second")
    spool.flush()
    assert texts(reader) == ["first", "second"]
    with (run_dir / "view").open("ab") as view:
        view.write(b"thalf a li")
    assert reader.count == 2
    spool.close()


def test_reading_from_another_thread_while_it_is_written(run_dir: Path) -> None:
    spool = Spool(run_dir)
    reader = SpoolReader(run_dir)
    wrong: list[tuple[int, str]] = []
    seen = [0]
    is_done = threading.Event()

    def read() -> None:
        while not is_done.is_set() or seen[0] < reader.count:
            lines = reader.read(seen[0], 400)
            wrong.extend(
                (i, line.text) for i, line in enumerate(lines, seen[0]) if line.text != f"n {i}"
            )
            seen[0] += len(lines)

    thread = threading.Thread(target=read)
    thread.start()
    for first in range(0, 60_000, 300):
        data = b"".join(b"n %d\n" % i for i in range(first, first + 300))
        spool.append_raw("stdout", data[:1000], show=True)
        spool.append_raw("stdout", data[1000:], show=True)
        spool.flush()
    is_done.set()
    thread.join()
    spool.close()
    assert wrong == []
    assert seen == [60_000]


def test_a_line_of_100_megabytes_keeps_memory_flat(run_dir: Path) -> None:
    spool = Spool(run_dir)
    block = b"a" * (1 << 20)
    for _ in range(100):
        spool.append_raw("stdout", block, show=True)
        assert spool.lag_bytes <= len(block)
        spool.flush()
    assert spool.tail is not None
    assert len(spool.tail.text) < 5000
    spool.append_raw("stdout", b"\nnext\n", show=True)
    spool.close()
    assert (run_dir / "out").stat().st_size == (100 << 20) + 6
    long, following = SpoolReader(run_dir).read(0, 2)
    assert long.text == "a" * 65_536 + " … [104,792,064 bytes cut]"
    assert following.text == "next"


def test_the_index_of_many_lines_is_small(run_dir: Path) -> None:
    spool = Spool(run_dir)
    block = (b"a" * 99 + b"\n") * 1000
    for _ in range(200):
        spool.append_raw("stdout", block, show=True)
        spool.flush()
    index = LIVE[str(run_dir)]
    assert spool.count == 200_000
    assert len(index.lines) * 16 < 200_000
    spool.close()


def test_few_files_are_open_however_many_runs_there_are(tmp_path: Path) -> None:
    files = file_cache(limit=5)
    spools = [Spool(tmp_path / f"r-{i}", files=files) for i in range(40)]
    for turn in range(3):
        for i, spool in enumerate(spools):
            spool.append_raw("stdout", b"%d %d\n" % (i, turn), show=True)
            spool.flush()
            assert len(files) <= 5
    for i, spool in enumerate(spools):
        spool.close()
        assert texts(SpoolReader(tmp_path / f"r-{i}")) == [f"{i} {turn}" for turn in range(3)]
    assert len(files) == 0


def test_a_full_disk_for_a_moment_loses_nothing(run_dir: Path) -> None:
    disk, told = FullDisk(), list[JournalError]()
    spool = Spool(run_dir, files=disk, on_fault=told.append)
    spool.append_raw("stdout", b"one\n", show=True)
    spool.flush()
    disk.is_full = True
    for _ in range(3):
        spool.append_raw("stdout", b"two\n", show=True)
        spool.flush()
    assert spool.count == 1
    assert len(told) == 1
    assert "No space left" in str(told[0])
    assert "free space" in str(told[0])
    disk.is_full = False
    spool.append_raw("stdout", b"three\n", show=True)
    spool.flush()
    assert spool.fault is None
    assert texts(SpoolReader(run_dir)) == ["one", "two", "two", "two", "three"]
    assert (run_dir / "out").read_bytes() == b"one\ntwo\ntwo\ntwo\nthree\n"
    spool.close()


def test_a_disk_that_stays_full_loses_lines_and_the_view_says_so(run_dir: Path) -> None:
    disk = FullDisk()
    spool = Spool(run_dir, SpoolLimits(unwritten=100), files=disk)
    spool.append_raw("stdout", b"one\n", show=True)
    spool.flush()
    disk.is_full = True
    spool.append_raw("stdout", b"lost\n" * 40, show=True)
    spool.flush()
    assert spool.lag_bytes == 0
    disk.is_full = False
    spool.append_raw("stdout", b"after\n", show=True)
    spool.close()
    first, loss, last = SpoolReader(run_dir).read(0, 9)
    assert (first.text, last.text) == ("one", "after")
    assert loss.tag == "x"
    assert "40 lines, 200 raw bytes" in loss.text
    assert "No space left" in loss.text
    assert (run_dir / "out").read_bytes() == b"one\n" + b"\0" * 200 + b"after\n"


def test_going_on_after_a_kill_neither_loses_nor_doubles(run_dir: Path) -> None:
    before = Spool(run_dir)
    before.append_raw("stdout", b"one\ntwo\nthr", show=True)
    before.append_raw("stderr", b"warn\n", show=True)
    before.flush()
    with (run_dir / "out").open("ab") as out:  # killed between the raw file and the view
        out.write(b"ee\nfour\nfi")
    with (run_dir / "view").open("ab") as view:
        view.write(b"othr")

    after = Spool.reopen(run_dir, show=True)
    assert after.taken("stdout") == len(b"one\ntwo\nthree\nfour\nfi")
    assert after.taken("stderr") == 5
    assert tail(after) == ViewLine("o", "fi")
    after.append_raw("stdout", b"ve\n", show=True)
    after.close()

    expected = ["one", "two", "warn", "three", "four", "five"]
    assert texts(SpoolReader(run_dir)) == expected
    assert (run_dir / "out").read_bytes() == b"one\ntwo\nthree\nfour\nfive\n"


def test_going_on_with_an_agents_run_knows_what_was_shown(run_dir: Path) -> None:
    before = Spool(run_dir)
    before.append_raw("stdout", b'{"a":1}\n{"b"', show=False)
    before.append_line("t", "a is one")
    before.close(is_final=False)
    after = Spool.reopen(run_dir, show=False)
    assert after.taken("stdout") == 12
    assert after.in_view("stdout") == 8
    assert after.count == 1
    after.append_line("t", "b is two")
    after.close()
    assert texts(SpoolReader(run_dir)) == ["a is one", "b is two"]


def test_a_run_that_goes_on_keeps_its_unfinished_line_unfinished(run_dir: Path) -> None:
    before = Spool(run_dir)
    before.append_raw("stdout", b"one\ntw", show=True)
    before.close(is_final=False)
    after = Spool.reopen(run_dir, show=True)
    after.append_raw("stdout", b"o\n", show=True)
    after.close()
    assert texts(SpoolReader(run_dir)) == ["one", "two"]


def test_reopening_what_never_was_begins_anew(run_dir: Path) -> None:
    spool = Spool.reopen(run_dir, show=True)
    assert not run_dir.exists()
    spool.append_line("m", "hello")
    spool.close()
    assert texts(SpoolReader(run_dir)) == ["hello"]
