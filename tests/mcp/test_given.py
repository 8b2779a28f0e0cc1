"""What an agent is started with, and what it says of its servers against what it was given."""

from __future__ import annotations

import itertools
import json
import tomllib
from typing import Any

import pytest

from fleet_tui.agents.claude_parser import ClaudeParser
from fleet_tui.agents.registry import adapter
from fleet_tui.dispatch.given import variables, wrapped
from fleet_tui.dispatch.plan import plan_again
from fleet_tui.model.agent import AgentRequest
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.model.mcp_run import AgentServer
from fleet_tui.model.run import Dispatch, Run
from tests.agents.streams import encode

SESSION = "00000000-0000-0000-0000-000000000000"
FILES = AgentServer("files", command=("sh", "-c", "files-mcp 'a b'"), timeout=20.0)
SEARCH = AgentServer("search", "http", url="http://127.0.0.1:5/mcp", token_variable="S_TOKEN")
SERVERS = (FILES, SEARCH)
TUNNEL = AgentServer("far", "http", url="http://127.0.0.1:6/", tunnel=("ssh", "-N", "--", "nas"))


def asked(mode: Any = "write", **more: Any) -> AgentRequest:
    given = {"servers": SERVERS, **more}
    return AgentRequest("r-1", "/a", "x", mode, SESSION, **given)


def test_claude_is_given_one_document_without_the_token_and_leave_for_their_tools() -> None:
    argv = adapter("claude").command(asked("read")).argv
    document = json.loads(argv[argv.index("--mcp-config") + 1])
    assert document["mcpServers"] == {
        "files": {"command": "sh", "args": ["-c", "files-mcp 'a b'"]},
        "search": {
            "type": "http",
            "url": "http://127.0.0.1:5/mcp",
            "headers": {"Authorization": "Bearer ${S_TOKEN}"},
        },
    }
    assert "--strict-mcp-config" in argv
    allowed = argv.index("--allowedTools")
    assert argv[allowed + 1 : allowed + 4] == ("mcp__files", "mcp__search", "--strict-mcp-config")


def test_it_waits_for_servers_as_long_as_fleet_toml_says() -> None:
    slow = AgentServer("slow", command=("slow",), timeout=90.0)
    assert adapter("claude").command(asked(servers=(FILES, slow))).env["MCP_TIMEOUT"] == "90000"
    quick = AgentServer("quick", command=("quick",), timeout=1.0)
    assert adapter("claude").command(asked(servers=(quick,))).env["MCP_TIMEOUT"] == "10000"


def test_where_somebody_can_be_asked_their_tools_are_asked_for() -> None:
    argv = adapter("claude").command(asked(can_ask=True)).argv
    assert "--mcp-config" in argv
    assert "--allowedTools" not in argv


def test_those_of_the_repository_come_beside_them_when_they_were_opened() -> None:
    argv = adapter("claude").command(asked(opens=frozenset({"mcp"}))).argv
    place = argv.index("--mcp-config")
    assert argv[place + 1] == ".mcp.json"
    assert "files" in argv[place + 2]


def test_codex_is_given_settings_that_are_toml() -> None:
    argv = adapter("codex").command(asked()).argv
    lines = [value for flag, value in itertools.pairwise(argv) if flag == "-c"]
    found = tomllib.loads("\n".join(lines))["mcp_servers"]
    assert found["files"] == {
        "required": True,
        "default_tools_approval_mode": "approve",
        "command": "sh",
        "args": ["-c", "files-mcp 'a b'"],
        "startup_timeout_sec": 20.0,
    }
    assert found["search"]["bearer_token_env_var"] == "S_TOKEN"


def said(*states: tuple[str, str], tools: tuple[str, ...] = ()) -> list[tuple[str, str, bool]]:
    """Return what comes of an `init` that names these servers."""
    parser = ClaudeParser(asked("read"))
    servers = [{"name": name, "status": status} for name, status in states]
    event = {
        "type": "system",
        "subtype": "init",
        "permissionMode": "dontAsk",
        "claude_code_version": "2.1.329",
        "mcp_servers": servers,
        "tools": ["Read", *tools],
    }
    return [(one.kind, one.text, one.must_stop) for one in parser.feed(encode(event))[1:]]


def test_servers_that_are_as_asked_are_not_worth_a_word() -> None:
    both = (("files", "connected"), ("search", "connected"))
    assert said(*both, tools=("mcp__files__read", "mcp__search__find")) == []


def test_one_that_failed_or_is_missing_is_told_and_the_run_goes_on() -> None:
    assert said(("files", "failed")) == [
        ("warning", "MCP server files is failed", False),
        ("warning", "MCP server search is missing", False),
    ]


@pytest.mark.parametrize("name", ["evil", "files__x", ""])
def test_one_that_nobody_asked_for_stops_the_run(name: str) -> None:
    events = said(("files", "connected"), ("search", "connected"), (name, "connected"))
    shown = name or "unnamed"
    stop = ("error", f"the agent has MCP servers it was not given: {shown}", True)
    assert stop in events


def test_tools_of_a_server_that_nobody_asked_for_stop_it_too() -> None:
    events = said(("files", "connected"), ("search", "connected"), tools=("mcp__evil__do",))
    assert events[-1][2]
    assert "mcp__evil__do" in events[-1][1]


def test_nothing_stands_around_an_agent_that_needs_nothing() -> None:
    assert wrapped(("/a", "-p"), "r-1", (FILES,)) == ("/a", "-p")
    assert variables(SERVERS) == ("S_TOKEN",)
    around = wrapped(("/a", "-p"), "r-1", (*SERVERS, TUNNEL))
    assert around[:2] == ("/bin/sh", "-c")
    assert around[-2:] == ("/a", "-p")
    assert "read -r S_TOKEN" in around[2]
    assert around[2].endswith('exec "$@"')


def test_a_run_that_is_found_again_is_still_held_to_its_servers() -> None:
    dispatch = Dispatch(
        "d-1", "web", "x", "claude", "read", "operator", "me@here", 1, 1.0, mcp="files search"
    )
    run = Run("r-1", "d-1", "web", "claude", "read", session=SESSION)
    plan = plan_again(dispatch, run, Host("web"), None, FleetConfig())
    assert [server.name for server in plan.request.servers] == ["files", "search"]
