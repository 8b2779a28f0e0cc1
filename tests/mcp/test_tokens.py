"""Bearer tokens of servers: where they come from, that they hold, and that nothing shows them."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest

from fleet_tui.mcp.agent_config import agent_config, render
from fleet_tui.mcp.settings import McpServer, mcp_servers
from fleet_tui.mcp.tokens import HIDDEN, token_of
from fleet_tui.mcp.trouble import McpTrouble
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.host import Host
from tests.mcp.asked import asked
from tests.support.mcp_peer import TOKEN, HttpPeer
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VARIABLE = "FLEET_TEST_MCP_TOKEN"


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    with HttpPeer() as served:
        yield served


async def test_a_server_that_wants_a_token_gets_it_from_the_environment(
    peer: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"{TOKEN}\n")
    view = await asked(url=peer.url("/locked"), transport="http", token_env=VARIABLE)
    assert (view.state, view.why, len(view.tools)) == ("up", "", 2)
    sent = {headers.get("authorization") for method, _, headers in peer.heard if method != "DELETE"}
    assert sent == {f"Bearer {TOKEN}"}


async def test_or_from_the_first_line_of_a_file(peer: HttpPeer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\nand a remark\n")
    view = await asked(url=peer.url("/locked"), transport="http", token_file=file)
    assert (view.state, view.why) == ("up", "")


async def test_the_older_transport_sends_it_too(
    peer: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    view = await asked(url=peer.url("/sse"), transport="sse", token_env=VARIABLE)
    assert view.state == "up"
    posted = [headers.get("authorization") for _, path, headers in peer.heard if path == "/post"]
    assert set(posted) == {f"Bearer {TOKEN}"}


async def test_a_server_that_repeats_it_is_not_quoted(
    peer: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    view = await asked(url=peer.url("/blabs"), transport="http", token_env=VARIABLE)
    assert view.state == "failing"
    assert f"who is Bearer {HIDDEN}?" in view.why
    assert TOKEN not in str(view)


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (None, f"the variable {VARIABLE} with its token is not set"),
        ("  ", f"the variable {VARIABLE} with its token is not set"),
        ("two words", f"what the variable {VARIABLE} holds is no token"),
        ("line\r\nX-Other: 1", f"what the variable {VARIABLE} holds is no token"),
        ("another", "it does not take the token (status 401)"),
    ],
)
async def test_what_is_wrong_with_it_is_said_without_it(
    peer: HttpPeer, monkeypatch: pytest.MonkeyPatch, held: str | None, why: str
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if held is not None:
        monkeypatch.setenv(VARIABLE, held)
    view = await asked(url=peer.url("/locked"), transport="http", token_env=VARIABLE)
    assert (view.state, view.why) == ("failing", why)
    assert view.mend


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    server = McpServer("s", url="http://127.0.0.1:1/", token_file=tmp_path / "none")
    with pytest.raises(McpTrouble, match="none with its token cannot be read: No such file"):
        await token_of(server)


def test_agents_are_told_the_variable_and_nothing_more(tmp_path: Path) -> None:
    file = tmp_path / "t"
    file.write_text(TOKEN)
    entries = (
        {"name": "a", "host": "web", "url": "http://127.0.0.1:1/", "token_env": "A_TOKEN"},
        {"name": "b-c", "host": "web", "url": "http://127.0.0.1:2/", "token_file": str(file)},
    )
    config = FleetConfig(hosts=(Host("web"),), sections={"mcp": entries})
    found = agent_config(config, mcp_servers(config), "web")
    servers = json.loads(render(found, "claude"))["mcpServers"]
    assert servers["a"]["headers"] == {"Authorization": "Bearer ${A_TOKEN}"}
    assert servers["b-c"]["headers"] == {"Authorization": "Bearer ${FLEET_MCP_TOKEN_B_C}"}
    tables = tomllib.loads(render(found, "codex"))["mcp_servers"]
    assert tables["b-c"]["bearer_token_env_var"] == "FLEET_MCP_TOKEN_B_C"
    assert TOKEN not in render(found, "claude") + render(found, "codex")


def test_the_program_takes_it_from_where_fleet_toml_says_and_shows_it_nowhere(
    tmp_path: Path, peer: HttpPeer
) -> None:
    (tmp_path / "secret").write_text(TOKEN)
    program = Program(tmp_path)
    file = json.dumps(str(tmp_path / "secret"))
    declared = f'[[mcp]]\nname = "s"\nurl = "{peer.url("/locked")}"\ntoken_file = {file}\n'
    program.configure(["web01"], more=declared)
    status = program.run("mcp", "status", "--json")
    assert (status.code, status.objects[0]["state"]) == (0, "up"), status.out
    printed = program.run("mcp", "config")
    assert "needs its token in the agent's environment there, as FLEET_MCP_TOKEN_S" in printed.err
    log = program.run("log", "--json")
    shown = "".join((status.out, status.err, printed.out, printed.err, log.out))
    assert TOKEN not in shown
    assert "mcp-call" in log.out


def test_a_token_stands_beside_a_url_and_once(tmp_path: Path) -> None:
    program = Program(tmp_path)
    both = 'token_env = "A"\ntoken_file = "b"\n'
    program.configure(["web01"], more=f'[[mcp]]\nname = "s"\ncommand = "x"\n{both}')
    done = program.run("mcp", "config")
    assert done.code == 2
    assert "mcp[1].token_file: found beside token_env; leave one of them out" in done.err
    assert "mcp[1].token_env: found beside command" in done.err
