"""What a repository may run once the operator opened it, in the real program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fleet_tui.agents.registry import adapter
from fleet_tui.model.agent import AgentRequest
from tests.agents.cases import Case, play
from tests.support.clis import require_cli

if TYPE_CHECKING:
    from fleet_tui.model.run import Mode

HOOK = {"hooks": [{"type": "command", "command": "touch hooked.txt"}]}
FILES = {
    "work/.claude/settings.json": json.dumps({"hooks": {"SessionStart": [HOOK]}}),
    "work/.mcp.json": json.dumps(
        {"mcpServers": {"theirs": {"command": "touch", "args": ["served.txt"]}}}
    ),
}


@pytest.mark.parametrize("can_ask", [False, True])
@pytest.mark.parametrize("opens", ["", "hooks", "mcp", "hooks mcp"])
async def test_only_what_was_opened_runs(opens: str, can_ask: bool) -> None:
    case = Case(
        "opened",
        "hello",
        "ok",
        mode="write",
        files=FILES,
        can_ask=can_ask,
        opens=frozenset(opens.split()),
    )
    run = await play("claude", case, require_cli("claude"))
    assert run.finished.verdict.outcome == "ok", run.finished.verdict.reason
    assert ("hooked.txt" in run.left) == ("hooks" in opens)
    assert ("served.txt" in run.left) == ("mcp" in opens)


@pytest.mark.parametrize("mode", ["write", "unrestricted"])
def test_the_flags_open_nothing_more(mode: Mode) -> None:
    def flags(*opens: str) -> list[str]:
        request = AgentRequest(
            "r-1", "/a", "x", mode, "00000000-0000-0000-0000-000000000000", opens=frozenset(opens)
        )
        return list(adapter("claude").command(request).argv)

    closed = flags()
    assert "--mcp-config" not in closed
    assert closed[closed.index("--setting-sources") + 1] == "user"
    assert "--strict-mcp-config" in flags("mcp"), "servers of the host's user stay off"
    assert flags("mcp")[closed.index("--setting-sources") + 1] == "user"
    assert flags("hooks")[closed.index("--setting-sources") + 1] == "user,project,local"
