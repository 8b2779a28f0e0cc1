from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.agents.claude_settings import SETTINGS
from fleet_tui.agents.registry import ADAPTERS, adapter
from fleet_tui.model.errors import UsageError
from tests.agents.streams import SESSION, request

if TYPE_CHECKING:
    from fleet_tui.model.run import Mode

MODES: tuple[Mode, ...] = ("read", "write", "unrestricted")


def after(argv: tuple[str, ...], flag: str) -> str:
    """Return the word after a flag."""
    return argv[argv.index(flag) + 1]


def test_every_agent_is_known_by_its_name() -> None:
    assert {name: found.name for name, found in ADAPTERS.items()} == {
        "claude": "claude",
        "codex": "codex",
        "shell": "shell",
    }
    with pytest.raises(UsageError, match="claude, codex, shell"):
        adapter("gemini")


@pytest.mark.parametrize("agent", ["claude", "codex"])
@pytest.mark.parametrize("mode", MODES)
def test_the_prompt_is_never_an_argument(agent: str, mode: Mode) -> None:
    command = adapter(agent).command(request(mode, prompt="--help me", stdin=b"\xffdata"))
    assert not [word for word in command.argv if "help" in word]
    assert command.stdin == b"--help me\n\n\xffdata"
    assert command.argv[0] == "/opt/agent"
    assert command.script is None


@pytest.mark.parametrize("mode", MODES)
def test_claude_is_watched_live_under_a_session_of_our_choice(mode: Mode) -> None:
    argv = adapter("claude").command(request(mode)).argv
    assert after(argv, "--output-format") == "stream-json"
    assert {"-p", "--verbose", "--include-partial-messages", "--strict-mcp-config"} <= set(argv)
    assert after(argv, "--session-id") == SESSION
    assert int(after(argv, "--max-turns")) > 0
    assert json.loads(after(argv, "--settings")) == json.loads(SETTINGS)
    assert "--model" not in argv
    assert "--max-budget-usd" not in argv
    assert "plan" not in argv


def test_claude_reads_with_three_tools_and_nobody_elses_settings() -> None:
    argv = adapter("claude").command(request("read")).argv
    tools = argv[argv.index("--tools") + 1 : argv.index("--permission-mode")]
    assert tools == ("Read", "Grep", "Glob")
    assert after(argv, "--permission-mode") == "dontAsk"
    assert "--restricted" in argv


def test_claude_writes_with_the_users_settings_only() -> None:
    argv = adapter("claude").command(request("write")).argv
    assert after(argv, "--permission-mode") == "acceptEdits"
    assert "EnterPlanMode" not in argv
    assert after(argv, "--setting-sources") == "user"
    assert "--dangerously-skip-permissions" not in argv


def test_claude_that_can_ask_is_spoken_with_and_gets_no_prompt_at_the_start() -> None:
    asked = request("write", can_ask=True, prompt="secret plan")
    command = adapter("claude").command(asked)
    assert command.stdin is None
    assert command.keeps_stdin_open
    assert "secret plan" not in " ".join(command.argv)
    assert after(command.argv, "--input-format") == "stream-json"
    assert after(command.argv, "--permission-prompt-tool") == "stdio"
    assert after(command.argv, "--permission-mode") == "manual"
    assert after(command.argv, "--setting-sources") == "user"
    assert "--replay-user-messages" in command.argv
    assert "--strict-mcp-config" in command.argv
    tools = command.argv[
        command.argv.index("--tools") + 1 : command.argv.index("--permission-mode")
    ]
    assert {"Bash", "Edit", "AskUserQuestion"} <= set(tools)
    assert not {"EnterPlanMode", "EnterWorktree", "Skill", "CronCreate"} & set(tools)
    assert json.loads(after(command.argv, "--settings"))["permissions"]["allow"] == ["Edit(./**)"]
    assert adapter("claude").dialogue(asked) is not None


