"""The real `claude` program, judged by our adapter; its cost is what the mock charged."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.model.question import Deny
from tests.agents.cases import CLAUDE_CASES, Case, gated, play
from tests.support.clis import require_cli

if TYPE_CHECKING:
    from fleet_tui.model.run import Mode
    from tests.agents.cases import Played

APPROXIMATE = {"drop", "interrupt"}
"""Cases whose cut-off response Claude Code can only estimate."""


@pytest.fixture(scope="module")
def claude() -> str:
    return require_cli("claude")


async def played(name: str, binary: str) -> Played:
    case = next(case for case in CLAUDE_CASES if case.name == name)
    return await play("claude", case, binary)


@pytest.mark.parametrize("case", CLAUDE_CASES, ids=str)
async def test_every_way_a_run_can_end_is_judged_right(case: Case, claude: str) -> None:
    run = await play("claude", case, claude)
    verdict = run.finished.verdict
    assert verdict.outcome == case.outcome, verdict.reason
    assert verdict.succeeded == (case.outcome in ("ok", "denied"))
    assert verdict.session == run.request.session
    assert verdict.cost_usd is not None
    if case.name in APPROXIMATE:
        assert verdict.cost_usd == pytest.approx(run.charged_usd, abs=0.005)
    else:
        assert verdict.cost_usd == pytest.approx(run.charged_usd)
    assert run.finished.answer_shown.endswith(verdict.answer)
    assert not [event for event in run.finished.events if event.must_stop]


async def test_what_happened_on_the_way_is_told(claude: str) -> None:
    run = await played("write-tool", claude)
    assert run.made
    assert run.finished.texts("tool") == ["Bash: echo one > made.txt; cat made.txt"]
    assert run.finished.texts("tool-result") == ["one"]


async def test_a_read_run_changes_nothing(claude: str) -> None:
    run = await played("no-such-tool", claude)
    assert not run.made
    assert run.finished.texts("denied") == ["Bash: not in this mode"]


async def test_an_interrupted_run_says_so(claude: str) -> None:
    run = await played("interrupt", claude)
    assert run.finished.verdict.was_interrupted
    assert "stopped" in run.finished.activities


async def test_a_slash_at_the_start_of_a_prompt_is_no_command(claude: str) -> None:
    run = await played("slash", claude)
    assert run.finished.verdict.answer == "not a command"
    assert run.requests == 1


@pytest.mark.parametrize("can_ask", [False, True])
@pytest.mark.parametrize("mode", ["read", "write", "unrestricted"])
async def test_hooks_and_servers_of_the_repository_stay_off(
    mode: Mode, can_ask: bool, claude: str
) -> None:
    hook = {"hooks": [{"type": "command", "command": "touch made.txt"}]}
    rules = {"hooks": {key: [hook] for key in ("SessionStart", "UserPromptSubmit", "Stop")}}
    server = {"mcpServers": {"evil": {"command": "touch", "args": ["made.txt"]}}}
    files = {
        "work/.claude/settings.json": json.dumps(rules),
        "work/.mcp.json": json.dumps(server),
    }
    env = {"IS_SANDBOX": "1"}
    case = Case("evil", "hello", "ok", mode=mode, env=env, files=files, can_ask=can_ask)
    run = await play("claude", case, claude)
    assert run.finished.verdict.outcome == "ok", run.finished.verdict.reason
    assert not run.made


async def test_rules_of_the_repository_allow_nothing(claude: str) -> None:
    allowed = json.dumps({"permissions": {"allow": ["Bash(touch *)"]}})
    case = gated(
        "evil",
        '[[tool:Bash:{"command":"touch made.txt"}]]',
        "denied",
        answers={"": Deny()},
        files={"work/.claude/settings.json": allowed},
    )
    run = await play("claude", case, claude)
    assert len(run.finished.asked) == 1
    assert not run.made


@pytest.mark.parametrize("mode", ["write", "unrestricted"])
@pytest.mark.parametrize(
    ("settings", "files", "words"),
    [
        ({"permissions": {"defaultMode": "bogus"}}, {}, "setting permissions.defaultMode is"),
        (
            {"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "onFailure": "deny"}]}]}},
            {},
            "setting hooks.PreToolUse.0",
        ),
        (
            {},
            {"home/.claude/settings.json": '{"permissions":{"deny":["Bash(rm *)"],"allow":7}}'},
            "setting permissions.allow in ",
        ),
        ({}, {"home/.claude/settings.json": "{"}, "home/.claude/settings.json is invalid"),
    ],
)
async def test_one_invalid_setting_and_the_prompt_is_never_sent(
    settings: dict[str, Any], files: dict[str, str], words: str, mode: Mode, claude: str
) -> None:
    case = gated(
        "bad-setting",
        '[[tool:Bash:{"command":"touch made.txt"}]]',
        "refused",
        mode=mode,
        settings=settings,
        files=files,
        env={"IS_SANDBOX": "1"},
    )
    run = await play("claude", case, claude)
    verdict = run.finished.verdict
    assert (verdict.outcome, verdict.cost_usd) == ("refused", 0)
    assert words in verdict.reason
    assert [event.must_stop for event in run.finished.events].count(True) == 1
    assert run.requests == 0
    assert not run.made


async def test_rules_that_allow_and_deny_hold(claude: str) -> None:
    rules = {"allow": ["Bash(touch made.txt)"], "deny": ["Bash(rm *)"]}
    calls = [["Bash", {"command": "touch made.txt"}], ["Bash", {"command": "rm made.txt"}]]
    case = gated("rules", f"[[seq:{json.dumps(calls)}]]", "denied", settings={"permissions": rules})
    run = await play("claude", case, claude)
    assert run.finished.verdict.outcome == "denied"
    assert run.finished.asked == []
    assert run.made


@pytest.mark.parametrize("can_ask", [False, True])
async def test_a_host_that_forbids_unrestricted_is_believed(can_ask: bool, claude: str) -> None:
    switch = json.dumps({"permissions": {"disableBypassPermissionsMode": "disable"}})
    files = {"home/.claude/settings.json": switch}
    env = {"IS_SANDBOX": "1"}
    case = Case("off", "hello", "refused", "unrestricted", env=env, files=files, can_ask=can_ask)
    run = await play("claude", case, claude)
    assert run.finished.verdict.outcome == "refused"
    assert [event.must_stop for event in run.finished.events].count(True) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root is refused")
async def test_root_is_told_how_to_be_let_in(claude: str) -> None:
    run = await play("claude", Case("root", "hello", "usage", mode="unrestricted"), claude)
    assert run.finished.verdict.outcome == "usage"
    assert "allow_root" in run.finished.verdict.mend
    assert run.finished.verdict.cost_usd == 0
    assert run.requests == 0


async def test_unrestricted_runs_what_it_is_told(claude: str) -> None:
    prompt = '[[tool:Bash:{"command":"touch made.txt"}]]'
    case = Case("skip", prompt, "ok", mode="unrestricted", env={"IS_SANDBOX": "1"})
    run = await play("claude", case, claude)
    assert run.finished.verdict.outcome == "ok", run.finished.verdict.reason
    assert run.made
