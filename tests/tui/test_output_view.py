"""What can be done with output: filters, patterns, marks, blocks, times, colours, copying."""

from __future__ import annotations

import pytest

from fleet_tui.model.sgr import Pen
from fleet_tui.model.snapshot import ViewLine
from fleet_tui.tui.regex_process import TOO_SLOW, PatternProblem, RegexProcess
from fleet_tui.tui.widgets.log_blocks import BlockRows
from fleet_tui.tui.widgets.log_match import Condition, RegexMatcher
from fleet_tui.tui.widgets.log_rows import FixedRows, LaterRows, RunRows
from fleet_tui.tui.widgets.log_search import FilteredRows, Search, filtered
from tests.tui.desk import Desk, at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.fake_lines import CountingLines

HOSTS = ["droplet", "nas1", "web01"]


def talkative() -> tuple[FakeControl, str]:
    """Return a fleet in which three runs have said something, forty seconds apart."""
    control = FakeControl()
    control.set_fleet()
    dispatch = control.start(HOSTS, "look")
    for turn in range(4):
        for host in HOSTS:
            control.say(
                dispatch, host, ("o", f"line {turn} of {host}"), ("e", f"warning {turn} {host}")
            )
        control.now += 40
    return control, dispatch


def output_lines(desk: Desk) -> list[str]:
    """Return the lines of the log that the runs of `talkative` have written."""
    lines = [strip.text.rstrip() for _, strip in desk.app.main.output.view._lines()]
    return [line for line in lines if " of " in line or "warning " in line]


async def test_a_filter_shows_only_what_it_names() -> None:
    control, _ = talkative()
    async with at_desk(control) as desk:
        await desk.press("5", "z", "i")
        await desk.write("warning 3")
        await desk.press("enter")
        assert len(output_lines(desk)) == 3
        assert "'warning 3': 3 lines" in desk.text()
        await desk.press("i")
        await desk.write("host=web* !line")
        await desk.press("enter")
        shown = output_lines(desk)
        assert len(shown) == 4
        assert all("web01" in line for line in shown)
        await desk.press(":")
        await desk.write("filter re:(1|2) of n.s")
        await desk.press("enter")
        assert len(output_lines(desk)) == 2
        control.say(next(iter(control.dispatches)), "nas1", ("o", "line 1 of nas1 again"))
        await desk.settle()
        await desk.settle()
        assert len(output_lines(desk)) == 3
        await desk.press("escape")
        assert len(output_lines(desk)) == 25


async def test_a_pattern_is_searched_beside_the_screen_and_its_matches_are_marked() -> None:
    control, _ = talkative()
    async with at_desk(control) as desk:
        await desk.press("5", "/")
        await desk.write(r"re:[23] of w\w+")
        await desk.press("enter")
        assert "match 2/2" in desk.text()
        await desk.press("N")
        assert "match 1/2" in desk.text()
        await desk.settle()
        search = desk.app.main.output.log_pane.search
        assert search is not None
        assert search.spans("line 3 of web01") == [(5, 15)]
        await desk.press("/")
        await desk.write("re:(")
        await desk.press("enter")
        assert "unterminated subpattern" in desk.text()
        await desk.press("n")
        assert "re:(" in desk.toasts()[-1]
        assert "unterminated subpattern" in desk.toasts()[-1]


def test_a_pattern_that_takes_for_ever_is_ended() -> None:
    process = RegexProcess("(a+)+$")
    with pytest.raises(PatternProblem, match=TOO_SLOW):
        process.find(["a" * 40 + "b"])
    with pytest.raises(PatternProblem, match=TOO_SLOW):
        process.find(["a"])
    assert process._process is None
    search = Search(FixedRows([("o", "a" * 40 + "b")] * 3), "re:(a+)+$")
    assert not search.step()
    assert (search.problem, search.is_behind) == (TOO_SLOW, False)
    rows = FilteredRows(FixedRows([("o", "a" * 40 + "b")]), Condition("re:(a+)+$", ()))
    assert not rows.step()
    assert rows.problem == TOO_SLOW


def test_a_closed_process_is_gone() -> None:
    matcher = RegexMatcher("b+")
    assert matcher.matching(["abba", "x", "B"]) == [0, 2]
    matcher.spans("abba")
    assert matcher.is_owing
    matcher.resolve()
    assert matcher.spans("abba") == [(1, 3)]
    matcher.close()
    assert matcher._process._process is None


