"""What the screen keeps between starts; a broken file costs nothing but itself."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from fleet_tui.tui import remembered
from fleet_tui.tui.remembered import Memory, Remembered
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl

if TYPE_CHECKING:
    from pathlib import Path


async def test_pane_zoom_and_history_are_found_again(tmp_path: Path) -> None:
    state = tmp_path / "new" / "screen.toml"
    async with at_desk(FakeControl(), state=state) as desk:
        await desk.press("4", "z", ":", *"hosts", "space", *"web", "enter", "4")
    assert (state.stat().st_mode & 0o777) == 0o600
    async with at_desk(FakeControl(), state=state) as desk:
        assert desk.app.main.current == "notices"
        assert desk.app.main.is_zoomed
        await desk.press(":", "up")
        assert "hosts web" in desk.text()


async def test_a_read_only_screen_keeps_its_own_layout_too(tmp_path: Path) -> None:
    state = tmp_path / "screen.toml"
    async with at_desk(FakeControl(), state=state, read_only=True) as desk:
        await desk.press("5")
    assert tomllib.loads(state.read_text())["pane"] == "output"


@pytest.mark.parametrize(
    "data", [b"pane = ", b'is_zoomed = "yes"\n', b"history = 3\n", b"\x00", b'pane = "\xff"']
)
async def test_a_broken_file_is_set_aside_with_a_line(tmp_path: Path, data: bytes) -> None:
    state = tmp_path / "screen.toml"
    state.write_bytes(data)
    async with at_desk(FakeControl(), state=state) as desk:
        (told,) = [notice.text for notice in desk.app.store.notices.values()]
        assert "set aside as screen.toml.broken-1" in told
        assert desk.app.main.current == "hosts"
    assert (tmp_path / "screen.toml.broken-1").read_bytes() == data
    assert tomllib.loads(state.read_text())["pane"] == "hosts"


def test_two_screens_keep_each_others_lines(tmp_path: Path) -> None:
    state = tmp_path / "screen.toml"
    remembered.save(state, Remembered(history=["one"]))
    remembered.save(state, Remembered(history=["two"]))
    assert remembered.load(state)[0].history == ["one", "two"]


def test_lines_are_kept_once_and_not_forever() -> None:
    kept = Remembered()
    for number in range(300):
        kept.add_line(f"hosts web{number}")
    kept.add_line("hosts web200")
    assert len(kept.history) == remembered.MOST_LINES
    assert kept.history[-1] == "hosts web200"
    kept.add_line("\x1b[2Jx" * 1000)
    assert "\x1b" not in kept.history[-1]
    assert len(kept.history[-1]) <= remembered.LONGEST_LINE


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file" / "screen.toml")
    memory.save()
    assert "cannot be written" in memory.problem
