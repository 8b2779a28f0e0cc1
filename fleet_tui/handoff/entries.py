"""Reading one line of a transcript: who said what, and what it tells of its session. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_tui.agents.wording import tool_summary
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.model.threads import Said

if TYPE_CHECKING:
    from fleet_tui.model.run import AgentName
    from fleet_tui.model.threads import Speaker

MOST_TEXT = 1 << 16
"""Characters kept of one thing said."""
CHANGING_TOOLS = frozenset({"Edit", "MultiEdit", "Write", "NotebookEdit"})
_PATCHED = re.compile(r"^\*\*\* (?:Update|Add|Delete) File: (.{1,4096})$", re.MULTILINE)


class BrokenLine(ValueError):
    """A line that is no JSON object."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one line holds, as far as it matters here."""

    said: tuple[Said, ...] = ()
    folder: str = ""
    branch: str = ""
    title: str = ""
    """A title the agent gave the session."""
    touched: tuple[str, ...] = ()
    """Files the agent set out to change."""


def read_entry(agent: AgentName, line: bytes) -> Entry:
    """Return what a line of this agent's transcript holds; raises BrokenLine."""
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise BrokenLine from None
    if not isinstance(document, dict):
        raise BrokenLine
    return _codex(document) if agent == "codex" else _claude(document)


def _claude(line: dict[str, Any]) -> Entry:
    kind, at = line.get("type"), _text(line.get("timestamp"))
    if kind == "summary":
        return Entry(title=one_line(_text(line.get("summary"))))
    if kind not in ("user", "assistant"):
        return Entry()
    folder = one_line(_text(line.get("cwd")), 4096)
    branch = one_line(_text(line.get("gitBranch")))
    message = line.get("message")
    if line.get("isMeta") or line.get("isSidechain") or not isinstance(message, dict):
        return Entry(folder=folder, branch=branch)
    speaker: Speaker = "user" if kind == "user" else "assistant"
    content = message.get("content")
    if isinstance(content, str):
        return Entry(_said(speaker, content, at), folder, branch)
    blocks = [b for b in content if isinstance(b, dict)] if isinstance(content, list) else []
    said = tuple(one for block in blocks for one in _claude_block(speaker, block, at))
    touched = tuple(path for block in blocks for path in _claude_touched(block))
    return Entry(said, folder, branch, touched=touched)


def _claude_touched(block: dict[str, Any]) -> tuple[str, ...]:
    given = block.get("input")
    if block.get("name") not in CHANGING_TOOLS or not isinstance(given, dict):
        return ()
    path = _text(given.get("file_path")) or _text(given.get("notebook_path"))
    return (one_line(path, 4096),) if path else ()


def _claude_block(speaker: Speaker, block: dict[str, Any], at: str) -> tuple[Said, ...]:
    match block.get("type"):
        case "text":
            return _said(speaker, _text(block.get("text")), at)
        case "tool_use":
            given = block.get("input")
            words = tool_summary(_text(block.get("name")), given if isinstance(given, dict) else {})
            return _said("tool", words, at)
        case "tool_result":
            return _said("result", _joined(block.get("content")), at)
    return ()


def _codex(line: dict[str, Any]) -> Entry:
    payload, at = line.get("payload"), _text(line.get("timestamp"))
    if not isinstance(payload, dict):
        return Entry()
    if line.get("type") == "session_meta":
        git = payload.get("git")
        branch = _text(git.get("branch")) if isinstance(git, dict) else ""
        return Entry(folder=one_line(_text(payload.get("cwd")), 4096), branch=one_line(branch))
    if line.get("type") != "response_item":
        return Entry()
    match payload.get("type"):
        case "message" if payload.get("role") in ("user", "assistant"):
            text = _joined(payload.get("content"))
            is_context = payload["role"] == "user" and text.startswith("<")
            return Entry(() if is_context else _said(payload["role"], text, at))
        case "function_call":
            name, given = _text(payload.get("name")), _text(payload.get("arguments"))
            return Entry(_said("tool", f"{name}: {given}", at))
        case "custom_tool_call" | "local_shell_call":
            name = _text(payload.get("name")) or "shell"
            given = payload.get("input") or payload.get("action") or ""
            words = given if isinstance(given, str) else json.dumps(given)
            touched = tuple(one_line(path, 4096) for path in _PATCHED.findall(words))
            return Entry(_said("tool", f"{name}: {words}", at), touched=touched)
        case "function_call_output" | "custom_tool_call_output":
            return Entry(_said("result", _joined(payload.get("output")), at))
    return Entry()


def _said(speaker: Speaker, text: str, at: str) -> tuple[Said, ...]:
    cleaned = sanitize(text[:MOST_TEXT]).strip()
    return (Said(speaker, cleaned, one_line(at, 40)),) if cleaned else ()


def _joined(content: object) -> str:
    """Return the text of a content that is a string, blocks with texts, or something else."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(_text(block.get("text")) for block in content if isinstance(block, dict))
    return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
