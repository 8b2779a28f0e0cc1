from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fleet_tui.journal import Appender, LogEntry, LogFilter, follow, open_runs, read, tail_lines
from tests.journal.support import FakeClock, add_bytes, closing, entry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from fleet_tui.journal import LogLine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fleet.log"


@pytest.fixture
def appender(path: Path) -> Iterator[Appender]:
    appender = Appender(path, clock=FakeClock(), max_bytes=1500)
    yield appender
    appender.close()


class Turns:
    """Waits by doing the next thing; the follower is known to have seen all before it."""

    def __init__(self, *steps: object) -> None:
        self._steps = iter(steps)

    async def __call__(self) -> None:
        step = next(self._steps, None)
        if step is None:
            await asyncio.Event().wait()
        assert callable(step)
        step()


async def take(lines: AsyncIterator[LogLine], count: int) -> list[LogLine]:
    return [await anext(lines) for _ in range(count)]


def test_filters_by_event_field_and_word(appender: Appender, path: Path) -> None:
    appender.append([entry(1), entry(2, msg="Fix the Build"), closing(1)], durable=False)

    def runs(*arguments: str) -> list[str]:
        return [line.text("run") for line in read(path, LogFilter.parse(arguments))]

    assert runs("dispatch") == ["r-1", "r-2"]
    assert runs("run=r-1") == ["r-1", "r-1"]
    assert runs("run=r-*", "result") == ["r-1"]
    assert runs("event=result") == ["r-1"]
    assert runs("run=r-1", "run=r-2", "build") == ["r-2"]
    assert runs("build", "nowhere") == []
    assert runs() == ["r-1", "r-2", "r-1"]


def test_numbers_and_files_are_those_of_each_file(appender: Appender, path: Path) -> None:
    for i in range(30):
        appender.append([entry(i)], durable=False)
    lines = list(read(path))
    assert [line.text("run") for line in lines] == [f"r-{i}" for i in range(30)]
    assert [line.number for line in lines if line.file == f"{path}.2"][:2] == [1, 2]
    assert lines[-1].file == str(path)


@pytest.mark.parametrize("count", [0, 1, 5, 29, 30, 99])
def test_the_tail_is_the_end_of_the_whole_log(appender: Appender, path: Path, count: int) -> None:
    for i in range(30):
        appender.append([entry(i)], durable=False)
    everything = [line.raw for line in read(path)]
    expected = everything[-count:] if count else []
    assert [line.raw for line in tail_lines(path, count)] == expected


def test_the_tail_of_long_lines_and_a_torn_end(path: Path) -> None:
    add_bytes(path, b"a" * 200_000 + b"\n" + b"b" * 70_000 + b"\nc\n\ntorn")
    assert [len(line.raw) for line in tail_lines(path, 9)] == [200_000, 70_000, 1, 0]
    assert [len(line.raw) for line in tail_lines(path, 2)] == [1, 0]


async def test_following_yields_what_is_written_across_rotations(
    appender: Appender, path: Path
) -> None:
    appender.append([entry(0)], durable=False)

    def many(first: int, count: int) -> Callable[[], None]:
        def step() -> None:
            for i in range(first, first + count):
                appender.append([entry(i)], durable=False)

        return step

    lines = follow(path, wait=Turns(many(1, 2), many(3, 40), many(43, 1)))
    seen = await take(lines, 43)
    assert [line.text("run") for line in seen] == [f"r-{i}" for i in range(1, 44)]
    assert appender.rotations >= 3
    assert seen[0].number == 2
    await lines.aclose()  # type: ignore[attr-defined]


async def test_following_from_the_start_begins_with_the_oldest_file(
    appender: Appender, path: Path
) -> None:
    for i in range(20):
        appender.append([entry(i)], durable=False)
    wanted = LogFilter.parse(["run=r-1?"])
    lines = follow(path, wanted, wait=Turns(), from_start=True)
    assert [line.text("run") for line in await take(lines, 10)] == [f"r-{i}" for i in range(10, 20)]
    await lines.aclose()  # type: ignore[attr-defined]


async def test_following_a_log_that_is_not_there_yet(appender: Appender, path: Path) -> None:
    lines = follow(path, wait=Turns(lambda: appender.append([entry(7)], durable=False)))
    assert (await anext(lines)).text("run") == "r-7"
    await lines.aclose()  # type: ignore[attr-defined]


async def test_half_a_line_is_not_shown_and_a_torn_one_never(path: Path) -> None:
    appender = Appender(path, clock=FakeClock())
    appender.append([entry(0)], durable=False)
    lines = follow(
        path,
        wait=Turns(
            lambda: add_bytes(path, b"2026-05-18T14:22:01-05:00  no"),
            lambda: add_bytes(path, b"tice  a=1\n2026-05-18T14:22:01-05:00  res"),
            lambda: appender.append([entry(1)], durable=False),
        ),
    )
    first, second, third = await take(lines, 3)
    assert dict(first.fields) == {"a": 1}
    assert second.text("kind") == "torn-line"
    assert third.text("run") == "r-1"
    await lines.aclose()  # type: ignore[attr-defined]
    appender.close()


def test_runs_without_an_end_are_open(appender: Appender, path: Path) -> None:
    hostile = 'x" run=r-9  result  run=r-1\nresult run=r-1'
    appender.append(
        [
            entry(1, msg=hostile),
            LogEntry("dispatch", {"msg": "a run=r-8 b", "run": "r-2"}),
            entry(3),
            entry(4),
            LogEntry("cancel", {"run": "r-4"}),
            LogEntry("refused", {"run": "r-3", "reason": "budget"}),
            LogEntry("result", {"msg": " run=r-1 ", "run": "r-5"}),
            LogEntry("dispatch", {"host": "nas"}),
        ],
        durable=False,
    )
    found = open_runs(path)
    assert set(found) == {"r-1", "r-2", "r-4"}
    assert found["r-1"].number == 1
    assert found["r-4"].number == 4
    assert found["r-1"].fields["msg"] == hostile


def test_open_runs_reach_into_the_newest_older_file(path: Path) -> None:
    appender = Appender(path, clock=FakeClock(), max_bytes=1500)
    appender.append([entry(i) for i in range(12)], durable=False)
    appender.append([closing(i) for i in range(10)], durable=False)
    appender.close()
    assert appender.rotations == 1
    found = open_runs(path)
    assert set(found) == {"r-10", "r-11"}
    assert found["r-11"].file == f"{path}.1"
    assert found["r-11"].number == 12


def test_open_runs_of_no_log_are_none(path: Path) -> None:
    assert open_runs(path) == {}


def test_line_numbers_hold_over_many_blocks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet_tui.journal.openruns._BLOCK", 64)
    appender = Appender(path, clock=FakeClock())
    appender.append([LogEntry("notice", {"i": i}) for i in range(5)], durable=False)
    appender.append([entry(1), closing(2), entry(3)], durable=False)
    appender.close()
    assert {run: line.number for run, line in open_runs(path).items()} == {"r-1": 6, "r-3": 8}
