from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleet_tui.agents.registry import adapter
from fleet_tui.model.agent import AgentRequest
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.shell import powershell_line
from tests.demo.login import run

if TYPE_CHECKING:
    from fleet_tui.demo import DemoFleet
    from fleet_tui.model.run import Mode

_BINARY = "C:\\Users\\fleet\\.local\\bin\\codex.exe"


async def _ask(demo: DemoFleet, prompt: str, mode: Mode) -> tuple[set[str], str, list[str]]:
    request = AgentRequest("r-1", _BINARY, prompt, mode, "unused")
    command = adapter("codex").command(request)
    line = powershell_line(argv=command.argv, env=command.env)
    status, out, err = await run(demo, "desk-win", line, command.stdin or b"")
    assert err == ""
    parser = adapter("codex").parser(request)
    lines = out.encode().splitlines()
    kinds: set[str] = {event.kind for line in lines for event in parser.feed(line)}
    verdict = parser.finish(ExitStatus(status))
    assert verdict.session
    return kinds, verdict.outcome, out.splitlines()


async def test_codex_speaks_its_own_events(demo: DemoFleet) -> None:
    kinds, outcome, lines = await _ask(demo, "run the tests", "read")
    assert outcome == "ok"
    assert "tool" in kinds
    assert "text" in kinds
    assert "raw" not in kinds
    types = [json.loads(line)["type"] for line in lines]
    assert types[:2] == ["thread.started", "turn.started"]
    assert types[-1] == "turn.completed"


async def test_codex_edits_in_write_mode_only(demo: DemoFleet) -> None:
    _, _, reading = await _ask(demo, "fix the bug", "read")
    _, _, writing = await _ask(demo, "fix the bug", "write")
    assert not any("apply_patch" in line for line in reading)
    assert any("apply_patch" in line for line in writing)


async def test_codex_refuses_what_it_does_not_know(demo: DemoFleet) -> None:
    assert (await run(demo, "desk-win", "codex exec --full-auto x"))[0] == 2
    assert (await run(demo, "desk-win", "codex --version"))[1] == "codex-cli 0.169.0\n"


async def test_a_host_without_codex_has_none(demo: DemoFleet) -> None:
    status, _, err = await run(demo, "web03", "/usr/bin/codex exec --json -")
    assert status == 127
    assert "command not found" in err
