"""Servers that listen: a real HTTP server on loopback, in each of its ways to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.mcp import events
from tests.mcp.asked import asked
from tests.support.mcp_peer import HttpPeer
from tests.support.sshd import refusing_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    with HttpPeer() as served:
        yield served


@pytest.mark.parametrize(
    ("path", "transport"), [("/mcp", "http"), ("/events", "http"), ("/sse", "sse")]
)
async def test_each_way_of_answering_is_understood(
    peer: HttpPeer, path: str, transport: str
) -> None:
    view = await asked(url=peer.url(path), transport=transport)
    assert (view.state, view.why, view.server) == ("up", "", "peer")
    assert [tool.name for tool in view.tools] == ["add", "count"]
    methods = [method for method, _, _ in peer.heard if method != "DELETE"]
    assert methods == ["initialize", "notifications/initialized", "tools/list"]


async def test_the_session_and_the_version_are_named_and_the_session_is_given_back(
    peer: HttpPeer,
) -> None:
    await asked(url=peer.url(), transport="http")
    method, _, headers = peer.heard[-2]
    assert method == "tools/list"
    assert headers["mcp-session-id"] == "s-1"
    assert headers["mcp-protocol-version"] == "2025-11-25"
    assert headers["host"] == f"127.0.0.1:{peer.port}"
    assert peer.heard[-1][0] == "DELETE"


async def test_one_without_a_handshake_is_asked_the_new_way(peer: HttpPeer) -> None:
    view = await asked(url=peer.url("/refuses"), transport="http")
    assert (view.state, view.protocol, len(view.tools)) == ("up", "2026-07-28", 2)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/locked", "it asks for a login (status 401)"),
        ("/moved", "it sends us on to http://elsewhere.example/mcp"),
        ("/wrong", "its answer to initialize is no message of MCP"),
    ],
)
async def test_what_is_wrong_is_said(peer: HttpPeer, path: str, why: str) -> None:
    view = await asked(url=peer.url(path), transport="http")
    assert (view.state, view.why) == ("failing", why)


async def test_a_stream_that_is_not_there_is_told_by_its_status(peer: HttpPeer) -> None:
    view = await asked(url=peer.url("/nowhere"), transport="sse")
    assert (view.state, view.why) == (
        "failing",
        "it answered the stream of events with status 404",
    )
    assert view.mend == "correct `url` in fleet.toml"


async def test_a_port_that_nobody_has_is_failing() -> None:
    with refusing_port() as port:
        view = await asked(url=f"http://127.0.0.1:{port}/mcp", transport="http")
    assert (view.state, view.why) == ("failing", f"nothing there speaks HTTP at 127.0.0.1:{port}")


async def test_an_answer_without_end_is_not_read(
    peer: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "ANSWER_LIMIT", 20)
    view = await asked(url=peer.url(), transport="http")
    assert view.state == "failing"
    assert view.why.startswith("it answered with more than")