def test_blocks_grow_in_the_middle_and_lines_are_found_again() -> None:
    one, two = CountingLines(3), CountingLines(2)
    rows = BlockRows([RunRows(one, 0), RunRows(two, 1)], lambda run: f"run {run}")
    assert [row.text[:6] for row in rows.read(0, 9)] == [
        "run 0", "line 0", "line 1", "line 2", "run 1", "line 0", "line 1",
    ]  # fmt: skip
    assert rows.locate(1, 1) == 6
    two.size = 3
    assert not rows.refresh()
    one.size = 5
    assert rows.refresh()
    assert (rows.rows, rows.locate(1, 1)) == (10, 8)
    kept = filtered(rows, Condition("line 2", ()))
    assert isinstance(kept, BlockRows)
    assert (kept.rows, kept.read(0, 9)) == (0, [])
    for part in kept.parts:
        assert isinstance(part, FilteredRows)
        part.step()
    kept.refresh()
    assert [row.text[:6] for row in kept.read(0, 9)] == ["run 0", "line 2", "run 1", "line 2"]
    assert LaterRows(RunRows(one, 0), 4).read(0, 9)[0].text.startswith("line 4")


async def test_runs_are_shown_merged_or_one_block_each_at_the_same_line() -> None:
    control, dispatch = talkative()
    async with at_desk(control) as desk:
        view = desk.app.main.output.view
        await desk.press("5", "z", "home", "j", "j", "v")
        held = view.row_at_cursor()
        assert held is not None
        assert (held.run, held.text) == (1, "line 0 of nas1")
        text = desk.text()
        assert text.index("━━ droplet") < text.index("━━ nas1") < text.index("━━ web01")
        assert "a block a run" in text
        control.say(dispatch, "droplet", ("o", "one more of droplet"))
        await desk.settle()
        assert view.row_at_cursor() == held
        await desk.press("v")
        assert view.row_at_cursor() is not None
        assert "━━ nas1" not in desk.text()


async def test_lines_since_a_moment_ago() -> None:
    control, _ = talkative()
    async with at_desk(control) as desk:
        await desk.press("5", "z", "0")
        assert {line.split()[-1] for line in output_lines(desk)} <= set(HOSTS)
        assert len(output_lines(desk)) == 6
        await desk.press("v")
        assert len(output_lines(desk)) == 6
        await desk.press("right")
        assert len(output_lines(desk)) == 2
        await desk.press("t")
        assert all(":" in line for line in output_lines(desk))
        await desk.press("0", "0", "0", "0", "escape")
        assert len(output_lines(desk)) == 24
        await desk.press(":")
        await desk.write("since tea")
        await desk.press("enter")
        assert "'tea' is no time" in desk.toasts()[-1]


async def test_marked_lines_are_found_again_whatever_is_shown() -> None:
    control, _ = talkative()
    async with at_desk(control) as desk:
        view = desk.app.main.output.view
        await desk.press("5", "z", "'")
        assert "No line is marked" in desk.toasts()[-1]
        await desk.press("home", ".", "j", "j", ".", "end")
        assert desk.text().count("◆") >= 2
        await desk.press("'")
        assert view.cursor == 0
        await desk.press("'")
        assert view.cursor == 2
        await desk.press("i")
        await desk.write("nas1")
        await desk.press("enter", "end", "'")
        held = view.row_at_cursor()
        assert held is not None
        assert held.text == "line 0 of nas1"


async def test_a_line_a_block_and_everything_can_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    control = FakeControl()
    dispatch = control.start(["nas1"], "look")
    said = [("c", "Bash: ls"), ("r", "one"), ("r", "two"), ("t", "First."), ("t", "Second.")]
    control.say(dispatch, "nas1", *said)  # type: ignore[arg-type]
    async with at_desk(control) as desk:
        copied: list[tuple[str, str]] = []
        monkeypatch.setattr(desk.app, "copy", lambda text, what: copied.append((text, what)))
        await desk.press("5", "y", "f6", "e")
        assert copied == [
            ("Second.", "the line"),
            ("First.\nSecond.", "the block, 2 lines"),
            ("\n".join(text for _, text in said), "5 lines"),
        ]


async def test_the_hosts_colours_are_shown_in_those_of_the_theme() -> None:
    control = FakeControl()
    dispatch = control.start(["nas1"], "look")
    text = "\tplain red dark"
    control.say(dispatch, "nas1", ("o", text))
    source = control.sources[control.run_on(dispatch, "nas1").run.id]
    source.lines = [ViewLine("o", text, ((7, Pen(ink=1)), (11, Pen(ink=17, bold=True))))]
    async with at_desk(control) as desk:
        view = desk.app.main.output.view
        line = next(strip for _, strip in view._lines() if "plain red dark" in strip.text)
        styles = {segment.text.strip(): segment.style for segment in line if segment.text.strip()}
        red, dark = styles["red"], styles["dark"]
        assert red is not None
        assert dark is not None
        assert red.color == view.palette.style("bad").color
        assert dark.bold
        assert dark.color is not None
        assert dark.color.triplet is not None
        assert min(dark.color.triplet) > 60