def test_an_unrestricted_run_that_can_ask_stays_in_its_mode() -> None:
    argv = adapter("claude").command(request("unrestricted", can_ask=True)).argv
    assert "--dangerously-skip-permissions" in argv
    assert after(argv, "--disallowedTools") == "EnterPlanMode"
    assert after(argv, "--permission-prompt-tool") == "stdio"


@pytest.mark.parametrize(
    ("agent", "mode", "can_ask"),
    [
        ("claude", "read", True),
        ("claude", "write", False),
        ("codex", "write", True),
        ("shell", "unrestricted", True),
    ],
)
def test_all_other_runs_get_their_input_at_once(agent: str, mode: Mode, can_ask: bool) -> None:
    asked = request(mode, can_ask=can_ask, stdin=b"in")
    command = adapter(agent).command(asked)
    assert not command.keeps_stdin_open
    assert command.stdin is not None
    assert adapter(agent).dialogue(asked) is None


def test_only_unrestricted_skips_permissions() -> None:
    argv = adapter("claude").command(request("unrestricted")).argv
    assert "--dangerously-skip-permissions" in argv
    assert after(argv, "--setting-sources") == "user"


@pytest.mark.parametrize(("usd", "word"), [(2.0, "2"), (0.05, "0.05"), (1e-5, "0.00001")])
def test_a_budget_is_written_without_an_exponent(usd: float, word: str) -> None:
    argv = adapter("claude").command(request(budget_usd=usd)).argv
    assert after(argv, "--max-budget-usd") == word


def test_a_model_is_passed_when_one_is_asked_for() -> None:
    assert after(adapter("claude").command(request(model="opus")).argv, "--model") == "opus"
    assert after(adapter("codex").command(request(model="gpt-5")).argv, "-m") == "gpt-5"


@pytest.mark.parametrize("prompt", ["/cost", "/clear"])
def test_a_prompt_that_looks_like_a_command_is_pushed_off_the_first_column(prompt: str) -> None:
    assert adapter("claude").command(request(prompt=prompt)).stdin == b" " + prompt.encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "  \n"},
        {"session": "not-a-uuid"},
        {"budget_usd": 0.0},
        {"budget_usd": -1.0},
        {"budget_usd": float("nan")},
        {"model": "--dangerously-skip-permissions"},
        {"model": "a b"},
        {"model": ""},
    ],
)
def test_what_claude_would_refuse_is_refused_here(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        adapter("claude").command(request(**changes))


@pytest.mark.parametrize(
    ("mode", "flags"),
    [
        ("read", ("-s", "read-only")),
        ("write", ("-s", "workspace-write")),
        ("unrestricted", ("--dangerously-bypass-approvals-and-sandbox",)),
    ],
)
def test_codex_is_held_by_its_sandbox(mode: Mode, flags: tuple[str, ...]) -> None:
    argv = adapter("codex").command(request(mode)).argv
    assert argv == ("/opt/agent", "exec", "--json", *flags, "--skip-git-repo-check", "-")


def test_a_codex_model_is_no_way_to_smuggle_a_flag() -> None:
    with pytest.raises(UsageError):
        adapter("codex").command(request(model="-c"))


def test_a_shell_command_is_passed_as_typed() -> None:
    asked = request("unrestricted", prompt="echo 'a b'; false", stdin=b"in")
    command = adapter("shell").command(asked)
    assert command.script == "echo 'a b'; false"
    assert command.stdin == b"in"
    assert command.argv == ()


@pytest.mark.parametrize(
    ("mode", "prompt"),
    [("read", "ls"), ("write", "ls"), ("unrestricted", " "), ("unrestricted", "a\0b")],
)
def test_a_shell_command_that_cannot_be_run_as_asked_is_refused(mode: Mode, prompt: str) -> None:
    with pytest.raises(UsageError):
        adapter("shell").command(request(mode, prompt=prompt))
