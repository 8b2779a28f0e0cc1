"""What agents of each machine are given of the declared servers."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

from fleet_tui.mcp.agent_config import agent_config, port_of, render, unfit
from fleet_tui.mcp.settings import McpServer, mcp_servers, without_secrets
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.host import Host
from tests.support.clis import require_cli

HOSTS = (
    Host("pc", connection="local", address="192.0.2.1", user="ann"),
    Host("hub", address="10.0.0.1", user="jump", port=2222),
    Host("nas", address="192.0.2.7", via="hub", key="~/.ssh/nas"),
    Host("win", shell="powershell"),
    Host("alias"),
)
CONFIG = FleetConfig(hosts=HOSTS, ssh_config=Path("/c/config"))
FILES = McpServer("files", "nas", command="uvx files '/srv a'")
SEARCH = McpServer("search", "hub", "http", url="http://127.0.0.1:8931/mcp")
HERE = McpServer("here", "", command="here-mcp")


def entries(server: McpServer, at: str = "") -> dict[str, object]:
    found = agent_config(CONFIG, [server], at)
    assert not found.left_out
    return {k: v for k, v in found.entries[server.name].items() if k != "timeout"}


def test_on_its_own_machine_it_is_started_or_reached_directly() -> None:
    started = {"command": "sh", "args": ["-c", "uvx files '/srv a'"]}
    assert entries(FILES, "nas") == started
    assert entries(SEARCH, "hub") == {"url": "http://127.0.0.1:8931/mcp", "type": "http"}
    assert entries(HERE) == {"command": "sh", "args": ["-c", "here-mcp"]}
    windows = McpServer("w", "win", command="node w.js")
    shell = {"command": "powershell", "args": ["-NoProfile", "-Command", "node w.js"]}
    assert entries(windows, "win") == shell


def test_from_this_machine_ssh_takes_the_fleets_own_way() -> None:
    entry = entries(FILES)
    words = entry["args"]
    assert isinstance(words, list)
    text = " ".join(words)
    assert entry["command"] == "ssh"
    assert "-F /c/config" in text
    assert f"-i {Path('~/.ssh/nas').expanduser()} -o IdentitiesOnly=yes" in text
    assert "-J jump@10.0.0.1:2222" in text
    assert "BatchMode=yes" in text
    assert "StrictHostKeyChecking=yes" in text
    assert words[-3:] == ["--", "192.0.2.7", "uvx files '/srv a'"]


def test_from_another_host_no_file_of_this_machine_is_named() -> None:
    words = entries(FILES, "alias")["args"]
    assert isinstance(words, list)
    text = " ".join(words)
    assert "-F" not in words
    assert "-i" not in words
    assert "-J jump@10.0.0.1:2222" in text


def test_the_jump_host_itself_jumps_no_more() -> None:
    words = entries(FILES, "hub")["args"]
    assert isinstance(words, list)
    assert "-J" not in words


def test_this_machine_is_reached_by_its_address_or_left_out() -> None:
    words = entries(HERE, "nas")["args"]
    assert isinstance(words, list)
    assert words[-2:] == ["192.0.2.1", "here-mcp"]
    nowhere = FleetConfig(hosts=(Host("pc", connection="local"), Host("nas")))
    found = agent_config(nowhere, [HERE], "nas")
    assert found.entries == {}
    assert "nas knows no way" in found.left_out["here"]


def test_one_that_listens_elsewhere_has_a_port_and_the_command_that_keeps_it_open() -> None:
    found = agent_config(CONFIG, [SEARCH], "")
    port = port_of("search")
    assert found.entries["search"]["url"] == f"http://127.0.0.1:{port}/mcp"
    tunnel = found.tunnels["search"]
    assert f"-L 127.0.0.1:{port}:127.0.0.1:8931" in tunnel
    assert " -N " in tunnel
    assert tunnel.endswith("-- 10.0.0.1")
    assert port_of("search") == port_of("search")


def test_no_secret_gets_into_it() -> None:
    key = "sk-ant-api03-" + "a" * 40
    secret = McpServer("s", "nas", command=f"API_KEY={key} uvx s")
    named = McpServer("n", "hub", "http", url="http://u:word@127.0.0.1:1/mcp?token=word2#word3")
    found = agent_config(CONFIG, [secret, named], "hub")
    text = render(found, "claude") + render(found, "codex")
    assert not any(word in text for word in (key, "word", "token"))
    assert "secret" in found.left_out["s"]
    assert "n: what its url may hold of secrets is left out" in found.notes
    assert key not in secret.place
    assert without_secrets(named.url) == "http://127.0.0.1:1/mcp"


def test_claude_reads_json_and_codex_toml() -> None:
    older = McpServer("older", "hub", "sse", url="http://127.0.0.1:1/sse")
    found = agent_config(CONFIG, [FILES, SEARCH, older], "hub")
    servers = json.loads(render(found, "claude"))["mcpServers"]
    assert set(servers) == {"files", "search", "older"}
    assert servers["older"]["type"] == "sse"
    assert set(servers["files"]) == {"command", "args"}
    tables = tomllib.loads(render(found, "codex"))["mcp_servers"]
    assert set(tables) == {"files", "search"}
    assert tables["files"]["startup_timeout_sec"] == 20.0
    assert unfit(found, "codex") == ("older",)
    assert unfit(found, "claude") == ()


def test_codex_takes_it(tmp_path: Path) -> None:
    codex = require_cli("codex")
    text = render(agent_config(CONFIG, [FILES, SEARCH], ""), "codex")
    (tmp_path / "config.toml").write_text(text)
    listed = subprocess.run(
        [codex, "mcp", "list", "--json"],
        env={"CODEX_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert {entry["name"] for entry in json.loads(listed)} == {"files", "search"}


def test_the_way_is_guessed_from_what_is_given() -> None:
    entries = ({"name": "a", "command": "a"}, {"name": "b", "url": "http://h:5/x", "host": "hub"})
    a, b = mcp_servers(FleetConfig(sections={"mcp": entries}))
    assert (a.transport, a.host, a.timeout) == ("stdio", "", 20.0)
    assert (b.transport, b.door) == ("http", ("h", 5))
    assert mcp_servers(FleetConfig()) == ()
