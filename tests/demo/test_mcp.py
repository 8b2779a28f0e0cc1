"""The demo's MCP servers: two answer, one fails, one is where nobody gets to."""

from __future__ import annotations

import asyncio

from fleet_tui.demo.fleet import DemoFleet
from fleet_tui.fleet import Fleet
from fleet_tui.mcp.settings import mcp_servers
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest


async def test_they_are_asked_and_say_what_the_screen_shows() -> None:
    with DemoFleet.start(speed=0.0) as demo:
        await asyncio.to_thread(demo.wait_ready)
        fleet = Fleet(demo.config)
        await fleet.open()
        try:
            found = await fleet.parts.mcp.ask()
        finally:
            await fleet.close()
    states = {view.name: view.state for view in found}
    assert states == {"files": "up", "metrics": "up", "tickets": "failing", "notes": "unknown"}
    views = {view.name: view for view in found}
    assert views["files"].server == "filesystem"
    assert len(views["files"].tools) == 4
    assert "no such file" in views["tickets"].why
    assert views["notes"].host == demo.unreachable


def test_a_small_fleet_has_servers_too() -> None:
    like = FleetConfig(hosts=(Host("one"), Host("two")))
    with DemoFleet.start(speed=0.0, like=like) as demo:
        hosts = {host.name for host in demo.config.hosts}
        servers = mcp_servers(demo.config)
    assert len(servers) >= 3
    assert {server.host for server in servers} <= hosts


async def test_a_run_is_given_one_that_answers_and_one_that_does_not() -> None:
    with DemoFleet.start(speed=0.0) as demo:
        await asyncio.to_thread(demo.wait_ready)
        fleet = Fleet(demo.config)
        await fleet.open()
        try:
            request = DispatchRequest(
                "web03", "Please fix the rounding bug", "claude", mcp=("files", "tickets")
            )
            live = await fleet.dispatch(request)
            (run,) = await live.finished
            said = fleet.archive.lines(run.id).read(0, 1000)
        finally:
            await fleet.close()
    assert run.state == "succeeded", run.reason
    texts = [line.text for line in said]
    assert any("MCP server tickets is failed" in text for text in texts)
    assert not any("MCP server files" in text for text in texts)
