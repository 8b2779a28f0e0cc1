"""The screens over the first one: the audit log, one run, pulses, output side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.audit_control import LogVerdict
from fleet_tui.tui.pulse import BARS, EVERY, Pulse, sparkline
from fleet_tui.tui.screens.fleet_log import FleetLogScreen
from fleet_tui.tui.screens.pulses import PulsesScreen
from fleet_tui.tui.screens.run_detail import RunScreen
from fleet_tui.tui.screens.split import SplitScreen, groups_of
from fleet_tui.tui.store import Store
from fleet_tui.tui.widgets.more_rows import PickedRows
from tests.tui.desk import Desk, at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import recorded

if TYPE_CHECKING:
    from fleet_tui.model.snapshot import LineTag


def shown_lines(desk: Desk) -> list[str]:
    screen = desk.app.screen
    assert isinstance(screen, FleetLogScreen)
    source = screen.log_pane.view.source
    return [row.text for row in source.read(0, source.rows)]


async def test_the_log_is_filtered_and_followed() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("l")
        assert len(shown_lines(desk)) == 5
        await desk.press("o", *"refused", "enter")
        assert [line.split()[1] for line in shown_lines(desk)] == ["refused"]
        assert "1 line with refused" in desk.text()
        desk.control.audit.lines += ["2026 dispatch id=d-9", "2026 refused id=d-9"]
        desk.clock.advance(2)
        await desk.settle()
        assert shown_lines(desk)[1:] == ["2026 refused id=d-9"]
        await desk.press("o", *["backspace"] * 8, "enter")
        assert len(shown_lines(desk)) == 7


async def test_the_chain_is_checked_on_request() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("l", "v")
        assert "✓ the chain holds: 5 lines in 1 file" in desk.text()
        desk.control.audit.verdict = LogVerdict(False, 3, 1, 0, "fleet.log:3: the line was changed")
        await desk.press("v")
        assert "✗ the chain is broken" in desk.text()
        assert desk.toasts() == ["fleet.log:3: the line was changed"]


async def test_what_was_done_from_here_can_be_seen_and_copied() -> None:
    control = recorded()
    control.audit.own = ["2026 dispatch id=d-1 host=nas1"]
    async with at_desk(control) as desk:
        await desk.press("@")
        assert "done from here" in desk.text()
        assert shown_lines(desk) == ["2026 dispatch id=d-1 host=nas1"]
        await desk.press("Y")
        assert desk.app.clipboard == "2026 dispatch id=d-1 host=nas1"
        await desk.press("escape")
        assert desk.is_home()


async def test_a_host_has_its_runs_and_its_own_log() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("1", *"jjj", "enter")
        assert desk.app.place == "host"
        await desk.press("l")
        assert len(shown_lines(desk)) == 2
        assert all("host=nas1" in line for line in shown_lines(desk))
        await desk.press("escape", "enter")
        assert desk.is_on(RunScreen)
        text = desk.text()
        for piece in (
            "prompt",
            "Check why the nightly",
            "asked by",
            "walhus@cc-pc",
            "cost",
            "$0.03",
        ):
            assert piece in text, piece
        assert "1. Move fstrim.timer" in text
        await desk.press("enter")
        assert desk.is_home()
        assert desk.app.main.current == "output"


async def test_escape_only_goes_back() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        await desk.press("5", "right", "f9")
        assert desk.is_on(RunScreen)
        before = list(control.calls)
        await desk.press("escape", "escape", "escape", "escape")
        assert desk.is_home()
        assert control.calls == before


async def test_the_output_stands_side_by_side_by_group() -> None:
    async with at_desk(recorded(), size=(160, 45)) as desk:
        await desk.press("5", "u")
        screen = desk.app.screen
        assert isinstance(screen, SplitScreen)
        assert list(screen.groups) == ["cloud", "nas", "web"]
        first = desk.app.focused
        await desk.press("tab")
        assert desk.app.focused is not first
        await desk.press("tab", "tab")
        assert desk.app.focused is first
        control = desk.control
        dispatch = next(iter(control.dispatches))
        control.say(dispatch, "nas1", ("t", "a line that came later"))
        await desk.settle()
        await desk.settle()
        assert desk.text().count("a line that came later") == 1


def test_hosts_without_groups_get_a_box_each_and_too_many_share_the_last() -> None:
    control = FakeControl()
    runs = [control.run_on(control.start([name], "x"), name) for name in ("nas1", "nas2")]
    assert groups_of(runs, {}) == {"nas1": [0], "nas2": [1]}
    many = runs * 10
    groups = {"nas1": ("a",)}
    assert list(groups_of(many, groups)) == ["a", "no group"]


def test_picked_rows_are_those_of_their_runs_in_order() -> None:
    control = FakeControl()
    dispatch = control.start(["nas1", "nas2", "web01"], "x")
    for number in range(20):
        for host in ("nas1", "nas2", "web01"):
            control.say(dispatch, host, ("o", f"{host} {number}"), ("o", f"{host} {number}b"))
    sources = [control.lines(run) for run in control.dispatches[dispatch].run_ids]
    rows = PickedRows(control.timeline(dispatch), sources, {0, 2})
    texts = [row.text for row in rows.read(0, rows.rows)]
    assert rows.rows == 80
    assert texts[:5] == ["nas1 0", "nas1 0b", "web01 0", "web01 0b", "nas1 1"]
    assert [row.text for row in rows.read(3, 2)] == texts[3:5]
    assert rows.locate(2, 1) == 3
    assert rows.locate(1, 0) is None
    control.say(dispatch, "nas2", ("o", "not ours"))
    control.say(dispatch, "nas1", ("o", "ours"))
    assert rows.rows == 81
    assert rows.read(80, 5)[0].text == "ours"


async def test_pulses_show_every_host_and_lead_to_it() -> None:
    control = recorded()
    async with at_desk(control, size=(160, 45)) as desk:
        for number in range(4):
            line: tuple[LineTag, str] = ("o", "x")
            control.say(next(iter(control.dispatches)), "nas1", *[line] * number * 10)
            control.host_up("nas1", 0.001 * (number + 1))
            desk.clock.advance(EVERY)
            await desk.settle()
        await desk.press("f7")
        assert desk.is_on(PulsesScreen)
        (row,) = [line for line in desk.text().splitlines() if "nas1" in line]
        assert BARS[-1] in row
        assert "4ms" in row
        await desk.press("j", "j", "j", "enter")
        assert desk.app.place == "host"


def test_a_curve_is_scaled_to_its_top_and_has_gaps() -> None:
    assert sparkline([0, 1, 2, 4], 4) == "▁▃▅█"
    assert sparkline([None, 0.0], 4) == "   ▁"
    assert sparkline(range(100), 3) == "███"
    assert sparkline([], 2) == "  "


def test_a_sample_a_second_and_no_more_are_kept() -> None:
    control, store, pulse = recorded(), Store(), Pulse()
    store.apply(control.drain(), numbers=True)
    assert pulse.take(store, 10.0)
    assert not pulse.take(store, 10.5)
    for second in range(1_000):
        pulse.take(store, 11.0 + second)
    assert {len(samples) for samples in pulse.hosts.values()} == {240}
