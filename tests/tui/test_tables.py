"""Tables: order, ranges, marks, and what they say of them."""

from __future__ import annotations

import pytest

from fleet_tui.model.host import Host
from fleet_tui.tui import fmt
from fleet_tui.tui.widgets.table_order import Order, number_of, ordered
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import recorded


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$1,204.50", 1_204.5),
        ("<$0.01", 0.01),
        ("38ms", 0.038),
        ("12m", 720.0),
        ("3h ago", 10_800.0),
        ("01:30", 90.0),
        ("1:02:03", 3_723.0),
        ("17/24", 17.0),
        ("-4", -4.0),
        ("2 mb", 2e6),
        ("web2", None),
        ("10.0.3.3", None),
        ("3 hosts", None),
    ],
)
def test_numbers_in_cells_are_read_as_numbers(text: str, value: float | None) -> None:
    assert number_of(text) == (None if value is None else pytest.approx(value))


def test_order_is_natural_stable_and_keeps_the_empty_last() -> None:
    cells = {"a": "web10", "b": "web2", "c": "", "d": "Web2", "e": "9", "f": "—"}
    assert ordered(cells, Order("x"), cells.__getitem__) == ["e", "b", "d", "a", "c", "f"]
    assert ordered(cells, Order("x", True), cells.__getitem__) == ["a", "b", "d", "e", "c", "f"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c", "d"], "a, b, c and d"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_names_as_a_sentence_has_them(names: list[str], said: str) -> None:
    assert fmt.names(names) == said


def header(text: str) -> str:
    return next(line for line in text.splitlines() if "host" in line and "state" in line)


async def test_columns_order_the_hosts_and_the_title_shows_it() -> None:
    async with at_desk(recorded(), (160, 45)) as desk:
        table = desk.app.main.hosts.table
        standing = list(table.shown_keys)
        await desk.press(".")
        assert list(table.shown_keys) == sorted(standing)
        assert "host▲" in header(desk.text())
        await desk.press("=")
        assert list(table.shown_keys) == sorted(standing, reverse=True)
        await desk.press(".")
        assert table.shown_keys[0] == "web03"
        assert "by state" in desk.text()
        table.sort_column("rtt")
        latencies = [desk.app.store.hosts[key].link.latency_seconds for key in table.shown_keys]
        known = [value for value in latencies if value is not None]
        assert known == sorted(known)
        assert latencies[-1] is None
        await desk.press("comma", "comma", "comma", "comma")
        assert list(table.shown_keys) == standing
        await desk.press(":")
        await desk.write("sort nonsense")
        await desk.press("enter")
        assert "there are host, state, role" in desk.toasts()[0]


async def test_a_click_on_a_title_orders_by_it() -> None:
    async with at_desk(recorded(), (160, 45)) as desk:
        table = desk.app.main.hosts.table
        for arrow in ("▲", "▼"):
            await desk.pilot.click(table, offset=(4, 0))
            await desk.settle()
            assert f"host{arrow}" in header(desk.text())


async def test_new_states_move_rows_of_an_ordered_table_at_once() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        table = desk.app.main.hosts.table
        table.sort_column("state")
        assert table.shown_keys[0] == "web03"
        control.host_down("cc-pc", "lost", "gone", "look")
        desk.app.frames.tick()
        assert list(table.shown_keys[:2]) == ["cc-pc", "web03"]


async def test_a_range_marks_what_lies_between_and_actions_name_it() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        table = desk.app.main.hosts.table
        await desk.press("v", "j", "j")
        assert table.marked_or_cursor() == ["cc-pc", "hs-pc", "droplet"]
        assert "3 marked: cc-pc, hs-pc and droplet" in desk.text()
        await desk.press("v", "j", "space")
        assert table.marks == {"cc-pc", "hs-pc", "droplet", "nas1"}
        assert "4 marked: cc-pc, hs-pc and 2 more" in desk.text()
        await desk.press("c")
        assert ("connect", ("cc-pc", "hs-pc", "droplet", "nas1")) in control.calls
        assert "Connecting to cc-pc, hs-pc, droplet and nas1." in desk.toasts()
        await desk.press("v", "G", "escape")
        assert table.marks == {"cc-pc", "hs-pc", "droplet", "nas1"}
        await desk.press("i")
        assert table.marks == set(table.shown_keys) - {"cc-pc", "hs-pc", "droplet", "nas1"}
        await desk.press("u")
        assert table.marks == set()
        assert "marked" not in desk.text()


async def test_a_table_without_marks_says_so() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("enter", "space")
        assert desk.toasts()[-1:] == ["Rows of this table cannot be marked."]


async def test_the_filter_is_said_with_what_it_leaves() -> None:
    async with at_desk(FakeControl([Host(f"node{n:04}") for n in range(1_200)])) as desk:
        await desk.press("/")
        await desk.write("node00")
        await desk.press("enter")
        assert "100 of 1,200 match 'node00'" in desk.text()
        await desk.press("escape")
        assert "match" not in desk.text()
