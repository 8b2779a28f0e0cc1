"""The command line of the scripted `claude`; what the real one refuses is refused here too."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.demo.mcp_given import GivenServer, given_servers
from fleet_tui.demo.prices import MODELS
from fleet_tui.demo.steps import Powers

if TYPE_CHECKING:
    from collections.abc import Sequence

_SWITCHES = frozenset(
    [
        "-p",
        "--print",
        "--verbose",
        "--include-partial-messages",
        "--include-hook-events",
        "--replay-user-messages",
        "--forward-subagent-text",
        "--dangerously-skip-permissions",
        "--allow-dangerously-skip-permissions",
        "--restricted",
        "--bare",
        "--safe-mode",
        "-c",
        "--continue",
        "--fork-session",
        "--no-session-persistence",
        "--strict-mcp-config",
        "--disable-slash-commands",
    ]
)
_VALUED = frozenset(
    [
        "--output-format",
        "--input-format",
        "--max-budget-usd",
        "--max-turns",
        "--permission-mode",
        "--permission-prompts",
        "--permission-prompt-tool",
        "-r",
        "--resume",
        "--session-id",
        "--model",
        "--fallback-model",
        "--effort",
        "--settings",
        "--setting-sources",
        "--append-system-prompt",
        "--system-prompt",
        "--json-schema",
        "-n",
        "--name",
    ]
)
_VARIADIC = frozenset(
    [
        "--tools",
        "--allowedTools",
        "--allowed-tools",
        "--disallowedTools",
        "--mcp-config",
        "--add-dir",
        "--betas",
        "--file",
    ]
)
_DEFAULT_TOOLS = [
    "Task",
    "Bash",
    "Edit",
    "EnterWorktree",
    "ExitWorktree",
    "NotebookEdit",
    "Read",
    "Skill",
    "TaskStop",
    "ToolSearch",
    "WebFetch",
    "WebSearch",
    "Write",
]
_EDITING_MODES = frozenset({"acceptEdits", "auto", "bypassPermissions"})
_SILENT_MODES = frozenset({"bypassPermissions", "dontAsk"})


class BadUsage(Exception):
    """A command line the real program would refuse; the text is its own."""


@dataclass(frozen=True, slots=True)
class ClaudeOptions:
    """What was asked for on the command line."""

    session: str
    model: str
    prompt: str = ""
    output_format: str = "text"
    input_format: str = "text"
    is_partial: bool = False
    tools: tuple[str, ...] = ()
    permission_mode: str = "default"
    powers: Powers = field(default_factory=Powers)
    budget_usd: float | None = None
    max_turns: int | None = None
    settings: str = "{}"
    asks: bool = False
    """True when leave is asked for over standard output."""
    replays: bool = False
    """True when user messages and answers are repeated on standard output."""
    servers: tuple[GivenServer, ...] = ()
    """The MCP servers it was given."""
    is_resumed: bool = False
    """True when it goes on with a session that is there."""


def _split(argv: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    given: dict[str, list[str]] = {}
    words: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        flag, has_value, value = word.partition("=")
        if word == "--":
            words += rest
            break
        if word in _SWITCHES:
            given[word] = []
        elif flag in _VALUED or flag in _VARIADIC:
            values = given.setdefault(flag, [])
            if has_value:
                values.append(value)
            elif flag in _VALUED:
                if not rest:
                    raise BadUsage(f"error: option '{flag} <value>' argument missing")
                values.append(rest.pop(0))
            while flag in _VARIADIC and rest and not rest[0].startswith("-"):
                values.append(rest.pop(0))
        elif word.startswith("-"):
            raise BadUsage(f"error: unknown option '{word}'")
        else:
            words.append(word)
    return given, words


def _names(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for value in values for name in value.replace(",", " ").split() if name)


def parse(argv: Sequence[str]) -> ClaudeOptions:
    """Read the arguments after the program's name; raises BadUsage."""
    given, words = _split(argv)

    def last(*flags: str, default: str = "") -> str:
        return next((given[flag][-1] for flag in flags if given.get(flag)), default)

    output_format = last("--output-format", default="text")
    if output_format == "stream-json" and "--verbose" not in given:
        raise BadUsage("Error: When using --print, --output-format=stream-json requires --verbose")
    session = last("--session-id", "-r", "--resume") or str(uuid.uuid4())
    try:
        uuid.UUID(session)
    except ValueError:
        raise BadUsage("Error: Invalid session ID. Must be a valid UUID.") from None
    tools = _names(given["--tools"]) if "--tools" in given else tuple(_DEFAULT_TOOLS)
    mode = last("--permission-mode", default="default")
    skips = "--dangerously-skip-permissions" in given or mode == "bypassPermissions"
    if skips:
        mode = "bypassPermissions"
    settings = _settings(last("--settings", default="{}"))
    allowed = given.get("--allowedTools", []) + given.get("--allowed-tools", [])
    allowed += json.loads(settings).get("permissions", {}).get("allow", [])
    budget = last("--max-budget-usd")
    turns = last("--max-turns")
    return ClaudeOptions(
        session=session,
        model=MODELS.get(last("--model", default="opus"), last("--model")),
        prompt=" ".join(words),
        output_format=output_format,
        input_format=last("--input-format", default="text"),
        is_partial="--include-partial-messages" in given,
        tools=tools,
        permission_mode="default" if mode == "manual" else mode,
        powers=Powers(
            can_run=_may_run(tools, mode, allowed), can_edit=_may_edit(tools, mode, allowed)
        ),
        budget_usd=float(budget) if budget else None,
        max_turns=int(turns) or None if turns else None,
        settings=settings,
        asks=last("--permission-prompt-tool") == "stdio" and mode not in _SILENT_MODES,
        replays="--replay-user-messages" in given,
        servers=given_servers(given.get("--mcp-config", ())),
        is_resumed="--resume" in given or "-r" in given,
    )


def _may_run(tools: Sequence[str], mode: str, allowed: Sequence[str]) -> bool:
    if "Bash" not in tools:
        return False
    return mode != "dontAsk" or any(rule.startswith("Bash") for rule in allowed)


def _may_edit(tools: Sequence[str], mode: str, allowed: Sequence[str]) -> bool:
    if "Edit" not in tools:
        return False
    return mode in _EDITING_MODES or any(rule.startswith("Edit") for rule in allowed)


def _settings(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        raise BadUsage(f"Error: Settings file not found: {text}") from None
    return text
