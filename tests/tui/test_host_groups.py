"""Hosts in blocks, in place: by group, by tier, and the same way at the next start."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.host import Host
from fleet_tui.tui import host_groups
from fleet_tui.tui.panes.hosts import COLUMNS, columns_by
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import recorded

if TYPE_CHECKING:
    from pathlib import Path


async def test_b_groups_the_rows_and_the_next_start_does_too(tmp_path: Path) -> None:
    state = tmp_path / "screen.toml"
    async with at_desk(recorded(), size=(160, 45), state=state) as desk:
        plain = list(desk.app.main.hosts.table.shown_keys)
        await desk.press("1", "b")
        blocks = list(desk.app.main.hosts.table.shown_keys)
        assert "by group" in desk.text()
        assert sorted(blocks) == sorted(plain)
        assert blocks.index("cloud1") == blocks.index("droplet") + 1
    async with at_desk(recorded(), size=(160, 45), state=state) as desk:
        assert list(desk.app.main.hosts.table.shown_keys) == blocks
        await desk.press("1", "b")
        assert desk.app.kept.hosts_by == "tier"
        await desk.press("b")
        assert list(desk.app.main.hosts.table.shown_keys) == plain


async def test_a_group_can_be_named_and_a_wrong_one_is_told() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press(":", *"group-by", "space", *"tier", "enter")
        assert desk.app.main.hosts.rows.by == "tier"
        await desk.press(":", *"group-by", "space", *"colour", "enter")
        assert desk.app.main.hosts.rows.by == "tier"
        assert any("not by 'colour'" in toast for toast in desk.toasts())


@pytest.mark.parametrize("way", host_groups.WAYS)
async def test_the_rows_can_be_ordered_by_every_column(way: str) -> None:
    async with at_desk(recorded(), size=(200, 60)) as desk:
        desk.app.main.hosts.group_by(way)
        for column in columns_by(way):
            assert desk.app.main.hosts.table.sort_column(column.title), column.title
            await desk.settle()


async def test_the_widest_screen_has_room_for_every_column() -> None:
    async with at_desk(recorded(), size=(200, 60)) as desk:
        table = desk.app.main.hosts.table
        assert [column.id for column in COLUMNS if not table.column_width(column.id)] == []


def test_blocks_stand_as_their_first_hosts_do_and_the_rest_is_last() -> None:
    control = FakeControl()
    views = {
        name: replace(next(iter(control.hosts.values())), host=Host(name, tier=tier))
        for name, tier in (("a", None), ("b", "edge"), ("c", "core"), ("d", "edge"))
    }
    names, heads = host_groups.in_blocks(views, "tier")
    assert names == ("b", "d", "c", "a")
    assert heads == {"a", "b", "c"}
