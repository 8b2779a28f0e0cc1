"""The composer gives an agent MCP servers that fleet.toml declares."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import Input

from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl

SERVERS = ({"name": "files", "command": "x"}, {"name": "search", "url": "http://127.0.0.1:1/"})


async def test_their_names_are_offered_completed_and_sent_for_one_dispatch() -> None:
    control = FakeControl()
    control.config = replace(control.config, sections={"mcp": SERVERS})
    async with at_desk(control, size=(80, 24)) as desk:
        desk.app.perform("dispatch.compose", "web01")
        await desk.settle()
        await desk.write("look")
        field = desk.app.screen.query_one("#mcp", Input)
        assert field.placeholder == "give it servers: files, search"
        field.focus()
        await desk.press("f", "i")
        assert field.suggester is not None
        assert await field.suggester.get_suggestion("fi") == "files"
        assert await field.suggester.get_suggestion("files, s") == "files, search"
        assert await field.suggester.get_suggestion("files,") is None
        field.value = "files, search,files"
        await desk.settle()
        await desk.press("f5")
        (asked,) = [about for name, about in control.calls if name == "dispatch"]
        assert asked.mcp == ("files", "search")  # type: ignore[attr-defined]
        desk.app.perform("dispatch.compose", "web01")
        await desk.settle()
        assert desk.app.screen.query_one("#mcp", Input).value == ""


async def test_a_fleet_without_any_has_no_such_field() -> None:
    async with at_desk(FakeControl()) as desk:
        desk.app.perform("dispatch.compose", "web01")
        await desk.settle()
        assert not desk.app.screen.query("#mcp")
