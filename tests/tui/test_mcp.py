"""The screen of the MCP servers."""

from __future__ import annotations

from dataclasses import replace

from fleet_tui.model.errors import Unreachable
from tests.tui.desk import Desk, at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.fake_mcp import SERVERS


def rows(desk: Desk) -> list[list[str]]:
    """Return the words of the table's rows."""
    lines = [line.strip("│ ") for line in desk.text().splitlines() if line.startswith("│")]
    return [line.split() for line in lines[1:] if line.split()]


def on_top(desk: Desk) -> str:
    """Return which screen is on top."""
    return type(desk.app.screen).__name__


def asked(desk: Desk) -> list[object]:
    """Return the servers that the core was asked to ask, one entry a call."""
    return [given for name, given in desk.control.calls if name == "mcp.ask"]


def declared() -> FakeControl:
    control = FakeControl()
    control.mcp.show()
    return control


async def test_each_server_has_its_state_its_age_its_tools_and_what_is_wrong() -> None:
    async with at_desk(declared(), size=(160, 45)) as desk:
        await desk.press("7")
        assert on_top(desk) == "McpScreen"
        assert "3 servers · 1 up · 1 failing · 1 unknown" in desk.text()
        up, failing, unknown = rows(desk)
        assert up[:7] == ["●", "up", "files", "droplet", "stdio", "2", "42s"]
        assert failing[:6] == ["✗", "failing", "search", "here", "http", "42s"]
        assert unknown[:6] == ["?", "unknown", "notes", "nas1", "stdio", "never"]
        assert "read_file, list_directory" in desk.text()
        await desk.press("j")
        assert "error      nothing there speaks HTTP at 127.0.0.1:8931" in desk.text()
        assert "mend       start it, or correct `url`" in desk.text()


async def test_the_one_at_the_cursor_is_asked_again_or_all_of_them() -> None:
    async with at_desk(declared()) as desk:
        await desk.press("7", "j", "r")
        assert asked(desk) == [("search",)]
        assert desk.toasts() == ["search answered."]
        assert "3 servers · 2 up · 1 unknown" in desk.text()
        await desk.press("a")
        assert asked(desk) == [("search",), ()]
        assert "3 servers · 3 up" in desk.text()


async def test_one_that_is_being_asked_says_so_and_keeps_its_answer() -> None:
    control = declared()
    async with at_desk(control) as desk:
        await desk.press("7")
        control.mcp.show(replace(SERVERS[0], is_asking=True), *SERVERS[1:])
        await desk.settle()
        assert rows(desk)[0][:3] == ["◌", "asking", "files"]
        assert "read_file" in desk.text()


async def test_enter_opens_its_host_where_it_has_one() -> None:
    async with at_desk(declared()) as desk:
        await desk.press("7", "enter")
        assert on_top(desk) == "HostScreen"
        await desk.press("escape", "j", "enter")
        assert on_top(desk) == "McpScreen"
        assert desk.toasts()[-1] == "It runs on this machine."


async def test_a_core_that_cannot_ask_says_why() -> None:
    control = declared()
    control.refusal = Unreachable("no route", host="droplet", fault="other")
    async with at_desk(control) as desk:
        await desk.press("7", "r")
        assert any("droplet: no route" in toast for toast in desk.toasts())


async def test_a_fleet_without_servers_says_how_to_have_one() -> None:
    async with at_desk(FakeControl()) as desk:
        await desk.press(":", *"mcp", "enter")
        assert on_top(desk) == "McpScreen"
        assert "add a [[mcp]] to fleet.toml" in desk.text()
        await desk.press("r")
        assert desk.control.calls == []


async def test_what_a_server_calls_itself_is_never_markup() -> None:
    control = FakeControl()
    control.mcp.show(replace(SERVERS[0], server="[bold]evil[/bold]", why="[red]x"))
    async with at_desk(control, size=(160, 45)) as desk:
        await desk.press("7")
        assert "[bold]evil[/bold]" in desk.text()
