"""The real Claude Code takes what `mcp config` prints, and calls what `mcp serve` offers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.mcp.asked import PEER
from tests.peers.live import api, environment
from tests.support.clis import require_cli
from tests.support.program import Program
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.model_api import ModelApi

__all__ = ["api"]
PATIENCE = 90.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with SshServer(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def ask_claude(folder: Path, api: ModelApi, config: str, tool: str, **given: object) -> Any:
    """Let it call one tool of the servers in `config`; returns what it was answered."""
    home = folder / "claude-home"
    work = home / "work"
    work.mkdir(parents=True)
    prompt = f"[[tool:{tool}:{json.dumps(given)}]]"
    words = ("-p", "--output-format", "stream-json", "--verbose", "--strict-mcp-config")
    done = subprocess.run(
        [require_cli("claude"), *words, "--mcp-config", config, "--allowedTools", tool],
        input=prompt.encode(),
        cwd=work,
        env=environment(home, api),
        capture_output=True,
        timeout=PATIENCE,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    begin = next(event for event in events if event.get("subtype") == "init")
    states = {found["name"]: found["status"] for found in begin["mcp_servers"]}
    assert set(states.values()) == {"connected"}, states
    results = [
        part
        for event in events
        if event["type"] == "user"
        for part in event["message"]["content"]
        if part["type"] == "tool_result"
    ]
    (result,) = results
    content = result["content"]
    return content if isinstance(content, str) else content[0]["text"]


def test_it_reaches_a_server_of_another_host_by_the_printed_configuration(
    tmp_path: Path, server: SshServer, api: ModelApi
) -> None:
    program = Program(tmp_path)
    declared = f'[[mcp]]\nname = "sums"\nhost = "web01"\ncommand = {json.dumps(PEER)}\n'
    program.configure_for(server, "web01", more=declared)
    printed = program.run("mcp", "config")
    assert (printed.code, printed.err) == (0, "")
    assert json.loads(printed.out)["mcpServers"]["sums"]["command"] == "ssh"
    file = tmp_path / "servers.json"
    file.write_text(printed.out)
    assert ask_claude(tmp_path, api, str(file), "mcp__sums__add", a=40, b=2) == "the sum is 42"


def test_it_looks_at_the_fleet_and_may_not_start_anything(tmp_path: Path, api: ModelApi) -> None:
    program = Program(tmp_path)
    program.configure(["web01", "nas"])
    entry = {
        "command": sys.executable,
        "args": ["-m", "fleet_tui", "mcp", "serve"],
        "env": {k: v for k, v in program.environment.items() if k not in ("TERM", "SHELL")},
    }
    config = json.dumps({"mcpServers": {"fleet": entry}})
    said = ask_claude(tmp_path, api, config, "mcp__fleet__list_hosts", target="nas")
    assert [row["host"] for row in json.loads(said)] == ["nas"]
    (line,) = program.run("log", "--json", "mcp-call").objects
    assert line["event"] == "mcp-call"
    assert "claude-code" in json.dumps(line)
