"""The log view reads what it shows, and nothing else."""

from __future__ import annotations

import itertools

import pytest
from textual.app import App, ComposeResult

from fleet_tui.tui import roles
from fleet_tui.tui.widgets.log_layout import LogLayout, wrap
from fleet_tui.tui.widgets.log_match import LiteralMatcher
from fleet_tui.tui.widgets.log_pages import PagedRows
from fleet_tui.tui.widgets.log_rows import FixedRows, MergedRows, RunRows
from fleet_tui.tui.widgets.log_search import Search
from fleet_tui.tui.widgets.log_view import LogView
from tests.tui.fake_lines import CountingLines, FakeTimeline

MILLION = 1_000_000


class LogApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.view = LogView(lambda _: "00:00:00")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return roles.variable_defaults()

    def compose(self) -> ComposeResult:
        yield self.view


def shown(app: LogApp) -> list[str]:
    strips = app.screen._compositor.render_strips(app.size)
    return [strip.text.rstrip() for strip in strips]


async def test_a_million_rows_cost_what_one_screen_costs() -> None:
    app, lines = LogApp(), CountingLines(MILLION)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show_source(RunRows(lines))
        await pilot.pause()
        assert "line 999999 of the flood" in shown(app)[-1]
        app.view.top()
        await pilot.pause()
        assert shown(app)[0].startswith("line 0 ")
        app.view.go_to(500_000)
        await pilot.pause()
        for _ in range(50):
            app.view.page(1)
        await pilot.pause()
        assert lines.lines_read < 6_000
        app.view.follow()
        lines.size += 1
        read = lines.lines_read
        app.view.sync()
        await pilot.pause()
        assert "line 1000000 of the flood" in shown(app)[-1]
        assert lines.lines_read - read <= 64


def follows(view: LogView) -> bool:
    return view.is_following


async def test_following_is_a_claim_about_the_position() -> None:
    app, lines = LogApp(), CountingLines(1_000)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.view
        view.show_source(RunRows(lines))
        await pilot.pause()
        assert follows(view)
        view.scroll_to(y=100, animate=False)
        await pilot.pause()
        assert not follows(view)
        lines.size += 50
        view.sync()
        assert view.new_rows == 50
        view.scroll_end(animate=False, immediate=True)
        await pilot.pause()
        assert follows(view)
        view.move(-1)
        view.move(-1)
        assert (follows(view), view.cursor) == (False, 1_048)
        view.move(1)
        view.move(1)
        assert follows(view)


async def test_resizing_keeps_following() -> None:
    app, lines = LogApp(), CountingLines(1_000)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show_source(RunRows(lines))
        for size in ((80, 10), (40, 40), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert app.view.is_following
            assert "line 999 of the flood" in shown(app)[-1]


async def test_every_row_can_be_scrolled_to_when_lines_wrap() -> None:
    app = LogApp()
    async with app.run_test(size=(40, 12)) as pilot:
        rows = FixedRows([("t", f"row {n} " + "word " * 20) for n in range(40)])
        app.view.show_source(rows)
        app.view.top()
        await pilot.pause()
        seen: set[str] = set()
        for _ in range(60):
            seen |= {line.split()[1] for line in shown(app) if line.startswith("row ")}
            app.view.page(1)
            await pilot.pause()
        assert len(seen) == 40


async def test_rows_of_a_merged_dispatch_come_from_the_right_runs() -> None:
    one, two, timeline = CountingLines(300), CountingLines(300), FakeTimeline()
    for block in range(100):
        timeline.add(block % 2, block // 2 * 3, 3, 0.0)
    rows = MergedRows(timeline, [one, two]).read(4, 4)
    assert [(row.run, row.text.split()[1]) for row in rows] == [
        (1, "1"),
        (1, "2"),
        (0, "3"),
        (0, "4"),
    ]


def test_folds_are_one_unit_from_either_end() -> None:
    rows = PagedRows(FixedRows([("c", "call"), *[("r", f"{n}") for n in range(150)], ("t", "x")]))
    layout = LogLayout(rows, lambda _row, _size: 1, is_folded=True)
    below = [(u.row, u.rows) for u in layout.below(0, 10)]
    above = [(u.row, u.rows) for u in layout.above(152, 10)]
    assert below == above == [(0, 1), (1, 150), (151, 1)]
    layout.break_at = 30
    assert [(u.row, u.rows) for u in layout.below(0, 10)][1:3] == [(1, 29), (30, 121)]


@pytest.mark.parametrize(
    ("text", "width", "pieces"),
    [
        ("short", 10, ["short"]),
        ("one two three", 8, ["one two ", "three"]),
        ("one two", 3, ["one ", "two"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("全角文字", 4, ["全角", "文字"]),
        ("", 5, [""]),
    ],
)
def test_wrapping(text: str, width: int, pieces: list[str]) -> None:
    starts = [*wrap(text, width), len(text)]
    assert [text[a:b] for a, b in itertools.pairwise(starts)] == pieces


def test_search_finds_in_slices_and_goes_round() -> None:
    search = Search(RunRows(CountingLines(20_000)), "line 19")
    while search.step():
        pass
    assert len(search.rows) == 1 + 10 + 100 + 1_000
    assert search.after(19_999) == 19
    assert search.before(19) == 19_999
    assert search.position(190) == 2
    assert LiteralMatcher("error").matching(["ERROR", "eror"]) == [0]
    assert LiteralMatcher("Error").matching(["ERROR", "an Error"]) == [1]


async def test_selected_text_is_taken_from_the_rows() -> None:
    app = LogApp()
    async with app.run_test(size=(80, 10)) as pilot:
        app.view.show_source(FixedRows([("o", "alpha beta"), ("c", "gamma delta")]))
        await pilot.pause()
        await pilot.mouse_down(app.view, offset=(6, 0))
        await pilot.hover(app.view, offset=(6, 1))
        await pilot.mouse_up(app.view, offset=(6, 1))
        assert app.screen.get_selected_text() == "beta\ngamma"
