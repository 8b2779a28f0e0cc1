from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.journal import Timeline, TimelineReader
from fleet_tui.model.lines import Span

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

EXTENSIONS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.sampled_from([10.0, 10.5, 11.0])),
    max_size=40,
)


def rows(timeline: Timeline, first: int = 0, count: int = 10_000) -> list[tuple[int, int, int]]:
    """Return (row, run, line) for every row."""
    return [
        (span.row + i, span.run, span.first_line + i)
        for span in timeline.spans(first, count)
        for i in range(span.count)
    ]


def test_lines_of_many_runs_are_merged_by_arrival() -> None:
    timeline = Timeline()
    timeline.extend(0, 2, 100.0)
    timeline.extend(1, 3, 100.1)
    timeline.extend(0, 1, 100.2)
    assert timeline.rows == 6
    assert timeline.spans(0, 6) == [
        Span(0, 0, 0, 2, 100.0),
        Span(2, 1, 0, 3, 100.1),
        Span(5, 0, 2, 1, 100.2),
    ]
    assert timeline.spans(1, 3) == [Span(1, 0, 1, 1, 100.0), Span(2, 1, 0, 2, 100.1)]
    assert timeline.spans(6, 5) == []
    assert timeline.known_lines(0) == 3


def test_one_run_that_goes_on_within_a_second_is_one_span() -> None:
    timeline = Timeline()
    for i in range(100):
        timeline.extend(4, 1000, 50.0 + i / 100)
    assert timeline.spans(0, 1 << 20) == [Span(0, 4, 0, 100_000, 50.0)]
    timeline.extend(4, 1, 51.0)
    assert len(timeline.spans(0, 1 << 20)) == 2


@given(EXTENSIONS, st.integers(0, 60), st.integers(0, 60))
def test_any_window_is_what_was_added(
    extensions: list[tuple[int, int, float]], first: int, count: int
) -> None:
    timeline = Timeline()
    expected: list[tuple[int, int, int]] = []
    lines = [0] * 4
    for run, added, at in extensions:
        timeline.extend(run, added, at)
        for _ in range(added):
            expected.append((len(expected), run, lines[run]))
            lines[run] += 1
    assert timeline.rows == len(expected)
    assert rows(timeline) == expected
    assert rows(timeline, first, count) == expected[first : first + count]


@given(EXTENSIONS, st.integers(1, 5))
def test_it_comes_back_from_disk(
    tmp_path_factory: pytest.TempPathFactory,
    extensions: list[tuple[int, int, float]],
    every: int,
) -> None:
    path = tmp_path_factory.mktemp("d") / "dispatches" / "d-1.timeline"
    timeline = Timeline(path)
    for i, extension in enumerate(extensions):
        timeline.extend(*extension)
        if i % every == 0:
            timeline.flush()
    timeline.close()
    loaded = Timeline.load(path)
    assert loaded.spans(0, 10_000) == timeline.spans(0, 10_000)
    loaded.extend(1, 2, 99.0)
    loaded.close()
    assert Timeline.load(path).rows == timeline.rows + 2
    assert loaded.known_lines(1) == timeline.known_lines(1) + 2


def test_a_torn_end_is_left_out_and_written_over(tmp_path: Path) -> None:
    path = tmp_path / "d.timeline"
    timeline = Timeline(path)
    timeline.extend(0, 5, 1.0)
    timeline.close()
    path.write_bytes(path.read_bytes() + b"torn")
    loaded = Timeline.load(path)
    assert loaded.rows == 5
    loaded.extend(1, 1, 2.0)
    loaded.close()
    assert rows(Timeline.load(path))[-1] == (5, 1, 0)


def test_without_lines_there_is_no_file(tmp_path: Path) -> None:
    timeline = Timeline.load(tmp_path / "none" / "d.timeline")
    timeline.flush()
    timeline.close()
    assert timeline.rows == 0
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "dispatches").write_text("in the way")
    timeline = Timeline(tmp_path / "dispatches" / "d.timeline")
    timeline.extend(0, 5, 1.0)
    timeline.close()
    (tmp_path / "dispatches").unlink()
    timeline.close()
    assert Timeline.load(tmp_path / "dispatches" / "d.timeline").rows == 5


def test_ten_million_lines_cost_little() -> None:
    timeline = Timeline()
    for tick in range(1000):  # 100 runs, 20 flushes a second, 100 lines each
        for run in range(100):
            timeline.extend(run, 100, tick / 20)
    assert timeline.rows == 10_000_000
    arrays = (timeline._starts, timeline._runs, timeline._firsts, timeline._times)
    per_span = sum(a.itemsize for a in arrays)
    assert per_span <= 40
    assert len(timeline._starts) * per_span < 20_000_000


def test_reading_while_it_grows() -> None:
    timeline = Timeline()
    is_done = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not is_done.is_set():
            end = timeline.rows
            spans = timeline.spans(max(end - 50, 0), 50)
            row = max(end - 50, 0)
            for span in spans:
                if span.row != row or span.count <= 0:
                    wrong.append(spans)
                row += span.count
            if row < end:
                wrong.append((row, end))

    thread = threading.Thread(target=read)
    thread.start()
    for i in range(20_000):
        timeline.extend(i % 7, 1 + i % 3, i / 50)
    is_done.set()
    thread.join()
    assert wrong == []


def test_lines_of_a_run_and_moments_are_found_in_the_order(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path / "timeline")
    for second in range(10):
        timeline.extend(0, 3, 100.5 + second)
        timeline.extend(1, 2, 100.7 + second)
    for found in (timeline, None):
        if found is None:
            timeline.close()
            found = Timeline.load(tmp_path / "timeline")
        assert [(s.row, s.first_line, s.count) for s in found.of_run(1, 1, 4)] == [
            (4, 1, 1),
            (8, 2, 2),
            (13, 4, 1),
        ]
        assert found.of_run(1, 20, 5) == []
        assert found.of_run(7, 0, 5) == []
        assert found.row_since(105.9) == 25
        assert (found.row_since(0), found.row_since(999)) == (0, 50)
        assert found.line_since(0, 105.0) == 15
        assert (found.line_since(1, 999), found.line_since(7, 0)) == (20, 0)


def test_what_another_program_writes_is_caught_up_with(tmp_path: Path) -> None:
    path = tmp_path / "d.timeline"
    seen = TimelineReader.load(path)
    assert seen.rows == 0
    timeline = Timeline(path)
    for second in range(3):
        timeline.extend(second % 2, 2, float(second))
    timeline.flush()
    assert seen.rows == 4
    timeline.close()
    assert seen.rows == 6
    assert seen.spans(0, 6) == timeline.spans(0, 6)
    assert seen.of_run(1, 0, 9) == timeline.of_run(1, 0, 9)
