from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.journal import Appender, verify
from fleet_tui.journal.rotation import rotated_files
from tests.journal.support import FakeClock, entry, raw_lines

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 10


@pytest.fixture
def head(tmp_path: Path) -> Path:
    return tmp_path / "state" / "log-head"


@pytest.fixture
def log(tmp_path: Path, head: Path) -> Path:
    path = tmp_path / "fleet.log"
    appender = Appender(path, clock=FakeClock(), head=head)
    for i in range(COUNT):
        appender.append([entry(i)], durable=True)
    appender.close()
    return path


def edit(path: Path, *order: int, replace: dict[int, bytes] | None = None) -> None:
    """Write the lines of `order` (1-based; 0 is a line of a stranger) back."""
    lines = dict(enumerate(raw_lines(path), 1))
    lines[0] = b"2026-05-18T14:22:01-05:00  result  host=nas  msg=all well\n"
    lines |= replace or {}
    path.write_bytes(b"".join(lines[number] for number in order))


def test_a_log_left_alone_is_well(log: Path, head: Path) -> None:
    result = verify(log, head=head)
    assert result.ok
    assert (result.lines, result.unchained, result.files, result.reason) == (COUNT, 0, 1, "")


@pytest.mark.parametrize("number", range(1, COUNT + 1))
def test_a_changed_line_is_named(log: Path, head: Path, number: int) -> None:
    changed = raw_lines(log)[number - 1].replace(b"droplet", b"laptop")
    edit(log, *range(1, COUNT + 1), replace={number: changed})
    result = verify(log, head=head)
    assert not result.ok
    assert result.line == number
    assert result.reason == f"line {number} was changed after it was written"
    assert result.file == str(log)


@pytest.mark.parametrize("number", range(1, COUNT + 1))
def test_a_removed_line_is_noticed_where_it_stood(log: Path, head: Path, number: int) -> None:
    edit(log, *(n for n in range(1, COUNT + 1) if n != number))
    result = verify(log, head=head)
    assert not result.ok
    assert "1 line was removed" in result.reason
    assert result.line == (number if number < COUNT else COUNT - 1)


@pytest.mark.parametrize("number", range(1, COUNT))
def test_swapped_lines_are_named(log: Path, number: int) -> None:
    order = list(range(1, COUNT + 1))
    order[number - 1], order[number] = order[number], order[number - 1]
    edit(log, *order)
    result = verify(log)
    assert (result.ok, result.line) == (False, number)
    assert result.reason == f"line {number} was moved: it was written after line {number + 1}"


@pytest.mark.parametrize("number", range(1, COUNT + 1))
def test_a_copied_line_is_named(log: Path, number: int) -> None:
    order = list(range(1, COUNT + 1))
    edit(log, *order[:number], 3, *order[number:])
    result = verify(log)
    assert not result.ok
    place_of_the_copy = 4 if number == 2 else number + 1
    assert result.line == place_of_the_copy


@pytest.mark.parametrize("number", range(1, COUNT))
def test_an_inserted_line_of_a_stranger_is_named(log: Path, number: int) -> None:
    order = list(range(1, COUNT + 1))
    edit(log, *order[:number], 0, *order[number:])
    result = verify(log)
    assert (result.ok, result.line) == (False, number + 1)
    assert "inserted" in result.reason


def test_a_line_whose_hash_was_taken_off_is_named(log: Path) -> None:
    bare = raw_lines(log)[4].partition(b" n=")[0] + b"\n"
    edit(log, *range(1, COUNT + 1), replace={5: bare})
    result = verify(log)
    assert (result.ok, result.line) == (False, 5)


def test_a_forged_line_that_fits_what_came_before_is_named(log: Path) -> None:
    forged = raw_lines(log)[4].replace(b"r-4", b"r-x")
    order = [1, 2, 3, 4, 99, 5, 6, 7, 8, 9, 10]
    edit(log, *order, replace={99: forged})
    result = verify(log)
    assert (result.ok, result.line) == (False, 5)
    assert "inserted" in result.reason


@pytest.mark.parametrize("kept", [0, 1, 9])
def test_a_log_cut_off_at_its_end_is_noticed(log: Path, head: Path, kept: int) -> None:
    edit(log, *range(1, kept + 1))
    assert verify(log).ok
    result = verify(log, head=head)
    assert (result.ok, result.line) == (False, kept)
    assert "removed from the end" in result.reason


def test_a_log_that_is_gone_is_noticed(log: Path, head: Path) -> None:
    log.unlink()
    result = verify(log, head=head)
    assert not result.ok
    assert "nothing is left" in result.reason


def test_going_on_after_a_cut_hides_nothing(log: Path, head: Path) -> None:
    edit(log, 1, 2, 3, 4, 5, 6)
    appender = Appender(log, clock=FakeClock(), head=head)
    appender.append([entry(99)], durable=True)
    appender.close()
    result = verify(log, head=head)
    assert (result.ok, result.line) == (False, 7)
    assert result.reason == "4 lines were removed before line 7"
    assert b"kind=lines-missing lost=4" in raw_lines(log)[6]


def test_a_line_in_an_older_file_is_named_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "fleet.log"
    appender = Appender(path, clock=FakeClock(), max_bytes=600)
    for i in range(30):
        appender.append([entry(i)], durable=True)
    appender.close()
    second = rotated_files(path)[1]
    second.write_bytes(second.read_bytes().replace(b"droplet", b"laptop", 1))

    result = verify(path)
    assert (result.ok, result.file, result.line) == (False, str(second), 1)


def test_a_missing_older_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "fleet.log"
    appender = Appender(path, clock=FakeClock(), max_bytes=600)
    for i in range(30):
        appender.append([entry(i)], durable=True)
    appender.close()
    rotated_files(path)[1].unlink()
    result = verify(path)
    assert not result.ok
    assert "removed before line 1" in result.reason


def test_an_empty_and_a_missing_log_are_well(tmp_path: Path) -> None:
    assert verify(tmp_path / "fleet.log").ok
    (tmp_path / "fleet.log").touch()
    assert verify(tmp_path / "fleet.log").ok
