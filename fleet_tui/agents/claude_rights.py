"""Whether Claude Code runs with the rights that were asked for, by what it says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.agents.claude_servers import tools_of
from fleet_tui.agents.jsonfields import objects, strings, text
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.agent import AgentRequest
    from fleet_tui.model.run import Mode

PERMISSION_MODES: dict[Mode, str] = {
    "read": "dontAsk",
    "write": "acceptEdits",
    "unrestricted": "bypassPermissions",
}
"""What `--permission-mode` is for each of our modes when nobody can be asked. `plan` is not among
them: it lets a classifier run shell commands."""

GATED_MODE = "manual"
"""`--permission-mode` of a `write` run that can ask."""

_NAMES = {"manual": "default"}
"""What the agent calls a permission mode when it is not what the command line calls it."""

READ_TOOLS = ("Read", "Grep", "Glob")
"""The only tools a `read` run has."""

WRITE_TOOLS = (
    *("Read", "Grep", "Glob", "Edit", "Write", "NotebookEdit", "Bash"),
    *("Task", "WebFetch", "WebSearch"),
)
"""The only tools a `write` run has: none that changes its own mode or folder, or plans later runs
(`EnterPlanMode` and `EnterWorktree` are granted without a question)."""

ASK_TOOL = "AskUserQuestion"
"""One more, where somebody can answer."""

OLDEST_VERSION = (2, 1)
"""Older ones are not known to hold an agent to its rights."""

_UPDATE = "install a current Claude Code on that host"

_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.\d")
_FAMILIES = ("opus", "sonnet", "haiku", "fable")
_ANY_MODEL = ("default", "best", "opusplan")
_WINDOW = re.compile(r"\[[^\]]*\]\Z")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an agent must say of itself."""

    mode: Mode
    permission_mode: str
    """As the agent itself calls it."""
    tools: tuple[str, ...] | None = None
    """The most it may have; None for any."""
    model: str | None = None
    """As asked for, a full name or an alias; None for any."""
    servers: tuple[str, ...] = ()
    """The MCP servers it was given."""
    may_have_servers: bool = False
    """True when the operator let the MCP servers of the repository run."""


@dataclass(frozen=True, slots=True)
class RightsMismatch:
    """How the rights differ from those asked for."""

    sentence: str
    mend: str = "read ~/.claude/settings.json of that host: it decides over the rights of its agent"
    is_less: bool = False
    """True when the host withheld rights; False when the agent may do more than it should."""


def expectation(request: AgentRequest) -> Expectation:
    """Return what the agent of `request` must say of itself."""
    tools: tuple[str, ...] | None = None
    found = PERMISSION_MODES[request.mode]
    if request.mode == "read":
        tools = READ_TOOLS
    elif request.mode == "write":
        tools = (*WRITE_TOOLS, ASK_TOOL) if request.can_ask else WRITE_TOOLS
        found = GATED_MODE if request.can_ask else found
    return Expectation(
        request.mode,
        _NAMES.get(found, found),
        tools,
        request.model,
        servers=tuple(server.name for server in request.servers),
        may_have_servers="mcp" in request.opens,
    )


def check_rights(expected: Expectation, init: JsonObject) -> RightsMismatch | None:
    """Compare an `init` event with what is expected; what it does not say is a mismatch."""
    return (
        check_mode(expected, text(init, "permissionMode"))
        or check_version(text(init, "claude_code_version"))
        or _check_tools(expected, init)
        or check_model(expected, text(init, "model"))
        or check_servers(expected, init, "mcp_servers")
    )


def check_mode(expected: Expectation, found: str) -> RightsMismatch | None:
    """Compare the permission mode the agent is in."""
    if found == expected.permission_mode:
        return None
    return RightsMismatch(
        f"{expected.mode} needs permission mode {expected.permission_mode}, "
        f"but the agent runs in {one_line(found, 40) or 'none'}",
        is_less=expected.mode == "unrestricted",
    )


def check_version(found: str) -> RightsMismatch | None:
    """Refuse a version that is not stated, or too old for its rights to be relied on."""
    parts = _VERSION.match(found)
    if parts is None:
        return RightsMismatch("the agent does not say which version it is", _UPDATE)
    if (int(parts[1]), int(parts[2])) >= OLDEST_VERSION:
        return None
    oldest = ".".join(map(str, OLDEST_VERSION))
    sentence = f"claude {one_line(found, 40)} is too old: {oldest} or later is needed"
    return RightsMismatch(sentence, _UPDATE)


def check_model(expected: Expectation, found: str) -> RightsMismatch | None:
    """Compare the model, if one was asked for: an alias names a family, a name may lack a date."""
    asked = _WINDOW.sub("", expected.model or "").casefold()
    if not asked or asked in _ANY_MODEL:
        return None
    shown = _WINDOW.sub("", found).casefold()
    if shown == asked or shown.startswith(f"{asked}-") or (asked in _FAMILIES and asked in shown):
        return None
    name = one_line(found, 80) or "none"
    sentence = f"model {expected.model} was asked for, but the agent uses {name}"
    return RightsMismatch(sentence, "name the model in full, or leave the choice to the host")


def check_servers(expected: Expectation, answer: JsonObject, key: str) -> RightsMismatch | None:
    """Refuse MCP servers that it was not given, unless those of the repository were opened."""
    if expected.may_have_servers:
        return None
    said = answer.get(key)
    if not isinstance(said, list):
        return RightsMismatch("the agent does not say which MCP servers it has")
    found = [text(server, "name") for server in objects(answer, key)]
    names = [one_line(name, 60) or "unnamed" for name in found if name not in expected.servers]
    if not names and len(found) == len(said):
        return None
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    return RightsMismatch(f"the agent has MCP servers it was not given: {shown or 'unnamed'}")


def _check_tools(expected: Expectation, init: JsonObject) -> RightsMismatch | None:
    if expected.tools is None:
        return None
    if not isinstance(init.get("tools"), list):
        return RightsMismatch("the agent does not say which tools it has")
    extra = [one_line(tool, 60) for tool in strings(init, "tools") if tool not in expected.tools]
    if expected.may_have_servers:
        extra = [tool for tool in extra if not tool.startswith("mcp__")]
    for server in expected.servers:
        extra = [tool for tool in extra if not tool.startswith(f"{tools_of(server)}__")]
    if not extra:
        return None
    names = ", ".join(extra[:5]) + (", …" if len(extra) > 5 else "")
    return RightsMismatch(f"a {expected.mode} run has tools it should not have: {names}")
