"""Servers on hosts: a real sshd, pipes and forwards through it, and what the fleet makes of it."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.fleet import Fleet
from fleet_tui.journal import read
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import UsageError
from fleet_tui.model.events import NoticeRaised, PartChanged
from fleet_tui.model.host import Host
from fleet_tui.model.mcp_view import McpView
from tests.mcp.asked import LONG, PEER, let_them_leave, time_is_up
from tests.support.mcp_peer import HttpPeer
from tests.support.sshd import SshServer, refusing_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from fleet_tui.model.notice import Notice


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with SshServer(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@asynccontextmanager
async def fleet_with(
    folder: Path, server: SshServer, *servers: dict[str, object], closed: int = 9
) -> AsyncIterator[Fleet]:
    client = server.client_config("web")
    config = FleetConfig(
        hosts=(Host("web"), Host("gone", address="127.0.0.1", port=closed)),
        log=folder / "fleet.log",
        data_dir=folder / "data",
        ssh_config=client.ssh_config,
    )
    fleet = Fleet(replace(config, sections={"mcp": servers}))
    await fleet.open()
    try:
        yield fleet
    finally:
        await fleet.close()


async def test_a_command_is_started_on_its_host_and_a_url_is_reached_through_ssh(
    tmp_path: Path, server: SshServer
) -> None:
    with HttpPeer() as peer, refusing_port() as closed:
        async with fleet_with(
            tmp_path,
            server,
            {"name": "files", "host": "web", "command": PEER},
            {"name": "search", "host": "web", "url": peer.url(), "timeout": 60.0},
            {"name": "older", "host": "web", "url": peer.url("/sse"), "transport": "sse"},
            {"name": "dead", "host": "web", "url": f"http://127.0.0.1:{closed}/mcp"},
        ) as fleet:
            found = await fleet.parts.mcp.ask()
    assert [(view.name, view.state) for view in found] == [
        ("files", "up"),
        ("search", "up"),
        ("older", "up"),
        ("dead", "failing"),
    ]
    assert all(len(view.tools) == 2 for view in found[:3])
    assert found[3].why == f"nothing there speaks HTTP at 127.0.0.1:{closed}"
    host_header = {headers.get("host") for _, _, headers in peer.heard if "host" in headers}
    assert host_header == {f"127.0.0.1:{peer.port}"}


async def test_a_host_out_of_reach_leaves_its_server_unknown(
    tmp_path: Path, server: SshServer
) -> None:
    with refusing_port() as closed:
        async with fleet_with(
            tmp_path, server, {"name": "m", "host": "gone", "command": "m"}, closed=closed
        ) as fleet:
            (view,) = await fleet.parts.mcp.ask()
    assert (view.state, view.is_unreached) == ("unknown", True)
    assert view.why.startswith("gone: ")


async def test_what_was_once_proven_is_kept_with_its_age(tmp_path: Path, server: SshServer) -> None:
    marker = tmp_path / "broken"
    command = f"test ! -e {marker} && exec {PEER}"
    async with fleet_with(
        tmp_path, server, {"name": "m", "host": "web", "command": command}
    ) as fleet:
        service = fleet.parts.mcp
        (before,) = await service.ask(["m"])
        marker.touch()
        (after,) = await service.ask(["m"])
    assert (before.state, after.state) == ("up", "failing")
    assert after.proven_at == before.proven_at
    assert after.tools == before.tools
    assert after.asked_at is not None
    assert before.asked_at is not None
    assert after.asked_at >= before.asked_at


async def test_one_that_hangs_on_a_host_is_ended_there(
    tmp_path: Path, server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_up = time_is_up(monkeypatch)
    begun, mark = tmp_path / "begun", tmp_path / "ended"
    os.mkfifo(begun)
    script = (
        "import os, signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(mark)!r}, 'w').close(), sys.exit()))"
        f"\nopen({str(begun)!r}, 'w').close()\ntime.sleep(600)\n"
    )
    program = tmp_path / "hangs.py"
    program.write_text(script)
    async with fleet_with(
        tmp_path,
        server,
        {"name": "m", "host": "web", "command": f"{sys.executable} {program}", "timeout": LONG},
    ) as fleet:
        asking = asyncio.create_task(fleet.parts.mcp.ask())
        await asyncio.to_thread(begun.read_bytes)
        is_up()
        (view,) = await asking
    assert (view.state, view.why) == ("failing", "it did not answer within 600 s")
    assert mark.exists()


async def test_who_orders_it_stands_in_the_log_before_the_host_is_asked(
    tmp_path: Path, server: SshServer
) -> None:
    async with fleet_with(
        tmp_path, server, {"name": "m", "host": "web", "command": "false"}
    ) as fleet:
        with pytest.raises(UsageError, match="no MCP server is called 'n'"):
            await fleet.parts.mcp.ask(["n"])
        await fleet.parts.mcp.ask(["m"])
        (line,) = [line for line in read(fleet.log_path) if line.event == "mcp-call"]
    assert (line.text("server"), line.text("host")) == ("m", "web")
    assert line.text("by") == fleet.by


async def test_while_it_is_watched_a_failure_is_a_notice_and_so_is_its_end(
    tmp_path: Path, server: SshServer
) -> None:
    marker = tmp_path / "broken"
    marker.touch()
    command = f"test ! -e {marker} && exec {PEER}"
    async with fleet_with(
        tmp_path, server, {"name": "m", "host": "web", "command": command}
    ) as fleet:
        notices: list[Notice] = []
        states: list[str] = []

        def heard(event: object) -> None:
            if isinstance(event, NoticeRaised) and event.notice.event.startswith("mcp"):
                notices.append(event.notice)
            if isinstance(event, PartChanged) and isinstance(event.view, McpView):
                states.append(event.view.servers[0].state)

        fleet.bus.subscribe(heard)
        await fleet.parts.mcp.start()
        await fleet.parts.mcp.ask()
        marker.unlink()
        await fleet.parts.mcp.ask()
    assert [notice.event for notice in notices] == ["mcp-failing", "mcp-back"]
    assert notices[0].source == "web"
    assert notices[0].severity == "warning"
    assert "MCP server m: it ended with status" in notices[0].text
    assert states[0] == "unknown"
    assert states[-1] == "up"


async def test_two_who_ask_at_once_start_it_once(tmp_path: Path, server: SshServer) -> None:
    count = tmp_path / "starts"
    command = f"echo x >>{count}; exec {PEER}"
    async with fleet_with(
        tmp_path, server, {"name": "m", "host": "web", "command": command}
    ) as fleet:
        both = await asyncio.gather(fleet.parts.mcp.ask(), fleet.parts.mcp.ask())
    assert [view.state for (view,) in both] == ["up", "up"]
    assert count.stat().st_size == 2, "one line: it was started once"


async def test_one_that_is_being_asked_is_ended_when_the_fleet_is_closed(
    tmp_path: Path, server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_them_leave(monkeypatch)
    begun, mark = tmp_path / "begun", tmp_path / "ended"
    os.mkfifo(begun)
    command = f"trap 'touch {mark}; exit' TERM; sleep 600 & echo >{begun}; wait"
    async with fleet_with(
        tmp_path, server, {"name": "m", "host": "web", "command": command, "timeout": 600.0}
    ) as fleet:
        asking = asyncio.create_task(fleet.parts.mcp.ask())
        await asyncio.to_thread(begun.read_bytes)
    (ended,) = await asyncio.gather(asking, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError)
    assert mark.exists()
